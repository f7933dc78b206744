/* SPDX-License-Identifier: GPL-2.0 */
/* Resolves a workspec: inheritance and overrides. */
#ifndef KTSTR_GUEST_WORK_WORKSPEC_H
#define KTSTR_GUEST_WORK_WORKSPEC_H

#include <ktstr/scenario.h>

#include "harness/model/ctx.h"

/* Number of worker groups that @c declares; at least 1. */
uint32_t ktstr_workspec__nr(const struct ktstr_cgroup *c);
/* Worker group @i of @c; members that it leaves unset are taken from the cgroup. */
void ktstr_workspec__get(const struct ktstr_cgroup *c, uint32_t i, struct ktstr_workspec *spec);

/* Number of workers of @spec on @cpus. 0 means that the declaration is wrong. */
uint32_t ktstr_workspec__workers(const struct ktstr_ctx *ctx, const struct ktstr_workspec *spec,
				 const struct ktstr_cpumask *cpus);
/*
 * Replace the work of @spec by the work type given for the whole run, if there is one and
 * the number of workers is a multiple of its group size.
 */
void ktstr_workspec__swap(const struct ktstr_ctx *ctx, struct ktstr_workspec *spec,
			  const struct ktstr_cpumask *cpus);

#endif
