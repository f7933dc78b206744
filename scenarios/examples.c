// SPDX-License-Identifier: GPL-2.0
/*
 * Tests to copy from: one phase, two phases, ops one by one, a limit that nobody can keep,
 * a scheduler against another one with claims on the host, and a machine whose nodes differ, as a body
 * sees it. docs/writing-tests.md has some too.
 */
#include <errno.h>
#include <stdlib.h>

#include <ktstr.h>
#include <ktstr/hand.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");
KTSTR_SCHEDULER(flatcg, .binary = "scx_flatcg");

/* Two cgroups at once, one of them with work of its own. */
KTSTR_TEST(spinners_beside_bursts, .cores = 2, .duration_s = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(
		CGROUP("cg_0", .workers = 4),
		CGROUP("cg_1", .workers = 2, .work = BURSTY(50 * NSEC_PER_MSEC,
							    100 * NSEC_PER_MSEC))),
		HOLD_FULL));
}

/* Two cgroups for one half, a third for the other. */
KTSTR_TEST(a_third_cgroup_for_the_rest, .cores = 4, .duration_s = 2)
{
	return ktstr_run(ctx,
		STEP(CGROUPS(CGROUP("cg_0", .workers = 2), CGROUP("cg_1", .workers = 2)),
		     HOLD_FRAC(0.5)),
		STEP(CGROUPS(CGROUP("cg_2", .workers = 2)), HOLD_FRAC(0.5)));
}

/* Half of the time with a cgroup, the other half without it. */
KTSTR_TEST(a_cgroup_goes_in_mid_run, .cores = 2, .duration_s = 2)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .workers = 4))),
		STEP(HOLD_FRAC(0.5)),
		STEP(OPS(STOP_CGROUP("cg_0"), REMOVE_CGROUP("cg_0")), HOLD_FRAC(0.5)));
}

/*
 * A rate that only means something on CPUs that nobody else uses, and what a change may cost of it
 * (ktstr perf-delta). One vCPU fits on two CPUs.
 */
KTSTR_TEST(a_rate_on_a_quiet_host, .cores = 1, .duration_s = 2, .performance_mode = true,
	   .min_iteration_rate = 1000,
	   .perf_delta_assertions = PERF_DELTAS(PERF_DELTA("total_iterations", MAX_WORSE_PCT, 10)))
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .workers = 1)), HOLD_FULL));
}

/* What CGROUP() does, op by op. */
KTSTR_TEST(a_cgroup_by_hand, .cores = 2, .duration_s = 2)
{
	return ktstr_run(ctx, STEP(OPS(ADD_CGROUP("workers"),
				       SET_CPUSET("workers", CPUS("0-1")),
				       SPAWN("workers", .workers = 2)),
				   HOLD_FULL));
}

/*
 * Two LLCs of four cores with two threads each; only the threads are the test's own. On a machine
 * without SMT it would say nothing, so that `ktstr run --topology` skips it there.
 */
KTSTR_SCHEDULER(on_two_llcs, .binary = "scx_simple", .llcs = 2, .cores = 4, .threads = 1);

KTSTR_TEST(smt_fairness, .scheduler = &on_two_llcs, .threads = 2, .duration_s = 2,
	   .requires_smt = true, .not_starved = true, .max_spread_pct = 20.0)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a"), CGROUP("cg_b")), HOLD_FULL));
}

/* A floor that two workers cannot reach: what a failing limit looks like. */
KTSTR_TEST(throughput_gate, .scheduler = &simple, .duration_s = 2, .expect_err = true,
	   .expect_kind = KTSTR_BENCHMARK, .expect_text = "below min_iteration_rate = 50000000.0")
{
	KTSTR_CHECKS(checks, .min_iteration_rate = 50000000.0);

	return ktstr_run_with(ctx, &checks,
			      STEP(CGROUPS(CGROUP("cg_a", .workers = 1),
					   CGROUP("cg_b", .workers = 1)), HOLD_FULL));
}

/*
 * Isolation, A against B: a scheduler that knows cgroups, then the kernel's own without them,
 * under the same load. The sensitive workers must do better and the hog must still run.
 */
static int sensitive_is_isolated(struct ktstr_result *r)
{
	struct ktstr_stats a = phase_cgroup(r, 0, "sensitive");
	struct ktstr_stats b = phase_cgroup(r, 1, "sensitive");

	claim_at_least(r, a.iterations, 1.3 * b.iterations);
	claim_at_most(r, a.run_delay_us, 0.7 * b.run_delay_us);
	claim_at_least(r, phase_cgroup(r, 0, "hog").iterations,
		       0.5 * phase_cgroup(r, 1, "hog").iterations);
	return 0;
}

KTSTR_TEST(flatcg_isolates_better_than_the_default, .scheduler = &flatcg, .llcs = 4, .cores = 4,
	   .duration_s = 2, .workload_root_cgroup = "/test.slice", .not_starved = false,
	   .post_vm = sensitive_is_isolated)
{
	const struct ktstr_cgroup load[] = {
		CGROUP("sensitive", .workers = 2), CGROUP("hog", .workers = 30), { .name = NULL },
	};

	return ktstr_run(ctx, STEP(.cgroups = load, HOLD_FRAC(0.5)),
			 STEP(OPS(DETACH_SCHEDULER), .cgroups = load, HOLD_FRAC(0.5)));
}

/* What holds on every machine, from the counts of its topology. */
static void claim_counts(struct ktstr_ctx *ctx, const struct ktstr_machine *m)
{
	const struct ktstr_topology *t = ktstr_topology(ctx);
	const struct ktstr_cpumask *all = all_cpus(ctx);
	uint32_t cpu, alone = 0, lost = 0;

	claim_equals(ctx, ktstr_cpumask__weight(&m->online), t->llcs * t->cores * t->threads);
	claim_equals(ctx, all ? ktstr_cpumask__weight(all) : 0, ktstr_nr_cpus(ctx));
	claim_equals(ctx, m->nr_llcs, t->llcs);
	claim_equals(ctx, m->nr_nodes, t->numa_nodes);
	for (cpu = 0; cpu < ktstr_nr_cpus(ctx); cpu++) {
		alone += ktstr_cpumask__weight(&m->siblings[cpu]) != t->threads;
		lost += ktstr_llc_of(m, cpu) != (int)(cpu / (t->cores * t->threads)) ||
			ktstr_node_of(m, cpu) < 0;
	}
	claim_equals(ctx, alone, 0);
	claim_equals(ctx, lost, 0);
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
	claim_equals(ctx, empty, 0);
	claim_equals(ctx, crooked, 0);
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
		claim_equals(ctx, m->distance[1][2], 25);
	if (m->nr_nodes == 4)
		claim_equals(ctx, m->distance[0][2], 14);
	free(m);
	return 0;
}
