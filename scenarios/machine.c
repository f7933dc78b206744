// SPDX-License-Identifier: GPL-2.0
/*
 * A body sees the machine that its test declares, or that of a preset: CPUs, LLCs, SMT siblings, nodes,
 * their memory and distances. tests/e2e/gauntlet_test.sh runs it on a machine whose nodes differ.
 */
#include <errno.h>
#include <stdlib.h>

#include <ktstr.h>

/* What holds on every machine, from the counts of its topology. */
static void claim_counts(struct ktstr_ctx *ctx, const struct ktstr_machine *m)
{
	const struct ktstr_topology *t = ktstr_topology(ctx);
	const struct ktstr_cpumask *all = all_cpus(ctx);
	uint32_t cpu, alone = 0, lost = 0;

	claim_eq(ctx, ktstr_cpumask__weight(&m->online), t->llcs * t->cores * t->threads);
	claim_eq(ctx, all ? ktstr_cpumask__weight(all) : 0, ktstr_nr_cpus(ctx));
	claim_eq(ctx, m->nr_llcs, t->llcs);
	claim_eq(ctx, m->nr_nodes, t->numa_nodes);
	for (cpu = 0; cpu < ktstr_nr_cpus(ctx); cpu++) {
		alone += ktstr_cpumask__weight(&m->siblings[cpu]) != t->threads;
		lost += ktstr_llc_of(m, cpu) != (int)(cpu / (t->cores * t->threads)) ||
			ktstr_node_of(m, cpu) < 0;
	}
	claim_eq(ctx, alone, 0);
	claim_eq(ctx, lost, 0);
}

static void claim_nodes(struct ktstr_ctx *ctx, const struct ktstr_machine *m)
{
	uint32_t from, to, empty = 0, crooked = 0;

	for (from = 0; from < m->nr_nodes; from++) {
		empty += !m->memory_kib[from];
		for (to = 0; to < m->nr_nodes; to++)
			crooked += (m->distance[from][to] == 10) != (from == to) ||
				   m->distance[from][to] != m->distance[to][from];
	}
	claim_eq(ctx, empty, 0);
	claim_eq(ctx, crooked, 0);
}

KTSTR_TEST(machine_as_declared, .ignore = true, .duration_s = 1, .cores = 2,
	   .max_numa_nodes = 4, .max_llcs = 16, .max_cpus = 512,
	   .nodes = KTSTR_NODES({ .llcs = 1 }, { .llcs = 1, .latency_ns = 80 },
				{ .mem_bytes = KTSTR_MIB(128), .cache = { KTSTR_MIB(64), 1, 1, 64 } }),
	   .distances = KTSTR_DISTANCES(10, 20, 30,
					20, 10, 25,
					30, 25, 10))
{
	struct ktstr_machine *m = ktstr_machine(ctx);

	if (!m)
		return -EIO;
	claim_counts(ctx, m);
	claim_nodes(ctx, m);
	/* as above, and as the preset tiered-memory has it */
	if (m->nr_nodes == 3)
		claim_eq(ctx, m->distance[1][2], 25);
	if (m->nr_nodes == 4)
		claim_eq(ctx, m->distance[0][2], 14);
	free(m);
	return 0;
}
