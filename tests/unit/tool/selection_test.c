// SPDX-License-Identifier: GPL-2.0
/*
 * Choosing tests (tools-testing-ktstr/choose/selection.h) and the small helpers behind it: what a
 * program lists, what -t, -T and --shard make of it, and near misses.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/suggest.h"
#include "tools-testing-ktstr/run/listing.h"
#include "tools-testing-ktstr/choose/selection.h"

#include <kselftest_harness.h>

#define ROW(fixture, variant, test)	"%-20s %-25s %s\n", fixture, variant, test

FIXTURE(listing) {
	char *text;
	size_t len;
	FILE *f;
	struct listing l;
	struct ktstr_err err;
};

FIXTURE_SETUP(listing)
{
	self->f = open_memstream(&self->text, &self->len);
	fprintf(self->f, ROW("# FIXTURE", "VARIANT", "TEST"));
	fprintf(self->f, ROW("global", "", ""));
	fprintf(self->f, "----------------------------------------\n");
}

FIXTURE_TEARDOWN(listing)
{
	listing__free(&self->l);
	free(self->text);
}

/* Closing the stream is what makes text and len valid. */
static int parse(FILE *f, char **text, size_t *len, struct listing *l, struct ktstr_err *err)
{
	fclose(f);
	return listing__parse(*text, *len, l, err);
}

#define PARSE(s)	parse((s)->f, &(s)->text, &(s)->len, &(s)->l, &(s)->err)

TEST_F(listing, takes_the_tests_of_its_fixture_in_order)
{
	fprintf(self->f, ROW("ktstr", "", "b"));
	fprintf(self->f, ROW("", "", "a"));
	fprintf(self->f, "----------------------------------------\n");
	fprintf(self->f, ROW("gauntlet", "", "other"));
	fprintf(self->f, ROW("", "", "another"));
	EXPECT_EQ(0, PARSE(self));
	ASSERT_EQ(2, self->l.names.nr);
	EXPECT_STREQ("b", self->l.names.item[0]);
	EXPECT_STREQ("a", self->l.names.item[1]);
}

TEST_F(listing, skips_what_a_program_says_before_the_table)
{
	free(self->text);
	self->f = open_memstream(&self->text, &self->len);
	fprintf(self->f, "ktstr: warning: no cgroup2\n" ROW("# FIXTURE", "VARIANT", "TEST"));
	fprintf(self->f, ROW("ktstr", "", "a"));
	EXPECT_EQ(0, PARSE(self));
	EXPECT_EQ(1, self->l.names.nr);
}

TEST_F(listing, learns_which_tests_run_only_when_named)
{
	free(self->text);
	self->f = open_memstream(&self->text, &self->len);
	fprintf(self->f, "# ignored: b\n# ignored: %s\n", "");
	fprintf(self->f, ROW("# FIXTURE", "VARIANT", "TEST"));
	fprintf(self->f, ROW("ktstr", "", "a"));
	fprintf(self->f, ROW("", "", "b"));
	EXPECT_EQ(0, PARSE(self));
	EXPECT_EQ(2, self->l.names.nr);
	ASSERT_EQ(1, self->l.ignored.nr);
	EXPECT_STREQ("b", self->l.ignored.item[0]);
}

TEST_F(listing, has_nothing_without_a_table)
{
	free(self->text);
	self->f = open_memstream(&self->text, &self->len);
	fprintf(self->f, ROW("ktstr", "", "a"));
	EXPECT_EQ(0, PARSE(self));
	EXPECT_EQ(0, self->l.names.nr);
}

TEST_F(listing, rejects_a_name_that_would_break_KTAP)
{
	fprintf(self->f, ROW("ktstr", "", "a#b"));
	EXPECT_EQ(-EINVAL, PARSE(self));
}

TEST_F(listing, rejects_an_escape_sequence)
{
	fprintf(self->f, ROW("ktstr", "", "a\033[2J"));
	EXPECT_EQ(-EINVAL, PARSE(self));
}

TEST_F(listing, rejects_a_name_that_is_too_long)
{
	char name[LISTING_MAX_NAME + 2];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	fprintf(self->f, ROW("ktstr", "", name));
	EXPECT_EQ(-EINVAL, PARSE(self));
}

TEST_F(listing, rejects_a_name_that_is_there_twice)
{
	fprintf(self->f, ROW("ktstr", "", "a"));
	fprintf(self->f, ROW("", "", "a"));
	EXPECT_EQ(-EINVAL, PARSE(self));
	EXPECT_STREQ("test name 'a' is listed twice", self->err.msg);
}

