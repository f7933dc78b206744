// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/runs/compare.c and delta.c: which runs are pairs, and when a change counts. */
#include <math.h>

#include "kselftest_harness.h"

#include "made_rows.h"

#define LOWER	KTSTR_LOWER_IS_BETTER

FIXTURE(compare) {
	struct ktstr_rows rows;
	struct ktstr_policy policy;
	struct ktstr_compare_opts opts;
	struct ktstr_comparison c;
	struct ktstr_err err;
};

FIXTURE_SETUP(compare)
{
	ktstr_policy__init(&self->policy);
	self->opts.policy = &self->policy;
}

FIXTURE_TEARDOWN(compare)
{
	ktstr_comparison__free(&self->c);
	ktstr_policy__free(&self->policy);
	ktstr_rows__free(&self->rows);
}

static void add_filter(struct ktstr_compare_opts *o, enum ktstr_dim dim, const char *value, bool a,
		       bool b)
{
	o->filter[o->nr_filters++] = (struct ktstr_filter){ dim, value, { a, b } };
}

/* Runs named a... are side A, runs named b... side B. */
static void sides(struct ktstr_compare_opts *o, const char *a, const char *b)
{
	add_filter(o, KTSTR_DIM_RUN, a, true, false);
	add_filter(o, KTSTR_DIM_RUN, b, false, true);
}

/* Compare one figure of one run a side. */
static enum ktstr_change change(struct ktstr_rows *rows, struct ktstr_compare_opts *o,
				const char *metric, enum ktstr_polarity p, double a, double b)
{
	struct ktstr_comparison c;
	enum ktstr_change result;

	made_run(rows, "a");
	made_value(rows, metric, p, a);
	made_run(rows, "b");
	made_value(rows, metric, p, b);
	o->nr_filters = 0;
	sides(o, "a", "b");
	if (ktstr_compare(&c, rows, o, NULL) || c.nr_deltas != 1)
		abort();
	result = c.delta[0].change;
	ktstr_comparison__free(&c);
	ktstr_rows__free(rows);
	return result;
}

#define CHANGE(_metric, _a, _b) \
	change(&self->rows, &self->opts, _metric, LOWER, _a, _b)

TEST_F(compare, a_change_counts_only_beyond_both_gates)
{
	/* worst_spread: 5 points and 25 % */
	EXPECT_EQ(KTSTR_UNCHANGED, CHANGE("worst_spread", 10, 14.9));
	EXPECT_EQ(KTSTR_REGRESSED, CHANGE("worst_spread", 10, 15));
	EXPECT_EQ(KTSTR_UNCHANGED, CHANGE("worst_spread", 100, 124));
	EXPECT_EQ(KTSTR_REGRESSED, CHANGE("worst_spread", 100, 125));
	EXPECT_EQ(KTSTR_IMPROVED, CHANGE("worst_spread", 100, 75));
}

TEST_F(compare, the_better_side_is_that_of_the_metric)
{
	EXPECT_EQ(KTSTR_REGRESSED, CHANGE("total_iterations", 10000, 8000));
	EXPECT_EQ(KTSTR_IMPROVED, CHANGE("total_iterations", 10000, 12000));
	EXPECT_EQ(KTSTR_CHANGED, change(&self->rows, &self->opts, "x/y", KTSTR_NEUTRAL, 1, 2));
}

TEST_F(compare, a_rise_from_zero_is_an_infinite_one)
{
	EXPECT_EQ(KTSTR_REGRESSED, CHANGE("stall_count", 0, 1));
	EXPECT_EQ(KTSTR_UNCHANGED, CHANGE("stall_count", 0, 0));
	EXPECT_EQ(KTSTR_REGRESSED, CHANGE("total_fallback", 0, 1000));
}

