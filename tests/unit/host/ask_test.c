// SPDX-License-Identifier: GPL-2.0
/*
 * Promises about questions of the body: one that makes no sense is none, and one that nobody answers
 * is answered all the same.
 */
#include "kselftest_harness.h"

#include <stdlib.h>
#include <string.h>

#include "harness/host/messages.h"

FIXTURE(ask) {
	struct ktstr_seen *s;
	struct {
		struct ktstr_msg_ask ask;
		uint8_t data[KTSTR_ASK_MAX + 1];
	} wire;
	char *shared;
	struct ktstr_answer *answer;
};

FIXTURE_SETUP(ask)
{
	self->s = ktstr_seen__new();
	self->shared = calloc(1, KTSTR_CHAN_SIZE);
	ASSERT_NE(NULL, self->s);
	ASSERT_NE(NULL, self->shared);
	self->answer = (struct ktstr_answer *)(self->shared + KTSTR_CHAN_SIZE - KTSTR_ANSWER_SIZE);
	self->wire.ask = (struct ktstr_msg_ask){ .nr = 7, .what = KTSTR_ASK_READ_HOT, .len = 8 };
}

FIXTURE_TEARDOWN(ask)
{
	ktstr_seen__free(self->s);
	free(self->shared);
}

static bool asks(FIXTURE_DATA(ask) *self, size_t len)
{
	struct ktstr_msg m = { .type = KTSTR_MSG_ASK, .len = len, .payload = &self->wire };

	self->s->asked = false;
	ktstr_messages__handle(self->s, &m);
	return self->s->asked;
}

#define HEAD	sizeof(self->wire.ask)

TEST_F(ask, only_what_makes_sense_is_a_question)
{
	EXPECT_TRUE(asks(self, HEAD));
	EXPECT_FALSE(asks(self, HEAD - 1));
	EXPECT_FALSE(asks(self, HEAD + KTSTR_ASK_MAX + 1));
	self->wire.ask.len = KTSTR_ASK_MAX + 1;
	EXPECT_FALSE(asks(self, HEAD));
	self->wire.ask.len = 3;
	self->wire.ask.what = KTSTR_NR_ASKS;
	EXPECT_FALSE(asks(self, HEAD));
	/* what is to be written comes with it */
	self->wire.ask.what = KTSTR_ASK_WRITE_COLD;
	EXPECT_FALSE(asks(self, HEAD));
	EXPECT_TRUE(asks(self, HEAD + 3));
	memset(self->wire.ask.name, 'x', sizeof(self->wire.ask.name));
	self->wire.ask.as[0] = '\n';
	EXPECT_TRUE(asks(self, HEAD + 3));
	EXPECT_EQ(KTSTR_ASK_NAME_LEN - 1, strlen(self->s->ask.what.name));
	EXPECT_STREQ("?", self->s->ask.what.as);
}

/* It becomes part of a file's name on the host. */
TEST_F(ask, a_snapshot_is_called_by_a_name)
{
	self->wire.ask.what = KTSTR_ASK_SNAPSHOT;
	strcpy(self->wire.ask.as, "after.step-2_b");
	EXPECT_TRUE(asks(self, HEAD));
	strcpy(self->wire.ask.as, "a/../../b");
	EXPECT_FALSE(asks(self, HEAD));
	self->wire.ask.what = KTSTR_ASK_WATCH;
	EXPECT_FALSE(asks(self, HEAD));
	/* what is read has a label, which is only shown */
	self->wire.ask.what = KTSTR_ASK_READ_HOT;
	EXPECT_TRUE(asks(self, HEAD));
}

TEST_F(ask, the_answer_is_behind_the_ring)
{
	ASSERT_TRUE(asks(self, HEAD));
	self->s->answer.len = 2;
	self->s->answer.data[1] = 9;
	ktstr_answer__put(self->s, 0, "unused");
	ktstr_messages__answer(self->s, self->shared);
	EXPECT_EQ(7, self->answer->nr);
	EXPECT_EQ(0, self->answer->ret);
	EXPECT_EQ(9, self->answer->data[1]);
	EXPECT_STREQ("", self->answer->text);
	EXPECT_FALSE(self->s->asked);
	/* the next one has nothing of it */
	self->wire.ask.nr = 8;
	ASSERT_TRUE(asks(self, HEAD));
	ktstr_messages__answer(self->s, self->shared);
	EXPECT_EQ(8, self->answer->nr);
	EXPECT_EQ(-EOPNOTSUPP, self->answer->ret);
	EXPECT_EQ(0, self->answer->data[1]);
	EXPECT_STREQ("nobody looks at this machine's memory", self->answer->text);
	memset(self->answer, 0, sizeof(*self->answer));
	ktstr_messages__answer(self->s, self->shared);
	EXPECT_EQ(0, self->answer->nr);
}

TEST_HARNESS_MAIN
