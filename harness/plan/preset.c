// SPDX-License-Identifier: GPL-2.0
/* The table of presets, and the rule for which of them apply to a test: see preset.h. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/suggest.h"
#include "preset.h"

#define MIB		(UINT64_C(1) << 20)

static const struct ktstr_numa_node cxl_1node[] = { { .llcs = 2 }, { .mem_bytes = 128 * MIB } };
/* A memory-only node that is nearer to the second socket. */
static const struct ktstr_numa_node cxl_2node[] = {
	{ .llcs = 1 }, { .llcs = 1 }, { .mem_bytes = 128 * MIB },
};
static const uint8_t cxl_2node_distance[] = { 10, 20, 30, 20, 10, 25, 30, 25, 10 };

static const struct ktstr_numa_node asym_llcs[] = { { .llcs = 3 }, { .llcs = 1 } };
static const struct ktstr_numa_node asym_smt[] = { { .llcs = 1 }, { .llcs = 4 } };

/* The first memory-only node has a memory-side cache, the second has a larger distance. */
static const struct ktstr_numa_node tiered[] = {
	{ .llcs = 1, .latency_ns = 90, .bandwidth_mbs = 60000 },
	{ .llcs = 1, .latency_ns = 110, .bandwidth_mbs = 40000 },
	{ .mem_bytes = 128 * MIB, .latency_ns = 180, .bandwidth_mbs = 30000,
	  .cache = { 64 * MIB, 1, 1, 64 } },
	{ .mem_bytes = 128 * MIB, .latency_ns = 400, .bandwidth_mbs = 8000 },
};
static const uint8_t tiered_distance[] = {
	10, 21, 14, 31,
	21, 10, 24, 31,
	14, 24, 10, 31,
	31, 31, 31, 10,
};

const struct ktstr_preset ktstr_presets[] = {
	{ "tiny-1llc", { { 1, 1, 4, 1 } }, 2048, "one LLC: no balancing between domains" },
	{ "tiny-2llc", { { 1, 2, 2, 1 } }, 2048, "the smallest machine with two LLCs" },
	{ "odd-3llc", { { 1, 3, 3, 1 } }, 2048, "odd counts, gaps in the APIC ids" },
	{ "odd-5llc", { { 1, 5, 3, 1 } }, 2048, "odd counts, gaps in the APIC ids" },
	{ "odd-7llc", { { 1, 7, 2, 1 } }, 2048, "odd number of LLCs" },
	{ "smt-2llc", { { 1, 2, 2, 2 } }, 2048, "SMT siblings" },
	{ "smt-3llc", { { 1, 3, 2, 2 } }, 2048, "SMT and an odd number of LLCs" },
	{ "medium-4llc", { { 1, 4, 4, 2 } }, 2048, "32 CPUs with SMT" },
	{ "medium-8llc", { { 1, 8, 4, 2 } }, 2048, "64 CPUs with SMT: one word of a mask, full" },
	{ "large-4llc", { { 1, 4, 16, 2 } }, 2048, "large LLCs" },
	{ "large-8llc", { { 1, 8, 8, 2 } }, 2048, "128 CPUs in eight LLCs" },
	{ "near-max-llc", { { 1, 15, 8, 2 } }, 2048, "many LLCs" },
	{ "max-cpu", { { 1, 14, 9, 2 } }, 4096, "252 CPUs, APIC ids above 255" },
	{ "medium-4llc-nosmt", { { 1, 4, 8, 1 } }, 2048, "32 cores" },
	{ "medium-8llc-nosmt", { { 1, 8, 8, 1 } }, 2048, "64 cores" },
	{ "large-4llc-nosmt", { { 1, 4, 32, 1 } }, 2048, "large LLCs of cores" },
	{ "large-8llc-nosmt", { { 1, 8, 16, 1 } }, 2048, "128 cores in eight LLCs" },
	{ "near-max-llc-nosmt", { { 1, 15, 16, 1 } }, 2048, "many LLCs of cores" },
	{ "max-cpu-nosmt", { { 1, 14, 18, 1 } }, 4096, "252 cores, APIC ids above 255" },
	{ "numa2-4llc", { { 2, 4, 4, 1 } }, 2048, "two nodes" },
	{ "numa2-8llc", { { 2, 8, 8, 2 } }, 2048, "two large nodes with SMT" },
	{ "numa2-8llc-nosmt", { { 2, 8, 16, 1 } }, 2048, "two large nodes of cores" },
	{ "numa4-8llc", { { 4, 8, 4, 1 } }, 2048, "four nodes" },
	{ "numa4-12llc", { { 4, 12, 8, 2 } }, 4096, "four nodes of three LLCs" },
	{ "cxl-1node", { { 2, 2, 2, 1 }, cxl_1node }, 2048, "a node of memory without CPUs" },
	{ "cxl-2node", { { 3, 2, 2, 1 }, cxl_2node, cxl_2node_distance }, 2048,
	  "a memory-only node that is nearer to one of two" },
	{ "asym-llcs", { { 2, 4, 2, 1 }, asym_llcs }, 2048, "nodes of three LLCs and one" },
	{ "asym-smt", { { 2, 5, 3, 2 }, asym_smt }, 2048, "nodes of one LLC and four, odd cores, SMT" },
	{ "tiered-memory", { { 4, 2, 2, 1 }, tiered, tiered_distance }, 2048,
	  "two sockets, near and far memory, a memory-side cache" },
};