TEST_F(compare, a_figure_of_a_payload_has_ten_percent)
{
	EXPECT_EQ(KTSTR_UNCHANGED, CHANGE("bench/lat", 1.00, 1.09));
	EXPECT_EQ(KTSTR_REGRESSED, CHANGE("bench/lat", 1.00, 1.11));
}

TEST_F(compare, a_policy_replaces_the_relative_gate_alone)
{
	ASSERT_EQ(0, ktstr_policy__percent(&self->policy, "1", NULL));
	EXPECT_EQ(KTSTR_REGRESSED, CHANGE("worst_spread", 100, 106));
	EXPECT_EQ(KTSTR_UNCHANGED, CHANGE("worst_spread", 100, 104));
	EXPECT_EQ(-EINVAL, ktstr_policy__percent(&self->policy, "-1", NULL));
	EXPECT_EQ(-EINVAL, ktstr_policy__percent(&self->policy, "5%", NULL));
	EXPECT_EQ(-EINVAL, ktstr_policy__percent(&self->policy, "", NULL));
}

TEST_F(compare, a_figure_that_one_side_has_not_is_not_compared)
{
	made_run(&self->rows, "a");
	made_value(&self->rows, "worst_spread", LOWER, 1);
	made_run(&self->rows, "b");
	made_value(&self->rows, "worst_gap_ms", LOWER, 9000);
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_EQ(1, self->c.pairs);
	EXPECT_EQ(0, self->c.nr_deltas);
}

TEST_F(compare, repeats_are_a_mean_and_their_noise_is_no_change)
{
	static const double a[] = { 100, 180, 120, 170 }, b[] = { 140, 250, 130, 240 };

	for (int i = 0; i < 4; i++) {
		made_run(&self->rows, "a");
		made_value(&self->rows, "worst_spread", LOWER, a[i]);
		made_run(&self->rows, "b");
		made_value(&self->rows, "worst_spread", LOWER, b[i]);
	}
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	ASSERT_EQ(1, self->c.nr_deltas);
	EXPECT_EQ(142.5, self->c.delta[0].side[KTSTR_SIDE_A].mean);
	EXPECT_EQ(4, self->c.delta[0].side[KTSTR_SIDE_B].nr);
	EXPECT_EQ(KTSTR_WITHIN_NOISE, self->c.delta[0].change);
}

TEST_F(compare, a_change_larger_than_the_noise_counts)
{
	for (int i = 0; i < 4; i++) {
		made_run(&self->rows, "a");
		made_value(&self->rows, "worst_spread", LOWER, 100 + i);
		made_run(&self->rows, "b");
		made_value(&self->rows, "worst_spread", LOWER, 130 + i);
	}
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_EQ(1, self->c.changes[KTSTR_REGRESSED]);
}

TEST_F(compare, a_pair_with_a_run_that_did_not_pass_is_counted_and_not_compared)
{
	made_run(&self->rows, "a");
	made_value(&self->rows, "worst_spread", LOWER, 1);
	made_run(&self->rows, "b")->verdict = ktstr_rows__intern(&self->rows, "fail");
	made_value(&self->rows, "worst_spread", LOWER, 99);
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_EQ(0, self->c.nr_deltas);
	EXPECT_EQ(1, self->c.dropped);
	EXPECT_EQ(1, self->c.newly_failing);
}

/* As the sidecar of a test that was skipped because others have the CPUs: there is no kernel yet. */
static void skipped_run(struct ktstr_rows *rows, const char *run)
{
	made_run(rows, run)->verdict = ktstr_rows__intern(rows, "skip");
}

