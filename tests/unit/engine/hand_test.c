// SPDX-License-Identifier: GPL-2.0
/*
 * Cgroups and workloads by hand: what each call writes, how they start and stop one by one, what is
 * judged, and that nothing is left. The cgroups are a fake tree, the workers are real.
 */
#include <math.h>
#include <signal.h>

#include <ktstr/hand.h>

#include "harness/guest/engine/hand/hand.h"
#include "ops_fixture.h"

/* In the fixture's machine; what the body itself would get from the first call. */
#define OPEN()	ASSERT_NE(NULL, ktstr_hand__open(&self->ctx, &self->env))
#define CLOSE()	ktstr_hand__close(&self->ctx)

static bool wrote(const char *line)
{
	return strstr(fake.log, line);
}

static const struct ktstr_cpumask two = { { 0x3 } };

static int make_two_and_leave(struct ktstr_ctx *ctx)
{
	CGROUP_GROUP(group, ctx);

	return cgroup_group_add(&group, "a", NULL) ?: cgroup_group_add(&group, "b", &two) ?:
	       cgroup_remove(ctx, "a") ?: cgroup_group_add(&group, "b", NULL);
}

TEST_F(ops, cgroups_of_a_group_are_removed_when_it_goes_out_of_scope)
{
	struct ktstr_ctx *ctx = &self->ctx;

	OPEN();
	EXPECT_EQ(-EEXIST, make_two_and_leave(ctx));
	EXPECT_DETAIL(KTSTR_FAILS, "make cgroup b: cgroup b exists already");
	EXPECT_TRUE(wrote("b/cpuset.cpus=0-1")) TH_LOG("%s", fake.log);
	EXPECT_TRUE(wrote("rmdir /t/b")) TH_LOG("%s", fake.log);
	EXPECT_EQ(1, ctx->result->nr_details) print_details(ctx->result);
	CLOSE();
}

TEST_F(ops, a_cgroup_is_named_in_what_goes_wrong)
{
	struct ktstr_ctx *ctx = &self->ctx;

	OPEN();
	EXPECT_EQ(-EINVAL, cgroup_make(ctx, "/x"));
	EXPECT_DETAIL(KTSTR_FAILS, "make cgroup /x: the name is absolute");
	EXPECT_EQ(-ENOENT, cgroup_set_cpuset(ctx, "x", &two));
	EXPECT_DETAIL(KTSTR_FAILS, "set cpuset of x: the body has made no such cgroup");
	EXPECT_EQ(-EINVAL, cgroup_set_cpuset(ctx, "x", NULL));
	EXPECT_DETAIL(KTSTR_FAILS, "set cpuset of x: no CPUs are given");
	EXPECT_EQ(0, cgroup_remove(ctx, "never"));
	CLOSE();
}

TEST_F(ops, a_workload_waits_for_its_start_and_moves_with_its_pids)
{
	struct ktstr_ctx *ctx = &self->ctx;
	const struct ktstr_reports *r;
	struct ktstr_workload *w, *other;
	struct ktstr_stats s;
	char line[64];
	uint32_t i;

	OPEN();
	EXPECT_EQ(0, cgroup_make(ctx, "a"));
	w = workload_spawn(ctx, .workers = 2, .work = YIELD_HEAVY);
	other = workload_spawn(ctx, .workers = 1, .work = YIELD_HEAVY);
	ASSERT_EQ(2, workload_pids(w).nr);
	EXPECT_EQ(0, cgroup_move_tasks(ctx, "a", workload_pids(w)));
	for (i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "a/cgroup.procs=%d", workload_pids(w).pid[i]);
		EXPECT_TRUE(wrote(line)) TH_LOG("%s", line);
	}
	EXPECT_EQ(0, workload_start(w));
	EXPECT_EQ(-EALREADY, workload_start(w));
	EXPECT_EQ(0, hold_for(ctx, 50 * NSEC_PER_MSEC));
	r = workload_collect(w);
	EXPECT_EQ(2, reports_nr(r));
	EXPECT_LT(0, reports_worker(r, 0).iterations);
	EXPECT_LT(0, reports_worker(r, 1).iterations);
	EXPECT_FALSE(reports_worker(r, 2).found);
	EXPECT_EQ(fmin(reports_worker(r, 1).migrations, KTSTR_LAST_MIGRATIONS),
		  reports_migrations(r, 1).nr);
	EXPECT_EQ(0, reports_migrations(r, 2).nr);
	s = reports_stats(r);
	EXPECT_EQ(2, s.workers);
	EXPECT_EQ(reports_worker(r, 0).iterations + reports_worker(r, 1).iterations, s.iterations);
	/* its gate was not theirs */
	EXPECT_EQ(0, ktstr_workers__iterations(other->group->workers));
	EXPECT_EQ(NULL, workload_collect(other));
	EXPECT_DETAIL(KTSTR_FAILS, "collect workload: it was never started");
	EXPECT_EQ(0, workload_start(other));
	CLOSE();
	EXPECT_DETAIL(KTSTR_NOTE, "1 workers were dropped while they ran");
	EXPECT_EQ(0, ctx->result->nr_cgroups);	/* nobody asked for a verdict */
}

