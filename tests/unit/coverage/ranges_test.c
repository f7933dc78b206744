// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/coverage/ranges.h: which bytes of a function are of which line, and what that counts. */
#include <linux/kernel.h>

#include "kselftest_harness.h"

#include "harness/coverage/ranges.h"

#define KVA	0xffffffffc0001000ull
#define LEN	100
#define MAX	8

FIXTURE(ranges) {
	struct bpf_line_info line[MAX];
	uint64_t code[MAX], count[LEN];
	size_t nr;
	struct ktstr_cover_range range[MAX];
	struct ktstr_cover_hit hit[MAX];
};

FIXTURE_SETUP(ranges)
{
}

FIXTURE_TEARDOWN(ranges)
{
}

static void put(FIXTURE_DATA(ranges) *self, uint32_t file, uint32_t line, uint64_t code)
{
	self->line[self->nr] = (struct bpf_line_info){ .file_name_off = file, .line_col = line << 10 };
	self->code[self->nr++] = code;
}

static size_t find(FIXTURE_DATA(ranges) *self)
{
	return ktstr_cover_ranges__find(self->line, self->code, self->nr, KVA, LEN, self->range);
}

TEST_F(ranges, a_line_goes_up_to_the_next_one_and_the_last_to_the_end)
{
	put(self, 1, 10, KVA);
	put(self, 1, 11, KVA + 30);
	ASSERT_EQ(2, find(self));
	EXPECT_EQ(0, self->range[0].from);
	EXPECT_EQ(30, self->range[0].to);
	EXPECT_EQ(10, self->range[0].line);
	EXPECT_EQ(30, self->range[1].from);
	EXPECT_EQ(LEN, self->range[1].to);
}

TEST_F(ranges, lines_may_come_in_any_order_and_be_of_other_functions)
{
	put(self, 1, 12, KVA + 60);
	put(self, 1, 9, KVA - 1);
	put(self, 1, 10, KVA);
	put(self, 1, 13, KVA + LEN);
	put(self, 1, 14, 0);
	put(self, 1, 15, UINT64_MAX);
	ASSERT_EQ(2, find(self));
	EXPECT_EQ(10, self->range[0].line);
	EXPECT_EQ(60, self->range[0].to);
	EXPECT_EQ(12, self->range[1].line);
}

TEST_F(ranges, of_lines_at_one_address_the_last_has_the_instruction)
{
	put(self, 1, 10, KVA);
	put(self, 1, 11, KVA + 8);	/* the JIT has made nothing of it */
	put(self, 1, 12, KVA + 8);
	ASSERT_EQ(2, find(self));
	EXPECT_EQ(10, self->range[0].line);
	EXPECT_EQ(12, self->range[1].line);
}

TEST_F(ranges, line_0_is_nowhere_and_ends_the_line_before_it)
{
	put(self, 1, 10, KVA);
	put(self, 1, 0, KVA + 8);
	put(self, 1, 11, KVA + 16);
	ASSERT_EQ(2, find(self));
	EXPECT_EQ(8, self->range[0].to);
	EXPECT_EQ(11, self->range[1].line);
}

TEST_F(ranges, without_line_info_there_is_nothing)
{
	EXPECT_EQ(0, find(self));
	EXPECT_EQ(0, ktstr_cover_ranges__count(self->range, 0, self->count, LEN, self->hit));
}

TEST_F(ranges, a_line_counts_as_often_as_its_most_executed_instruction)
{
	put(self, 1, 10, KVA);
	put(self, 1, 11, KVA + 10);
	put(self, 1, 10, KVA + 20);	/* the condition of the loop that begins in line 10 */
	self->count[0] = 1;
	self->count[12] = 7;
	self->count[20] = 8;
	self->count[25] = 7;
	ASSERT_EQ(3, find(self));
	ASSERT_EQ(2, ktstr_cover_ranges__count(self->range, 3, self->count, LEN, self->hit));
	EXPECT_EQ(10, self->hit[0].line);
	EXPECT_EQ(8, self->hit[0].count);
	EXPECT_EQ(11, self->hit[1].line);
	EXPECT_EQ(7, self->hit[1].count);
}

TEST_F(ranges, lines_of_several_files_are_told_apart)
{
	put(self, 1, 10, KVA);
	put(self, 2, 10, KVA + 10);
	self->count[10] = 3;
	ASSERT_EQ(2, find(self));
	ASSERT_EQ(2, ktstr_cover_ranges__count(self->range, 2, self->count, LEN, self->hit));
	EXPECT_EQ(0, self->hit[0].count);
	EXPECT_EQ(2, self->hit[1].file);
	EXPECT_EQ(3, self->hit[1].count);
}

TEST_HARNESS_MAIN
