/* SPDX-License-Identifier: GPL-2.0 */
/* The cgroups that would exist at the current point of a scenario. */
#ifndef KTSTR_GUEST_ENGINE_CHECK_KNOWN_H
#define KTSTR_GUEST_ENGINE_CHECK_KNOWN_H

#include "checker.h"

/* A cgroup that would exist at this point. */
struct ktstr_known {
	const char *name;
	bool backdrop;			/* lasts through all steps */
	bool backdrop_workers;		/* has workers that do */
	uint32_t works;			/* kinds of workers that are in it */
	bool has_cpuset;
	struct ktstr_cpumask cpuset;
};

/* NULL: no such cgroup at this point. The pointer lasts until the next add or drop. */
struct ktstr_known *ktstr_known__find(struct ktstr_checker *ck, const char *name);
/* Like find, but a missing cgroup is a problem of the scenario. */
struct ktstr_known *ktstr_known__need(struct ktstr_checker *ck, const char *name);
/* Checks the name too. Returns NULL after a problem. */
struct ktstr_known *ktstr_known__add(struct ktstr_checker *ck, const char *name);
void ktstr_known__drop(struct ktstr_checker *ck, const char *name);
/* A step ends: only the cgroups of the backdrop remain. */
void ktstr_known__end_step(struct ktstr_checker *ck);

#endif
