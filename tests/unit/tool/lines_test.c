// SPDX-License-Identifier: GPL-2.0
/* Promises about counts of lines: what is read and written, and how the summary reads. */
#include "kselftest_harness.h"

#include <stdlib.h>
#include <string.h>

#include "tools-testing-ktstr/coverage/lines.h"

FIXTURE(lines) {
	struct lines l;
	char *text;
	size_t len;
	FILE *f;
};

FIXTURE_SETUP(lines)
{
	self->f = open_memstream(&self->text, &self->len);
	ASSERT_NE(NULL, self->f);
}

FIXTURE_TEARDOWN(lines)
{
	lines__free(&self->l);
	fclose(self->f);
	free(self->text);
}

TEST_F(lines, a_tracefile_is_the_same_when_it_was_read)
{
	static const char info[] =
		"SF:/a.c\nDA:1,0\nDA:2,7\nDA:1000000,3\nLF:3\nLH:2\nend_of_record\n"
		"SF:/b.c\nDA:300,1\nLF:1\nLH:1\nend_of_record\n";

	ASSERT_EQ(0, lines__read_info(&self->l, info));
	lines__sort(&self->l);
	lines__write_info(&self->l, self->f);
	fflush(self->f);
	EXPECT_STREQ(info, self->text);
}

TEST_F(lines, counts_are_summed_and_do_not_wrap)
{
	struct source *s = lines__source(&self->l, "/a.c");

	ASSERT_NE(NULL, s);
	EXPECT_EQ(0, source__add(s, 5, 0));
	EXPECT_EQ(0, source__add(s, 5, 2));
	EXPECT_EQ(2, s->count[5]);
	EXPECT_EQ(0, source__add(s, 5, UINT64_MAX - 1));
	EXPECT_EQ(UINT64_MAX - 1, s->count[5]);
	EXPECT_EQ(NO_CODE, s->count[4]);
	EXPECT_EQ(s, lines__source(&self->l, "/a.c"));
	EXPECT_GT(0, source__add(s, 0, 1));
	EXPECT_GT(0, source__add(s, MAX_LINE + 1, 1));
}

TEST_F(lines, the_summary_has_ranges_of_what_was_not_executed)
{
	struct source *s;

	ASSERT_EQ(0, lines__read_info(&self->l,
		"SF:/b.c\nDA:1,1\nDA:3,0\nDA:5,0\nDA:6,2\nDA:9,0\n"
		"SF:/usr/include/x.h\nDA:1,1\nSF:/c.c\nLF:0\n"
		"SF:/k/harness/include/ktstr/register.h\nDA:4,0\n"));
	s = lines__source(&self->l, "/a.c");
	ASSERT_NE(NULL, s);
	for (int i = 1; i < 200; i++)
		ASSERT_EQ(0, source__add(s, i, i % 2));
	lines__sort(&self->l);
	ASSERT_EQ(2, self->l.nr);
	lines__print(&self->l, self->f);
	fflush(self->f);
	EXPECT_NE(NULL, strstr(self->text, "# /b.c          5        2    40.0  3-5 9\n"));
	EXPECT_NE(NULL, strstr(self->text, "# /a.c        199      100    50.3  2 4 6 8 10 "));
	EXPECT_NE(NULL, strstr(self->text, " ...\n"));
	EXPECT_NE(NULL, strstr(self->text, "# all         204      102    50.0\n"));
	EXPECT_LT(strstr(self->text, "/a.c"), strstr(self->text, "/b.c"));
}

TEST_HARNESS_MAIN
