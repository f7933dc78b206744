// SPDX-License-Identifier: GPL-2.0
/*
 * Promises about files of counters: sums are right for what gcc and clang write, and what does not fit
 * together is refused. The files here are real ones, of gcc 12.2 and clang 14 (--coverage).
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/counters/gcda.h"
#include "harness/counters/place.h"
#include "lib/paths.h"

/* Two functions; the second, of two counters here, was never called: zeros that are left out. */
static const uint32_t gcc_file[] = {
	0x67636461, 0x4232322a, 0x2d77d7e1, 0x156896b3,
	0xa1000000, 8, 2, 10,
	0x01000000, 12, 0x067072eb, 0xd33a7c2a, 0xd488e1b8,
	0x01a10000, 16, 2, 0, 10, 0,
	0x01000000, 12, 0x41e25752, 0xabe93e2f, 0xdb5de9e8,
	0x01a10000, (uint32_t)-8,
	0,
};

static const uint32_t clang_file[] = {
	0x67636461, 0x3430382a, 0x9d022e45,
	0x01000000, 3, 0, 0x61209bf7, 0x9d022e45,
	0x01a10000, 2, 3, 0,
	0xa3000000, 3, 0, 0, 2,
	0, 0,
};

enum { GCC_RUNS = 6, GCC_FUNCTION = 10, GCC_ARCS = 13, GCC_COUNT = 15, GCC_ZEROS = 25 };

#define SIZE	sizeof(gcc_file)

FIXTURE(gcda) {
	uint32_t a[ARRAY_SIZE(gcc_file)], b[ARRAY_SIZE(gcc_file)];
	uint32_t *sum;
	size_t len;
};

FIXTURE_SETUP(gcda)
{
	memcpy(self->a, gcc_file, SIZE);
	memcpy(self->b, gcc_file, SIZE);
}

FIXTURE_TEARDOWN(gcda)
{
	free(self->sum);
}

static void add(FIXTURE_DATA(gcda) *self, size_t b_len)
{
	free(self->sum);
	self->sum = (uint32_t *)ktstr_gcda__sum(self->a, SIZE, self->b, b_len, &self->len);
}

TEST_F(gcda, counts_and_runs_are_summed)
{
	self->b[GCC_COUNT] = 5;
	self->b[GCC_COUNT + 1] = 1;	/* and 2^32 */
	self->b[GCC_RUNS] = 1;
	add(self, SIZE);
	ASSERT_NE(NULL, self->sum);
	ASSERT_EQ(SIZE, self->len);
	EXPECT_EQ(3, self->sum[GCC_RUNS]);
	EXPECT_EQ(7, self->sum[GCC_COUNT]);
	EXPECT_EQ(1, self->sum[GCC_COUNT + 1]);
	EXPECT_EQ(20, self->sum[GCC_COUNT + 2]);
	/* all else stays */
	self->sum[GCC_RUNS] = 2;
	self->sum[GCC_RUNS + 1] = 10;
	memcpy(&self->sum[GCC_COUNT], &gcc_file[GCC_COUNT], 16);
	EXPECT_EQ(0, memcmp(self->sum, gcc_file, SIZE));
}

TEST_F(gcda, a_count_does_not_wrap)
{
	memset(&self->a[GCC_COUNT], 0xff, 8);
	add(self, SIZE);
	ASSERT_NE(NULL, self->sum);
	EXPECT_EQ(UINT32_MAX, self->sum[GCC_COUNT]);
	EXPECT_EQ(UINT32_MAX, self->sum[GCC_COUNT + 1]);
}

TEST_F(gcda, zeros_that_one_file_leaves_out_are_written)
{
	uint32_t more[ARRAY_SIZE(gcc_file) + 2];

	memcpy(more, gcc_file, SIZE);
	more[GCC_ZEROS] = 8;
	more[GCC_ZEROS + 1] = 42;
	more[GCC_ZEROS + 2] = 0;
	more[GCC_ZEROS + 3] = 0;
	for (int i = 0; i < 2; i++) {
		free(self->sum);
		self->sum = (uint32_t *)(i ? ktstr_gcda__sum(more, sizeof(more), self->a, SIZE, &self->len) :
					     ktstr_gcda__sum(self->a, SIZE, more, sizeof(more), &self->len));
		ASSERT_NE(NULL, self->sum);
		ASSERT_EQ(sizeof(more), self->len);
		EXPECT_EQ(8, self->sum[GCC_ZEROS]);
		EXPECT_EQ(42, self->sum[GCC_ZEROS + 1]);
		EXPECT_EQ(0, self->sum[GCC_ZEROS + 3]);
	}
}