const unsigned int ktstr_nr_presets = ARRAY_SIZE(ktstr_presets);

const struct ktstr_preset *ktstr_preset__find(const char *name)
{
	for (unsigned int i = 0; i < ktstr_nr_presets; i++)
		if (!strcmp(ktstr_presets[i].name, name))
			return &ktstr_presets[i];
	return NULL;
}

int ktstr_preset__parse(const char *text, struct ktstr_topology *topo,
			const struct ktstr_preset **preset, struct ktstr_err *err)
{
	const char *names[ARRAY_SIZE(ktstr_presets)], *hint;

	*preset = ktstr_preset__find(text);
	if (*preset) {
		*topo = (*preset)->topo.count;
		return 0;
	}
	if (!isalpha((unsigned char)*text))
		return ktstr_topology__parse(text, topo, err);
	for (unsigned int i = 0; i < ktstr_nr_presets; i++)
		names[i] = ktstr_presets[i].name;
	hint = ktstr_suggest(text, names, ktstr_nr_presets);
	return ktstr_err(err, EINVAL, "there is no preset \"%.40s\"%s%s%s; ktstr list presets has them",
			 text, hint ? ", did you mean " : "", hint ? hint : "", hint ? "?" : "");
}

static uint32_t pick(int64_t test, int64_t scheduler, uint32_t otherwise)
{
	if (test != KTSTR_UNSET)
		return (uint32_t)test;
	return scheduler != KTSTR_UNSET ? (uint32_t)scheduler : otherwise;
}

static void fill_bounds(struct ktstr_bounds *b, const struct ktstr_test *t,
			const struct ktstr_scheduler *s, const struct ktstr_bounds *otherwise)
{
	static const struct ktstr_scheduler none = { KTSTR_SCHEDULER_UNSET };

	if (!s)
		s = &none;
#define PICK(_name)	._name = pick(t->_name, s->_name, otherwise->_name)
	*b = (struct ktstr_bounds){
		PICK(min_llcs), PICK(max_llcs), PICK(min_numa_nodes), PICK(max_numa_nodes),
		PICK(min_cpus), PICK(max_cpus),
		.requires_smt = (t->requires_smt != KTSTR_INHERIT ? t->requires_smt :
								    s->requires_smt) == KTSTR_ON,
	};
#undef PICK
}

void ktstr_bounds__of(const struct ktstr_test *t, const struct ktstr_scheduler *s,
		      struct ktstr_bounds *b)
{
	static const struct ktstr_bounds defaults = {
		.min_llcs = 1, .max_llcs = 12, .min_numa_nodes = 1, .max_numa_nodes = 1,
		.min_cpus = 1, .max_cpus = 192,
	};

	fill_bounds(b, t, s, &defaults);
}

void ktstr_bounds__given(const struct ktstr_test *t, const struct ktstr_scheduler *s,
			 struct ktstr_bounds *b)
{
	static const struct ktstr_bounds all = {
		.max_llcs = UINT32_MAX, .max_numa_nodes = UINT32_MAX, .max_cpus = UINT32_MAX,
	};

	fill_bounds(b, t, s, &all);
}

bool ktstr_bounds__accept(const struct ktstr_bounds *b, const struct ktstr_topology *t, char *why,
			  size_t size)
{
	const struct {
		const char *what;
		uint32_t has, min, max;
	} bound[] = {
		{ "NUMA nodes", t->numa_nodes, b->min_numa_nodes, b->max_numa_nodes },
		{ "LLCs", t->llcs, b->min_llcs, b->max_llcs },
		{ "CPUs", ktstr_topology__cpus(t), b->min_cpus, b->max_cpus },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bound); i++) {
		if (bound[i].has >= bound[i].min && bound[i].has <= bound[i].max)
			continue;
		if (bound[i].max == UINT32_MAX)
			snprintf(why, size, "has %" PRIu32 " %s, the test takes %" PRIu32 " or more",
				 bound[i].has, bound[i].what, bound[i].min);
		else
			snprintf(why, size, "has %" PRIu32 " %s, the test takes %" PRIu32 " to %" PRIu32,
				 bound[i].has, bound[i].what, bound[i].min, bound[i].max);
		return false;
	}
	if (b->requires_smt && t->threads == 1) {
		snprintf(why, size, "has no SMT, the test requires it");
		return false;
	}
	return true;
}

bool ktstr_preset__accept(const struct ktstr_preset *p, const struct ktstr_bounds *b,
			  const struct ktstr_room *room, char *why, size_t size)
{
	const struct vm_topology *t = &p->topo;
	uint32_t cpus = ktstr_topology__cpus(&t->count), per_llc = t->count.cores * t->count.threads;
	const struct {
		const char *what;
		uint32_t needs, has;
	} host[] = {
		{ room->service ? "CPUs with that for the host's threads" : "CPUs",
		  cpus + room->service, room->cpus },
		{ "LLCs", t->count.llcs, room->llcs },
		{ "CPUs in one LLC", per_llc, room->cpus_per_llc },
	};

	if (!ktstr_bounds__accept(b, &t->count, why, size))
		return false;
	if (room->no_smt && t->count.threads > 1) {
		snprintf(why, size, "has SMT, guests of this architecture have none");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(host); i++) {
		if (!host[i].has || host[i].needs <= host[i].has)
			continue;
		snprintf(why, size, "needs %" PRIu32 " %s, the host has %" PRIu32, host[i].needs,
			 host[i].what, host[i].has);
		return false;
	}
	return true;
}
