/* SPDX-License-Identifier: GPL-2.0 */
/* What a worker is besides its work: policy, affinity, memory policy, nice, names, ids. */
#ifndef KTSTR_GUEST_ATTRIBUTES_H
#define KTSTR_GUEST_ATTRIBUTES_H

#include <ktstr/scenario.h>

#include "../core/verdict.h"

/* How many groups of workers a cgroup has; at least 1. */
uint32_t ktstr_cgroup__nr_specs(const struct ktstr_cgroup *c);
/* Group @i of them, with what it leaves unset taken from the cgroup. */
void ktstr_cgroup__spec(const struct ktstr_cgroup *c, uint32_t i, struct ktstr_workspec *spec);

/*
 * Become what @spec says; called in the worker, before it parks. @cpus: pin to these, NULL:
 * no affinity. 0, or -errno with what was refused in @why ("nice -5: Operation not ...").
 */
int ktstr_attributes__apply(const struct ktstr_workspec *spec, const struct ktstr_cpumask *cpus,
			    char *why, size_t size);

/* sched_setaffinity() for a set of ours. 0 or -errno. */
int ktstr_set_affinity(int pid, const struct ktstr_cpumask *cpus);

#endif
