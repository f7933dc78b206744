// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/runs/index.c, index_walk.c and record.c: the sidecars are the truth, and the index
 * follows them, however it is damaged.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness/runs/index.h"
#include "lib/paths.h"
#include "tests/unit/put_file.h"

FIXTURE(index) {
	char root[64], path[PATH_MAX], file[PATH_MAX];
	struct ktstr_index *ix;
	struct ktstr_rows rows;
	struct ktstr_err err;
};

FIXTURE_SETUP(index)
{
	strcpy(self->root, "/tmp/ktstr-index-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	snprintf(self->path, sizeof(self->path), "%s/r1/ktstr.t", self->root);
	ASSERT_EQ(0, ktstr_paths__mkdirs(self->path));
	snprintf(self->file, sizeof(self->file), "%s/" KTSTR_INDEX_FILE, self->root);
	put_file(self->path, "t-1.ktstr.json",
		 "{ \"test_name\": \"t\", \"variant\": \"ktstr/t\", \"topology\": \"1n1l2c1t\","
		 " \"kernel_version\": \"7.3.4\", \"verdict\": \"pass\", \"seed\": 3,"
		 " \"unknown\": [ { } ], \"stats\": { \"worst_spread\": 2.5, \"worst_gap_ms\": null },"
		 " \"monitor\": { \"stall_detected\": false, \"event_deltas\":"
		 " { \"select_cpu_fallback\": 4 } },"
		 " \"metrics\": [ { \"source\": \"bench\", \"name\": \"lat\", \"value\": 10,"
		 " \"unit\": \"us\", \"better\": \"lower\" },"
		 " { \"source\": \"bench\", \"name\": \"lat\", \"value\": 20, \"better\": \"lower\","
		 " \"unit\": \"us\" } ] }");
}

FIXTURE_TEARDOWN(index)
{
	char command[128];

	ktstr_rows__free(&self->rows);
	ktstr_index__close(self->ix);
	snprintf(command, sizeof(command), "rm -r %s", self->root);
	EXPECT_EQ(0, system(command));
}

#define OPEN() do {									\
	ktstr_rows__free(&self->rows);							\
	ktstr_index__close(self->ix);							\
	ASSERT_EQ(0, ktstr_index__open(&self->ix, self->root, &self->err))		\
		TH_LOG("%s", self->err.msg);						\
	ASSERT_EQ(0, ktstr_index__rows(self->ix, true, &self->rows, &self->err))	\
		TH_LOG("%s", self->err.msg);						\
} while (0)
#define COUNT(_what)	(ktstr_index__counts(self->ix)->_what)

static double value(const struct ktstr_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->nr_values; i++)
		if (!strcmp(rows->figure[rows->value[i].figure].name, name))
			return rows->value[i].value;
	return -1;
}

TEST_F(index, a_sidecar_becomes_a_row_with_its_figures)
{
	const struct ktstr_row *r;

	OPEN();
	ASSERT_EQ(1, self->rows.nr);
	r = &self->rows.row[0];
	EXPECT_STREQ("ktstr/t", r->dim[KTSTR_DIM_TEST]);
	EXPECT_STREQ("7.3.4", r->dim[KTSTR_DIM_KERNEL]);
	EXPECT_STREQ("3", r->dim[KTSTR_DIM_SEED]);
	EXPECT_STREQ("r1", r->dim[KTSTR_DIM_RUN]);
	EXPECT_EQ(NULL, r->dim[KTSTR_DIM_PROJECT_COMMIT]);
	EXPECT_STREQ("r1/ktstr.t/t-1.ktstr.json", r->path);
	EXPECT_EQ(2.5, value(&self->rows, "worst_spread"));
	EXPECT_EQ(0, value(&self->rows, "stall_count"));
	EXPECT_EQ(4, value(&self->rows, "total_fallback"));
	EXPECT_EQ(15, value(&self->rows, "bench/lat"));		/* the mean of both */
	EXPECT_EQ(-1, value(&self->rows, "worst_gap_ms"));	/* null is not 0 */
}

TEST_F(index, what_has_not_changed_is_not_read_again)
{
	OPEN();
	EXPECT_EQ(1, COUNT(read));
	OPEN();
	EXPECT_EQ(0, COUNT(read));
	EXPECT_EQ(1, self->rows.nr);
	EXPECT_FALSE(COUNT(rebuilt));
	EXPECT_EQ(2.5, value(&self->rows, "worst_spread"));
}

