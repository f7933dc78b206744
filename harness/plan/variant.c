// SPDX-License-Identifier: GPL-2.0
/* Identity of a run: see variant.h. repeat.c has the command that repeats it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/checks/checks.h"
#include "preset.h"
#include "programs.h"
#include "scheduler.h"
#include "variant.h"

/* FNV-1a, 64 bits. The NUL of every part counts, so that "ab"+"c" and "a"+"bc" differ. */
static uint64_t mix(uint64_t h, const char *s)
{
	if (!s)
		s = "\x01";
	do {
		h ^= (unsigned char)*s;
		h *= 0x100000001b3ull;
	} while (*s++);
	return h;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char * const *)a, *(const char * const *)b);
}

/* A list whose order does not matter. */
static uint64_t mix_sorted(uint64_t h, const char * const *list)
{
	const char **copy;
	size_t nr = 0, i;

	while (list && list[nr])
		nr++;
	copy = nr ? malloc(nr * sizeof(*copy)) : NULL;
	if (copy) {
		memcpy(copy, list, nr * sizeof(*copy));
		qsort(copy, nr, sizeof(*copy), by_text);
		for (i = 0; i < nr; i++)
			h = mix(h, copy[i]);
		free(copy);
	}
	return mix(h, NULL);
}

static uint64_t mix_list(uint64_t h, const char * const *list)
{
	for (; list && *list; list++)
		h = mix(h, *list);
	return mix(h, NULL);
}

static uint64_t mix_number(uint64_t h, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIx64, v);
	return mix(h, text);
}

/* Without the path: the same file is the same scheduler wherever it lies. */
static uint64_t mix_programs(uint64_t h, const struct ktstr_run *run)
{
	const struct ktstr_program *p;

	for (p = run->programs; p < run->programs + run->nr_programs; p++) {
		h = mix(h, p->name);
		h = mix(h, p->build_id);
		h = mix_number(h, p->hash);
	}
	return mix(h, NULL);
}

/* What the guest starts it with, and the staged ones. */
static uint64_t mix_arguments(uint64_t h, const struct ktstr_plan *p)
{
	const struct ktstr_scheduler * const *s = p->test->staged_schedulers;
	char **args = p->scheduler && p->scheduler->binary ? ktstr_scheduler__args(p) : NULL;

	h = mix_list(h, (const char * const *)args);
	ktstr_scheduler__args_free(args);
	for (; s && *s; s++) {
		args = ktstr_scheduler__staged_args(p, *s);
		h = mix_list(h, (const char * const *)args);
		ktstr_scheduler__args_free(args);
	}
	return h;
}

/* What the text of a topology does not say. Nothing for a machine whose nodes are alike. */
static uint64_t mix_nodes(uint64_t h, const struct ktstr_plan *p)
{
	uint32_t i, nr = p->topo.numa_nodes;
	const struct ktstr_numa_node *n;

	for (i = 0; p->nodes && i < nr; i++) {
		n = &p->nodes[i];
		h = mix_number(h, n->llcs);
		h = mix_number(h, n->mem_bytes);
		h = mix_number(h, n->latency_ns);
		h = mix_number(h, n->bandwidth_mbs);
		h = mix_number(h, n->cache.size);
		h = mix_number(h, n->cache.associativity << 24 | n->cache.write_policy << 16 |
			       n->cache.line_bytes);
	}
	for (i = 0; p->distances && i < nr * nr; i++)
		h = mix_number(h, p->distances[i]);
	return p->preset ? mix(h, p->preset->name) : h;
}

uint64_t ktstr_variant__hash(const struct ktstr_run *run)
{
	const struct ktstr_plan *p = run->plan;
	const struct ktstr_scheduler *s = p->scheduler;
	uint64_t h = 0xcbf29ce484222325ull;
	char topo[KTSTR_TOPOLOGY_STRLEN];

	ktstr_topology__format(&p->topo, topo, sizeof(topo));
	h = mix(h, p->test->name);
	h = mix(h, topo);
	h = mix_nodes(h, p);
	h = mix(h, ktstr_programs__scheduler(run));
	h = mix_programs(h, run);
	h = mix_arguments(h, p);
	h = mix_list(h, s ? s->enable : NULL);
	h = mix(h, p->test->config);
	h = mix_sorted(h, s ? s->sysctls : NULL);
	h = mix_sorted(h, s ? s->kargs : NULL);
	if (p->kargs)
		h = mix_list(h, p->kargs);
	return mix(h, run->kernel.release ?: run->kernel.path);
}
