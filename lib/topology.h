/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The number of NUMA nodes, LLCs, cores and threads of a machine, its text form "1n2l4c2t", and
 * NUMA nodes that differ. Test authors, the plan, the guest and the VMMs share these structs, the
 * parser and the formatter.
 */
#ifndef KTSTR_LIB_TOPOLOGY_H
#define KTSTR_LIB_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTSTR_MAX_CPUS		512
#define KTSTR_MAX_NODES		64

/* LLCs are the total over all nodes, cores are per LLC, threads per core. */
struct ktstr_topology {
	uint32_t numa_nodes, llcs, cores, threads;
};

/* A cache in front of a node's memory, in the numbers of ACPI's HMAT. size 0: none. */
struct ktstr_mem_side_cache {
	uint64_t size;			/* bytes */
	uint8_t associativity;		/* 0 none, 1 direct mapped, 2 complex indexing */
	uint8_t write_policy;		/* 0 none, 1 write back, 2 write through */
	uint16_t line_bytes;
};

/*
 * One NUMA node where nodes differ. Zeroed members have the defaults named here. Nodes without CPUs
 * come last, as Linux numbers nodes with CPUs first. vmm/topology.c has the rules.
 */
struct ktstr_numa_node {
	uint32_t llcs;			/* 0: memory only, as a CXL expander appears */
	uint64_t mem_bytes;		/* whole MiB; 0: an equal share of what is left */
	uint32_t latency_ns;		/* of its own CPUs; 0: 100, memory only: 300 */
	uint32_t bandwidth_mbs;		/* 0: 51200, memory only: 20480 */
	struct ktstr_mem_side_cache cache;
};

struct ktstr_err;

/* The number of CPUs; 0 when it exceeds KTSTR_MAX_CPUS. */
uint32_t ktstr_topology__cpus(const struct ktstr_topology *t);

#define KTSTR_TOPOLOGY_STRLEN	48	/* room for any text */

void ktstr_topology__format(const struct ktstr_topology *t, char *buf, size_t size);

/*
 * Each number must be at least 1; nodes and CPUs must not exceed their limits. @even: every node
 * has equally many LLCs. 0, or -EINVAL with @err.
 */
int ktstr_topology__check(const struct ktstr_topology *t, bool even, struct ktstr_err *err);

/*
 * The text must have all four numbers in this order and nothing else, and pass
 * ktstr_topology__check() with @even. 0, or -EINVAL with @err; then @t is unchanged.
 */
int ktstr_topology__parse(const char *text, struct ktstr_topology *t, struct ktstr_err *err);
/* The same for a machine whose nodes may differ: the LLCs need not be divisible among them. */
int ktstr_topology__parse_uneven(const char *text, struct ktstr_topology *t,
				 struct ktstr_err *err);

#endif