TEST_F(listing, survives_every_truncation)
{
	char *copy;
	size_t len;

	fprintf(self->f, ROW("ktstr", "a_variant_name_of_more_than_25_bytes", "test"));
	fprintf(self->f, ROW("", "", "second"));
	EXPECT_EQ(0, PARSE(self));
	EXPECT_EQ(2, self->l.names.nr);
	for (len = 0; len < self->len; len++) {
		struct listing l = { .about = NULL };

		copy = malloc(len ? len : 1);
		memcpy(copy, self->text, len);
		EXPECT_EQ(0, listing__parse(copy, len, &l, &self->err));
		EXPECT_GE(2, l.names.nr);
		listing__free(&l);
		free(copy);
	}
}

TEST_F(listing, has_the_gauntlet_behind_the_tests)
{
	fprintf(self->f, ROW("ktstr", "", "a"));
	fprintf(self->f, "----------------------------------------\n");
	fprintf(self->f, ROW("gauntlet", "", "a/tiny-1llc"));
	fprintf(self->f, ROW("", "", "a/tiny-2llc"));
	EXPECT_EQ(0, PARSE(self));
	ASSERT_EQ(3, self->l.names.nr);
	EXPECT_STREQ("a/tiny-2llc", self->l.names.item[2]);
}

TEST_F(listing, rejects_a_variant_without_a_preset)
{
	fprintf(self->f, ROW("gauntlet", "", "a/"));
	EXPECT_EQ(-EINVAL, PARSE(self));
}

TEST_F(listing, knows_what_the_tests_are_like)
{
	const struct ktstr_about *a;

	free(self->text);
	self->f = open_memstream(&self->text, &self->len);
	fprintf(self->f, "# about: b topology=2n4l3c2t scheduler=scx_x duration=7 workers=3 expect_err new=1\n");
	fprintf(self->f, "# ignored: a\n# about: a topology=nonsense\n");
	fprintf(self->f, ROW("# FIXTURE", "VARIANT", "TEST"));
	fprintf(self->f, ROW("ktstr", "", "a"));
	EXPECT_EQ(0, PARSE(self));
	a = listing__about(&self->l, "b/tiny-1llc");
	ASSERT_NE(NULL, a);
	EXPECT_EQ(4U, a->topo.llcs);
	EXPECT_STREQ("scx_x", a->scheduler);
	EXPECT_EQ(7U, a->duration_s);
	EXPECT_TRUE(a->expect_err);
	EXPECT_FALSE(a->host_only);
	EXPECT_EQ(NULL, listing__about(&self->l, "c"));
	EXPECT_TRUE(listing__ignores(&self->l, "a/tiny-1llc"));
	EXPECT_FALSE(listing__ignores(&self->l, "b"));
}

static const char * const five[] = { "smt_a", "smt_b", "numa_a", "numa_b", "storm" };

FIXTURE(selection) {
	struct selection s;
	bool ignored[5];
	bool chosen[5];
	const char *unknown;
};

FIXTURE_SETUP(selection)
{
}

FIXTURE_TEARDOWN(selection)
{
	strings__free(&self->s.include);
	strings__free(&self->s.exclude);
}

#define APPLY(f)	selection__apply(&(f)->s, five, (f)->ignored, 5, (f)->chosen, \
					 &(f)->unknown)

/* The choice as text, "x.x.." */
static const char *picture(const bool *chosen)
{
	static char text[6];
	int i;

	for (i = 0; i < 5; i++)
		text[i] = chosen[i] ? 'x' : '.';
	return text;
}

TEST_F(selection, without_options_takes_everything)
{
	EXPECT_EQ(5, APPLY(self));
	EXPECT_STREQ("xxxxx", picture(self->chosen));
}

TEST_F(selection, takes_names_ids_and_patterns)
{
	strings__add(&self->s.include, "storm");
	strings__add(&self->s.include, "ktstr/smt_b");
	strings__add(&self->s.include, "numa_*");
	EXPECT_EQ(4, APPLY(self));
	EXPECT_STREQ(".xxxx", picture(self->chosen));
}

TEST_F(selection, leaves_out_ignored_tests_unless_they_are_named)
{
	self->ignored[0] = self->ignored[4] = true;
	EXPECT_EQ(3, APPLY(self));
	EXPECT_STREQ(".xxx.", picture(self->chosen));
	strings__add(&self->s.include, "s*");
	EXPECT_EQ(1, APPLY(self));
	EXPECT_STREQ(".x...", picture(self->chosen));
	strings__add(&self->s.include, "ktstr/storm");
	EXPECT_EQ(2, APPLY(self));
	EXPECT_STREQ(".x..x", picture(self->chosen));
}

TEST_F(selection, excludes_after_including)
{
	strings__add(&self->s.include, "smt_*");
	strings__add(&self->s.exclude, "*_a");
	EXPECT_EQ(1, APPLY(self));
	EXPECT_STREQ(".x...", picture(self->chosen));
}

TEST_F(selection, names_a_pattern_that_matches_nothing)
{
	strings__add(&self->s.exclude, "strom");
	EXPECT_EQ(-ENOENT, APPLY(self));
	EXPECT_STREQ("strom", self->unknown);
}

