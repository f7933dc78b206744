// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/coverage/lcov.h and table.h: tracefiles are added up, and none is damaged. */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/coverage/lcov.h"
#include "lib/paths.h"

FIXTURE(lcov) {
	struct ktstr_cover c;
	struct ktstr_err err;
	char dir[64], path[96], line[PATH_MAX + 256];
};

FIXTURE_SETUP(lcov)
{
	strcpy(self->dir, "/tmp/ktstr-lcov-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/cover.info", self->dir);
}

FIXTURE_TEARDOWN(lcov)
{
	ktstr_cover__free(&self->c);
	unlink(self->path);
	EXPECT_EQ(0, rmdir(self->dir));		/* nothing was left beside it */
}

static int parse(FIXTURE_DATA(lcov) *self, const char *text)
{
	int ret = ktstr_lcov__parse(&self->c, text, strlen(text), &self->err);

	ktstr_cover__sort(&self->c);
	return ret;
}

static char *text_of(FIXTURE_DATA(lcov) *self)
{
	size_t len;

	return ktstr_lcov__text(&self->c, &len);
}

static const char one[] =
	"TN:ktstr\nSF:/src/a.bpf.c\nFN:10,a_init\nFN:20,a_exit\nFNDA:3,a_init\nFNDA:0,a_exit\n"
	"FNF:2\nFNH:1\nDA:10,3\nDA:11,0\nDA:20,0\nLF:3\nLH:1\nend_of_record\n";

TEST_F(lcov, what_is_written_is_what_was_read)
{
	char *text;

	ASSERT_EQ(0, parse(self, one));
	text = text_of(self);
	EXPECT_STREQ(one, text);
	free(text);
}

TEST_F(lcov, counts_of_the_same_line_and_function_are_added)
{
	ASSERT_EQ(0, parse(self, one));
	ASSERT_EQ(0, parse(self, one));
	ASSERT_EQ(0, parse(self, "SF:/src/a.bpf.c\nDA:11,5\nDA:9,1\nFN:20,a_exit\nFNDA:2,a_exit\nend_of_record\n"));
	ASSERT_EQ(1, self->c.nr);
	ASSERT_EQ(4, self->c.file[0].nr_lines);
	EXPECT_EQ(9, self->c.file[0].line[0].line);	/* sorted */
	EXPECT_EQ(6, self->c.file[0].line[1].count);
	EXPECT_EQ(5, self->c.file[0].line[2].count);
	ASSERT_EQ(2, self->c.file[0].nr_funcs);
	EXPECT_EQ(6, self->c.file[0].func[0].count);
	EXPECT_EQ(2, self->c.file[0].func[1].count);
	EXPECT_EQ(20, self->c.file[0].func[1].line);
}

TEST_F(lcov, a_count_without_bounds_stays_the_largest_that_readers_know)
{
	ASSERT_EQ(0, parse(self, "SF:a\nDA:1,99999999999999999999999\nDA:1,1\nDA:2,9223372036854775807\nend_of_record\n"));
	EXPECT_EQ(INT64_MAX, self->c.file[0].line[0].count);
	ASSERT_EQ(0, parse(self, "SF:a\nDA:2,18446744073709551615\nend_of_record\n"));
	EXPECT_EQ(INT64_MAX, self->c.file[0].line[1].count);
}

TEST_F(lcov, what_ktstr_does_not_know_is_refused_with_its_line)
{
	static const char * const bad[] = {
		"int main(void)\n", "SF:a\nBRDA:1,0,0,1\nend_of_record\n", "SF:a\nDA:0,1\nend_of_record\n",
		"SF:a\nDA:-1,1\nend_of_record\n", "SF:a\nDA:1\nend_of_record\n", "SF:a\nDA:1,x\nend_of_record\n",
		"SF:a\nDA:4294967296,1\nend_of_record\n", "DA:1,1\n", "SF:\nend_of_record\n", "SF:a\nSF:b\n",
		"SF:a\nFN:1,\nend_of_record\n", "SF:a\nFN:1,2,name\nend_of_record\n",
		"SF:a\nFNDA:1\nend_of_record\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(-EINVAL, parse(self, bad[i])) {
			TH_LOG("%s", bad[i]);
		}
		EXPECT_EQ(0, strncmp(self->err.msg, "line ", 5));
		ktstr_cover__free(&self->c);
	}
	EXPECT_EQ(-EINVAL, parse(self, "SF:a\nDA:1,1\n"));
	EXPECT_STREQ("the last record has no end", self->err.msg);
	EXPECT_EQ(-EINVAL, ktstr_lcov__parse(&self->c, "SF:a\0b\n", 7, &self->err));
}

