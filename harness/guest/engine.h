/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the step engine share, and the way in for unit tests. */
#ifndef KTSTR_GUEST_ENGINE_H
#define KTSTR_GUEST_ENGINE_H

#include <ktstr/scenario.h>

#include "../core/ctx.h"
#include "cgroup.h"

struct ktstr_machine;

/* The surroundings of a scenario. Unit tests put a fake tree and short bounds here. */
struct ktstr_surroundings {
	const char *cgroupfs;			/* "/sys/fs/cgroup" */
	const char *sysfs;			/* "/sys" */
	const char *procfs;			/* "/proc", for interrupts */
	const struct ktstr_cgroup_io *io;	/* NULL: a real cgroup2 mount */
	uint64_t ready_ns;			/* all workers must be parked within */
	uint64_t stop_ns, kill_ns;		/* see ktstr_workers__stop() */
	bool rise;				/* run as SCHED_FIFO, above the load */
};

/* A valid scenario in numbers; made by ktstr_scenario__check(). */
struct ktstr_scenario {
	const struct ktstr_backdrop *backdrop;	/* NULL: none */
	const struct ktstr_checks *checks;
	const struct ktstr_step *steps;
	uint32_t nr;
	uint64_t *hold_ns;			/* clamped, one a step */
	uint32_t controllers;			/* needed by any cgroup or op: 1 << enum */
	uint32_t nr_crews;			/* groups of workers, in all steps together */
};

/*
 * Judge everything before anything is made. Every problem becomes a failing detail of the
 * result; returns 0, -EINVAL or -ENOMEM. Free @sc in either case.
 */
int ktstr_scenario__check(struct ktstr_scenario *sc, struct ktstr_ctx *ctx,
			  const struct ktstr_scenario_def *plan, const struct ktstr_machine *machine);
void ktstr_scenario__free(struct ktstr_scenario *sc);

/* How many workers @spec has on these CPUs, inheritance applied; 0 is a mistake. */
uint32_t ktstr_workspec__workers(const struct ktstr_ctx *ctx, const struct ktstr_workspec *spec,
				 const struct ktstr_cpumask *cpus);
/* Put the run's work type in place of the spec's own, where its groups fit the count. */
void ktstr_workspec__swap(const struct ktstr_ctx *ctx, struct ktstr_workspec *spec,
			  const struct ktstr_cpumask *cpus);

/* ktstr_run_def() and ktstr_run_steps() in given surroundings. */
int ktstr_engine__run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan,
			   const struct ktstr_surroundings *around);
int ktstr_engine__run(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr,
		      const struct ktstr_surroundings *around);

#endif
