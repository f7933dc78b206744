// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of ktstr/claim.h (docs/claims.md): what each claim accepts, the words of each
 * failure, that absent figures satisfy nothing, and that a claim which cannot be meant fails.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr/claim.h>
#include <ktstr/scenario.h>

#include "harness/model/ctx.h"

FIXTURE(claims) {
	struct ktstr_result *r;
};

FIXTURE_SETUP(claims)
{
	unsetenv("KTSTR_LOG_PASSES");
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
}

FIXTURE_TEARDOWN(claims)
{
	ktstr_result__free(self->r);
}

TEST_F(claims, macros_in_the_expression_are_not_expanded_in_the_label)
{
	claim_at_least(self->r, run_stats(self->r).iterations, NSEC_PER_USEC);
	EXPECT_STREQ("run_stats(self->r).iterations: expected at least 1000, was NaN (absent)",
		     self->r->details[0].text);
	claim_all_of(self->r, IS_PRESENT(run_stats(self->r).cpus));
	EXPECT_STREQ("1 of 1 do not hold: run_stats(self->r).cpus: expected a figure, was NaN (absent)",
		     self->r->details[1].text);
}

#define r	(self->r)
#define HOLDS_(_claim)								\
	do {									\
		uint32_t _held = r->claims_held;				\
		EXPECT_TRUE(_claim);						\
		EXPECT_EQ(0, r->nr_details) TH_LOG("%s", r->details[0].text);	\
		EXPECT_LT(_held, r->claims_held);				\
	} while (0)
#define FAILS(_text, _claim)							\
	do {									\
		r->nr_details = 0;						\
		EXPECT_FALSE(_claim);						\
		EXPECT_EQ(1, r->nr_details);					\
		EXPECT_EQ(KTSTR_FAILS, r->details[0].severity);			\
		EXPECT_EQ(KTSTR_CLAIM, r->details[0].kind);			\
		EXPECT_STREQ(_text, r->details[0].text);			\
		r->nr_details = 0;						\
	} while (0)

TEST_F(claims, comparisons_at_and_beside_their_bounds)
{
	double x = 5;

	HOLDS_(claim_at_least(r, x, 5));
	HOLDS_(claim_at_most(r, x, 5));
	HOLDS_(claim_lt(r, x, 5.5));
	HOLDS_(claim_gt(r, x, 4.5));
	HOLDS_(claim_between(r, x, 5, 5));
	HOLDS_(claim_equals(r, x, 5));
	HOLDS_(claim_ne(r, x, 6));
	HOLDS_(claim_near(r, x, 7, 2));
	HOLDS_(claim_finite(r, x));
	HOLDS_(claim_present(r, x));
	HOLDS_(claim_true(r, x == 5));
	FAILS("x: expected at least 6, was 5", claim_at_least(r, x, 6));
	FAILS("x: expected at most 4, was 5", claim_at_most(r, x, 4));
	FAILS("x: expected less than 5, was 5", claim_lt(r, x, 5));
	FAILS("x: expected more than 5, was 5", claim_gt(r, x, 5));
	FAILS("x: expected between 1 and 4, was 5", claim_between(r, x, 1, 4));
	FAILS("x: expected exactly 4, was 5", claim_equals(r, x, 4));
	FAILS("x: expected anything but 5, was 5", claim_ne(r, x, 5));
	FAILS("x: expected near 8 (within 2), was 5", claim_near(r, x, 8, 2));
	FAILS("x > 5: expected to be true", claim_true(r, x > 5));
}

TEST_F(claims, the_label_is_the_source_and_the_expression_is_evaluated_once)
{
	struct { uint64_t iterations; } a = { 10 }, *b = &a;
	int calls = 0;

	FAILS("b->iterations * 2: expected at least 1.5, was 0",
	      (a.iterations = 0, claim_at_least(r, b->iterations * 2, 1.5)));
	FAILS("++calls: expected more than 1, was 1", claim_gt(r, ++calls, 1));
	EXPECT_EQ(1, calls);
}

TEST_F(claims, integers_are_exact_and_signs_do_not_matter)
{
	uint64_t big = UINT64_MAX;
	int64_t low = INT64_MIN;
	int minus = -1;
	unsigned int one = 1;

	HOLDS_(claim_equals(r, big, UINT64_MAX));
	FAILS("big: expected at most 18446744073709551614, was 18446744073709551615",
	      claim_at_most(r, big, UINT64_MAX - 1));
	FAILS("low: expected at least -9223372036854775807, was -9223372036854775808",
	      claim_at_least(r, low, INT64_MIN + 1));
	HOLDS_(claim_lt(r, minus, one));
	HOLDS_(claim_equals(r, one, 1.0));
}

