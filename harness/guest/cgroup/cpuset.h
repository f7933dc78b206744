/* SPDX-License-Identifier: GPL-2.0 */
/* Translates what a test declares about CPUs to sets of CPUs of this machine. */
#ifndef KTSTR_GUEST_CGROUP_CPUSET_H
#define KTSTR_GUEST_CGROUP_CPUSET_H

#include <ktstr/scenario.h>

#include "machine.h"

/* 0, or -EINVAL with a sentence when the spec names no CPUs of this machine. */
int ktstr_cpuset__resolve(const struct ktstr_cpuset *spec, const struct ktstr_machine *m,
			  struct ktstr_cpumask *cpus, struct ktstr_err *err);

/*
 * The CPUs that a worker pins itself to; none in *@cpus: it does not. @pool: its cgroup's
 * cpuset, NULL without one. @rng is the state of a generator (never 0). 0, or -EINVAL with a
 * sentence.
 */
int ktstr_affinity__resolve(const struct ktstr_affinity *spec, const struct ktstr_machine *m,
			    const struct ktstr_cpumask *pool, uint64_t *rng,
			    struct ktstr_cpumask *cpus, struct ktstr_err *err);

/* The text of a cpuset in messages: "LLC(1)", "\"0-3\"". */
void ktstr_cpuset__format(const struct ktstr_cpuset *spec, char *buf, size_t size);

#endif
