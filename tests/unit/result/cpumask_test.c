// SPDX-License-Identifier: GPL-2.0
/* What CPU sets promise: the kernel's list format, strictly, and nothing beyond the bitmap. */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"

#include <ktstr/cpumask.h>

static const char *round_trip(const char *text)
{
	static char buf[4096];
	struct ktstr_cpumask m;

	if (ktstr_cpumask__parse(text, &m))
		return "-EINVAL";
	ktstr_cpumask__format(&m, buf, sizeof(buf));
	return buf;
}

TEST(lists_are_read_and_written_in_the_kernels_format)
{
	EXPECT_STREQ("0", round_trip("0"));
	EXPECT_STREQ("0-3,8", round_trip("0-3,8"));
	EXPECT_STREQ("0-3,8", round_trip("8,2-3,0-1,1"));
	EXPECT_STREQ("63-64", round_trip("63,64"));
	EXPECT_STREQ("0-511", round_trip("0-511"));
	EXPECT_STREQ("511", round_trip("511-511"));
}

TEST(anything_else_is_refused)
{
	static const char * const bad[] = {
		"", " ", "0 ", " 0", "-1", "1-", "3-1", "0,", ",0", "0,,1", "0-1-2", "0x1", "a",
		"0\n", "512", "0-512", "4294967296", "18446744073709551616", "0:1/2", "all", "+1",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_STREQ("-EINVAL", round_trip(bad[i])) TH_LOG("list %u was accepted", i);
}

TEST(cpus_beyond_the_bitmap_are_ignored)
{
	struct ktstr_cpumask m = { };

	ktstr_cpumask__set(&m, KTSTR_MAX_CPUS);
	ktstr_cpumask__set(&m, UINT32_MAX);
	EXPECT_EQ(0, ktstr_cpumask__weight(&m));
	EXPECT_FALSE(ktstr_cpumask__test(&m, UINT32_MAX));
	ktstr_cpumask__set(&m, KTSTR_MAX_CPUS - 1);
	EXPECT_EQ(1, ktstr_cpumask__weight(&m));
	EXPECT_TRUE(ktstr_cpumask__test(&m, KTSTR_MAX_CPUS - 1));
}

TEST(a_short_buffer_gets_whole_runs_only)
{
	struct ktstr_cpumask m;
	char buf[8];

	ASSERT_EQ(0, ktstr_cpumask__parse("1,3,100-200", &m));
	ktstr_cpumask__format(&m, buf, sizeof(buf));
	EXPECT_STREQ("1,3", buf);
	ktstr_cpumask__format(&m, buf, 1);
	EXPECT_STREQ("", buf);
	memset(&m, 0, sizeof(m));
	ktstr_cpumask__format(&m, buf, sizeof(buf));
	EXPECT_STREQ("", buf);
}

TEST(or_is_the_union)
{
	struct ktstr_cpumask a, b;
	char buf[32];

	ASSERT_EQ(0, ktstr_cpumask__parse("0-1", &a));
	ASSERT_EQ(0, ktstr_cpumask__parse("1,300", &b));
	ktstr_cpumask__or(&a, &b);
	ktstr_cpumask__format(&a, buf, sizeof(buf));
	EXPECT_STREQ("0-1,300", buf);
}

TEST_HARNESS_MAIN
