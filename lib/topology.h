/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The number of NUMA nodes, LLCs, cores and threads of a machine, and its text form: "1n2l4c2t".
 * Test authors, the plan, the guest and the VMMs share this struct, this parser and this
 * formatter.
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

#endif
