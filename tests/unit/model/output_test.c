// SPDX-License-Identifier: GPL-2.0
/* What the host keeps of the output of payloads, whatever a guest sends. */
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/model/output.h"

FIXTURE(outputs) {
	struct ktstr_outputs all;
	char file[2 * KTSTR_NAME_LEN];
	char *text;
};

FIXTURE_SETUP(outputs)
{
	self->text = NULL;
}

FIXTURE_TEARDOWN(outputs)
{
	free(self->text);
	ktstr_outputs__free(&self->all);
}

#define ADD(_text, ...) ({							\
	struct ktstr_msg_output m = { __VA_ARGS__ };		\
										\
	ktstr_outputs__add(&self->all, &m, _text, strlen(_text));		\
})
#define FILE_OF(_i, _stream) (							\
	ktstr_output__file(&self->all.list[_i], _stream, self->file, sizeof(self->file)), \
	self->file)
#define TEXT(_i, _stream) (free(self->text),					\
	self->text = ktstr_textbuf__str(&self->all.list[_i].text[_stream]))

TEST_F(outputs, pieces_of_a_run_become_one_text_for_each_stream)
{
	EXPECT_TRUE(ADD("one ", .run = 3, .source = "p"));
	EXPECT_TRUE(ADD("oops", .run = 3, .stream = KTSTR_STDERR, .source = "p"));
	EXPECT_TRUE(ADD("two", .run = 3, .source = "p"));
	ASSERT_EQ(1, self->all.nr);
	EXPECT_STREQ("one two", TEXT(0, KTSTR_STDOUT));
	EXPECT_STREQ("oops", TEXT(0, KTSTR_STDERR));
	EXPECT_FALSE(self->all.list[0].failed);
	EXPECT_TRUE(ADD("", .run = 3, .stream = KTSTR_CHECK_FAILED, .source = "p"));
	EXPECT_TRUE(self->all.list[0].failed);
	EXPECT_EQ(1, self->all.nr);
}

TEST_F(outputs, runs_of_one_payload_have_files_of_their_own)
{
	ADD("", .run = 0, .source = "p");
	ADD("", .run = 1, .source = "q");
	ADD("", .run = 2, .source = "p");
	EXPECT_STREQ("payload.p.stdout", FILE_OF(0, KTSTR_STDOUT));
	EXPECT_STREQ("payload.q.stderr", FILE_OF(1, KTSTR_STDERR));
	EXPECT_STREQ("payload.p.2.stderr", FILE_OF(2, KTSTR_STDERR));
}

TEST_F(outputs, the_end_of_a_run_and_what_a_body_sends_are_kept)
{
	EXPECT_TRUE(ADD("", .run = 2, .stream = KTSTR_RUN_ENDED, .cut = 3 << 8, .source = "p"));
	ASSERT_EQ(1, self->all.nr);
	EXPECT_TRUE(self->all.list[0].ended);
	EXPECT_EQ(3 << 8, self->all.list[0].status);
	EXPECT_TRUE(ADD("a", .stream = KTSTR_FROM_BODY));
	EXPECT_TRUE(ADD("b", .stream = KTSTR_FROM_BODY));
	EXPECT_EQ(1, self->all.nr);	/* no run of a payload */
	self->text = ktstr_textbuf__str(&self->all.from_body);
	EXPECT_STREQ("ab", self->text);
}

TEST_F(outputs, what_was_cut_is_said_where_it_is_missing)
{
	static char head[KTSTR_OUTPUT_HEAD + 1];

	memset(head, 'x', KTSTR_OUTPUT_HEAD);
	ADD(head, .run = 0);
	EXPECT_TRUE(ADD("end", .cut = 12345));
	EXPECT_NE(NULL, TEXT(0, KTSTR_STDOUT));
	EXPECT_STREQ("xx\n[... 12345 bytes cut ...]\nend", self->text + KTSTR_OUTPUT_HEAD - 2);
}

TEST_F(outputs, a_name_cannot_leave_the_folder_or_the_field)
{
	struct ktstr_msg_output m = { .run = 7 };

	ADD("", .source = "../../x y");
	EXPECT_STREQ("payload..._.._x_y.stdout", FILE_OF(0, KTSTR_STDOUT));
	memset(m.source, 'a', sizeof(m.source));
	memset(m.cgroup, 'b', sizeof(m.cgroup));
	EXPECT_TRUE(ktstr_outputs__add(&self->all, &m, "", 0));
	EXPECT_EQ(KTSTR_NAME_LEN - 1, strlen(self->all.list[1].source));
	EXPECT_EQ(KTSTR_NAME_LEN - 1, strlen(self->all.list[1].cgroup));
}

TEST_F(outputs, nonsense_is_refused_and_too_much_is_counted)
{
	unsigned int i;

	EXPECT_FALSE(ADD("x", .stream = 5));
	EXPECT_FALSE(ADD("x", .stream = KTSTR_RUN_ENDED));
	EXPECT_FALSE(ADD("x", .stream = KTSTR_CHECK_FAILED));
	EXPECT_FALSE(ADD("x", .cut = UINT64_MAX));
	EXPECT_EQ(0, self->all.nr);
	for (i = 0; i < KTSTR_MAX_OUTPUTS + 2; i++)
		EXPECT_TRUE(ADD("x", .run = i, .source = "p"));
	EXPECT_EQ(KTSTR_MAX_OUTPUTS, self->all.nr);
	EXPECT_EQ(2, self->all.dropped);
	EXPECT_TRUE(ADD("y", .run = 1, .source = "p"));
	EXPECT_STREQ("xy", TEXT(1, KTSTR_STDOUT));
}

TEST_HARNESS_MAIN