TEST_F(claims, what_missed_never_looks_like_the_bound)
{
	double x = 0.1 + 0.2;

	FAILS("x: expected at most 0.29999999999999999, was 0.30000000000000004",
	      claim_at_most(r, x, 0.3));
	x = 1234567.5;
	FAILS("x: expected at most 1234567.4, was 1234567.5", claim_at_most(r, x, 1234567.4));
}

TEST_F(claims, an_absent_figure_satisfies_nothing)
{
	double x = NAN;

	FAILS("x: expected at least 0, was NaN (absent)", claim_at_least(r, x, 0));
	FAILS("x: expected at most 0, was NaN (absent)", claim_at_most(r, x, 0));
	FAILS("x: expected less than 0, was NaN (absent)", claim_lt(r, x, 0));
	FAILS("x: expected more than 0, was NaN (absent)", claim_gt(r, x, 0));
	FAILS("x: expected exactly 0, was NaN (absent)", claim_equals(r, x, 0));
	FAILS("x: expected near 0 (within 1), was NaN (absent)", claim_near(r, x, 0, 1));
	FAILS("x: expected between 0 and 1, was NaN (absent)", claim_between(r, x, 0, 1));
	FAILS("x: expected a finite number, was NaN (absent)", claim_finite(r, x));
	FAILS("x: expected a figure, was NaN (absent)", claim_present(r, x));
	x = INFINITY;
	FAILS("x: expected a finite number, was inf", claim_finite(r, x));
	HOLDS_(claim_present(r, x));
	HOLDS_(claim_at_least(r, x, 5));
}

TEST_F(claims, a_claim_that_cannot_be_meant_fails)
{
	double x = 5, gone = NAN;

#define WRONG(_why)	"x: the claim itself is wrong: " _why
	FAILS(WRONG("the bound is NaN: what it is made from is absent"),
	      claim_at_least(r, x, 1.3 * gone));
	FAILS(WRONG("the bound is NaN: what it is made from is absent"),
	      claim_ne(r, x, gone));
	FAILS(WRONG("the interval's lower end is above its upper end"),
	      claim_between(r, x, 6, 4));
	FAILS(WRONG("the tolerance is negative"), claim_near(r, x, 5, -1));
	FAILS(WRONG("a duration is compared with a plain number"),
	      claim_at_most(r, x, KTSTR_MS(5)));
}

TEST_F(claims, durations_have_units)
{
	struct ktstr_ns gap = KTSTR_MS(12.5);

	HOLDS_(claim_at_most(r, gap, KTSTR_US(12500)));
	FAILS("gap: expected at most 12ms, was 12.5ms", claim_at_most(r, gap, KTSTR_MS(12)));
	FAILS("gap: expected less than 900us, was 12.5ms", claim_lt(r, gap, KTSTR_US(900)));
	FAILS("gap: the claim itself is wrong: a duration is compared with a plain number",
	      claim_at_most(r, gap, 12));
}

TEST_F(claims, because_and_kind)
{
	int x = 1;

	FAILS("x: expected exactly 2, was 1 (two make a pair)",
	      claim_equals(r, x, 2, .because = "two make a pair"));
	EXPECT_FALSE(claim_at_least(r, x, 2, .kind = KTSTR_UNFAIR));
	EXPECT_EQ(KTSTR_UNFAIR, r->details[0].kind);
}

TEST_F(claims, each_element_of_an_array)
{
	double v[] = { 1, 2, 3 };
	uint32_t u[] = { 7 };
	int i[] = { -1, 1 };

	HOLDS_(claim_each_at_least(r, v, 3, 1));
	HOLDS_(claim_each_between(r, u, 1, 7, 7));
	HOLDS_(claim_each_finite(r, v, 3));
	FAILS("v[1]: expected at most 1, was 2; 2 of 3 elements", claim_each_at_most(r, v, 3, 1));
	FAILS("i[0]: expected at least 0, was -1; 1 of 2 elements", claim_each_at_least(r, i, 2, 0));
	FAILS("v: there are no elements to claim anything of", claim_each_at_least(r, v, 0, 0));
	v[2] = NAN;
	FAILS("v[2]: expected at least 0, was NaN (absent); 1 of 3 elements",
	      claim_each_at_least(r, v, 3, 0));
}

