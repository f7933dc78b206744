// SPDX-License-Identifier: GPL-2.0
/*
 * The text form of a topology, "1n2l4c2t", its limits, and what it says about each part.
 * CPU numbers follow from it: cpu = ((llc * cores) + core) * threads + thread, and LLCs are dealt
 * to nodes in order.
 */
#include <errno.h>
#include <inttypes.h>
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

uint32_t vm_topology_cpus(const struct vm_topology *t)
{
	uint64_t n = t->llcs;

	/* each step stays below 2^9 * 2^32, so nothing wraps before it is checked */
	if (n > VM_MAX_CPUS)
		return 0;
	n *= t->cores;
	if (n > VM_MAX_CPUS)
		return 0;
	n *= t->threads;
	return n > VM_MAX_CPUS ? 0 : (uint32_t)n;
}

void vm_topology_format(const struct vm_topology *t, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu32 "n%" PRIu32 "l%" PRIu32 "c%" PRIu32 "t",
		 t->numa_nodes, t->llcs, t->cores, t->threads);
}

/* A decimal number without sign or blanks, below a million; NULL when there is none. */
static const char *parse_number(const char *s, uint32_t *v)
{
	const char *start = s;

	for (*v = 0; *s >= '0' && *s <= '9'; s++) {
		*v = *v * 10 + (uint32_t)(*s - '0');
		if (*v >= 1000000)
			return NULL;
	}
	return s == start ? NULL : s;
}

int vm_topology_parse(const char *text, struct vm_topology *t, struct vm_err *err)
{
	struct vm_topology new = { 0 };
	const struct {
		char unit;
		uint32_t *value;
	} part[] = {
		{ 'n', &new.numa_nodes },
		{ 'l', &new.llcs },
		{ 'c', &new.cores },
		{ 't', &new.threads },
	};
	const char *s = text;

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		s = parse_number(s, part[i].value);
		if (!s || *s++ != part[i].unit)
			goto bad;
	}
	if (*s)
		goto bad;
	if (vm_topology_check(&new, err))
		return -EINVAL;
	*t = new;
	return 0;
bad:
	return vm_err(err, EINVAL,
		      "topology \"%.40s\": want <nodes>n<llcs>l<cores>c<threads>t, such as 1n2l4c2t",
		      text);
}

static int check_node(const struct vm_topology *t, uint32_t i, struct vm_err *err)
{
	const struct vm_node *n = &t->nodes[i];
	const struct vm_mem_cache *c = &n->cache;

	if (n->mem_bytes % VM_MIB || (n->mem_bytes && n->mem_bytes < VM_NODE_MIN_BYTES))
		return vm_err(err, EINVAL,
			      "topology: node %" PRIu32 " has %" PRIu64 " bytes of memory; whole MiB are wanted, at least %" PRIu64,
			      i, n->mem_bytes, VM_NODE_MIN_BYTES / VM_MIB);
	if (!n->llcs && !n->mem_bytes)
		return vm_err(err, EINVAL,
			      "topology: node %" PRIu32 " has neither LLCs nor memory of its own; a memory-only node needs mem_bytes",
			      i);
	/* Linux numbers nodes as it meets them in the SRAT: processors come first */
	if (n->llcs && i && !t->nodes[i - 1].llcs)
		return vm_err(err, EINVAL,
			      "topology: node %" PRIu32 " has CPUs and comes after a memory-only node; the guest would number them otherwise, put memory-only nodes last",
			      i);
	if (n->bandwidth_mbs > BANDWIDTH_MAX_MBS)
		return vm_err(err, EINVAL, "topology: node %" PRIu32 ": bandwidth_mbs %" PRIu32 " is above %u",
			      i, n->bandwidth_mbs, BANDWIDTH_MAX_MBS);
	if (c->associativity > CACHE_FIELD_MAX || c->write_policy > CACHE_FIELD_MAX)
		return vm_err(err, EINVAL,
			      "topology: node %" PRIu32 ": cache associativity %u, write policy %u: both are 0, 1 or 2",
			      i, c->associativity, c->write_policy);
	if (!c->size && (c->associativity || c->write_policy || c->line_bytes))
		return vm_err(err, EINVAL, "topology: node %" PRIu32 ": a memory-side cache without a size",
			      i);
	return 0;
}

static int check_nodes(const struct vm_topology *t, struct vm_err *err)
{
	uint64_t llcs = 0;

	for (uint32_t i = 0; i < t->numa_nodes; i++) {
		int r = check_node(t, i, err);

		if (r)
			return r;
		llcs += t->nodes[i].llcs;
	}
	if (llcs != t->llcs)
		return vm_err(err, EINVAL,
			      "topology: the nodes have %" PRIu64 " LLCs together, the machine %" PRIu32,
			      llcs, t->llcs);
	return 0;
}

