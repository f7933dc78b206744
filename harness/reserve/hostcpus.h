/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sets of the host's CPUs. A host may have more CPUs than a guest (include/ktstr/cpumask.h), so
 * these are as large as Linux allows, and have the layout that sched_setaffinity() takes.
 */
#ifndef KTSTR_RESERVE_HOSTCPUS_H
#define KTSTR_RESERVE_HOSTCPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define KTSTR_HOST_MAX_CPUS	8192	/* NR_CPUS ends there: arch/x86/Kconfig, MAXSMP */

struct hostcpus {
	unsigned long bits[KTSTR_HOST_MAX_CPUS / (8 * sizeof(long))];
};

/* A CPU beyond the limit is in no set. */
void hostcpus__set(struct hostcpus *s, uint32_t cpu);
bool hostcpus__test(const struct hostcpus *s, uint32_t cpu);
uint32_t hostcpus__weight(const struct hostcpus *s);
/* The first one that is not below @from; KTSTR_HOST_MAX_CPUS: there is none. */
uint32_t hostcpus__next(const struct hostcpus *s, uint32_t from);
bool hostcpus__equal(const struct hostcpus *a, const struct hostcpus *b);
/* "0-3,8", "" for none. What does not fit is left out, and "..." says so. */
void hostcpus__format(const struct hostcpus *s, char *buf, size_t size);
/* A list as sysfs has it, with or without a line feed; "": none. 0, -EINVAL or -ERANGE. */
int hostcpus__parse(const char *text, struct hostcpus *s);

/* Where the calling thread may run. 0 or -errno. */
int hostcpus__get_affinity(struct hostcpus *s);
int hostcpus__set_affinity(const struct hostcpus *s);

/*
 * How many CPUs somebody may have at most, "2": a number that is not beyond those that the calling thread
 * may use. 0, or -EINVAL with what is wrong about it in @err, without a name for it.
 */
int hostcpus__parse_cap(const char *text, uint32_t *cap, struct ktstr_err *err);

#endif
