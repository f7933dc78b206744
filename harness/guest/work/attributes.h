/* SPDX-License-Identifier: GPL-2.0 */
/* The attributes of a worker: policy, affinity, memory policy, nice, names, ids. */
#ifndef KTSTR_GUEST_WORK_ATTRIBUTES_H
#define KTSTR_GUEST_WORK_ATTRIBUTES_H

#include <ktstr/scenario.h>

#include <ktstr/verdict.h>

/*
 * Apply the attributes of @spec to the calling worker. @cpus: pin to these, NULL: no
 * affinity. Returns 0, or -errno with the refused call in @why ("nice -5: Operation not ...").
 */
int ktstr_attributes__apply(const struct ktstr_workspec *spec, const struct ktstr_cpumask *cpus,
			    char *why, size_t size);

/* sched_setaffinity() of task @pid (0: the caller) to @cpus. Returns 0 or -errno. */
int ktstr_attributes__pin(int pid, const struct ktstr_cpumask *cpus);

/* Policy and nice value of task @tid (0: the caller). A policy keeps the nice value. 0 or -errno. */
int ktstr_attributes__set_policy(int tid, const struct ktstr_policy *policy);
int ktstr_attributes__set_nice(int tid, int nice);
/* Of a worker with these. */
uint32_t ktstr_attributes__weight(const struct ktstr_policy *policy, int nice);
/* "SCHED_BATCH" */
const char *ktstr_attributes__policy_name(const struct ktstr_policy *policy);

#endif
