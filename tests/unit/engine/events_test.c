// SPDX-License-Identifier: GPL-2.0
/*
 * What the host is told while a scenario runs: each op, in words, and the monitor checks of sets,
 * when they change.
 */
#include "ops_fixture.h"

#include <ktstr/cases.h>

static struct ktstr_msg_op done[16];
static unsigned int nr_done;
static char checks[16][KTSTR_CHECKS_TEXT];
static unsigned int nr_checks;

static void on_op(struct ktstr_ctx *ctx, const struct ktstr_msg_op *op)
{
	(void)ctx;
	if (nr_done < ARRAY_SIZE(done))
		done[nr_done] = *op;
	nr_done++;
}

static void on_checks(struct ktstr_ctx *ctx, const char *text)
{
	(void)ctx;
	if (nr_checks < ARRAY_SIZE(checks))
		strcpy(checks[nr_checks++], text);
}

static void listen(FIXTURE_DATA(ops) *self)
{
	nr_done = nr_checks = 0;
	self->ctx.op_done = on_op;
	self->ctx.monitor_checks = on_checks;
}

TEST_F(ops, every_op_is_told_in_words)
{
	static const struct {
		uint32_t step;
		const char *name, *cgroup, *text;
	} want[] = {
		{ KTSTR_NO_STEP, "ADD_CGROUP", "base", "cgroup base is made" },
		{ 0, "SET_CPUSET", "a", "cpuset of a becomes 2-3" },
		{ 0, "SWAP_CPUSETS", "a", "cpusets of a and b are swapped" },
		{ 1, "FREEZE_CGROUP", "a", "a is frozen" },
		{ 1, "UNFREEZE_CGROUP", "a", "a is thawed" },
	};

	listen(self);
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("a", .workers = 1), CGROUP("b", .workers = 1)),
				       OPS(ADD_CGROUP("base"))),
			      STEP(OPS(SET_CPUSET("a", CPUS("2-3")), SWAP_CPUSETS("a", "b")),
				   HOLD_MS(20)),
			      STEP(OPS(FREEZE_CGROUP("a"), UNFREEZE_CGROUP("a")), HOLD_MS(1))))
		print_details(self->ctx.result);
	ASSERT_EQ(ARRAY_SIZE(want), nr_done);
	for (unsigned int i = 0; i < nr_done; i++) {
		EXPECT_EQ(want[i].step, done[i].step);
		EXPECT_STREQ(want[i].name, done[i].name);
		EXPECT_STREQ(want[i].cgroup, done[i].cgroup);
		EXPECT_STREQ(want[i].text, done[i].text);
	}
	/* the workers have worked between the steps */
	EXPECT_LT(done[2].iterations, done[3].iterations);
}

TEST_F(ops, ops_of_a_loop_are_told_each_time_up_to_a_limit)
{
	listen(self);
	EXPECT_EQ(0, RUN_WITH(BACKDROP(CGROUPS(CGROUP("a", .workers = 1))),
			      STEP(OPS(FREEZE_CGROUP("a"), UNFREEZE_CGROUP("a")), HOLD_LOOP_MS(100))));
	EXPECT_LE(8, nr_done);
	EXPECT_EQ(0, nr_done % 2);
}

TEST(every_op_that_can_be_carried_out_has_words_with_known_parameters)
{
	static const char * const known[] = {
		"{cgroup}", "{to}", "{tag}", "{name}", "{payload}", "{scheduler}", "{cpu}", "{cpus}",
		"{value}",
	};
	unsigned int nr = 0;

	for (int kind = KTSTR_OP_END + 1; kind < KTSTR_NR_OPS; kind++) {
		const struct ktstr_op_row *row = ktstr_op__row(kind);
		bool found = true;

		ASSERT_NE(NULL, row);
		if (row->needs)
			continue;
		nr++;
		ASSERT_NE(NULL, row->words) TH_LOG("%s", row->name);
		EXPECT_EQ(!!row->value, !!strstr(row->words, "{value}")) TH_LOG("%s", row->name);
		for (const char *p = strchr(row->words, '{'); p && found; p = strchr(p + 1, '{')) {
			found = false;
			for (size_t i = 0; i < ARRAY_SIZE(known); i++)
				found |= !strncmp(p, known[i], strlen(known[i]));
			EXPECT_TRUE(found) TH_LOG("%s: %s", row->name, row->words);
		}
	}
	EXPECT_LT(15, nr);
}

KTSTR_CHECKS(balanced, .max_imbalance_ratio = 3, .sustained_samples = 2);
KTSTR_CHECKS(tight, .max_imbalance_ratio = 2.5, .max_local_dsq_depth = 10);
KTSTR_CHECKS(tighter, .max_imbalance_ratio = 2, .fail_on_stall = true);
KTSTR_CHECKS(of_workers, .max_gap_ms = 5000);

