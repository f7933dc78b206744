// SPDX-License-Identifier: GPL-2.0
/* What the table of work types promises to those who ask it by number or by name. */
#include <string.h>

#include "kselftest_harness.h"

#include "harness/guest/work/work.h"

TEST(every_type_has_a_complete_row_and_a_name_of_its_own)
{
	const struct ktstr_work_row *row;
	int i, k;

	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		row = ktstr_work__row(i);
		ASSERT_NE(NULL, row) TH_LOG("type %d", i);
		ASSERT_NE(NULL, row->name);
		EXPECT_NE(NULL, row->iterate) TH_LOG("%s", row->name);
		EXPECT_NE(NULL, row->description);
		EXPECT_NE(NULL, row->parameters);
		EXPECT_LT(0, row->checkpoint_every) TH_LOG("%s", row->name);
		EXPECT_TRUE(row->name[0] >= 'A' && row->name[0] <= 'Z');
		EXPECT_EQ(NULL, strpbrk(row->name, " _-"));
		/* What blocks is looked at after every iteration. */
		if (row->flags & KTSTR_WORK_BLOCKS)
			EXPECT_EQ(1, row->checkpoint_every) TH_LOG("%s", row->name);
		for (k = 0; k < i; k++)
			EXPECT_STRNE(ktstr_work_table[k]->name, row->name);
	}
	EXPECT_EQ(NULL, ktstr_work__row(KTSTR_NR_WORK_TYPES));
	EXPECT_EQ(NULL, ktstr_work__row(-1));
}

TEST(names_are_exact_and_near_ones_are_named)
{
	const char *hint = "x";
	int i;

	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++)
		EXPECT_EQ(ktstr_work_table[i],
			  ktstr_work__find(ktstr_work_table[i]->name, NULL));
	EXPECT_EQ(NULL, ktstr_work__find("spinwait", &hint));
	EXPECT_STREQ("SpinWait", hint);
	EXPECT_EQ(NULL, ktstr_work__find("FutexPing", &hint));
	EXPECT_STREQ("FutexPingPong", hint);
	EXPECT_EQ(NULL, ktstr_work__find("", &hint));
	EXPECT_EQ(NULL, hint);
	EXPECT_EQ(NULL, ktstr_work__find("Zebra", &hint));
	EXPECT_EQ(NULL, hint);
}

/* Types that a name alone does not describe. */
static bool needs_more(int type)
{
	return type == KTSTR_WORK_SEQUENCE || type == KTSTR_WORK_CUSTOM;
}

TEST(every_type_but_two_works_with_its_defaults)
{
	struct ktstr_work work;
	uint32_t size;
	char why[256];
	int i;

	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		memset(&work, 0, sizeof(work));
		work.type = i;
		ktstr_work__fill(&work);
		if (needs_more(i)) {
			EXPECT_FALSE(ktstr_work__check(&work, 1, why, sizeof(why)));
			continue;
		}
		size = ktstr_work__group_size(&work);
		EXPECT_LE(1, size);
		EXPECT_TRUE(ktstr_work__check(&work, 2 * size, why, sizeof(why)))
			TH_LOG("%s", why);
		/* Filling again changes nothing. */
		struct ktstr_work again = work;

		ktstr_work__fill(&again);
		EXPECT_EQ(0, memcmp(&work, &again, sizeof(work)));
	}
}

TEST(what_cannot_work_is_refused_with_a_sentence)
{
	struct ktstr_work work = { .type = KTSTR_WORK_FUTEX_FAN_OUT,
				   .futex_fan_out = { .fan = 2 } };
	char why[256];

	EXPECT_TRUE(ktstr_work__check(&work, 6, why, sizeof(why)));
	EXPECT_FALSE(ktstr_work__check(&work, 4, why, sizeof(why)));
	EXPECT_STREQ("FutexFanOut requires num_workers divisible by 3, got 4", why);
	EXPECT_FALSE(ktstr_work__check(&work, 0, why, sizeof(why)));
	EXPECT_STREQ("FutexFanOut requires num_workers divisible by 3, got 0", why);
	work.type = KTSTR_NR_WORK_TYPES;
	EXPECT_FALSE(ktstr_work__check(&work, 1, why, sizeof(why)));
	EXPECT_STREQ("unknown work type (45)", why);
	work = (struct ktstr_work){ .type = KTSTR_WORK_WAKE_CHAIN, .wake_chain = { .depth = 1 } };
	EXPECT_FALSE(ktstr_work__check(&work, 1, why, sizeof(why)));
	EXPECT_EQ(0, strncmp(why, "WakeChain: ", 11)) TH_LOG("%s", why);
}

TEST_HARNESS_MAIN