static int check_distance(const struct vm_topology *t, struct vm_err *err)
{
	uint32_t n = t->numa_nodes;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < n; j++) {
			uint8_t d = t->distance[i * n + j];

			if (i == j ? d != DIST_LOCAL : d <= DIST_LOCAL || d > DIST_MAX)
				return vm_err(err, EINVAL,
					      "topology: distance %u from node %" PRIu32 " to %" PRIu32 ": %d to itself, %d to %d to others",
					      d, i, j, DIST_LOCAL, DIST_LOCAL + 1, DIST_MAX);
			if (d != t->distance[j * n + i])
				return vm_err(err, EINVAL,
					      "topology: distance from node %" PRIu32 " to %" PRIu32 " is %u, back it is %u; both ways must be equal",
					      i, j, d, t->distance[j * n + i]);
		}
	}
	return 0;
}

static int check_latency(const struct vm_topology *t, struct vm_err *err)
{
	for (uint32_t i = 0; i < t->numa_nodes; i++)
		for (uint32_t j = 0; j < t->numa_nodes; j++)
			if (vm_topology_latency_ns(t, i, j) > HMAT_MAX)
				return vm_err(err, EINVAL,
					      "topology: %" PRIu32 " ns from node %" PRIu32 " to %" PRIu32 "; firmware can tell up to %d",
					      vm_topology_latency_ns(t, i, j), i, j,
					      HMAT_MAX);
	return 0;
}

int vm_topology_check(const struct vm_topology *t, struct vm_err *err)
{
	char buf[VM_TOPOLOGY_STRLEN];
	int r = 0;

	vm_topology_format(t, buf, sizeof(buf));
	if (!t->numa_nodes || !t->llcs || !t->cores || !t->threads)
		return vm_err(err, EINVAL, "topology %s: every count must be at least 1", buf);
	if (t->numa_nodes > VM_MAX_NODES)
		return vm_err(err, EINVAL, "topology %s: more than %d NUMA nodes", buf,
			      VM_MAX_NODES);
	if (!t->nodes && t->llcs % t->numa_nodes)
		return vm_err(err, EINVAL,
			      "topology %s: %" PRIu32 " LLCs cannot be divided among %" PRIu32 " NUMA nodes",
			      buf, t->llcs, t->numa_nodes);
	if (!vm_topology_cpus(t))
		return vm_err(err, EINVAL, "topology %s: more than %d CPUs", buf, VM_MAX_CPUS);
	if (t->nodes)
		r = check_nodes(t, err);
	if (!r && t->distance)
		r = check_distance(t, err);
	return r ? r : check_latency(t, err);
}

uint32_t vm_topology_node_llcs(const struct vm_topology *t, uint32_t node)
{
	return t->nodes ? t->nodes[node].llcs : t->llcs / t->numa_nodes;
}

uint32_t vm_topology_node_of_cpu(const struct vm_topology *t, uint32_t cpu)
{
	uint32_t llc = cpu / (t->cores * t->threads);
	uint32_t node = 0;

	while (node + 1 < t->numa_nodes && llc >= vm_topology_node_llcs(t, node))
		llc -= vm_topology_node_llcs(t, node++);
	return node;
}

uint8_t vm_topology_distance(const struct vm_topology *t, uint32_t from, uint32_t to)
{
	if (t->distance)
		return t->distance[from * t->numa_nodes + to];
	return from == to ? DIST_LOCAL : DIST_REMOTE;
}

/* The nodes without a size: how many, which is the last, and what is left for them. */
static uint32_t sharers(const struct vm_topology *t, uint64_t *bytes, uint32_t *last)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; i < t->numa_nodes; i++) {
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
			     struct vm_err *err)
{
	uint64_t left = mem_bytes, own = 0;
	uint32_t last = 0, nr = sharers(t, &left, &last);

	for (uint32_t i = 0; t->nodes && i < t->numa_nodes; i++)
		own += t->nodes[i].mem_bytes;
	if (own > mem_bytes || (!nr && own != mem_bytes))
		return vm_err(err, EINVAL,
			      "mem_bytes: %" PRIu64 " MiB, but the nodes of the topology have %" PRIu64 " MiB; leave mem_bytes of a node with CPUs unset to give it the rest",
			      mem_bytes / VM_MIB, own / VM_MIB);
	if (nr && left / nr < VM_NODE_MIN_BYTES)
		return vm_err(err, EINVAL,
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

	for (uint32_t i = 0; i < t->numa_nodes; i++)
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
	for (uint32_t i = 1; i < t->numa_nodes && vm_topology_node_llcs(t, i); i++)
		if (vm_topology_distance(t, i, node) < vm_topology_distance(t, best, node))
			best = i;
	return best;
}
