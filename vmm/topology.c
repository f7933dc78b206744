// SPDX-License-Identifier: GPL-2.0
/*
 * What a topology means for its nodes: their LLCs, memory and distances. CPU numbers follow from
 * it: cpu = ((llc * cores) + core) * threads + thread, and LLCs go to the nodes in order.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>

#include "ram.h"
#include "vm.h"

/* The kernel's LOCAL_DISTANCE and REMOTE_DISTANCE; 255 is "unreachable". */
#define DIST_LOCAL	10
#define DIST_REMOTE	20
#define DIST_MAX	254

#define DRAM_LATENCY_NS		100
#define DRAM_BANDWIDTH_MBS	51200
#define FAR_LATENCY_NS		300
#define FAR_BANDWIDTH_MBS	20480
/* An HMAT entry has 16 bits, 0xffff is taken. */
#define HMAT_MAX		65534
#define BANDWIDTH_MAX_MBS	(4u << 20)

#define CACHE_FIELD_MAX		2

static int check_node(const struct vm_topology *t, uint32_t i, struct ktstr_err *err)
{
	const struct ktstr_numa_node *n = &t->nodes[i];
	const struct ktstr_mem_side_cache *c = &n->cache;

	if (n->mem_bytes % VM_MIB || (n->mem_bytes && n->mem_bytes < VM_NODE_MIN_BYTES))
		return ktstr_err(err, EINVAL,
				 "topology: node %" PRIu32 " has %" PRIu64 " bytes of memory; whole MiB are wanted, at least %" PRIu64,
				 i, n->mem_bytes, VM_NODE_MIN_BYTES / VM_MIB);
	if (!n->llcs && !n->mem_bytes)
		return ktstr_err(err, EINVAL,
				 "topology: node %" PRIu32 " has neither LLCs nor memory of its own; a memory-only node needs mem_bytes",
				 i);
	/* Linux numbers nodes in the order of the SRAT, where processors come first */
	if (n->llcs && i && !t->nodes[i - 1].llcs)
		return ktstr_err(err, EINVAL,
				 "topology: node %" PRIu32 " has CPUs and comes after a memory-only node; the guest would number them otherwise, put memory-only nodes last",
				 i);
	if (n->bandwidth_mbs > BANDWIDTH_MAX_MBS)
		return ktstr_err(err, EINVAL, "topology: node %" PRIu32 ": bandwidth_mbs %" PRIu32 " is above %u",
				 i, n->bandwidth_mbs, BANDWIDTH_MAX_MBS);
	if (c->associativity > CACHE_FIELD_MAX || c->write_policy > CACHE_FIELD_MAX)
		return ktstr_err(err, EINVAL,
				 "topology: node %" PRIu32 ": cache associativity %u, write policy %u: both are 0, 1 or 2",
				 i, c->associativity, c->write_policy);
	if (!c->size && (c->associativity || c->write_policy || c->line_bytes))
		return ktstr_err(err, EINVAL, "topology: node %" PRIu32 ": a memory-side cache without a size",
				 i);
	return 0;
}

static int check_nodes(const struct vm_topology *t, struct ktstr_err *err)
{
	uint64_t llcs = 0;

	for (uint32_t i = 0; i < t->count.numa_nodes; i++) {
		int r = check_node(t, i, err);

		if (r)
			return r;
		llcs += t->nodes[i].llcs;
	}
	if (llcs != t->count.llcs)
		return ktstr_err(err, EINVAL,
				 "topology: the nodes have %" PRIu64 " LLCs together, the machine %" PRIu32,
				 llcs, t->count.llcs);
	return 0;
}

static int check_distance(const struct vm_topology *t, struct ktstr_err *err)
{
	uint32_t n = t->count.numa_nodes;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < n; j++) {
			uint8_t d = t->distance[i * n + j];

			if (i == j ? d != DIST_LOCAL : d <= DIST_LOCAL || d > DIST_MAX)
				return ktstr_err(err, EINVAL,
						 "topology: distance %u from node %" PRIu32 " to %" PRIu32 ": %d to itself, %d to %d to others",
						 d, i, j, DIST_LOCAL, DIST_LOCAL + 1, DIST_MAX);
			if (d != t->distance[j * n + i])
				return ktstr_err(err, EINVAL,
						 "topology: distance from node %" PRIu32 " to %" PRIu32 " is %u, back it is %u; both ways must be equal",
						 i, j, d, t->distance[j * n + i]);
		}
	}
	return 0;
}

static int check_latency(const struct vm_topology *t, struct ktstr_err *err)
{
	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
		for (uint32_t j = 0; j < t->count.numa_nodes; j++)
			if (vm_topology_latency_ns(t, i, j) > HMAT_MAX)
				return ktstr_err(err, EINVAL,
						 "topology: %" PRIu32 " ns from node %" PRIu32 " to %" PRIu32 "; firmware can tell up to %d",
						 vm_topology_latency_ns(t, i, j), i, j,
						 HMAT_MAX);
	return 0;
}

