// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/runs/assertion.c, and of how a test may declare perf_delta_assertions. */
#include <math.h>

#include "kselftest_harness.h"

#include "harness/plan/perf_delta.h"
#include "harness/runs/assertion.h"
#include "made_rows.h"

FIXTURE(assertion) {
	struct ktstr_rows rows;
	struct ktstr_compare_opts opts;
	struct ktstr_comparison c;
	struct ktstr_policy policy;
	char why[256];
};

FIXTURE_SETUP(assertion)
{
	ktstr_policy__init(&self->policy);
	self->opts.policy = &self->policy;
	for (int side = 0; side < KTSTR_SIDES; side++)
		self->opts.filter[side] = (struct ktstr_filter){
			.dim = KTSTR_DIM_RUN, .value = side ? "b" : "a",
			.of = { side == KTSTR_SIDE_A, side == KTSTR_SIDE_B },
		};
	self->opts.nr_filters = KTSTR_SIDES;
}

FIXTURE_TEARDOWN(assertion)
{
	ktstr_comparison__free(&self->c);
	ktstr_rows__free(&self->rows);
	ktstr_policy__free(&self->policy);
}

/* Three runs a side, around @a and @b by 1 %. NaN: the side does not have the figure. */
static void made_sides(struct ktstr_rows *rows, const char *name, enum ktstr_polarity p, double a, double b)
{
	for (int i = -1; i <= 1; i++)
		for (int side = 0; side < KTSTR_SIDES; side++) {
			double v = side ? b : a;

			made_run(rows, side ? "b" : "a");
			if (!isnan(v))
				made_value(rows, name, p, v * (1 + i * .01));
		}
}

#define JUDGE(_metric, _rule, _limit)	({						\
	struct ktstr_err _err;								\
	const struct ktstr_perf_delta _d = { _metric, KTSTR_##_rule, _limit };		\
											\
	if (!self->c.nr_groups)								\
		ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &_err));	\
	ASSERT_EQ(1, self->c.nr_groups);						\
	ktstr_assertion__judge(&self->c, &self->c.group[0], &_d, self->why, sizeof(self->why)); \
})

#define KEPT	KTSTR_ASSERTION_HOLDS
#define BROKEN	KTSTR_ASSERTION_BROKEN
#define UNKNOWN	KTSTR_ASSERTION_UNKNOWN

/* The gates of worst_spread are 5 and 25 %: they do not matter here. */
TEST_F(assertion, at_most_so_much_worse)
{
	made_sides(&self->rows, "worst_spread", KTSTR_LOWER_IS_BETTER, 20, 22);
	EXPECT_EQ(BROKEN, JUDGE("worst_spread", MAX_WORSE_PCT, 9));
	EXPECT_STREQ("worst_spread is 22, was 20 (+10.0 %): must be at most 9 % worse", self->why);
	EXPECT_EQ(KEPT, JUDGE("worst_spread", MAX_WORSE_PCT, 11));
	EXPECT_EQ(BROKEN, JUDGE("worst_spread", MAX_WORSE, 1.9));
	EXPECT_EQ(KEPT, JUDGE("worst_spread", MAX_WORSE, 2.1));
	EXPECT_EQ(BROKEN, JUDGE("worst_spread", MAX_CHANGE_PCT, 9));
	EXPECT_EQ(KEPT, JUDGE("worst_spread", MAX_CHANGE_PCT, 11));
	EXPECT_EQ(BROKEN, JUDGE("worst_spread", MIN_BETTER_PCT, 1));
	EXPECT_EQ(BROKEN, JUDGE("worst_spread", MIN_BETTER, 0));
}

TEST_F(assertion, at_least_so_much_better)
{
	made_sides(&self->rows, "total_iterations", KTSTR_HIGHER_IS_BETTER, 1000, 1100);
	EXPECT_EQ(KEPT, JUDGE("total_iterations", MIN_BETTER_PCT, 9));
	EXPECT_EQ(BROKEN, JUDGE("total_iterations", MIN_BETTER_PCT, 11));
	EXPECT_EQ(KEPT, JUDGE("total_iterations", MIN_BETTER, 99));
	EXPECT_EQ(BROKEN, JUDGE("total_iterations", MIN_BETTER, 101));
	EXPECT_EQ(KEPT, JUDGE("total_iterations", MAX_WORSE_PCT, 0));
	EXPECT_EQ(KEPT, JUDGE("total_iterations", MAX_WORSE, 0));
	EXPECT_EQ(BROKEN, JUDGE("total_iterations", MAX_CHANGE_PCT, 9));
}

/* 1 % of spread in each run: 0.5 % more is chance. */
TEST_F(assertion, what_is_within_the_noise_is_no_change)
{
	made_sides(&self->rows, "worst_spread", KTSTR_LOWER_IS_BETTER, 20, 20.1);
	EXPECT_EQ(KEPT, JUDGE("worst_spread", MAX_WORSE_PCT, 0));
	EXPECT_NE(NULL, strstr(self->why, "within noise"));
	EXPECT_EQ(KEPT, JUDGE("worst_spread", MAX_WORSE, 0));
	EXPECT_EQ(KEPT, JUDGE("worst_spread", MAX_CHANGE_PCT, 0));
	EXPECT_EQ(BROKEN, JUDGE("worst_spread", MIN_BETTER_PCT, .1));
}

TEST_F(assertion, what_was_not_run_is_neither_kept_nor_broken)
{
	made_run(&self->rows, "a");
	made_value(&self->rows, "worst_spread", KTSTR_LOWER_IS_BETTER, 1);
	made_run(&self->rows, "b")->verdict = ktstr_rows__intern(&self->rows, "skip");
	EXPECT_EQ(KTSTR_ASSERTION_NOT_RUN, JUDGE("worst_spread", MAX_WORSE_PCT, 10));
	EXPECT_STREQ("all 1 runs of side B were skipped", self->why);
}

