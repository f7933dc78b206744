// SPDX-License-Identifier: GPL-2.0
/* The programs that the front page of the documentation begins with, as tests that run. */
#include <ktstr.h>
#include <ktstr/catalogue.h>
#include <ktstr/hand.h>

/* The simplest test: a scenario that somebody already wrote. */
KTSTR_TEST(my_test, .llcs = 1, .cores = 2, .threads = 1, .duration_s = 2)
{
	return ktstr_scenario(ctx, "cgroup_steady");
}

/* Cgroups and workloads are data; the framework does the rest. */
KTSTR_TEST(my_scheduler_test, .llcs = 1, .cores = 2, .threads = 1, .duration_s = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .workers = 2),
					   CGROUP("cg_1", .workers = 2)),
				   HOLD_FULL));
}

/*
 * Two phases; the second one ends what the first has made. The kernel may take half a second to see
 * that three of the four workers share a CPU: of two seconds, that is a spread of 17 %.
 */
KTSTR_TEST(my_dynamic_test, .llcs = 1, .cores = 2, .threads = 1, .duration_s = 4, .max_spread_pct = 25)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .workers = 4))),
		STEP(HOLD_FRAC(0.5)),
		STEP(OPS(STOP_CGROUP("cg_0"), REMOVE_CGROUP("cg_0")), HOLD_FRAC(0.5)));
}

/* A scheduler that several tests share is declared once. */
KTSTR_SCHEDULER(my_sched, .binary = "scx_simple");

KTSTR_TEST(basic, .scheduler = &my_sched, .duration_s = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .workers = 2),
					   CGROUP("cg_1", .workers = 2)),
				   HOLD_FULL));
}

/* The same by hand: cgroup, workers, start, wait, stop, judge. */
KTSTR_TEST(my_low_level_test, .llcs = 1, .cores = 2, .threads = 1, .duration_s = 2)
{
	KTSTR_CHECKS(a, DEFAULT_CHECKS);
	CGROUP_GROUP(group, ctx);
	WORKLOAD(workload, ctx, .workers = 2, .work = SPIN_WAIT);

	return cgroup_group_add(&group, "workers", NULL) ?:
	       cgroup_set_cpuset(ctx, "workers", all_cpus(ctx)) ?:
	       cgroup_move_tasks(ctx, "workers", workload_pids(workload)) ?:
	       workload_start(workload) ?:
	       hold_for(ctx, ktstr_duration_ns(ctx)) ?:
	       assert_cgroup(ctx, &a, workload_collect(workload), NULL);
}

/* Claims about what was measured; each is named by its own source text. */
KTSTR_TEST(my_claims, .llcs = 1, .cores = 2, .threads = 1, .duration_s = 2)
{
	struct ktstr_stats cg;
	double throughput;
	int ret;

	ret = ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .workers = 2,
						 .work = BURSTY(1 * NSEC_PER_MSEC,
								1 * NSEC_PER_MSEC))),
				  HOLD_FULL));
	cg = cgroup_stats(ctx, "cg_0");
	throughput = cg.work_units / 2.0;

	claim_at_most(ctx, cg.max_gap_ms, 500);
	claim_at_least(ctx, cg.iterations, 100);
	claim_finite(ctx, throughput);
	claim_at_least(ctx, cg.wake_tail_ratio, 1.0);
	return ret;
}

/* Several workloads at once, each of another kind. Six workers on four CPUs are not treated alike. */
KTSTR_TEST(a_diverse_load_by_hand, .cores = 4, .duration_s = 1, .max_spread_pct = KTSTR_NO_LIMIT)
{
	static const char * const names[] = { "spin", "burst", "io", NULL };
	struct ktstr_workload *workloads[3];
	int i, nr, ret = 0;

	CGROUP_GROUP(group, ctx);
	for (i = 0; names[i] && !ret; i++)
		ret = cgroup_group_add(&group, names[i], NULL);
	if (ret)
		return ret;
	nr = spawn_diverse(ctx, names, workloads);
	if (nr < 0)
		return nr;
	return hold_for(ctx, ktstr_duration_ns(ctx)) ?: collect_all(ctx, workloads, nr, NULL);
}