KTSTR_CHECKS(strict, .min_iteration_rate = 1e12);
KTSTR_CHECKS(mild, .min_iteration_rate = 1);
KTSTR_CHECKS(apart, .isolation = true);
KTSTR_CHECKS(of_monitor, .max_imbalance_ratio = 2);

TEST_F(ops, reports_are_judged_by_the_set_that_is_given)
{
	static const struct ktstr_cpumask none_of_ours = { { 0, 0, 0, 1 } };
	struct ktstr_ctx *ctx = &self->ctx;
	const struct ktstr_reports *r;
	struct ktstr_workload *w;

	OPEN();
	ctx->checks = mild;
	EXPECT_EQ(0, cgroup_make(ctx, "a"));
	w = workload_spawn_in(ctx, "a", .workers = 1, .work = YIELD_HEAVY);
	EXPECT_EQ(0, workload_start(w));
	EXPECT_EQ(0, hold_for(ctx, 20 * NSEC_PER_MSEC));
	r = workload_collect(w);
	EXPECT_EQ(0, assert_cgroup(ctx, NULL, r, NULL));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(ctx->result)) print_details(ctx->result);
	EXPECT_EQ(0, assert_cgroup(ctx, &strict, r, NULL));
	EXPECT_DETAIL(KTSTR_FAILS, "min_iteration_rate");
	EXPECT_EQ(1, ctx->result->nr_cgroups);	/* judged twice, counted once */
	EXPECT_STREQ("a", ctx->result->cgroups[0].name);
	EXPECT_EQ(1, cgroup_stats(ctx, "a").workers);
	EXPECT_EQ(0, assert_cgroup(ctx, &apart, r, &none_of_ours));
	EXPECT_DETAIL(KTSTR_FAILS, "(isolation)");
	EXPECT_EQ(-EINVAL, assert_cgroup(ctx, &of_monitor, r, NULL));
	EXPECT_DETAIL(KTSTR_FAILS, "max_imbalance_ratio");
	CLOSE();
}

TEST_F(ops, isolation_by_hand_knows_the_cpuset_of_its_cgroup)
{
	static const struct ktstr_cpumask elsewhere = { { 0, 0, 0, 1 } };
	struct ktstr_ctx *ctx = &self->ctx;
	struct ktstr_workload *w;

	OPEN();
	EXPECT_EQ(0, cgroup_make(ctx, "a"));
	w = workload_spawn(ctx, .workers = 1, .work = SPIN_WAIT);
	/* the tree is a fake, so that the worker stays where it is */
	EXPECT_EQ(0, cgroup_set_cpuset(ctx, "a", &elsewhere));
	EXPECT_EQ(0, cgroup_move_tasks(ctx, "a", workload_pids(w)));
	EXPECT_EQ(0, workload_start(w));
	EXPECT_EQ(0, hold_for(ctx, 20 * NSEC_PER_MSEC));
	EXPECT_EQ(0, assert_cgroup(ctx, &apart, workload_collect(w), NULL));
	EXPECT_DETAIL(KTSTR_FAILS, "a:0[");
	CLOSE();
}

