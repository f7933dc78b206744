/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine that a body runs on: its online CPUs, last level caches, NUMA nodes and SMT
 * siblings, as the kernel shows them in sysfs. For bodies that compute their cgroups instead of
 * declaring them.
 */
#ifndef KTSTR_MACHINE_H
#define KTSTR_MACHINE_H

#include <stdint.h>

#include <ktstr/cpumask.h>

struct ktstr_machine {
	struct ktstr_cpumask online;
	/* At least one LLC; ordered by cache id. Offline CPUs are in none. */
	uint32_t nr_llcs;
	struct ktstr_cpumask llcs[KTSTR_MAX_CPUS];
	/* Node ids 0 .. nr_nodes - 1; one without CPUs has only memory or does not exist. */
	uint32_t nr_nodes;
	struct ktstr_cpumask nodes[KTSTR_MAX_CPUS];
	struct ktstr_cpumask existing_nodes, memory_nodes;
	uint64_t memory_kib[KTSTR_MAX_NODES];	/* of a node; 0: none, or not known */
	/* From node to node, 10 to itself; 0: not known. A kernel without NUMA has one node. */
	uint8_t distance[KTSTR_MAX_NODES][KTSTR_MAX_NODES];
	/* The CPUs of each physical core, by any of its CPUs. */
	struct ktstr_cpumask siblings[KTSTR_MAX_CPUS];
};

/*
 * Read the machine. The caller frees it with free(). NULL: it could not be read; the failure
 * has been added to the verdict and the body should return -EIO.
 */
struct ktstr_machine *ktstr_machine(struct ktstr_ctx *ctx);

/* The LLC and the node of a CPU, -1 for one that is offline. */
int ktstr_llc_of(const struct ktstr_machine *m, uint32_t cpu);
int ktstr_node_of(const struct ktstr_machine *m, uint32_t cpu);

/*
 * The CPUs that cpusets are cut from: all but the last one where there are more than two, so
 * that the runner always has one.
 */
void ktstr_usable_cpus(const struct ktstr_machine *m, struct ktstr_cpumask *usable);

#endif
