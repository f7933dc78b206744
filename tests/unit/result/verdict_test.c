// SPDX-License-Identifier: GPL-2.0
/* What a verdict promises: the outcome follows from the reasons, and no reason is lost. */
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr/claim.h>

#include "harness/model/ctx.h"

FIXTURE(verdict) {
	struct ktstr_result *r, *other;
};

FIXTURE_SETUP(verdict)
{
	self->r = ktstr_result__new();
	self->other = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
	ASSERT_NE(NULL, self->other);
}

FIXTURE_TEARDOWN(verdict)
{
	ktstr_result__free(self->r);
	ktstr_result__free(self->other);
}

static void add_cgroup(struct ktstr_result *r, const char *name)
{
	strcpy(r->cgroups[r->nr_cgroups++].name, name);
}

TEST_F(verdict, a_fresh_result_passes)
{
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->r));
	EXPECT_EQ(NULL, ktstr_result__first_failure(self->r));
}

TEST_F(verdict, the_worst_reason_decides)
{
	ktstr_result__add(self->r, KTSTR_NOTE, KTSTR_OTHER, "note");
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->r));
	ktstr_result__add(self->r, KTSTR_SKIPS, KTSTR_SKIPPED, "skip");
	EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(self->r));
	ktstr_result__add(self->r, KTSTR_UNDECIDED, KTSTR_NO_DATA, "no data");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->r));
	ktstr_result__add(self->r, KTSTR_FAILS, KTSTR_STUCK, "tid %d", 7);
	ktstr_result__add(self->r, KTSTR_SKIPS, KTSTR_SKIPPED, "late skip");
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(self->r));
	EXPECT_STREQ("tid 7", ktstr_result__first_failure(self->r)->text);
	EXPECT_EQ(KTSTR_STUCK, ktstr_result__first_failure(self->r)->kind);
}

TEST_F(verdict, a_skip_beside_a_measurement_passes)
{
	ktstr_result__add(self->r, KTSTR_SKIPS, KTSTR_SKIPPED, "part of it");
	add_cgroup(self->r, "cg_a");
	EXPECT_EQ(KTSTR_PASS, ktstr_result__outcome(self->r));
}

TEST_F(verdict, a_flood_of_notes_hides_no_failure)
{
	int i;

	for (i = 0; i < 3 * KTSTR_MAX_DETAILS; i++)
		ktstr_result__add(self->r, KTSTR_NOTE, KTSTR_OTHER, "note %d", i);
	ktstr_result__add(self->r, KTSTR_UNDECIDED, KTSTR_NO_DATA, "no data");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->r));
	ktstr_result__add(self->r, KTSTR_FAILS, KTSTR_STARVED, "starved");
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(self->r));
	EXPECT_EQ(KTSTR_MAX_DETAILS, self->r->nr_details);
	EXPECT_EQ(2 * KTSTR_MAX_DETAILS + 2, self->r->dropped_details);
	EXPECT_EQ(0, self->r->dropped_fails);
	EXPECT_STREQ("note 0", self->r->details[0].text);
	EXPECT_STREQ("no data", self->r->details[KTSTR_MAX_DETAILS - 2].text);
	EXPECT_STREQ("starved", self->r->details[KTSTR_MAX_DETAILS - 1].text);
}

TEST_F(verdict, failures_beyond_the_limit_are_counted)
{
	int i;

	for (i = 0; i < KTSTR_MAX_DETAILS + 5; i++)
		ktstr_result__add(self->r, KTSTR_FAILS, KTSTR_STARVED, "%d", i);
	EXPECT_EQ(5, self->r->dropped_fails);
	EXPECT_EQ(5, self->r->dropped_details);
	EXPECT_STREQ("0", ktstr_result__first_failure(self->r)->text);
}

TEST_F(verdict, long_texts_are_cut_and_terminated)
{
	char text[2 * KTSTR_DETAIL_LEN];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ktstr_result__add(self->r, KTSTR_FAILS, KTSTR_OTHER, "%s", text);
	EXPECT_EQ(KTSTR_DETAIL_LEN - 1, strlen(self->r->details[0].text));
}

TEST_F(verdict, merging_loses_neither_details_nor_counts)
{
	int i;

	for (i = 0; i < KTSTR_MAX_DETAILS; i++)
		ktstr_result__add(self->r, KTSTR_NOTE, KTSTR_OTHER, "note");
	for (i = 0; i < KTSTR_MAX_CGROUPS; i++)
		add_cgroup(self->r, "mine");
	ktstr_result__add(self->other, KTSTR_FAILS, KTSTR_UNFAIR, "theirs");
	add_cgroup(self->other, "theirs");
	self->other->dropped_fails = self->other->dropped_details = UINT32_MAX;
	ktstr_cpumask__set(&self->other->cpus_used, 3);
	ktstr_result__add_stall(self->other)->tid = 7;
	self->other->dropped_stalls = 2;
	self->other->stall_poll_ms = 500;

	ktstr_result__merge(self->r, self->other);
	EXPECT_STREQ("theirs", ktstr_result__first_failure(self->r)->text);
	EXPECT_EQ(UINT32_MAX, self->r->dropped_details);
	EXPECT_EQ(UINT32_MAX, self->r->dropped_fails);
	EXPECT_EQ(1, self->r->dropped_cgroups);
	EXPECT_TRUE(ktstr_cpumask__test(&self->r->cpus_used, 3));
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_EQ(7, self->r->stalls[0].tid);
	EXPECT_EQ(2, self->r->dropped_stalls);
	EXPECT_EQ(500, self->r->stall_poll_ms);
}

