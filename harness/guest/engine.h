/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the step engine share, and the way in for unit tests. */
#ifndef KTSTR_GUEST_ENGINE_H
#define KTSTR_GUEST_ENGINE_H

#include <ktstr/scenario.h>

#include "../core/ctx.h"
#include "cgroup.h"

/* The surroundings of a scenario. Unit tests put a fake tree and short bounds here. */
struct ktstr_surroundings {
	const char *cgroupfs;			/* "/sys/fs/cgroup" */
	const char *sysfs;			/* "/sys" */
	const struct ktstr_cgroup_io *io;	/* NULL: a real cgroup2 mount */
	uint64_t ready_ns;			/* all workers must be parked within */
	uint64_t stop_ns, kill_ns;		/* see ktstr_workers__stop() */
};

/* A valid scenario in numbers; made by ktstr_scenario__check(). */
struct ktstr_scenario {
	const struct ktstr_step *steps;
	uint32_t nr;
	uint64_t *hold_ns;			/* clamped, one a step */
	const char *controller;			/* "cpuset" when any cgroup has one, or NULL */
	uint32_t nr_cgroups;			/* in all steps together */
};

/*
 * Judge all steps before anything is made. Every problem becomes a failing detail of the
 * result; returns 0, -EINVAL or -ENOMEM. Free @sc in either case.
 */
int ktstr_scenario__check(struct ktstr_scenario *sc, struct ktstr_ctx *ctx,
			  const struct ktstr_step *steps, uint32_t nr,
			  const struct ktstr_cpumask *online);
void ktstr_scenario__free(struct ktstr_scenario *sc);

/* The worker count of a cgroup, inheritance applied. */
uint32_t ktstr_cgroup_workers(const struct ktstr_ctx *ctx, const struct ktstr_cgroup *cgroup);

/* ktstr_run_steps() in given surroundings. */
int ktstr_engine__run(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr,
		      const struct ktstr_surroundings *around);

#endif