int vm_topology_check(const struct vm_topology *t, struct ktstr_err *err)
{
	int r = ktstr_topology__check(&t->count, !t->nodes, err);

	if (r)
		return r;
	if (t->nodes)
		r = check_nodes(t, err);
	if (!r && t->distance)
		r = check_distance(t, err);
	return r ? r : check_latency(t, err);
}

uint32_t vm_topology_node_llcs(const struct vm_topology *t, uint32_t node)
{
	return t->nodes ? t->nodes[node].llcs : t->count.llcs / t->count.numa_nodes;
}

uint32_t vm_topology_node_of_cpu(const struct vm_topology *t, uint32_t cpu)
{
	uint32_t llc = cpu / (t->count.cores * t->count.threads);
	uint32_t node = 0;

	while (node + 1 < t->count.numa_nodes && llc >= vm_topology_node_llcs(t, node))
		llc -= vm_topology_node_llcs(t, node++);
	return node;
}

uint8_t vm_topology_distance(const struct vm_topology *t, uint32_t from, uint32_t to)
{
	if (t->distance)
		return t->distance[from * t->count.numa_nodes + to];
	return from == to ? DIST_LOCAL : DIST_REMOTE;
}

/* The nodes without a size: how many, which is the last, and what is left for them. */
static uint32_t sharers(const struct vm_topology *t, uint64_t *bytes, uint32_t *last)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < t->count.numa_nodes; i++) {
		uint64_t own = t->nodes ? t->nodes[i].mem_bytes : 0;

		if (!own) {
			nr++;
			*last = i;
		}
		/* 0 stands for "too little": nothing fits into it */
		*bytes = own > *bytes ? 0 : *bytes - own;
	}
	return nr;
}

int vm_topology_check_memory(const struct vm_topology *t, uint64_t mem_bytes,
			     struct ktstr_err *err)
{
	uint64_t left = mem_bytes, own = 0;
	uint32_t last = 0, nr = sharers(t, &left, &last);

	for (uint32_t i = 0; t->nodes && i < t->count.numa_nodes; i++)
		own += t->nodes[i].mem_bytes;
	if (own > mem_bytes || (!nr && own != mem_bytes))
		return ktstr_err(err, EINVAL,
				 "mem_bytes: %" PRIu64 " MiB, but the nodes of the topology have %" PRIu64 " MiB; leave mem_bytes of a node with CPUs unset to give it the rest",
				 mem_bytes / VM_MIB, own / VM_MIB);
	if (nr && left / nr < VM_NODE_MIN_BYTES)
		return ktstr_err(err, EINVAL,
				 "mem_bytes: %" PRIu64 " MiB for %" PRIu32 " NUMA nodes are too few, each needs %" PRIu64 " MiB",
				 left / VM_MIB, nr, VM_NODE_MIN_BYTES / VM_MIB);
	return 0;
}

uint64_t vm_topology_node_bytes(const struct vm_topology *t, uint64_t mem_bytes, uint32_t node)
{
	uint64_t left = mem_bytes, share;
	uint32_t last = 0, nr = sharers(t, &left, &last);

	if (t->nodes && t->nodes[node].mem_bytes)
		return t->nodes[node].mem_bytes;
	share = left / nr / VM_MIB * VM_MIB;
	return node == last ? left - share * (nr - 1) : share;
}

uint32_t vm_topology_latency_ns(const struct vm_topology *t, uint32_t from, uint32_t to)
{
	uint32_t own = t->nodes ? t->nodes[to].latency_ns : 0;
	uint64_t ns;

	if (!own)
		own = vm_topology_node_llcs(t, to) ? DRAM_LATENCY_NS : FAR_LATENCY_NS;
	ns = (uint64_t)own * vm_topology_distance(t, from, to) / DIST_LOCAL;
	return ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static uint32_t own_bandwidth(const struct vm_topology *t, uint32_t node)
{
	uint32_t own = t->nodes ? t->nodes[node].bandwidth_mbs : 0;

	if (own)
		return own;
	return vm_topology_node_llcs(t, node) ? DRAM_BANDWIDTH_MBS : FAR_BANDWIDTH_MBS;
}

uint32_t vm_topology_bandwidth_mbs(const struct vm_topology *t, uint32_t from, uint32_t to)
{
	uint64_t mbs = (uint64_t)own_bandwidth(t, to) * DIST_LOCAL /
		       vm_topology_distance(t, from, to);
	uint32_t unit = 1;

	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
		while (own_bandwidth(t, i) / unit > HMAT_MAX)
			unit *= 2;
	mbs = mbs / unit * unit;
	return mbs ? (uint32_t)mbs : unit;
}

uint32_t vm_topology_initiator(const struct vm_topology *t, uint32_t node)
{
	uint32_t best = 0;	/* node 0 always has CPUs */

	if (vm_topology_node_llcs(t, node))
		return node;
	for (uint32_t i = 1; i < t->count.numa_nodes && vm_topology_node_llcs(t, i); i++)
		if (vm_topology_distance(t, i, node) < vm_topology_distance(t, best, node))
			best = i;
	return best;
}
