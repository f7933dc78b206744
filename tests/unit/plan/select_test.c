// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/plan/select.c: what the options of a test program name, and typos. */
#include <getopt.h>

#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/plan/select.h"

#define ARGS(...)								\
	char *argv[] = { "prog", __VA_ARGS__, NULL };				\
	int argc = ARRAY_SIZE(argv) - 1

static const struct ktstr_test first = { KTSTR_TEST_UNSET, .name = "fairness" };
static const struct ktstr_test second = { KTSTR_TEST_UNSET, .name = "storm" };
static const struct ktstr_test * const tests[] = { &first, &second };
static const struct ktstr_registry registry = { .tests = tests, .nr_tests = 2 };

TEST(a_test_is_named_by_t_and_by_r_and_by_nothing_else)
{
	ARGS("-T", "fairness", "-f", "ktstr", "-t", "storm");

	EXPECT_TRUE(ktstr_select__names(argc, argv, "storm"));
	EXPECT_FALSE(ktstr_select__names(argc, argv, "fairness"));
	argv[5] = "-r";
	argv[6] = "ktstr.fairness";
	EXPECT_TRUE(ktstr_select__names(argc, argv, "fairness"));
	EXPECT_FALSE(ktstr_select__names(argc, argv, "storm"));
}

TEST(listing_is_recognised_wherever_it_stands)
{
	ARGS("-t", "storm", "-l");

	EXPECT_TRUE(ktstr_select__lists(argc, argv));
	EXPECT_FALSE(ktstr_select__lists(argc - 1, argv));
}

TEST(a_name_that_no_test_has_is_an_error_with_a_guess)
{
	ARGS("-t", "fairnes");
	struct ktstr_err err;

	EXPECT_EQ(-EINVAL, ktstr_select__check(argc, argv, &registry, &err));
	EXPECT_STREQ("there is no test fairnes in this program (did you mean fairness?); -l lists them",
		     err.msg);
	argv[2] = "entirely_different";
	EXPECT_EQ(-EINVAL, ktstr_select__check(argc, argv, &registry, &err));
	EXPECT_STREQ("there is no test entirely_different in this program; -l lists them",
		     err.msg);
	argv[1] = "-r";
	argv[2] = "global.storm";
	EXPECT_EQ(-EINVAL, ktstr_select__check(argc, argv, &registry, &err));
	argv[2] = "ktstr.storm";
	EXPECT_EQ(0, ktstr_select__check(argc, argv, &registry, &err));
	argv[1] = "-T";
	argv[2] = "fairnes";
	EXPECT_EQ(0, ktstr_select__check(argc, argv, &registry, &err));
}

TEST(the_harness_sees_the_options_as_if_nobody_had_looked)
{
	ARGS("-t", "storm");

	EXPECT_TRUE(ktstr_select__names(argc, argv, "storm"));
	EXPECT_EQ('t', getopt(argc, argv, "t:"));
	EXPECT_STREQ("storm", optarg);
}

TEST_HARNESS_MAIN
