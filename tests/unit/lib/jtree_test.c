// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/jtree.h: what is written is read back as it was, and a text costs what was allowed. */
#include "kselftest_harness.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/jtree.h"

FIXTURE(jtree) {
	struct ktstr_jtree t;
	struct ktstr_err err;
	char *text;
};

FIXTURE_SETUP(jtree)
{
	ktstr_jtree__init(&self->t, 1 << 20);
}

FIXTURE_TEARDOWN(jtree)
{
	ktstr_jtree__free(&self->t);
	free(self->text);
}

static char *text_of(const struct ktstr_jnode *n)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ktstr_jtree__write(n, f);
	fclose(f);
	return text;
}

static const struct ktstr_jnode *parse(struct ktstr_jtree *t, struct ktstr_err *err, const char *s)
{
	return ktstr_jtree__parse(t, s, strlen(s), err);
}

TEST_F(jtree, what_is_written_is_read_back)
{
	struct ktstr_jnode *root = ktstr_jtree__object(&self->t, NULL, NULL), *list;
	const struct ktstr_jnode *back;
	struct ktstr_jtree other;

	ktstr_jtree__u64(&self->t, root, "max", UINT64_MAX);
	ktstr_jtree__i64(&self->t, root, "min", INT64_MIN);
	ktstr_jtree__f64(&self->t, root, "half", 0.5);
	ktstr_jtree__bool(&self->t, root, "yes", true);
	ktstr_jtree__null(&self->t, root, "none");
	ktstr_jtree__str(&self->t, root, "text", "a \"b\"\n\\ \x01 \xc3\xa9 \xff");
	list = ktstr_jtree__array(&self->t, root, "list");
	for (uint64_t i = 0; i < 40; i++)
		ktstr_jtree__u64(&self->t, list, NULL, i);
	ktstr_jtree__object(&self->t, root, "empty");
	EXPECT_EQ(0, self->t.error);
	self->text = text_of(root);
	ktstr_jtree__init(&other, 1 << 20);
	back = parse(&other, &self->err, self->text);
	ASSERT_NE(NULL, back) {
		TH_LOG("%s", self->err.msg);
	}
	EXPECT_TRUE(ktstr_jnode__equal(root, back));
	EXPECT_EQ(UINT64_MAX, ktstr_jnode__u64(back, "max", 0));
	EXPECT_EQ(INT64_MIN, ktstr_jnode__i64(back, "min", 0));
	EXPECT_EQ(-1, ktstr_jnode__i64(back, "max", -1));
	EXPECT_TRUE(ktstr_jnode__bool(back, "yes"));
	EXPECT_STREQ("a \"b\"\n\\ \x01 \xc3\xa9 ?", ktstr_jnode__str(back, "text", NULL));
	EXPECT_EQ(40, ktstr_jnode__get(back, "list")->nr);
	EXPECT_EQ(NULL, ktstr_jnode__list(back, "empty"));
	EXPECT_EQ(7, ktstr_jnode__u64(back, "text", 7));
	ktstr_jtree__free(&other);
}

TEST_F(jtree, escapes_are_understood)
{
	const struct ktstr_jnode *n = parse(&self->t, &self->err, "[\"\\u0041\\u00e9\\u20ac\\t\\/\\ud800\\u0000\"]");

	ASSERT_NE(NULL, n);
	EXPECT_STREQ("A\xc3\xa9\xe2\x82\xac\t/??", ktstr_jnode__first(n)->s);
}

TEST_F(jtree, what_is_wrong_is_said_with_its_line)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "", "line 1: the text ends" }, { "[1,]", "line 1" }, { "{\"a\":1}\n x", "line 2: there is more" },
		{ "{\"a\" 1}", "a name and a colon" }, { "[1 2]", "does not end" },
		{ "[\"a", "a string does not end" }, { "[\"\\x\"]", "an unknown escape" },
		{ "[\"\\u12\"]", "hexadecimal" }, { "[\"a\nb\"]", "control character" },
		{ "[18446744073709551616]", "out of range" }, { "[+1]", "" }, { "[1e999]", "out of range" },
		{ "nul", "no JSON value" }, { "[-]", "" }, { "[\"\\", "does not end" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(NULL, parse(&self->t, &self->err, wrong[i].text)) {
			TH_LOG("%s", wrong[i].text);
		}
		EXPECT_NE(NULL, strstr(self->err.msg, wrong[i].says)) {
			TH_LOG("%s: %s", wrong[i].text, self->err.msg);
		}
	}
}

TEST_F(jtree, nesting_and_memory_are_bounded)
{
	char deep[KTSTR_JTREE_DEPTH + 2];
	struct ktstr_jnode *root, *n;

	memset(deep, '[', sizeof(deep));
	EXPECT_EQ(NULL, ktstr_jtree__parse(&self->t, deep, sizeof(deep), &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "nested too deeply"));
	ktstr_jtree__free(&self->t);
	ktstr_jtree__init(&self->t, 4096);
	root = n = ktstr_jtree__array(&self->t, NULL, NULL);
	for (int i = 0; i < 1000; i++)
		n = ktstr_jtree__array(&self->t, n, NULL);
	EXPECT_EQ(NULL, n);
	EXPECT_EQ(-EFBIG, self->t.error);
	EXPECT_LE(self->t.bytes, 4096);
	/* what is there is whole */
	EXPECT_EQ(1, root->nr);
	EXPECT_EQ(NULL, parse(&self->t, &self->err, "[1]"));
}

TEST_HARNESS_MAIN
