// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/parse.c: a number is exactly right or it is refused. */
#include <errno.h>

#include "kselftest_harness.h"

#include "lib/parse.h"

TEST(a_number_is_the_whole_text)
{
	uint64_t v = 77;

	EXPECT_EQ(0, ktstr_parse_u64("0", 0, UINT64_MAX, &v));
	EXPECT_EQ(0, v);
	EXPECT_EQ(0, ktstr_parse_u64("18446744073709551615", 0, UINT64_MAX, &v));
	EXPECT_EQ(UINT64_MAX, v);
	EXPECT_EQ(0, ktstr_parse_u64("010", 0, UINT64_MAX, &v));
	EXPECT_EQ(10, v);
}

TEST(what_is_no_number_is_refused_and_changes_nothing)
{
	static const char * const bad[] = {
		"", " 1", "1 ", "+1", "-1", "x", "1x", "0x10", "1.0", "1\n",
	};
	uint64_t v = 77;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, ktstr_parse_u64(bad[i], 0, UINT64_MAX, &v));
	EXPECT_EQ(77, v);
}

TEST(a_number_out_of_range_is_told_from_no_number)
{
	uint64_t v = 77;
	uint32_t v32 = 77;

	EXPECT_EQ(-ERANGE, ktstr_parse_u64("18446744073709551616", 0, UINT64_MAX, &v));
	EXPECT_EQ(-ERANGE, ktstr_parse_u64("0", 1, 9, &v));
	EXPECT_EQ(-ERANGE, ktstr_parse_u64("10", 1, 9, &v));
	EXPECT_EQ(77, v);
	EXPECT_EQ(0, ktstr_parse_u64("1", 1, 9, &v));
	EXPECT_EQ(0, ktstr_parse_u64("9", 1, 9, &v));
	EXPECT_EQ(-ERANGE, ktstr_parse_u32("4294967296", 0, UINT32_MAX, &v32));
	EXPECT_EQ(77, v32);
	EXPECT_EQ(0, ktstr_parse_u32("4294967295", 0, UINT32_MAX, &v32));
	EXPECT_EQ(UINT32_MAX, v32);
}

TEST(a_setting_is_named_in_the_sentence)
{
	struct ktstr_err err;
	uint64_t v;

	EXPECT_EQ(-EINVAL, ktstr_parse_setting("KTSTR_X", "12", 0, 9, &v, &err));
	EXPECT_STREQ("KTSTR_X=12: must be a number from 0 to 9", err.msg);
	EXPECT_EQ(-EINVAL, ktstr_parse_setting("KTSTR_X", "one", 1, 9, &v, &err));
	EXPECT_STREQ("KTSTR_X=one: must be a number from 1 to 9", err.msg);
	EXPECT_EQ(0, ktstr_parse_setting("KTSTR_X", "9", 1, 9, &v, &err));
	EXPECT_EQ(9, v);
}

TEST(taking_a_number_moves_behind_it)
{
	const char *p = "0x10,16", *start = p;
	uint64_t v;

	EXPECT_TRUE(ktstr_take_u64(&p, 0, &v));
	EXPECT_EQ(16, v);
	EXPECT_STREQ(",16", p);
	EXPECT_FALSE(ktstr_take_u64(&p, 0, &v));
	EXPECT_STREQ(",16", p);
	p = start;
	EXPECT_TRUE(ktstr_take_u64(&p, 10, &v));
	EXPECT_EQ(0, v);
	EXPECT_STREQ("x10,16", p);
	p = "18446744073709551616";
	EXPECT_FALSE(ktstr_take_u64(&p, 10, &v));
	EXPECT_STREQ("18446744073709551616", p);
}

TEST_HARNESS_MAIN
