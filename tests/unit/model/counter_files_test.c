// SPDX-License-Identifier: GPL-2.0
/* Promises about files of counters from the guest: they are put together as announced, or refused. */
#include "kselftest_harness.h"

#include <string.h>

#include "harness/model/counter_files.h"

FIXTURE(counters) {
	struct ktstr_counter_files c;
	struct ktstr_msg_counters m;
};

FIXTURE_SETUP(counters)
{
	self->m = (struct ktstr_msg_counters){ .size = 6, .name = "/x.gcda" };
}

FIXTURE_TEARDOWN(counters)
{
	ktstr_counter_files__free(&self->c);
}

#define ADD(_data)	ktstr_counter_files__add(&self->c, &self->m, _data, strlen(_data))

TEST_F(counters, pieces_become_files)
{
	EXPECT_TRUE(ADD("abcd"));
	self->m.offset = 4;
	EXPECT_TRUE(ADD("ef"));
	self->m = (struct ktstr_msg_counters){ .file = 1, .size = 1, .kind = KTSTR_COUNTERS_PROFRAW,
					       .name = "/y.profraw" };
	EXPECT_TRUE(ADD("g"));
	ASSERT_EQ(2, self->c.nr);
	EXPECT_EQ(6, self->c.file[0].len);
	EXPECT_EQ(0, memcmp(self->c.file[0].data, "abcdef", 6));
	EXPECT_STREQ("/x.gcda", self->c.file[0].name);
	EXPECT_EQ(KTSTR_COUNTERS_PROFRAW, self->c.file[1].kind);
	EXPECT_EQ(0, self->c.dropped);
}

TEST_F(counters, what_does_not_follow_is_refused)
{
	self->m.offset = 1;		/* no beginning */
	EXPECT_FALSE(ADD("a"));
	self->m.offset = 0;
	self->m.file = 1;		/* not the first */
	EXPECT_FALSE(ADD("a"));
	self->m.file = 0;
	EXPECT_FALSE(ADD("abcdefg"));	/* more than announced */
	self->m.offset = 7;
	EXPECT_FALSE(ADD(""));
	self->m.offset = UINT64_MAX;
	EXPECT_FALSE(ADD("a"));
	self->m.offset = 0;
	EXPECT_TRUE(ADD("ab"));
	EXPECT_FALSE(ADD("ab"));	/* twice */
	self->m.offset = 3;		/* a gap */
	EXPECT_FALSE(ADD("d"));
	self->m.offset = 2;
	self->m.size = 100;		/* it was 6 */
	EXPECT_FALSE(ADD("cdefg"));
	EXPECT_EQ(2, self->c.file[0].len);
	self->m.kind = KTSTR_NR_COUNTERS_KINDS;
	EXPECT_FALSE(ADD("c"));
	self->m.kind = 0;
	memset(self->m.name, 'x', sizeof(self->m.name));
	EXPECT_FALSE(ADD("c"));
}

TEST_F(counters, a_flood_is_counted_and_not_kept)
{
	self->m.size = KTSTR_MAX_COUNTER_BYTES + 1ull;
	EXPECT_TRUE(ADD("a"));
	EXPECT_EQ(0, self->c.nr);
	EXPECT_EQ(1, self->c.dropped);
	self->m.offset = 1;
	EXPECT_TRUE(ADD("a"));		/* of the same */
	self->m = (struct ktstr_msg_counters){ .file = 1, .size = 1 };
	EXPECT_TRUE(ADD("a"));
	EXPECT_EQ(2, self->c.dropped);
	self->m.file = 3;
	EXPECT_FALSE(ADD("a"));
}

TEST_F(counters, no_more_files_than_there_is_room_for)
{
	self->m.size = 0;
	for (uint32_t i = 0; i < KTSTR_MAX_COUNTER_FILES + 2; i++) {
		self->m.file = i;
		ASSERT_TRUE(ADD(""));
	}
	EXPECT_EQ(KTSTR_MAX_COUNTER_FILES, self->c.nr);
	EXPECT_EQ(2, self->c.dropped);
}

TEST_HARNESS_MAIN
