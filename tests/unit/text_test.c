// SPDX-License-Identifier: GPL-2.0
/* Promises of the functions on plain texts of lib/textbuf.h and lib/control.h. */
#include <string.h>

#include "kselftest_harness.h"

#include "lib/control.h"
#include "lib/textbuf.h"

static void add(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void add(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ktstr_text__append(buf, size, "; ", fmt, ap);
	va_end(ap);
}

TEST(remarks_are_appended_and_separated)
{
	char buf[32] = "";

	add(buf, sizeof(buf), "%d pages", 3);
	EXPECT_STREQ("3 pages", buf);
	add(buf, sizeof(buf), "no %s", "CPU");
	EXPECT_STREQ("3 pages; no CPU", buf);
}

/* At each length of what is there, up to a full buffer: nothing is written behind it. */
TEST(what_has_no_room_is_cut)
{
	char buf[17];
	size_t len;

	for (len = 1; len < 16; len++) {
		memset(buf, '#', sizeof(buf));
		memset(buf, 'x', len);
		buf[len] = '\0';
		add(buf, 16, "%s", "remark");
		EXPECT_EQ('#', buf[16]);
		EXPECT_EQ(len + 8 < 16 ? len + 8 : 15, strlen(buf));
		EXPECT_EQ(0, strncmp(buf + len, "; remark", 15 - len < 8 ? 15 - len : 8));
	}
}

TEST(lines_end_at_a_newline_or_the_end)
{
	const char *pos = "one\n\ntwo\r\nthree", *line;
	size_t len, nr = 0;
	static const char * const lines[] = { "one", "", "two", "three" };

	while ((line = ktstr_text__line(&pos, &len))) {
		ASSERT_GT(4, nr);
		EXPECT_EQ(strlen(lines[nr]), len);
		EXPECT_EQ(0, strncmp(lines[nr], line, len));
		nr++;
	}
	EXPECT_EQ(4, nr);
	EXPECT_STREQ("two\r\nthree", ktstr_text__tail("one\n\ntwo\r\nthree", 2));
	EXPECT_STREQ("three\n", ktstr_text__tail("two\nthree\n", 1));
	EXPECT_STREQ("a", ktstr_text__tail("a", 9));
}

TEST(what_could_be_an_order_to_a_terminal_is_tamed)
{
	char text[] = "a\tb\n\033[2J\x7f\x01\xc3\xa4 ~";
	int c, nr = 0;

	ktstr_tame(text, '?');
	EXPECT_STREQ("a?b??[2J??\xc3\xa4 ~", text);
	for (c = 0; c < 256; c++)
		nr += ktstr_is_control((char)c);
	EXPECT_EQ(33, nr);
}

TEST_HARNESS_MAIN
