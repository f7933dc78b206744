// SPDX-License-Identifier: GPL-2.0
/* Several verdicts in one guest: what is kept apart, and what is put back. */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr.h>
#include <ktstr/cases.h>

#include "harness/checks/checks.h"
#include "harness/model/ctx.h"

FIXTURE(cases) {
	struct ktstr_ctx ctx;
};

FIXTURE_SETUP(cases)
{
	self->ctx = (struct ktstr_ctx){ .result = ktstr_result__new(), .duration_ns = 12 };
	ASSERT_NE(NULL, self->ctx.result);
	ktstr_checks__unset(&self->ctx.checks);
}

FIXTURE_TEARDOWN(cases)
{
	ktstr_result__free(self->ctx.result);
}

static int fails(struct ktstr_ctx *ctx, const void *arg)
{
	ktstr_fail(ctx, "%s", (const char *)arg);
	return 0;
}

static int returns_an_error(struct ktstr_ctx *ctx, const void *arg)
{
	(void)ctx;
	(void)arg;
	return -ENOSPC;
}

static int skips(struct ktstr_ctx *ctx, const void *arg)
{
	(void)arg;
	ktstr_skip(ctx, "not here");
	return 0;
}

/* Stores the duration that it was given. */
static int passes(struct ktstr_ctx *ctx, const void *arg)
{
	*(uint64_t *)arg = ktstr_duration_ns(ctx);
	ktstr_pass(ctx);
	return 0;
}

static int judges_nothing(struct ktstr_ctx *ctx, const void *arg)
{
	(void)arg;
	claim_note(ctx, "I was here");
	return 0;
}

#define DETAIL(_i) ktstr_result__detail(self->ctx.result, _i)->text

TEST_F(cases, each_has_a_line_and_a_share_of_the_duration)
{
	uint64_t ns = 0;
	const struct ktstr_case all[] = {
		{ "good", passes, &ns }, { "bad", fails, "a:0[3] starved" }, { "small", skips },
	};

	EXPECT_EQ(0, ktstr_run_cases(&self->ctx, all, 3));
	EXPECT_EQ(4, ns);
	EXPECT_EQ(12, self->ctx.duration_ns);
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(self->ctx.result));
	ASSERT_EQ(4, self->ctx.result->nr_details);
	EXPECT_STREQ("ok good", DETAIL(0));
	EXPECT_STREQ("not ok bad # a:0[3] starved", DETAIL(1));
	EXPECT_STREQ("bad: a:0[3] starved", DETAIL(2));
	EXPECT_STREQ("ok small # SKIP not here", DETAIL(3));
	EXPECT_EQ(NULL, ktstr_result__detail(self->ctx.result, 4));
}

TEST_F(cases, one_that_judges_nothing_is_inconclusive_and_one_that_passes_is_something)
{
	uint64_t ns = 0;
	const struct ktstr_case all[] = { { "good", passes, &ns }, { "empty", judges_nothing } };

	EXPECT_EQ(0, ktstr_run_cases(&self->ctx, all, 1));
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->ctx.result));
	EXPECT_TRUE(ktstr_result__judged(self->ctx.result));
	EXPECT_EQ(0, ktstr_run_cases(&self->ctx, all + 1, 1));
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->ctx.result));
	EXPECT_EQ(0, strncmp("not ok empty # INCONCLUSIVE nothing was judged: ", DETAIL(1), 48))
		TH_LOG("%s", DETAIL(1));
}

TEST_F(cases, an_error_that_left_no_finding_is_a_failure)
{
	const struct ktstr_case one = { "broken", returns_an_error };

	EXPECT_EQ(0, ktstr_run_cases(&self->ctx, &one, 1));
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(self->ctx.result));
	EXPECT_NE(NULL, strstr(DETAIL(0), "not ok broken # the case returned -28"));
}

TEST_F(cases, a_test_whose_cases_are_all_skipped_is_a_skip)
{
	const struct ktstr_case two[] = { { "a", skips }, { "b", skips } };

	EXPECT_EQ(0, ktstr_run_cases(&self->ctx, two, 2));
	EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(self->ctx.result));
}

TEST_F(cases, what_is_judged_apart_does_not_touch_the_verdict)
{
	struct ktstr_result *r = ktstr_judge_apart(&self->ctx, fails, "bad");

	ASSERT_NE(NULL, r);
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(r));
	EXPECT_STREQ("bad", ktstr_result__detail(r, 0)->text);
	EXPECT_EQ(0, self->ctx.result->nr_details);
	ktstr_result__free(r);
	EXPECT_EQ(NULL, ktstr_judge_apart(&self->ctx, returns_an_error, NULL));
}

/* Fails unless the checks are those of @arg. */
static int wants_gap(struct ktstr_ctx *ctx, const void *arg)
{
	return ctx->checks.max_gap_ms == *(const double *)arg ? 0 : -EINVAL;
}

TEST_F(cases, checks_are_laid_over_and_taken_away_again)
{
	const double gap = 7;

	KTSTR_CHECKS(over, .max_gap_ms = 7);

	self->ctx.checks.max_gap_ms = 100;
	self->ctx.checks.isolation = KTSTR_ON;
	EXPECT_EQ(0, ktstr_with_checks(&self->ctx, &over, wants_gap, &gap));
	EXPECT_EQ(100, self->ctx.checks.max_gap_ms);
	EXPECT_EQ(KTSTR_ON, self->ctx.checks.isolation);
}

TEST_HARNESS_MAIN