TEST_F(ops, a_workload_that_makes_no_sense_is_refused_and_its_null_is_harmless)
{
	struct ktstr_ctx *ctx = &self->ctx;
	struct ktstr_workload *w;

	OPEN();
	w = workload_spawn(ctx, .workers = 3, .work = PIPE_IO());
	EXPECT_EQ(NULL, w);
	EXPECT_DETAIL(KTSTR_FAILS, "workload: PipeIo requires");
	w = workload_spawn_in(ctx, "missing", .workers = 1);
	EXPECT_EQ(NULL, w);
	EXPECT_DETAIL(KTSTR_FAILS, "spawn workload missing: there is no cgroup missing");
	w = workload_spawn(ctx, .workers = 1, .affinity = PINNED("0"), .nice = VALUE(0),
			   .policy = { .kind = 99 });
	EXPECT_DETAIL(KTSTR_FAILS, "workload: unknown policy (99)");
	EXPECT_EQ(3, ctx->result->nr_details) print_details(ctx->result);
	EXPECT_EQ(-EINVAL, workload_start(NULL));
	EXPECT_EQ(-EINVAL, cgroup_move_tasks(ctx, "a", workload_pids(NULL)));
	EXPECT_EQ(NULL, workload_collect(NULL));
	EXPECT_EQ(0, reports_nr(NULL));
	EXPECT_FALSE(reports_stats(NULL).found);
	EXPECT_EQ(-EINVAL, assert_cgroup(ctx, NULL, NULL, NULL));
	workload_drop(NULL);
	EXPECT_EQ(3, ctx->result->nr_details);
	CLOSE();
}

TEST_F(ops, collect_all_judges_each_of_a_diverse_load)
{
	static const char * const names[] = { "a", "b", "c", "d", "e", "f", NULL };
	struct ktstr_workload *w[6];
	struct ktstr_ctx *ctx = &self->ctx;
	int i;

	OPEN();
	ctx->workers_per_cgroup = 1;
	for (i = 0; names[i]; i++)
		EXPECT_EQ(0, cgroup_make(ctx, names[i]));
	ASSERT_EQ(6, spawn_diverse(ctx, names, w)) print_details(ctx->result);
	for (i = 0; i < 6; i++)
		EXPECT_EQ(i == 2 ? 2 : 1, workload_pids(w[i]).nr);
	EXPECT_EQ(KTSTR_WORK_BURSTY, w[1]->group->spec.work.type);
	EXPECT_EQ(KTSTR_WORK_SPIN_WAIT, w[5]->group->spec.work.type);
	EXPECT_EQ(0, hold_for(ctx, 20 * NSEC_PER_MSEC));
	EXPECT_EQ(0, collect_all(ctx, w, 6, &mild));
	EXPECT_EQ(6, ctx->result->nr_cgroups);
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(ctx->result)) print_details(ctx->result);
	CLOSE();
}

TEST_F(ops, removing_a_cgroup_stops_its_workload_and_keeps_the_reports)
{
	struct ktstr_ctx *ctx = &self->ctx;
	struct ktstr_workload *w;

	OPEN();
	EXPECT_EQ(0, cgroup_make(ctx, "a"));
	w = workload_spawn_in(ctx, "a", .workers = 1, .work = YIELD_HEAVY);
	EXPECT_EQ(0, workload_start(w));
	EXPECT_EQ(0, hold_for(ctx, 20 * NSEC_PER_MSEC));
	EXPECT_EQ(0, cgroup_remove(ctx, "a"));
	EXPECT_EQ(-1, kill(workload_pids(w).pid[0], 0));
	EXPECT_LT(0, reports_stats(workload_collect(w)).iterations);
	CLOSE();
}

TEST_HARNESS_MAIN
