/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of CPUs, and of NUMA nodes. */
#ifndef KTSTR_CPUMASK_H
#define KTSTR_CPUMASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktstr/attrs.h>

struct ktstr_cpumask {
	uint64_t bits[KTSTR_MAX_CPUS / 64];
};

/* CPUs beyond KTSTR_MAX_CPUS are ignored, and are in no set. */
void ktstr_cpumask__set(struct ktstr_cpumask *m, uint32_t cpu);
void ktstr_cpumask__clear(struct ktstr_cpumask *m, uint32_t cpu);
bool ktstr_cpumask__test(const struct ktstr_cpumask *m, uint32_t cpu);
void ktstr_cpumask__or(struct ktstr_cpumask *to, const struct ktstr_cpumask *from);
uint32_t ktstr_cpumask__weight(const struct ktstr_cpumask *m);
/* "0-3,8", "" for none; always terminated. */
void ktstr_cpumask__format(const struct ktstr_cpumask *m, char *buf, size_t size);
/* Ranges and single CPUs in any order, nothing else. 0 or -EINVAL. */
int ktstr_cpumask__parse(const char *text, struct ktstr_cpumask *m);

#endif
