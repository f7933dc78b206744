// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of tools-testing-ktstr/funify/: what names somebody becomes another name, the same one for
 * the same, figures and layout stay, and no text whatsoever breaks it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools-testing-ktstr/funify/keys.h"
#include "tools-testing-ktstr/funify/rewrite.h"

#include <kselftest_harness.h>

FIXTURE(funify) {
	struct funify_names names;
	struct strings keep;
	struct ktstr_err err;
	char *out;
};

FIXTURE_SETUP(funify)
{
	ASSERT_EQ(0, funify_names__init(&self->names, "a seed"));
}

FIXTURE_TEARDOWN(funify)
{
	strings__free(&self->keep);
	free(self->out);
}

/* What becomes of @text; "" and self->err: it is refused. */
static const char *fun(FIXTURE_DATA(funify) *self, const char *text)
{
	size_t len = 0;
	FILE *f;

	free(self->out);
	self->out = NULL;
	f = open_memstream(&self->out, &len);
	funify__rewrite(&self->names, &self->keep, text, strlen(text), f, &self->err);
	fclose(f);
	return self->out;
}

static char *name_of(FIXTURE_DATA(funify) *self, const char *text)
{
	char *name = NULL;
	size_t len;
	FILE *f = open_memstream(&name, &len);

	funify_names__text(&self->names, text, f);
	fclose(f);
	return name;
}

TEST_F(funify, a_name_is_an_adjective_an_animal_and_four_digits)
{
	char *name = name_of(self, "cg_a"), *again = name_of(self, "cg_a"), *other = name_of(self, "cg_b");
	unsigned int digits;
	char a[32], b[32];
	int nr = sscanf(name, "%31[a-z]-%31[a-z]-%4x", a, b, &digits);

	EXPECT_EQ(3, nr) TH_LOG("%s", name);
	EXPECT_STREQ(name, again);
	EXPECT_NE(0, strcmp(name, other));
	free(name);
	free(again);
	free(other);
}

TEST_F(funify, a_name_is_the_seeds)
{
	char *name = name_of(self, "cg_a"), *other;

	ASSERT_EQ(0, funify_names__init(&self->names, "another seed"));
	other = name_of(self, "cg_a");
	EXPECT_NE(0, strcmp(name, other));
	free(other);
	ASSERT_EQ(0, funify_names__init(&self->names, "a seed"));
	other = name_of(self, "cg_a");
	EXPECT_STREQ(name, other);
	free(other);
	/* without a seed it is nobody's */
	ASSERT_EQ(0, funify_names__init(&self->names, NULL));
	other = name_of(self, "cg_a");
	EXPECT_NE(0, strcmp(name, other));
	free(other);
	free(name);
}

TEST_F(funify, parts_of_a_text_are_those_of_others)
{
	char *a = name_of(self, "cg_a"), *top = name_of(self, "ktstr"), want[256], *got;

	got = name_of(self, "/ktstr/cg_a");
	snprintf(want, sizeof(want), "/%s/%s", top, a);
	EXPECT_STREQ(want, got);
	free(got);
	got = name_of(self, "cg_a:1[110]");
	snprintf(want, sizeof(want), "%s:1[%llu]", a,
		 (unsigned long long)funify_names__number(&self->names, 110));
	EXPECT_STREQ(want, got);
	free(got);
	got = name_of(self, "0xff414309401dfd98");
	snprintf(want, sizeof(want), "0x%llx",
		 (unsigned long long)funify_names__number(&self->names, 0xff414309401dfd98));
	EXPECT_STREQ(want, got);
	free(got);
	/* a sentence is one text */
	got = name_of(self, "cg_a is stuck");
	EXPECT_EQ(NULL, strstr(got, a));
	EXPECT_EQ(NULL, strchr(got, ' '));
	free(got);
	free(a);
	free(top);
}

TEST_F(funify, numbers_are_permuted_within_their_width)
{
	static const uint64_t same[] = { 0, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX };
	static uint64_t seen[2000];
	uint64_t v;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(same); i++)
		EXPECT_EQ(same[i], funify_names__number(&self->names, same[i]));
	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		v = i < 1000 ? i + 1 : UINT32_MAX + i;
		seen[i] = funify_names__number(&self->names, v);
		EXPECT_EQ(v > UINT32_MAX, seen[i] > UINT32_MAX);
		EXPECT_NE(v, seen[i]);
		for (k = 0; k < i; k++)
			ASSERT_NE(seen[k], seen[i]);
	}
}

TEST_F(funify, figures_words_and_layout_stay)
{
	static const char text[] =
		"{ \"schema\":\"single\",\n\t\"nr_running\" : 3, \"run_delay_ns\": 12345678901234, \"x\": 1.50,\n"
		"  \"cpu\": 7, \"ok\": true, \"none\": null, \"e\": [ ], \"o\": {}, \"empty\": \"\",\n"
		"  \"cpus_allowed\": \"0-3,7\", \"sched_rt_period_us\": \"1000000\",\n"
		"  \"event_counters\": {\"made_up\": 5}, \"pid\": -1, \"a\\\"b\": 0, \"v\": 1e3 }\n\n";

	EXPECT_STREQ(text, fun(self, text));
}

