// SPDX-License-Identifier: GPL-2.0
/* Promises of tools-testing-ktstr/choose/budget.c: what is taken shows the most for the time. */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "tools-testing-ktstr/choose/budget.h"

#define NR	6

static const char * const names[NR] = {
	"a", "a/tiny-1llc", "a/smt-2llc", "a/numa2-4llc", "b", "c",
};

FIXTURE(budget) {
	struct ktstr_about about[NR];
	double seconds[NR];
	bool chosen[NR];
	struct budget b;
};

FIXTURE_SETUP(budget)
{
	static const struct ktstr_topology topo[NR] = {
		{ 1, 1, 4, 1 }, { 1, 1, 4, 1 }, { 1, 2, 2, 2 }, { 2, 4, 4, 1 }, { 1, 1, 4, 1 },
		{ 1, 1, 4, 1 },
	};

	for (int i = 0; i < NR; i++) {
		ktstr_about__parse(&self->about[i], "", 0);
		self->about[i].topo = topo[i];
		self->seconds[i] = 10;
		self->chosen[i] = true;
	}
}

FIXTURE_TEARDOWN(budget)
{
}

static const char *apply(FIXTURE_DATA(budget) *self, double seconds)
{
	static char text[NR + 1];

	self->b.seconds = seconds;
	if (budget__apply(&self->b, names, self->about, self->seconds, NR, self->chosen))
		return "no memory";
	for (int i = 0; i < NR; i++)
		text[i] = self->chosen[i] ? 'x' : '.';
	return text;
}

TEST_F(budget, a_large_one_takes_everything)
{
	EXPECT_STREQ("xxxxxx", apply(self, 60));
	EXPECT_EQ(6U, self->b.taken);
	EXPECT_EQ(self->b.possible, self->b.covered);
	EXPECT_EQ(60, self->b.used);
}

TEST_F(budget, the_variant_that_shows_the_most_comes_first)
{
	/* it has a preset and SMT besides what the others have too */
	EXPECT_STREQ("..x...", apply(self, 10));
}

TEST_F(budget, then_what_was_not_shown_yet)
{
	EXPECT_STREQ("..xx..", apply(self, 25));
	EXPECT_LT(self->b.covered, self->b.possible);
}

TEST_F(budget, a_cheap_one_shows_more_per_second)
{
	self->seconds[4] = 1;
	EXPECT_STREQ("....x.", apply(self, 5));
}

TEST_F(budget, one_test_at_least_is_taken)
{
	self->seconds[5] = 9;
	EXPECT_STREQ(".....x", apply(self, 0.5));
}

TEST_F(budget, what_was_not_chosen_is_not_offered)
{
	self->chosen[3] = self->chosen[2] = false;
	EXPECT_STREQ("xx..xx", apply(self, 1000));
	EXPECT_EQ(4U, self->b.offered);
}

TEST_F(budget, time_that_is_left_goes_to_another_round)
{
	/* equal tests but for their names, which the first round has covered with a and b */
	memcpy(&self->about[4], &self->about[0], sizeof(self->about[0]));
	EXPECT_STREQ("xxxxxx", apply(self, 60));
}

TEST(equal_tests_go_by_name)
{
	static const char * const pair[] = { "z", "y" };
	double seconds[] = { 5, 5 };
	struct ktstr_about about[2];
	bool chosen[] = { true, true };
	struct budget b = { .seconds = 5 };

	ktstr_about__parse(&about[0], "", 0);
	ktstr_about__parse(&about[1], "", 0);
	ASSERT_EQ(0, budget__apply(&b, pair, about, seconds, 2, chosen));
	EXPECT_FALSE(chosen[0]);
	EXPECT_TRUE(chosen[1]);
}

TEST(the_model_knows_large_machines_and_none)
{
	struct ktstr_about a;

	ktstr_about__parse(&a, "topology=1n1l4c1t duration=5", strlen("topology=1n1l4c1t duration=5"));
	EXPECT_EQ(17, budget__model(&a));
	a.topo.cores = 116;
	EXPECT_EQ(27, budget__model(&a));
	a.host_only = true;
	EXPECT_EQ(7, budget__model(&a));
}

TEST(the_variable_takes_fractions_and_nothing_else)
{
	static const char * const bad[] = { "", "0", "-1", "x", "1x", "nan", "inf" };

	setenv("KTSTR_BUDGET_SECS", "2.5", 1);
	EXPECT_EQ(2.5, budget__from_env());
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		setenv("KTSTR_BUDGET_SECS", bad[i], 1);
		EXPECT_EQ(0, budget__from_env()) TH_LOG("%s", bad[i]);
	}
	unsetenv("KTSTR_BUDGET_SECS");
	EXPECT_EQ(0, budget__from_env());
}

TEST_HARNESS_MAIN