TEST_F(assertion, a_test_that_the_base_does_not_have_breaks_nothing)
{
	made_run(&self->rows, "b");
	made_value(&self->rows, "worst_spread", KTSTR_LOWER_IS_BETTER, 1);
	EXPECT_EQ(KTSTR_ASSERTION_NEW, JUDGE("worst_spread", MAX_WORSE_PCT, 10));
}

TEST_F(assertion, a_rise_from_zero_is_beyond_each_percentage)
{
	made_sides(&self->rows, "stall_count", KTSTR_LOWER_IS_BETTER, 0, 1);
	EXPECT_EQ(BROKEN, JUDGE("stall_count", MAX_WORSE_PCT, 1e6));
	EXPECT_EQ(KEPT, JUDGE("stall_count", MAX_WORSE, 1));
}

TEST_F(assertion, a_figure_that_a_side_lacks_is_never_a_pass)
{
	made_sides(&self->rows, "worst_spread", KTSTR_LOWER_IS_BETTER, 20, NAN);
	EXPECT_EQ(UNKNOWN, JUDGE("worst_spread", MAX_WORSE_PCT, 100));
	EXPECT_NE(NULL, strstr(self->why, "a side does not have the figure"));
	EXPECT_EQ(UNKNOWN, JUDGE("nosuch", MAX_WORSE_PCT, 100));
}

TEST_F(assertion, runs_that_failed_are_no_figures)
{
	made_sides(&self->rows, "worst_spread", KTSTR_LOWER_IS_BETTER, 20, 20);
	self->rows.row[0].verdict = ktstr_rows__intern(&self->rows, "fail");
	EXPECT_EQ(UNKNOWN, JUDGE("worst_spread", MAX_WORSE_PCT, 100));
	EXPECT_NE(NULL, strstr(self->why, "not all runs of both sides passed"));
}

TEST_F(assertion, of_a_neutral_figure_only_a_change_is_known)
{
	made_sides(&self->rows, "cg/p/size", KTSTR_NEUTRAL, 10, 20);
	EXPECT_EQ(UNKNOWN, JUDGE("cg/p/size", MAX_WORSE_PCT, 1000));
	EXPECT_EQ(UNKNOWN, JUDGE("cg/p/size", MIN_BETTER, 0));
	EXPECT_EQ(BROKEN, JUDGE("cg/p/size", MAX_CHANGE_PCT, 50));
	EXPECT_EQ(KEPT, JUDGE("cg/p/size", MAX_CHANGE_PCT, 101));
}

static const char *fault(const char *metric, enum ktstr_perf_rule rule, double limit)
{
	const struct ktstr_perf_delta d = { metric, rule, limit };
	const struct ktstr_perf_delta * const list[] = { &d, NULL };
	static char room[256];

	return ktstr_perf_deltas__fault(list, room, sizeof(room)) ?: "";
}

TEST(declarations)
{
	const struct ktstr_perf_delta * const none[] = { NULL };
	char room[64];

	EXPECT_EQ(NULL, ktstr_perf_deltas__fault(NULL, room, sizeof(room)));
	EXPECT_NE(NULL, ktstr_perf_deltas__fault(none, room, sizeof(room)));
	EXPECT_STREQ("", fault("worst_spread", KTSTR_MAX_WORSE_PCT, 0));
	EXPECT_STREQ("", fault("cg_a/fio/iops", KTSTR_MIN_BETTER, 5));
	EXPECT_STREQ("no metric is called \"worst_spred\" (see 'ktstr list metrics')",
		     fault("worst_spred", KTSTR_MAX_WORSE_PCT, 5));
	EXPECT_STREQ("no metric is called \"spread_pct\" (see 'ktstr list metrics')",
		     fault("spread_pct", KTSTR_MAX_WORSE_PCT, 5));
	EXPECT_STREQ("worst_gap_cpu is a metric that is not compared",
		     fault("worst_gap_cpu", KTSTR_MAX_CHANGE_PCT, 5));
	EXPECT_STREQ("one has no rule", fault("worst_spread", KTSTR_NR_PERF_RULES, 5));
	EXPECT_STREQ("one is of no metric", fault("", KTSTR_MAX_WORSE_PCT, 5));
	EXPECT_STREQ("one is of no metric", fault(NULL, KTSTR_MAX_WORSE_PCT, 5));
	EXPECT_NE(NULL, strstr(fault("worst_spread", KTSTR_MAX_WORSE_PCT, -1), "0 or more"));
	EXPECT_NE(NULL, strstr(fault("worst_spread", KTSTR_MAX_WORSE_PCT, NAN), "0 or more"));
	EXPECT_NE(NULL, strstr(fault("worst_spread", KTSTR_MAX_WORSE_PCT, INFINITY), "0 or more"));
}

TEST(every_rule_has_a_name)
{
	for (unsigned int r = 0; r < KTSTR_NR_PERF_RULES; r++) {
		ASSERT_NE(NULL, ktstr_perf_rule__name(r));
		EXPECT_EQ(r, ktstr_perf_rule__find(ktstr_perf_rule__name(r)));
	}
	EXPECT_EQ(NULL, ktstr_perf_rule__name(KTSTR_NR_PERF_RULES));
	EXPECT_EQ(KTSTR_NR_PERF_RULES, ktstr_perf_rule__find("nosuch"));
}

TEST_HARNESS_MAIN
