/* SPDX-License-Identifier: GPL-2.0 */
/* From what an author wrote about CPUs to sets of CPUs of this machine. */
#ifndef KTSTR_GUEST_CPUSET_H
#define KTSTR_GUEST_CPUSET_H

#include <ktstr/scenario.h>

#include "machine.h"

/* 0, or -EINVAL with a sentence: then the spec names no CPUs of this machine. */
int ktstr_cpuset__resolve(const struct ktstr_cpuset *spec, const struct ktstr_machine *m,
			  struct ktstr_cpumask *cpus, struct vm_err *err);

/* All CPUs without the last one where there are more than two. */
void ktstr_usable_cpus(const struct ktstr_machine *m, struct ktstr_cpumask *usable);

/*
 * The CPUs that a worker pins itself to. @pool: its cgroup's cpuset, NULL without one. @rng
 * is the state of a generator (never 0). 1: pin to *@cpus; 0: nothing to be done; -EINVAL
 * with a sentence.
 */
int ktstr_affinity__resolve(const struct ktstr_affinity *spec, const struct ktstr_machine *m,
			    const struct ktstr_cpumask *pool, uint64_t *rng,
			    struct ktstr_cpumask *cpus, struct vm_err *err);

/* A cpuset is written as this text when somebody has to read it: "LLC(1)", "\"0-3\"". */
void ktstr_cpuset__format(const struct ktstr_cpuset *spec, char *buf, size_t size);

#endif
