/* SPDX-License-Identifier: GPL-2.0 */
/* Reading struct ktstr_machine from sysfs, and what follows from it. */
#ifndef KTSTR_GUEST_CGROUP_MACHINE_H
#define KTSTR_GUEST_CGROUP_MACHINE_H

#include <ktstr/machine.h>

#include "lib/err.h"
#include "lib/topology.h"

/* Everything below @sysfs ("/sys"). NULL with a sentence; free with free(). */
struct ktstr_machine *ktstr_machine__read(const char *sysfs, struct ktstr_err *err);

/*
 * The machine that a guest of this topology reads: cpu = ((llc * cores) + core) * threads + thread,
 * LLCs go to the nodes in order (vmm/topology.c). @nodes NULL: they are alike. How much memory a
 * node has is not known. NULL: no memory; free with free().
 */
struct ktstr_machine *ktstr_machine__of(const struct ktstr_topology *topo,
					const struct ktstr_numa_node *nodes,
					const uint8_t *distances);

/* The nodes with memory and without CPUs that are online: a slow tier, as CXL memory is. */
void ktstr_machine__memory_only(const struct ktstr_machine *m, struct ktstr_cpumask *nodes);
/* The nodes that @cpus belong to. */
void ktstr_machine__nodes(const struct ktstr_machine *m, const struct ktstr_cpumask *cpus,
			  struct ktstr_cpumask *nodes);
/*
 * Those of them with memory, as a list for cpuset.mems. "" when there is none or the kernel has no
 * NUMA: then cpuset.mems must not be written.
 */
void ktstr_machine__mems(const struct ktstr_machine *m, const struct ktstr_cpumask *cpus,
			 char *list, size_t size);

#endif
