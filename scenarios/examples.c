// SPDX-License-Identifier: GPL-2.0
/*
 * Tests to copy from: one phase, two phases, ops one by one, a limit that nobody can keep, and
 * a scheduler against another one with claims on the host. docs/writing-tests.md has some too.
 */
#include <ktstr.h>

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
