// SPDX-License-Identifier: GPL-2.0
/*
 * Tests to copy from: one phase, two phases, and a scheduler against another one with claims
 * on the host. docs/writing-tests.md has them too.
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

/*
 * Isolation, A against B: a scheduler that knows cgroups, then one that does not, under the
 * same load. The sensitive worker must do better under the first and the hog must still run.
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

KTSTR_TEST(flatcg_isolates_better_than_simple, .scheduler = &flatcg,
	   .staged_schedulers = (const struct ktstr_scheduler * const []){ &simple, NULL },
	   .cores = 4, .duration_s = 4, .workload_root_cgroup = "/test.slice",
	   .not_starved = false, .post_vm = sensitive_is_isolated)
{
	const struct ktstr_cgroup load[] = {
		CGROUP("sensitive", .workers = 1), CGROUP("hog", .workers = 7), { .name = NULL },
	};

	return ktstr_run(ctx, STEP(.cgroups = load, HOLD_FRAC(0.5)),
			 STEP(OPS(REPLACE_SCHEDULER(&simple)), .cgroups = load,
			      HOLD_FRAC(0.5)));
}