TEST_F(gcda, the_file_of_clang_counts_in_words)
{
	self->sum = (uint32_t *)ktstr_gcda__sum(clang_file, sizeof(clang_file), clang_file,
						sizeof(clang_file), &self->len);
	ASSERT_NE(NULL, self->sum);
	ASSERT_EQ(sizeof(clang_file), self->len);
	EXPECT_EQ(6, self->sum[10]);
	EXPECT_EQ(4, self->sum[16]);
	EXPECT_EQ(0, self->sum[15]);
}

TEST_F(gcda, another_build_is_refused)
{
	EXPECT_TRUE(ktstr_gcda__same_build(self->a, SIZE, self->b, SIZE));
	for (int i = 0; i < 4; i++) {
		memcpy(self->b, gcc_file, SIZE);
		self->b[i] ^= 1u << 16;
		EXPECT_FALSE(ktstr_gcda__same_build(self->a, SIZE, self->b, SIZE));
		add(self, SIZE);
		EXPECT_EQ(NULL, self->sum);
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_FALSE(ktstr_gcda__same_build(self->a, SIZE, self->b, 8));
	EXPECT_FALSE(ktstr_gcda__same_build(self->a, 0, self->b, 0));
}

TEST_F(gcda, another_structure_is_refused)
{
	static const struct { int at; uint32_t value; } changes[] = {
		{ GCC_FUNCTION, 0 }, { GCC_ARCS, 0x01000000 }, { GCC_ARCS + 1, 8 },
		{ GCC_ARCS + 1, 24 }, { GCC_ARCS + 1, 15 }, { GCC_ZEROS, (uint32_t)-16 },
		{ GCC_ZEROS, 1u << 31 }, { GCC_ARCS + 1, INT32_MAX }, { 4, 0 }, { 4, 0xa1000001 },
		{ 5, (uint32_t)-8 }, { 5, 9 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		memcpy(self->b, gcc_file, SIZE);
		self->b[changes[i].at] = changes[i].value;
		add(self, SIZE);
		EXPECT_EQ(NULL, self->sum)
			TH_LOG("change %zu", i);
		EXPECT_EQ(EINVAL, errno);
	}
}

TEST_F(gcda, other_counters_are_refused_for_what_they_are)
{
	self->a[GCC_ARCS] = 0x01a30000;
	self->b[GCC_ARCS] = 0x01a30000;
	add(self, SIZE);
	EXPECT_EQ(NULL, self->sum);
	EXPECT_EQ(EOPNOTSUPP, errno);
}

TEST_F(gcda, a_file_that_is_cut_is_refused)
{
	/* all of it but the zero at its end */
	for (size_t len = 0; len < SIZE - 4; len++) {
		add(self, len);
		EXPECT_EQ(NULL, self->sum)
			TH_LOG("%zu bytes", len);
	}
	add(self, SIZE - 4);
	EXPECT_NE(NULL, self->sum);
}

enum { ADDERS = 8, TIMES = 50 };

FIXTURE(file) {
	char dir[32], path[64];
};

FIXTURE_SETUP(file)
{
	strcpy(self->dir, "/tmp/gcda_test_XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	snprintf(self->path, sizeof(self->path), "%s/a/b.gcda", self->dir);
}

FIXTURE_TEARDOWN(file)
{
	unlink(self->path);
	*strrchr(self->path, '/') = '\0';
	rmdir(self->path);
	rmdir(self->dir);
}

TEST_F(file, who_adds_at_the_same_time_loses_nothing)
{
	int status, failed = 0;
	uint32_t *all;
	size_t len;

	for (int i = 0; i < ADDERS; i++) {
		if (fork())
			continue;
		for (int k = 0; k < TIMES; k++)
			failed |= ktstr_gcda__add_to(self->path, gcc_file, SIZE);
		_exit(failed != 0);
	}
	while (wait(&status) > 0)
		failed |= status;
	EXPECT_EQ(0, failed);
	all = (uint32_t *)ktstr_paths__read(self->path, 4096, &len);
	ASSERT_NE(NULL, all);
	EXPECT_EQ(SIZE, len);
	EXPECT_EQ(2 * ADDERS * TIMES, all[GCC_COUNT]);
	free(all);
}

TEST_F(file, an_older_build_is_replaced_and_a_damaged_file_is_not_touched)
{
	uint32_t other[ARRAY_SIZE(gcc_file)];
	char *text;
	size_t len;

	memcpy(other, gcc_file, SIZE);
	other[2] ^= 1;
	ASSERT_EQ(0, ktstr_gcda__add_to(self->path, other, SIZE));
	ASSERT_EQ(0, ktstr_gcda__add_to(self->path, gcc_file, SIZE));
	text = ktstr_paths__read(self->path, 4096, &len);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(0, memcmp(text, gcc_file, SIZE));
	free(text);
	ASSERT_EQ(0, truncate(self->path, SIZE - 12));
	EXPECT_EQ(-EINVAL, ktstr_gcda__add_to(self->path, gcc_file, SIZE));
	text = ktstr_paths__read(self->path, 4096, &len);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(SIZE - 12, len);
	free(text);
}

/* GCOV_PREFIX and GCOV_PREFIX_STRIP, as gcc's manual has them. */
TEST(a_file_is_where_the_runtime_has_it)
{
	static const struct { const char *prefix, *strip, *want; } cases[] = {
		{ NULL, NULL, "/user/build/foo.gcda" },
		{ "", "0", "/user/build/foo.gcda" },
		{ "/target/run", NULL, "/target/run/user/build/foo.gcda" },
		{ "/target/run/", "1", "/target/run/build/foo.gcda" },
		{ "/target/run", "2", "/target/run/foo.gcda" },
		{ "/target/run", "9", "/target/run/foo.gcda" },
		{ "/target/run", "-1", "/target/run/user/build/foo.gcda" },
		{ NULL, "1", "./build/foo.gcda" },
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ASSERT_EQ(0, ktstr_counters__gcda_path(path, sizeof(path), "/user/build/foo.gcda",
						       cases[i].prefix, cases[i].strip));
		EXPECT_STREQ(cases[i].want, path);
	}
	EXPECT_EQ(-ENAMETOOLONG, ktstr_counters__gcda_path(path, 8, "/user/build/foo.gcda", NULL, NULL));
}

TEST(a_name_from_the_guest_stays_below_its_folder)
{
	EXPECT_TRUE(ktstr_counters__is_gcda_name("/a/b c.gcda"));
	EXPECT_TRUE(ktstr_counters__is_gcda_name("/a/..b/c...gcda"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("a/b.gcda"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("/../b.gcda"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("/a/../../b.gcda"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("/a/..b/../c.gcda"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("/a/b.gcda/.."));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("/a\n/b.gcda"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("/a/b.gcno"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name("gcda"));
	EXPECT_FALSE(ktstr_counters__is_gcda_name(""));
}

TEST(profiles_have_a_folder)
{
	char dir[4096];

	setenv("LLVM_COV_TARGET_DIR", "/cov", 1);
	setenv("LLVM_PROFILE_FILE", "/prof/%p.profraw", 1);
	ASSERT_EQ(0, ktstr_counters__llvm_dir(dir, sizeof(dir)));
	EXPECT_STREQ("/cov", dir);
	setenv("LLVM_COV_TARGET_DIR", "", 1);
	ASSERT_EQ(0, ktstr_counters__llvm_dir(dir, sizeof(dir)));
	EXPECT_STREQ("/prof", dir);
	setenv("LLVM_PROFILE_FILE", "x.profraw", 1);
	ASSERT_EQ(0, ktstr_counters__llvm_dir(dir, sizeof(dir)));
	EXPECT_STREQ(".", dir);
	unsetenv("LLVM_PROFILE_FILE");
	ASSERT_EQ(0, ktstr_counters__llvm_dir(dir, sizeof(dir)));
	EXPECT_STREQ("/llvm-cov-target", strrchr(dir, '/'));
	EXPECT_EQ('/', dir[0]);
}

TEST_HARNESS_MAIN