/* Choose by name, then by shard. */
static int shard(FIXTURE_DATA(selection) *self, const char *text, const double *seconds)
{
	uint32_t digest;

	if (selection__parse_shard(&self->s, text) || APPLY(self) < 0)
		return -EINVAL;
	return selection__shard(&self->s, five, seconds, 5, self->chosen, &digest);
}

static const double alike[] = { 1, 1, 1, 1, 1 };

TEST_F(selection, shards_are_disjoint_and_complete)
{
	char all[6] = ".....", text[16];
	int i, k, total = 0;

	for (k = 1; k <= 3; k++) {
		snprintf(text, sizeof(text), "%d/3", k);
		total += shard(self, text, alike);
		for (i = 0; i < 5; i++) {
			if (self->chosen[i]) {
				EXPECT_EQ('.', all[i]);
				all[i] = 'x';
			}
		}
	}
	EXPECT_EQ(5, total);
	EXPECT_STREQ("xxxxx", all);
}

TEST_F(selection, shards_divide_what_the_names_left)
{
	strings__add(&self->s.include, "numa_*");
	EXPECT_EQ(1, shard(self, "2/2", alike));
	EXPECT_STREQ("...x.", picture(self->chosen));
}

TEST_F(selection, shards_take_equally_long)
{
	static const double seconds[] = { 1, 30, 10, 10, 10 };

	EXPECT_EQ(2, shard(self, "1/2", seconds));
	EXPECT_STREQ("xx...", picture(self->chosen));	/* 31 s and 30 s */
	EXPECT_EQ(3, shard(self, "2/2", seconds));
	EXPECT_STREQ("..xxx", picture(self->chosen));
}

TEST_F(selection, a_shard_may_be_empty)
{
	EXPECT_EQ(0, shard(self, "7/8", alike));
}

TEST_F(selection, rejects_shards_that_are_none)
{
	static const char * const bad[] = {
		"", "/", "1", "1/", "/2", "0/2", "3/2", "1/0", "-1/2", "1/2/3", " 1/2", "1 /2",
		"1/2x", "99999999999999999999/99999999999999999999", "a/b",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(-EINVAL, selection__parse_shard(&self->s, bad[i]));
}

static const char * const matrix[] = {
	"a", "b", "a/tiny-1llc", "a/smt-2llc", "b/tiny-1llc", "b/numa2-4llc",
};

/* What is chosen, "x.x..." */
static const char *chosen_of(struct selection *s, const bool *ignored, const char **unknown)
{
	static char text[7];
	bool chosen[6];
	int n = selection__apply(s, matrix, ignored, 6, chosen, unknown);

	for (int i = 0; i < 6; i++)
		text[i] = n < 0 ? '!' : chosen[i] ? 'x' : '.';
	return text;
}

TEST(presets_replace_tests_by_their_variants)
{
	static const struct { const char *include, *preset, *exclude, *want; } row[] = {
		{ NULL, NULL, NULL, "xx...." },
		{ "*", NULL, NULL, "xx...." },
		{ "gauntlet/*", NULL, NULL, "..xxxx" },
		{ "gauntlet/b", NULL, NULL, "....xx" },
		{ "gauntlet/*/tiny-*", NULL, NULL, "..x.x." },
		{ "a/smt-2llc", NULL, NULL, "...x.." },
		{ NULL, "tiny-1llc", NULL, "..x.x." },
		{ NULL, "*", "a", "....xx" },
		{ NULL, "*", "gauntlet/a/smt*", "..x.xx" },
		{ "b", "numa*", NULL, ".....x" },
		{ "gauntlet/a", "tiny*", NULL, "..x..." },
		{ "a", "numa*", NULL, "......" },
		{ NULL, "huge", NULL, "!!!!!!" },
	};
	bool ignored[6] = { false };
	const char *unknown;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct selection s = { .shard = 0 };

		if (row[i].include)
			strings__add(&s.include, row[i].include);
		if (row[i].preset)
			strings__add(&s.presets, row[i].preset);
		if (row[i].exclude)
			strings__add(&s.exclude, row[i].exclude);
		EXPECT_STREQ(row[i].want, chosen_of(&s, ignored, &unknown))
			TH_LOG("row %zu", i);
		strings__free(&s.include);
		strings__free(&s.presets);
		strings__free(&s.exclude);
	}
}

TEST(near_misses_are_suggested)
{
	EXPECT_STREQ("storm", ktstr_suggest("strom", five, 5));
	EXPECT_STREQ("numa_a", ktstr_suggest("numa_aa", five, 5));
	EXPECT_STREQ("smt_b", ktstr_suggest("smtb", five, 5));
}

TEST(far_words_are_not)
{
	EXPECT_EQ(NULL, ktstr_suggest("cgroup_isolation", five, 5));
	EXPECT_EQ(NULL, ktstr_suggest("xyz", five, 5));
	EXPECT_EQ(NULL, ktstr_suggest("", five, 5));
}

TEST_HARNESS_MAIN
