/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's CPUs as sysfs describes them: which share a last-level cache, which are threads of one
 * core, and which node they are on. Only CPUs that are online are described; those that this process
 * may not use are marked.
 *
 * Sysfs says less on some machines (containers, old kernels, arm64 without PPTT). What is missing is
 * replaced by an assumption, and @trouble says so.
 */
#ifndef KTSTR_RESERVE_TOPOLOGY_H
#define KTSTR_RESERVE_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "hostcpus.h"

#define KTSTR_HOST_MAX_NODES	64	/* so that a set of nodes is one word, as vm_spec has it */

struct host_cpu {
	uint32_t id;			/* as in cpu%u */
	uint32_t llc;			/* index of host_topology.llc */
	uint32_t level;			/* of that cache; 0: sysfs does not say */
	uint32_t node;
	uint32_t core;			/* the lowest CPU among its SMT siblings */
	bool allowed;			/* this process may use it */
};

struct host_llc {
	/*
	 * Sysfs's own, which does not change when CPUs go offline. An L2 beside L3s, as of small cores,
	 * has 2000000 plus its own.
	 */
	uint32_t id;
	uint32_t node;			/* of most of its CPUs */
	uint32_t first, nr;		/* its CPUs: host_topology.cpu[first ...] */
	uint32_t nr_allowed;
};

struct host_topology {
	struct host_cpu *cpu;		/* by LLC, then by number */
	uint32_t nr_cpus, nr_allowed;
	struct host_llc *llc;		/* by id */
	uint32_t nr_llcs;
	uint64_t nodes;			/* bit N: there is a node N */
	uint8_t distance[KTSTR_HOST_MAX_NODES][KTSTR_HOST_MAX_NODES];
	char trouble[256];		/* what was assumed, or empty */
};

/*
 * Read what @sysfs ("/sys") has. @allowed: the CPUs that this process may use. 0, or -errno with
 * @err: then there is not even a list of CPUs, or none of them may be used.
 */
int host_topology__read(struct host_topology *t, const char *sysfs, const struct hostcpus *allowed,
			struct ktstr_err *err);
/* The same of this host and the calling thread. */
int host_topology__here(struct host_topology *t, struct ktstr_err *err);
void host_topology__free(struct host_topology *t);

/* How far node @b is from @a; 255: it cannot be reached. */
uint8_t host_topology__distance(const struct host_topology *t, uint32_t a, uint32_t b);

#endif