TEST_F(compare, a_repeat_that_was_skipped_is_left_out)
{
	for (int i = 0; i < 3; i++) {
		made_run(&self->rows, "a")->dim[KTSTR_DIM_KERNEL] = ktstr_rows__intern(&self->rows, "7.3.4");
		made_value(&self->rows, "worst_spread", LOWER, 100);
		if (i == 1) {
			skipped_run(&self->rows, "b");
			continue;
		}
		made_run(&self->rows, "b")->dim[KTSTR_DIM_KERNEL] = ktstr_rows__intern(&self->rows, "7.3.4");
		made_value(&self->rows, "worst_spread", LOWER, 200);
	}
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	ASSERT_EQ(1, self->c.nr_groups);
	EXPECT_EQ(3, self->c.group[0].side[KTSTR_SIDE_B].runs);
	EXPECT_EQ(1, self->c.skipped);
	ASSERT_EQ(1, self->c.nr_deltas);
	EXPECT_EQ(2, self->c.delta[0].side[KTSTR_SIDE_B].nr);
	EXPECT_STREQ("pass", self->c.group[0].like[KTSTR_SIDE_B]->verdict);
}

TEST_F(compare, a_skipped_run_of_a_test_on_two_kernels_belongs_to_neither)
{
	made_run(&self->rows, "a")->dim[KTSTR_DIM_KERNEL] = ktstr_rows__intern(&self->rows, "7.2.1");
	made_run(&self->rows, "a")->dim[KTSTR_DIM_KERNEL] = ktstr_rows__intern(&self->rows, "7.3.4");
	made_run(&self->rows, "b")->dim[KTSTR_DIM_KERNEL] = ktstr_rows__intern(&self->rows, "7.3.4");
	skipped_run(&self->rows, "b");
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_EQ(3, self->c.nr_groups);
	EXPECT_EQ(0, self->c.skipped);
}

TEST_F(compare, a_side_of_which_all_was_skipped_is_not_compared)
{
	made_run(&self->rows, "a");
	made_value(&self->rows, "worst_spread", LOWER, 1);
	skipped_run(&self->rows, "b");
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_EQ(1, self->c.dropped);
	EXPECT_EQ(0, self->c.newly_failing);
	EXPECT_EQ(0, self->c.nr_deltas);
}

TEST_F(compare, runs_of_other_machines_are_no_pair)
{
	made_run(&self->rows, "a");
	made_run(&self->rows, "b")->dim[KTSTR_DIM_TOPOLOGY] =
		ktstr_rows__intern(&self->rows, "1n1l8c1t");
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_EQ(0, self->c.pairs);
	EXPECT_EQ(1, self->c.only[KTSTR_SIDE_A]);
	EXPECT_EQ(1, self->c.only[KTSTR_SIDE_B]);
}

