// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/ledger/account.c: what the lengths of calls say. */
#include <string.h>

#include "kselftest_harness.h"

#include "harness/ledger/account.h"

FIXTURE(account) {
	struct vm_tally t;
	struct ktstr_account_figures f;
};

FIXTURE_SETUP(account)
{
}

FIXTURE_TEARDOWN(account)
{
}

/* Somewhere in the table, as a hash would place it. */
#define PATH(_at, _insns, _calls) \
	(self->t.path[_at] = (struct vm_tally_path){ .insns = _insns, .calls = _calls })

TEST_F(account, shortest_and_longest_are_those_of_calls_that_are_over)
{
	PATH(200, 41, 27);
	PATH(3, 43, 184);
	PATH(255, 97, 1);
	ktstr_account__figures(&self->t, &self->f);
	EXPECT_EQ(41, self->f.shortest);
	EXPECT_EQ(97, self->f.longest);
	EXPECT_EQ(43, self->f.typical);
	EXPECT_EQ(3, self->f.paths);
	EXPECT_EQ(41, self->t.path[0].insns);	/* sorted, for the sidecar */
	EXPECT_EQ(97, self->t.path[2].insns);
}

TEST_F(account, there_is_no_typical_length_where_two_are_about_as_frequent)
{
	PATH(0, 41, 100);
	PATH(1, 43, 149);
	ktstr_account__figures(&self->t, &self->f);
	EXPECT_EQ(0, self->f.typical);
	PATH(0, 41, 100);
	PATH(1, 43, 150);
	ktstr_account__figures(&self->t, &self->f);
	EXPECT_EQ(43, self->f.typical);
}

TEST_F(account, the_order_of_the_table_does_not_matter)
{
	PATH(10, 43, 150);
	PATH(20, 41, 100);
	ktstr_account__figures(&self->t, &self->f);
	EXPECT_EQ(43, self->f.typical);
	EXPECT_EQ(41, self->f.shortest);
}

TEST_F(account, an_operation_without_a_call_has_no_lengths)
{
	ktstr_account__figures(&self->t, &self->f);
	EXPECT_EQ(0, self->f.paths);
	EXPECT_EQ(0, self->f.shortest);
	EXPECT_EQ(0, self->f.typical);
}

TEST_HARNESS_MAIN