TEST_F(verdict, stalls_of_a_process_that_crashed_are_brought_within_bounds)
{
	struct ktstr_stall *s = self->r->stalls;

	memset(s, 0xff, sizeof(self->r->stalls));
	self->r->nr_stalls = UINT32_MAX;
	ktstr_result__bound(self->r);
	EXPECT_EQ(KTSTR_MAX_STALLS, self->r->nr_stalls);
	EXPECT_EQ(sizeof(s->stack) - 1, strlen(s->stack));
	EXPECT_EQ(sizeof(s->cgroup) - 1, strlen(s->cgroup));
	EXPECT_STRNE("unknown", ktstr_stall__name(s->why));
	EXPECT_EQ(1, s->resumed);
}

TEST_F(verdict, records_of_a_process_that_crashed_are_brought_within_bounds)
{
	struct ktstr_result *r = self->r;

	memset(r, 0xff, sizeof(*r));
	ktstr_result__bound(r);
	EXPECT_EQ(KTSTR_MAX_DETAILS, r->nr_details);
	EXPECT_EQ(KTSTR_FAILS, r->details[0].severity);
	EXPECT_EQ(KTSTR_OTHER, r->details[0].kind);
	EXPECT_EQ(sizeof(r->details[0].text) - 1, strlen(r->details[0].text));
	EXPECT_EQ(KTSTR_MAX_CGROUPS, r->nr_cgroups);
	EXPECT_EQ(KTSTR_SPAN_STEP, r->cgroups[0].span);
	EXPECT_EQ(sizeof(r->cgroups[0].part) - 1, strlen(r->cgroups[0].part));
	EXPECT_EQ(KTSTR_MAX_EXT_METRICS, r->nr_ext_metrics);
	EXPECT_EQ(sizeof(r->ext_metrics[0].unit) - 1, strlen(r->ext_metrics[0].unit));
	EXPECT_EQ(KTSTR_NEUTRAL, r->ext_metrics[0].polarity);
	EXPECT_EQ(0, r->nr_workers);	/* the first one names a cgroup that is not there */
	EXPECT_EQ(0, r->workers[0].last_migrations.nr);
}

TEST(every_kind_and_outcome_has_a_name_of_its_own)
{
	int i, j;

	for (i = 0; i < KTSTR_NR_KINDS; i++) {
		EXPECT_STRNE("unknown", ktstr_kind__name(i));
		for (j = 0; j < i; j++)
			EXPECT_STRNE(ktstr_kind__name(i), ktstr_kind__name(j));
	}
	EXPECT_STREQ("unknown", ktstr_kind__name(KTSTR_NR_KINDS));
	EXPECT_STREQ("sched-stalled", ktstr_kind__name(KTSTR_SCHED_STALLED));
	EXPECT_STREQ("inconclusive", ktstr_outcome__name(KTSTR_INCONCLUSIVE));
	EXPECT_STREQ("unknown", ktstr_outcome__name(17));
}

TEST_F(verdict, a_part_brings_its_figures_and_its_name_but_not_its_details)
{
	ktstr_result__add(self->other, KTSTR_FAILS, KTSTR_UNFAIR, "theirs");
	add_cgroup(self->r, "cg_0");
	add_cgroup(self->other, "cg_0");
	ktstr_result__add_stall(self->other)->tid = 7;
	ktstr_result__merge_part(self->r, self->other, "swap");
	EXPECT_EQ(0, self->r->nr_details);
	ASSERT_EQ(2, self->r->nr_cgroups);
	EXPECT_STREQ("", self->r->cgroups[0].part);
	EXPECT_STREQ("swap", self->r->cgroups[1].part);
	ASSERT_EQ(1, self->r->nr_stalls);
	EXPECT_STREQ("swap", self->r->stalls[0].part);
}

TEST_F(verdict, a_body_says_fail_skip_or_inconclusive)
{
	struct ktstr_ctx ctx = { .result = self->r };

	ktstr_skip(&ctx, "needs %d CPUs", 4);
	EXPECT_EQ(KTSTR_SKIP, ktstr_result__outcome(self->r));
	ktstr_inconclusive(&ctx, "100%%");
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->r));
	ktstr_fail(&ctx, "%s", "it broke");
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(self->r));
	EXPECT_STREQ("needs 4 CPUs", self->r->details[0].text);
	EXPECT_STREQ("100%", self->r->details[1].text);
	EXPECT_EQ(KTSTR_CLAIM, self->r->details[2].kind);
}

TEST_HARNESS_MAIN