TEST_F(claims, arrays_as_sets)
{
	uint32_t a[] = { 1, 2 }, b[] = { 1, 2, 3 };
	size_t n = 2, none = 0;

	HOLDS_(claim_contains(r, a, 2, 2));
	HOLDS_(claim_subset_of(r, a, 2, b, 3));
	HOLDS_(claim_subset_of(r, a, 0, b, 3));
	HOLDS_(claim_disjoint_from(r, a, 2, b + 2, 1));
	HOLDS_(claim_nonempty(r, n));
	HOLDS_(claim_empty(r, none));
	FAILS("a: expected to contain 3; 2 elements do not", claim_contains(r, a, 2, 3));
	FAILS("b[2]: expected only elements of a, was 3; 1 of 3 elements",
	      claim_subset_of(r, b, 3, a, 2));
	FAILS("b[0]: expected no element of a, was 1; 2 of 3 elements",
	      claim_disjoint_from(r, b, 3, a, 2));
	FAILS("n: expected exactly 0, was 2", claim_empty(r, n));
}

TEST_F(claims, sets_of_cpus)
{
	struct ktstr_cpumask used = { }, none = { };

	ktstr_cpumask__parse("0-1,8", &used);
	HOLDS_(claim_cpus_equal(r, used, "0,1,8"));
	HOLDS_(claim_cpus_within(r, used, "0-8"));
	HOLDS_(claim_cpus_outside(r, used, "2-7"));
	FAILS("used: expected CPUs 0-1, was 0-1,8", claim_cpus_equal(r, used, "0-1"));
	FAILS("used: expected CPUs 0-8, was 0-1,8", claim_cpus_equal(r, used, "0-8"));
	FAILS("used: expected no CPU but 0-7, was 0-1,8", claim_cpus_within(r, used, "0-7"));
	FAILS("used: expected no CPU of 8-9, was 0-1,8", claim_cpus_outside(r, used, "8-9"));
	FAILS("none: expected no CPU but 0-7, was none", claim_cpus_within(r, none, "0-7"));
	FAILS("none: expected no CPU of 0-7, was none", claim_cpus_outside(r, none, "0-7"));
	FAILS("used: \"x\" is no list of CPUs", claim_cpus_within(r, used, "x"));
}

TEST_F(claims, fractions_of_nothing_are_no_fractions)
{
	int part = 1, whole = 4, zero = 0;

	HOLDS_(claim_fraction_at_least(r, part, whole, 0.25));
	FAILS("part / whole: expected at most 0.2, was 0.25",
	      claim_fraction_at_most(r, part, whole, 0.2));
	FAILS("part / zero: expected at least 0, was NaN (absent)",
	      claim_fraction_at_least(r, part, zero, 0));
}

TEST_F(claims, combinators_record_one_failure)
{
	int x = 1, y = 2;

	HOLDS_(claim_any_of(r, EQUALS(x, 7), EQUALS(y, 2)));
	EXPECT_EQ(1, r->claims_held);
	HOLDS_(claim_all_of(r, EQUALS(x, 1), BETWEEN(y, 0, 2), HOLDS(x < y)));
	EXPECT_EQ(4, r->claims_held);
	FAILS("none of 2 holds: x: expected exactly 7, was 1; y: expected exactly 1, was 2",
	      claim_any_of(r, EQUALS(x, 7), EQUALS(y, 1)));
	FAILS("1 of 2 do not hold: y: expected at least 3, was 2",
	      claim_all_of(r, EQUALS(x, 1), AT_LEAST(y, 3)));
}

TEST_F(claims, better_knows_which_way_is_better)
{
	struct ktstr_stats ours = { .iterations = 130, .run_delay_us = 70 };
	struct ktstr_stats eevdf = { .iterations = 100, .run_delay_us = 100 };

	HOLDS_(claim_better(r, iterations, ours, eevdf, 0.3));
	HOLDS_(claim_better(r, run_delay_us, ours, eevdf, 0.3));
	FAILS("ours.iterations: expected at least 140, was 130 (40 % better than eevdf.iterations)",
	      claim_better(r, iterations, ours, eevdf, 0.4));
	FAILS("ours.run_delay_us: expected at most 60, was 70 (40 % better than eevdf.run_delay_us)",
	      claim_better(r, run_delay_us, ours, eevdf, 0.4));
	FAILS("ours.workers: the claim itself is wrong: neither more nor less of it is better",
	      claim_better(r, workers, ours, eevdf, 0));
	FAILS("ours.iterations: the claim itself is wrong: the margin is negative",
	      claim_better(r, iterations, ours, eevdf, -1));
	eevdf.iterations = NAN;
	FAILS("ours.iterations: the claim itself is wrong: the bound is NaN: what it is made from is absent (0 % better than eevdf.iterations)",
	      claim_better(r, iterations, ours, eevdf, 0));
}