TEST_F(funify, names_and_identities_become_others_wherever_they_are)
{
	char *a = name_of(self, "cg_a"), want[512];
	unsigned long long pid = funify_names__number(&self->names, 110);

	snprintf(want, sizeof(want),
		 "[{\"comm\": \"%s\",\"pid\":%llu}, [\"%s\", %llu], {\"event_counters\": {\"pid\": %llu, \"n\": 110}}]",
		 a, pid, a, pid, pid);
	EXPECT_STREQ(want, fun(self, "[{\"comm\": \"cg_a\",\"pid\":110}, [\"cg_\\u0061\", 110], {\"event_counters\": {\"pid\": 110, \"n\": 110}}]"));
	snprintf(want, sizeof(want), "{\"id\": -%llu}", pid);
	EXPECT_STREQ(want, fun(self, "{\"id\": -110}"));
	free(a);
}

TEST_F(funify, a_value_is_about_the_variable_that_has_it)
{
	const char *got = fun(self, "{\"name\": \"nr_yields\", \"value\": {\"kind\": \"uint\", \"value\": 42}}");

	EXPECT_NE(NULL, strstr(got, "\"value\": 42}}")) TH_LOG("%s", got);
	got = fun(self, "{\"name\": \"owner\", \"value\": {\"elements\": [{\"value\": 42}]}}");
	EXPECT_EQ(NULL, strstr(got, "42}")) TH_LOG("%s", got);
	/* not where it is a pointer, or can only be one */
	got = fun(self, "{\"name\": \"nr_x\", \"value\": {\"kind\": \"ptr\", \"value\": 42}}");
	EXPECT_EQ(NULL, strstr(got, "42}")) TH_LOG("%s", got);
	got = fun(self, "{\"nr_x\": 18386749161649177712}");
	EXPECT_EQ(NULL, strstr(got, "18386749161649177712")) TH_LOG("%s", got);
}

TEST_F(funify, keys_that_are_paths_lose_their_names)
{
	char *a = name_of(self, "cg_a"), want[256];

	snprintf(want, sizeof(want), "{\"%s/%s/iops\": 4}", a, a);
	strings__add(&self->keep, "cg_a/cg_a/iops");
	EXPECT_STREQ(want, fun(self, "{\"cg_a/cg_a/iops\": 4}"));
	free(a);
}

TEST_F(funify, what_is_kept_is_kept_with_all_below)
{
	static const char text[] = "{\"host\": {\"a/b\": [\"x\", {\"pid\": 7}]}}";

	EXPECT_NE(0, strcmp(text, fun(self, text)));
	strings__add(&self->keep, "host");
	EXPECT_STREQ(text, fun(self, text));
}

TEST_F(funify, what_is_no_json_is_refused_with_its_place)
{
	static const char * const bad[][2] = {
		{ "", "byte 0" }, { "{\"a\": [1,}", "byte 9" }, { "[1]\n x", "line 2" },
		{ "{\"a\" 1}", "byte 5" }, { "[99999999999999999999]", "byte 1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_STREQ("", fun(self, bad[i][0]));
		EXPECT_NE(NULL, strstr(self->err.msg, bad[i][1])) TH_LOG("%s", self->err.msg);
	}
}

/* Every beginning of a text, and the text with each byte changed: refused, or rewritten. */
TEST_F(funify, damage_does_no_harm)
{
	static const char text[] = "{\"a/\\u00e9\": [\"x\\n\", -5, {\"name\": \"p\", \"value\": [1, \"0x1f\"]}], \"b\": \"/\"}";
	char copy[sizeof(text)];
	size_t i;

	for (i = 0; i < sizeof(text); i++) {
		snprintf(copy, i + 1, "%s", text);
		fun(self, copy);
	}
	for (i = 0; i < sizeof(text) - 1; i++)
		for (unsigned int c = 1; c < 256; c += 3) {
			strcpy(copy, text);
			copy[i] = (char)c;
			fun(self, copy);
		}
}

TEST(keys_are_of_one_kind)
{
	static const char * const identities[] = { "pid", "real_parent_pid", "map_kva", "owner_kva", "id" };
	static const char * const figures[] = { "nr_cpus", "cpu", "worst_gap_ms", "run_delay_ns", "max_entries" };
	static const char * const names[] = { "comm", "cgroup", "test_name", "scheduler", "kernel", "program", "value" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(identities); i++) {
		EXPECT_TRUE(funify_keys__identity(identities[i])) TH_LOG("%s", identities[i]);
		EXPECT_FALSE(funify_keys__metric(identities[i])) TH_LOG("%s", identities[i]);
	}
	for (i = 0; i < ARRAY_SIZE(figures); i++)
		EXPECT_TRUE(funify_keys__metric(figures[i])) TH_LOG("%s", figures[i]);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_FALSE(funify_keys__metric(names[i]) || funify_keys__word(names[i])) TH_LOG("%s", names[i]);
}

TEST_HARNESS_MAIN