TEST_F(ops, monitor_checks_of_a_scenario_are_told_from_its_start_to_its_end)
{
	listen(self);
	EXPECT_EQ(0, ktstr_engine__run_def(&self->ctx, KTSTR_SCENARIO_DEF(NULL, &balanced,
				STEP(CGROUPS(CGROUP("a", .workers = 1)), HOLD_MS(1)),
				STEP(CGROUPS(CGROUP("b", .workers = 1)), HOLD_MS(1))), &self->env))
		print_details(self->ctx.result);
	ASSERT_EQ(2, nr_checks);
	EXPECT_STREQ("max_imbalance_ratio=3\nsustained_samples=2\n", checks[0]);
	EXPECT_STREQ("", checks[1]);
}

TEST_F(ops, of_several_cgroups_the_strictest_monitor_check_counts)
{
	listen(self);
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .workers = 1, .checks = &tight),
				      CGROUP("b", .workers = 1, .checks = &tighter),
				      CGROUP("c", .workers = 1, .checks = &of_workers)),
			      HOLD_MS(1)),
			 STEP(CGROUPS(CGROUP("d", .workers = 1)), HOLD_MS(1))))
		print_details(self->ctx.result);
	ASSERT_EQ(2, nr_checks);
	EXPECT_STREQ("max_imbalance_ratio=2\nmax_local_dsq_depth=10\nfail_on_stall=1\n", checks[0]);
	/* the second step has none */
	EXPECT_STREQ("", checks[1]);
}

static int with_set(struct ktstr_ctx *ctx, const void *env)
{
	return ktstr_engine__run_def(ctx, KTSTR_SCENARIO_DEF(NULL, NULL,
				     STEP(CGROUPS(CGROUP("a", .workers = 1)), HOLD_MS(1))), env);
}

TEST_F(ops, a_set_around_a_function_is_told_too)
{
	listen(self);
	EXPECT_EQ(0, ktstr_with_checks(&self->ctx, &balanced, with_set, &self->env));
	ASSERT_EQ(2, nr_checks);
	EXPECT_STREQ("max_imbalance_ratio=3\nsustained_samples=2\n", checks[0]);
	EXPECT_EQ(NULL, self->ctx.over);
	EXPECT_EQ(0, with_set(&self->ctx, &self->env));
	EXPECT_EQ(2, nr_checks);
}

TEST_F(ops, without_a_guest_monitor_checks_of_sets_are_refused)
{
	EXPECT_EQ(-EINVAL, ktstr_with_checks(&self->ctx, &balanced, with_set, &self->env));
	EXPECT_DETAIL(KTSTR_FAILS, "max_imbalance_ratio is judged from a guest's memory, and here is no guest");
}

/* A scenario that was written for a guest, in a body without one (plan/here.h). */
TEST_F(ops, what_only_a_guest_has_fails_a_scenario_unless_it_was_written_for_one)
{
	EXPECT_REFUSED("DETACH_SCHEDULER: schedulers can only be exchanged in a guest of ktstr",
		       STEP(OPS(DETACH_SCHEDULER), HOLD_MS(5)));
	EXPECT_EQ(KTSTR_FAILS, self->ctx.result->details[0].severity);
	EXPECT_FALSE(self->ctx.beyond_here);
	self->ctx.here = true;
	EXPECT_REFUSED("DETACH_SCHEDULER: schedulers can only be exchanged in a guest of ktstr",
		       STEP(OPS(DETACH_SCHEDULER), HOLD_MS(5)));
	EXPECT_TRUE(self->ctx.beyond_here);
	EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(self->ctx.result));
	EXPECT_REFUSED("CAPTURE_SNAPSHOT: only a guest of ktstr has a host that looks at its memory",
		       STEP(OPS(CAPTURE_SNAPSHOT("x")), HOLD_MS(5)));
	EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(self->ctx.result));
}

/* What ran before is judged, but it is not all of the test. */
TEST_F(ops, a_body_of_which_only_a_part_could_run_has_no_verdict)
{
	self->ctx.here = true;
	EXPECT_EQ(0, RUN(STEP(CGROUPS(CGROUP("a", .workers = 1)), HOLD_MS(5))));
	ASSERT_LT(0, self->ctx.result->nr_cgroups);
	self->ctx.result->nr_details = 0;
	EXPECT_EQ(-EINVAL, RUN(STEP(OPS(DETACH_SCHEDULER), HOLD_MS(5))));
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->ctx.result));
}

TEST_HARNESS_MAIN
