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

/* The command line for the harness as one text, or the error. */
static char *rewritten(int argc, char **argv, char *buf, size_t size)
{
	static const struct ktstr_room anything;
	struct ktstr_err err = { .msg = "" };
	size_t len = 0;

	buf[0] = '\0';
	if (ktstr_select__rewrite(&argc, &argv, &registry, &anything, &err)) {
		snprintf(buf, size, "%s", err.msg);
		return buf;
	}
	for (int i = 1; i < argc; i++)
		len += snprintf(buf + len, size - len, "%s%s", i > 1 ? " " : "", argv[i]);
	return buf;
}

TEST(a_name_that_no_test_has_is_an_error_with_a_guess)
{
	ARGS("-t", "fairnes");
	char buf[512];

	EXPECT_STREQ("there is no test fairnes in this program (did you mean fairness?); -l lists them",
		     rewritten(argc, argv, buf, sizeof(buf)));
	argv[2] = "entirely_different";
	EXPECT_STREQ("there is no test entirely_different in this program; -l lists them",
		     rewritten(argc, argv, buf, sizeof(buf)));
	argv[1] = "-r";
	argv[2] = "global.storm";
	EXPECT_STREQ("there is no test global.storm in this program; -l lists them",
		     rewritten(argc, argv, buf, sizeof(buf)));
	argv[2] = "ktstr.storm";
	EXPECT_STREQ("-r ktstr.storm", rewritten(argc, argv, buf, sizeof(buf)));
	argv[1] = "-T";
	argv[2] = "fairnes";
	EXPECT_STREQ("-T fairnes", rewritten(argc, argv, buf, sizeof(buf)));
}

TEST(ids_and_patterns_become_the_names_that_the_harness_compares)
{
	static const struct { const char *arg, *want; } row[] = {
		{ "storm", "-t storm" },
		{ "ktstr/storm", "-t storm" },
		{ "s*", "-t storm" },
		{ "*", "-t fairness -t storm" },
		{ "storm/tiny-1llc", "-t storm/tiny-1llc" },
		{ "gauntlet/storm/tiny-1llc", "-t storm/tiny-1llc" },
		{ "gauntlet/*/tiny-1llc", "-t fairness/tiny-1llc -t storm/tiny-1llc" },
		{ "gauntlet/storm/tiny-*", "-t storm/tiny-1llc -t storm/tiny-2llc" },
		{ "gauntlet/storm/numa2-4llc",
		  "there is no gauntlet/storm/numa2-4llc: the preset has 2 NUMA nodes, the test takes 1 to 1" },
		{ "gauntlet/storm/huge", "there is no test gauntlet/storm/huge in this program; -l lists them" },
	};
	ARGS("-t", "?");
	char buf[2048];

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		argv[2] = (char *)row[i].arg;
		EXPECT_STREQ(row[i].want, rewritten(argc, argv, buf, sizeof(buf)));
	}
	argv[1] = "-x";		/* for the harness to refuse */
	EXPECT_STREQ("-x gauntlet/storm/huge", rewritten(argc, argv, buf, sizeof(buf)));
}

TEST(an_ignored_test_is_matched_by_its_name_alone)
{
	EXPECT_TRUE(ktstr_select__matches("slow", "slow", NULL, true));
	EXPECT_FALSE(ktstr_select__matches("slo*", "slow", NULL, true));
	EXPECT_FALSE(ktstr_select__matches("gauntlet/*", "slow", "tiny-1llc", true));
	EXPECT_TRUE(ktstr_select__matches("gauntlet/slow/*", "slow", "tiny-1llc", true));
	EXPECT_TRUE(ktstr_select__matches("gauntlet/slow", "slow", "tiny-1llc", true));
	/* a pattern for tests as declared is none for the gauntlet */
	EXPECT_FALSE(ktstr_select__matches("*", "storm", "tiny-1llc", false));
	EXPECT_FALSE(ktstr_select__matches("ktstr/*", "storm", "tiny-1llc", false));
	EXPECT_FALSE(ktstr_select__matches("gauntlet/storm", "storm", NULL, false));
}

static int count(const struct ktstr_variant *v, void *data)
{
	(void)v;
	++*(int *)data;
	return 0;
}

TEST(the_gauntlet_is_there_when_it_is_named_or_listed)
{
	static const struct ktstr_room anything, small = { .cpus = 4 };
	int nr = 0;

	ARGS("-t", "storm", "-r", "gauntlet.storm/tiny-1llc");
	EXPECT_EQ(0, ktstr_select__gauntlet(argc, argv, &registry, &anything, count, &nr));
	EXPECT_EQ(1, nr);
	argc = 3;
	EXPECT_EQ(0, ktstr_select__gauntlet(argc, argv, &registry, &anything, count, &nr));
	EXPECT_EQ(1, nr);
	argv[1] = "-f";
	argv[2] = "gauntlet";
	nr = 0;
	EXPECT_EQ(0, ktstr_select__gauntlet(argc, argv, &registry, &anything, count, &nr));
	EXPECT_EQ(2 * 15, nr);
	nr = 0;
	EXPECT_EQ(0, ktstr_select__gauntlet(argc, argv, &registry, &small, count, &nr));
	EXPECT_EQ(2 * 2, nr);		/* tiny-1llc and tiny-2llc */
}

TEST(the_harness_sees_the_options_as_if_nobody_had_looked)
{
	ARGS("-t", "storm");

	EXPECT_TRUE(ktstr_select__names(argc, argv, "storm"));
	EXPECT_EQ('t', getopt(argc, argv, "t:"));
	EXPECT_STREQ("storm", optarg);
}

TEST_HARNESS_MAIN