TEST_F(lcov, a_checksum_behind_a_count_is_read_over)
{
	ASSERT_EQ(0, parse(self, "SF:a\r\nDA:7,2,vTbs1Q\r\nend_of_record\r\n"));
	EXPECT_EQ(2, self->c.file[0].line[0].count);
}

TEST_F(lcov, processes_that_add_to_a_file_at_the_same_time_lose_nothing)
{
	enum { PROCESSES = 8, TIMES = 20 };
	struct ktstr_cover sum = { .nr = 0 };
	int status;

	ASSERT_EQ(0, parse(self, one));
	for (int i = 0; i < PROCESSES; i++)
		if (!fork()) {
			for (int n = 0; n < TIMES; n++)
				if (ktstr_lcov__add_to(self->path, &self->c, &self->err))
					_exit(1);
			_exit(0);
		}
	for (int i = 0; i < PROCESSES; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	ASSERT_EQ(0, ktstr_lcov__read(&sum, self->path, &self->err));
	EXPECT_EQ(3 * PROCESSES * TIMES, sum.file[0].line[0].count);
	EXPECT_EQ(3 * PROCESSES * TIMES, sum.file[0].func[0].count);
	ktstr_cover__free(&sum);
}

TEST_F(lcov, a_run_begins_with_no_file_and_replaces_none_that_is_something_else)
{
	char absolute[PATH_MAX], *text;
	size_t len;

	ASSERT_EQ(0, ktstr_lcov__start(self->path, absolute, &self->err));
	EXPECT_STREQ(self->path, absolute);
	EXPECT_NE(0, access(self->path, F_OK));
	ASSERT_EQ(0, ktstr_paths__write(self->path, one, strlen(one)));
	ASSERT_EQ(0, ktstr_lcov__start(self->path, absolute, &self->err));
	EXPECT_NE(0, access(self->path, F_OK));
	ASSERT_EQ(0, ktstr_paths__write(self->path, "int a;\n", 7));
	EXPECT_EQ(-EINVAL, ktstr_lcov__start(self->path, absolute, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "it is not replaced"));
	ASSERT_EQ(0, parse(self, one));
	EXPECT_EQ(-EINVAL, ktstr_lcov__add_to(self->path, &self->c, &self->err));
	text = ktstr_paths__read(self->path, 4096, &len);
	EXPECT_STREQ("int a;\n", text);
	free(text);
	EXPECT_NE(0, ktstr_lcov__start("/no/such/folder/x", absolute, &self->err));
}

TEST_F(lcov, the_last_line_says_what_was_measured_or_why_nothing_was)
{
	ktstr_lcov__conclude(self->path, self->line, sizeof(self->line));
	EXPECT_EQ(0, strncmp(self->line, "nothing was measured, as ", 25));
	EXPECT_NE(NULL, strstr(self->line, self->path));
	ASSERT_EQ(0, parse(self, one));
	ASSERT_EQ(0, parse(self, "SF:b.h\nDA:1,1\nend_of_record\n"));
	ASSERT_EQ(0, ktstr_lcov__add_to(self->path, &self->c, &self->err));
	ktstr_lcov__conclude(self->path, self->line, sizeof(self->line));
	EXPECT_NE(NULL, strstr(self->line, "2 of 4 lines, 1 of 2 functions of a.bpf.c and 1 more file: /"));
}

TEST_HARNESS_MAIN
