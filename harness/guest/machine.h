/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the engine must know about the machine that it runs on, from sysfs: online CPUs, last
 * level caches, NUMA nodes, SMT siblings.
 */
#ifndef KTSTR_GUEST_MACHINE_H
#define KTSTR_GUEST_MACHINE_H

#include "../../vmm/err.h"
#include "../core/verdict.h"

struct ktstr_machine {
	struct ktstr_cpumask online;
	/* At least one LLC; ordered by cache id. Offline CPUs are in none. */
	uint32_t nr_llcs;
	struct ktstr_cpumask llcs[KTSTR_MAX_CPUS];
	/* Node ids 0 .. nr_nodes - 1; one without CPUs has only memory or does not exist. */
	uint32_t nr_nodes;
	struct ktstr_cpumask nodes[KTSTR_MAX_CPUS];
	struct ktstr_cpumask existing_nodes, memory_nodes;
	/* The CPUs of each physical core, by any of its CPUs. */
	struct ktstr_cpumask siblings[KTSTR_MAX_CPUS];
};

/* Everything below @sysfs ("/sys"). NULL with a sentence; free with free(). */
struct ktstr_machine *ktstr_machine__read(const char *sysfs, struct vm_err *err);

/* The nodes that @cpus belong to. */
void ktstr_machine__nodes(const struct ktstr_machine *m, const struct ktstr_cpumask *cpus,
			  struct ktstr_cpumask *nodes);
/*
 * Those of them with memory, as a list for cpuset.mems. "" when there is none of that kind
 * or the kernel knows no nodes: then mems must be left alone.
 */
void ktstr_machine__mems(const struct ktstr_machine *m, const struct ktstr_cpumask *cpus,
			 char *list, size_t size);

#endif
