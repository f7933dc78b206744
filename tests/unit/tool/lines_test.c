// SPDX-License-Identifier: GPL-2.0
/* Promises about counts of lines: what is read and written, and how the summary reads. */
#include "kselftest_harness.h"

#include <stdlib.h>
#include <string.h>

#include "harness/coverage/lcov.h"
#include "tools-testing-ktstr/coverage/lines.h"

FIXTURE(lines) {
	struct ktstr_cover c;
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
	ktstr_cover__free(&self->c);
	fclose(self->f);
	free(self->text);
}

/* llvm-cov's have branches, which ours have not. */
TEST_F(lines, of_a_tracefile_are_taken_over)
{
	static const char info[] =
		"SF:/b.c\nFN:300,main\nDA:300,1\nBRDA:300,0,0,1\nLF:1\nLH:1\nend_of_record\n"
		"SF:/a.c\nDA:1,0\nDA:2,7\nDA:4294967296,3\nDA:0,3\nend_of_record\n";
	char *text;
	size_t len;

	ASSERT_EQ(0, lines__read_info(&self->c, info));
	ktstr_cover__sort(&self->c);
	text = ktstr_lcov__text(&self->c, &len);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("TN:ktstr\nSF:/a.c\nFNF:0\nFNH:0\nDA:1,0\nDA:2,7\nLF:2\nLH:1\nend_of_record\n"
		     "TN:ktstr\nSF:/b.c\nFNF:0\nFNH:0\nDA:300,1\nLF:1\nLH:1\nend_of_record\n", text);
	free(text);
}

TEST_F(lines, the_summary_has_ranges_of_what_was_not_executed)
{
	struct ktstr_cover_file *s;

	ASSERT_EQ(0, lines__read_info(&self->c,
		"SF:/b.c\nDA:1,1\nDA:3,0\nDA:5,0\nDA:6,2\nDA:9,0\n"
		"SF:/usr/include/x.h\nDA:1,1\nSF:/c.c\nLF:0\n"
		"SF:/k/harness/include/ktstr/register.h\nDA:4,0\n"));
	ASSERT_EQ(0, lines__file(&self->c, "/a.c", &s));
	for (int i = 1; i < 200; i++)
		ASSERT_EQ(0, lines__add(s, i, i % 2));
	ktstr_cover__sort(&self->c);
	ASSERT_EQ(2, self->c.nr);
	lines__print(&self->c, self->f);
	fflush(self->f);
	EXPECT_NE(NULL, strstr(self->text, "# /b.c          5        2    40.0  3-5 9\n"));
	EXPECT_NE(NULL, strstr(self->text, "# /a.c        199      100    50.3  2 4 6 8 10 "));
	EXPECT_NE(NULL, strstr(self->text, " ...\n"));
	EXPECT_NE(NULL, strstr(self->text, "# all         204      102    50.0\n"));
	EXPECT_LT(strstr(self->text, "/a.c"), strstr(self->text, "/b.c"));
}

TEST_HARNESS_MAIN