TEST_F(index, what_is_new_or_changed_or_gone_is_noticed)
{
	char other[PATH_MAX + 16];

	OPEN();
	put_file(self->path, "t-2.ktstr.json", "{ \"test_name\": \"u\", \"passed\": true }");
	put_file(self->path, "t-1.ktstr.json", "{ \"test_name\": \"t\", \"stats\": { \"worst_spread\": 9 } }");
	OPEN();
	EXPECT_EQ(2, COUNT(read));
	EXPECT_EQ(2, self->rows.nr);
	EXPECT_EQ(9, value(&self->rows, "worst_spread"));
	snprintf(other, sizeof(other), "%s/t-1.ktstr.json", self->path);
	ASSERT_EQ(0, unlink(other));
	OPEN();
	EXPECT_EQ(1, COUNT(gone));
	ASSERT_EQ(1, self->rows.nr);
	EXPECT_STREQ("u", self->rows.row[0].dim[KTSTR_DIM_TEST]);
	EXPECT_STREQ("pass", self->rows.row[0].verdict);
	EXPECT_EQ(0, self->rows.nr_values);
}

TEST_F(index, a_damaged_index_is_made_anew)
{
	static const char * const damages[] = { "", "no database", "SQLite format 3" };
	char *text;
	size_t len;

	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		put_file(self->root, KTSTR_INDEX_FILE, damages[i]);
		OPEN();
		EXPECT_TRUE(COUNT(rebuilt));
		EXPECT_EQ(1, COUNT(read));
		EXPECT_EQ(2.5, value(&self->rows, "worst_spread"));
	}
	/* each page of a sound one, in turn, is overwritten */
	text = ktstr_paths__read(self->file, 1 << 24, &len);
	ASSERT_NE(NULL, text);
	ASSERT_GT(len, 8192);
	for (size_t at = 4096; at < len; at += 4096) {
		char *bad = malloc(len);

		ASSERT_NE(NULL, bad);
		memcpy(bad, text, len);
		memset(bad + at, 0x55, 4096);
		ASSERT_EQ(0, ktstr_paths__write(self->file, bad, len));
		free(bad);
		OPEN();
		EXPECT_EQ(2.5, value(&self->rows, "worst_spread"));
		EXPECT_EQ(1, self->rows.nr);
	}
	/* and one that ends in the middle */
	ASSERT_EQ(0, ktstr_paths__write(self->file, text, len / 2));
	free(text);
	OPEN();
	EXPECT_TRUE(COUNT(rebuilt));
	EXPECT_EQ(2.5, value(&self->rows, "worst_spread"));
}

static void add_wrong(void *arg, const char *path, const char *why)
{
	char *all = arg;
	size_t n = strlen(all);

	snprintf(all + n, 1024 - n, "%s: %s\n", path, why);
}

TEST_F(index, files_that_are_no_sidecars_are_named_and_left_out)
{
	char all[1024] = "";

	put_file(self->path, "broken.ktstr.json", "{ \"test_name\": ");
	put_file(self->path, "other.ktstr.json", "{ \"verdict\": \"pass\" }");
	put_file(self->path, "list.ktstr.json", "[ ]");
	put_file(self->path, "report.json", "not looked at");
	put_file(self->path, ".hidden.ktstr.json", "not looked at");
	OPEN();
	EXPECT_EQ(4, COUNT(sidecars));
	EXPECT_EQ(3, COUNT(wrong));
	EXPECT_EQ(1, self->rows.nr);
	EXPECT_EQ(0, ktstr_index__wrong(self->ix, add_wrong, all, &self->err));
	EXPECT_NE(NULL, strstr(all, "r1/ktstr.t/broken.ktstr.json: "));
	EXPECT_NE(NULL, strstr(all, "it has no test_name"));
}

TEST_F(index, the_second_run_of_auto_repro_is_no_run_of_its_own)
{
	char below[PATH_MAX + 32];

	snprintf(below, sizeof(below), "%s/auto-repro/ktstr.t", self->path);
	ASSERT_EQ(0, ktstr_paths__mkdirs(below));
	put_file(below, "t-1.ktstr.json", "{ \"test_name\": \"t\" }");
	OPEN();
	EXPECT_EQ(1, self->rows.nr);
}

TEST_F(index, a_folder_that_is_not_there_has_no_runs)
{
	ASSERT_EQ(0, ktstr_index__open(&self->ix, "/tmp/ktstr-is-not-there", &self->err));
	ASSERT_EQ(0, ktstr_index__rows(self->ix, true, &self->rows, &self->err));
	EXPECT_EQ(0, self->rows.nr);
}

TEST_HARNESS_MAIN
