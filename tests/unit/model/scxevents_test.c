// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/model/scxevents.c: errors are counted, the rest is not, nothing is no pass. */
#include "kselftest_harness.h"

#include "harness/model/scxevents.h"

static const char events[] =
	"SCX_EV_SELECT_CPU_FALLBACK 3\nSCX_EV_DISPATCH_LOCAL_DSQ_OFFLINE 0\n"
	"SCX_EV_DISPATCH_KEEP_LAST 900\nSCX_EV_BYPASS_ACTIVATE 1\n";

FIXTURE(events) {
	struct ktstr_result *r;
};

FIXTURE_SETUP(events)
{
	self->r = ktstr_result__new();
	ASSERT_NE(NULL, self->r);
}

FIXTURE_TEARDOWN(events)
{
	ktstr_result__free(self->r);
}

TEST_F(events, errors_within_their_bound_pass_and_others_do_not_count)
{
	EXPECT_TRUE(ktstr_scx_events__judge(events, 3, self->r));
	EXPECT_EQ(0, self->r->nr_details);
}

TEST_F(events, an_error_above_its_bound_fails)
{
	EXPECT_FALSE(ktstr_scx_events__judge(events, 2, self->r));
	ASSERT_EQ(1, self->r->nr_details);
	EXPECT_STREQ("SCX_EV_SELECT_CPU_FALLBACK: expected at most 2, was 3",
		     self->r->details[0].text);
}

TEST_F(events, a_counter_that_ran_over_fails)
{
	EXPECT_FALSE(ktstr_scx_events__judge("SCX_EV_INSERT_NOT_OWNED -1\n", 5, self->r));
	EXPECT_EQ(KTSTR_FAIL, ktstr_result__outcome(self->r));
}

TEST_F(events, nothing_to_read_is_undecided)
{
	EXPECT_FALSE(ktstr_scx_events__judge("", 0, self->r));
	EXPECT_EQ(KTSTR_INCONCLUSIVE, ktstr_result__outcome(self->r));
}

TEST_HARNESS_MAIN