TEST_F(claims, thresholds_judge_what_is_set)
{
	struct ktstr_stats s = { .work_units = 5, .migrations = 3, .p99_wake_us = NAN };

	HOLDS_(claim_thresholds(r, s, .min_work_units = VALUE(5), .max_migrations = VALUE(3)));
	FAILS("s.migrations: expected at most 0, was 3",
	      claim_thresholds(r, s, .max_migrations = VALUE(0)));
	FAILS("s.p99_wake_latency_ns: expected at most 5000, was NaN (absent)",
	      claim_thresholds(r, s, .max_p99_wake_latency_ns = VALUE(5000)));
}

TEST_F(claims, a_worker_that_moved_too_often_is_shown_where_it_went)
{
	struct ktstr_stats s;

	r->nr_cgroups = r->nr_workers = 1;
	strcpy(r->cgroups[0].name, "a");
	r->workers[0] = (struct ktstr_worker_stats){
		.tid = 71, .migrations = 2,
		.last_migrations = { .nr = 2, .last = { { 1500000000, 0, 3 }, { 1600000000, 3, 1 } } },
	};
	s = phase_worker(r, 0, "a", 0);
	HOLDS_(claim_thresholds(r, s, .max_migrations = VALUE(2)));
	EXPECT_FALSE(claim_thresholds(r, s, .max_migrations = VALUE(1)));
	ASSERT_EQ(2, r->nr_details);
	EXPECT_STREQ("s.migrations: expected at most 1, was 2", r->details[0].text);
	EXPECT_EQ(KTSTR_NOTE, r->details[1].severity);
	EXPECT_STREQ("s: the last migrations: 1.500000 s 0 -> 3, 1.600000 s 3 -> 1",
		     r->details[1].text);
	/* a cgroup has none of its own */
	r->nr_details = 0;
	r->cgroups[0].migrations = 2;
	s = phase_cgroup(r, 0, "a");
	EXPECT_FALSE(claim_thresholds(r, s, .max_migrations = VALUE(1)));
	EXPECT_EQ(1, r->nr_details);
}

TEST_F(claims, a_body_claims_through_its_context)
{
	struct ktstr_ctx ctx = { .result = r };
	int x = 1;

	FAILS("x: expected exactly 2, was 1", claim_equals(&ctx, x, 2));
}

TEST_F(claims, skips_and_notes_are_no_failures)
{
	int cpus = 2;

	EXPECT_FALSE(claim_skip_if(r, cpus < 2, "needs two CPUs"));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(r));
	EXPECT_TRUE(claim_skip_if(r, cpus < 4, "needs %d CPUs", 4));
	EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(r));
	EXPECT_STREQ("needs 4 CPUs (cpus < 4)", r->details[0].text);
	claim_note(r, "there are %d", cpus);
	claim_note_value(r, cpus * 1.25);
	EXPECT_STREQ("there are 2", r->details[1].text);
	EXPECT_STREQ("cpus * 1.25 = 2.5", r->details[2].text);
	EXPECT_EQ(KTSTR_NOTE, r->details[2].severity);
}

TEST_F(claims, passes_are_recorded_on_request_and_not_without_end)
{
	int x = 1, i;

	setenv("KTSTR_LOG_PASSES", "0", 1);
	claim_equals(r, x, 1);
	setenv("KTSTR_LOG_PASSES", "", 1);
	claim_equals(r, x, 1);
	EXPECT_EQ(0, r->nr_details);
	setenv("KTSTR_LOG_PASSES", "false", 1);	/* not "0": on */
	for (i = 0; i < 100; i++)
		claim_equals(r, x, 1);
	EXPECT_EQ(65, r->nr_details);
	EXPECT_EQ(102, r->claims_held);
	EXPECT_EQ(KTSTR_NOTE, r->details[0].severity);
	EXPECT_STREQ("held: x: exactly 1, was 1", r->details[0].text);
	EXPECT_STREQ("held: more than 64 claims, the others are counted only",
		     r->details[64].text);
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(r));
}

TEST_HARNESS_MAIN