TEST_F(compare, two_runs_of_two_builds_are_pairs_and_so_are_dirty_ones)
{
	made_run(&self->rows, "a")->dim[KTSTR_DIM_PROJECT_COMMIT] =
		ktstr_rows__intern(&self->rows, "1111111");
	made_run(&self->rows, "b")->dim[KTSTR_DIM_PROJECT_COMMIT] =
		ktstr_rows__intern(&self->rows, "2222222-dirty");
	sides(&self->opts, "a", "b");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_FALSE(self->c.pairing[KTSTR_DIM_PROJECT_COMMIT]);
	EXPECT_EQ(1, self->c.pairs);
	EXPECT_TRUE(self->c.group[0].side[KTSTR_SIDE_B].dirty);
	ktstr_comparison__free(&self->c);
	/* the same commit, with changes: still of one build */
	self->rows.row[1].dim[KTSTR_DIM_PROJECT_COMMIT] =
		ktstr_rows__intern(&self->rows, "1111111-dirty");
	ASSERT_EQ(0, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_TRUE(self->c.pairing[KTSTR_DIM_PROJECT_COMMIT]);
	EXPECT_EQ(1, self->c.pairs);
}

TEST_F(compare, sides_that_do_not_differ_are_an_error_and_so_are_repeats_if_asked)
{
	made_run(&self->rows, "a");
	made_run(&self->rows, "a");
	made_run(&self->rows, "b");
	EXPECT_EQ(-EINVAL, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "the same runs"));
	sides(&self->opts, "a", "a");
	EXPECT_EQ(-EINVAL, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
	self->opts.nr_filters = 0;
	sides(&self->opts, "a", "b");
	self->opts.no_repeats = true;
	EXPECT_EQ(-EEXIST, ktstr_compare(&self->c, &self->rows, &self->opts, &self->err));
}

TEST_F(compare, a_version_stands_for_its_releases_and_null_for_nothing)
{
	EXPECT_TRUE(ktstr_dim__matches(KTSTR_DIM_KERNEL, "6.12.4", "6.12"));
	EXPECT_FALSE(ktstr_dim__matches(KTSTR_DIM_KERNEL, "6.120.4", "6.12"));
	EXPECT_TRUE(ktstr_dim__matches(KTSTR_DIM_KERNEL, "7.3.4+deb13", "7.3.4"));
	EXPECT_FALSE(ktstr_dim__matches(KTSTR_DIM_KERNEL, "7.3.4.5", "7.3.4"));
	EXPECT_FALSE(ktstr_dim__matches(KTSTR_DIM_KERNEL, NULL, "7.3"));
	EXPECT_FALSE(ktstr_dim__matches(KTSTR_DIM_TOPOLOGY, "1n1l2c1t", "1n1l2c"));
	EXPECT_TRUE(ktstr_dim__matches(KTSTR_DIM_TEST, "ktstr/t", "t"));
}

/* --- ledgers */

/* @code: of the operation, 0: not known. */
static enum ktstr_change ledger(struct ktstr_rows *rows, struct ktstr_compare_opts *o,
				const char *metric, double code_a, double a, double code_b,
				double b)
{
	struct ktstr_comparison c;
	enum ktstr_change result = KTSTR_UNCHANGED;

	for (int i = 0; i < 2; i++) {
		made_run(rows, i ? "b" : "a");
		made_value(rows, "ops.dispatch.code", KTSTR_NEUTRAL, i ? code_b : code_a);
		made_value(rows, metric, LOWER, i ? b : a);
		made_value(rows, "worst_spread", LOWER, i ? 1000 : 1);
	}
	o->nr_filters = 0;
	sides(o, "a", "b");
	if (ktstr_compare(&c, rows, o, NULL))
		abort();
	for (size_t i = 0; i < c.nr_deltas; i++) {
		if (strcmp(c.delta[i].metric, metric))
			abort();
		result = c.delta[i].change;
	}
	ktstr_comparison__free(&c);
	ktstr_rows__free(rows);
	return result;
}

#define LEDGER(_metric, _ca, _a, _cb, _b) \
	ledger(&self->rows, &self->opts, "ops.dispatch." _metric, _ca, _a, _cb, _b)

TEST_F(compare, one_instruction_of_other_code_is_a_fact)
{
	self->opts.exact = true;
	EXPECT_EQ(KTSTR_REGRESSED, LEDGER("shortest", 1, 43, 2, 44));
	EXPECT_EQ(KTSTR_IMPROVED, LEDGER("typical", 1, 4300, 2, 4299));
	EXPECT_EQ(KTSTR_UNCHANGED, LEDGER("shortest", 1, 43, 2, 43));
}

TEST_F(compare, the_same_code_costs_the_same_whatever_paths_were_taken)
{
	self->opts.exact = true;
	EXPECT_EQ(KTSTR_UNCHANGED, LEDGER("shortest", 7, 43, 7, 97));
	EXPECT_EQ(KTSTR_UNCHANGED, LEDGER("insns_per_call", 7, 43, 7, 97));
}

TEST_F(compare, a_mean_of_other_code_has_gates)
{
	self->opts.exact = true;
	EXPECT_EQ(KTSTR_UNCHANGED, LEDGER("insns_per_call", 1, 100, 2, 104));
	EXPECT_EQ(KTSTR_REGRESSED, LEDGER("insns_per_call", 1, 100, 2, 120));
}

TEST_HARNESS_MAIN
