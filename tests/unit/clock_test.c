// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/clock.h: one monotonic clock and deadlines on it. */
#include "kselftest_harness.h"

#include "lib/clock.h"

TEST(nanoseconds_and_timespecs_are_the_same_time)
{
	struct timespec t = ktstr_ns_timespec(7 * NSEC_PER_SEC + 5);

	EXPECT_EQ(7, t.tv_sec);
	EXPECT_EQ(5, t.tv_nsec);
	EXPECT_EQ(7 * NSEC_PER_SEC + 5, ktstr_timespec_ns(&t));
}

TEST(the_clock_does_not_go_back)
{
	uint64_t ns = ktstr_now_ns();
	int64_t ms = ktstr_now_ms();

	EXPECT_LE(ns, ktstr_now_ns());
	EXPECT_LE(ms, ktstr_now_ms());
	EXPECT_LE((int64_t)(ns / NSEC_PER_MSEC), ms);
}

TEST(no_limit_stays_no_limit)
{
	EXPECT_EQ(-1, ktstr_deadline_ms(-1));
	EXPECT_EQ(-1, ktstr_left_ms(-1));
}

TEST(a_deadline_that_has_passed_leaves_nothing)
{
	struct timespec left = ktstr_left_timespec(ktstr_now_ns() - 1);

	EXPECT_EQ(0, ktstr_left_ms(ktstr_now_ms() - 5));
	EXPECT_EQ(0, left.tv_sec);
	EXPECT_EQ(0, left.tv_nsec);
}

TEST(what_is_left_is_an_int_for_poll)
{
	EXPECT_EQ(INT_MAX, ktstr_left_ms(INT64_MAX));
	EXPECT_LT(0, ktstr_left_ms(ktstr_deadline_ms(60000)));
	EXPECT_GE(60000, ktstr_left_ms(ktstr_deadline_ms(60000)));
}

TEST_HARNESS_MAIN
