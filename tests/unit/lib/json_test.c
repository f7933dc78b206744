// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/json.c: whatever goes in, valid JSON comes out. */
#include <errno.h>
#include <math.h>

#include "kselftest_harness.h"

#include "lib/json.h"

static char *one_string(const char *s)
{
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__str(&j, NULL, s);
	return ktstr_json__finish(&j);
}

TEST(objects_arrays_and_scalars_nest)
{
	struct ktstr_json j;
	char *text;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	ktstr_json__u64(&j, "max", UINT64_MAX);
	ktstr_json__i64(&j, "min", INT64_MIN);
	ktstr_json__array(&j, "list");
	ktstr_json__bool(&j, NULL, true);
	ktstr_json__null(&j, NULL);
	ktstr_json__object(&j, NULL);
	ktstr_json__end(&j);
	ktstr_json__end(&j);
	ktstr_json__end(&j);
	text = ktstr_json__finish(&j);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("{\n  \"max\": 18446744073709551615,\n  \"min\": -9223372036854775808,\n"
		     "  \"list\": [\n    true,\n    null,\n    {}\n  ]\n}\n", text);
	free(text);
}

TEST(control_characters_and_quotes_are_escaped)
{
	char *text = one_string("a\"b\\c\n\t\x01\x7f");

	EXPECT_STREQ("\"a\\\"b\\\\c\\n\\t\\u0001\\u007f\"\n", text);
	free(text);
}

TEST(valid_utf8_passes_and_bytes_that_are_none_are_replaced)
{
	static const struct { const char *in, *out; } c[] = {
		{ "\xc3\xa9", "\"\xc3\xa9\"\n" },
		{ "\xf0\x9f\x90\xa7", "\"\xf0\x9f\x90\xa7\"\n" },
		{ "\xff", "\"\xef\xbf\xbd\"\n" },
		{ "\xc3", "\"\xef\xbf\xbd\"\n" },			/* cut off */
		{ "\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"\n" },	/* overlong */
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n" }, /* surrogate */
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		char *text = one_string(c[i].in);

		EXPECT_STREQ(c[i].out, text);
		free(text);
	}
}

TEST(numbers_that_json_lacks_are_null)
{
	struct ktstr_json j;
	char *text;

	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	ktstr_json__f64(&j, NULL, NAN);
	ktstr_json__f64(&j, NULL, -INFINITY);
	ktstr_json__f64(&j, NULL, 0.1);
	ktstr_json__f64(&j, NULL, 1.0 / 3);
	ktstr_json__end(&j);
	text = ktstr_json__finish(&j);
	EXPECT_STREQ("[\n  null,\n  null,\n  0.1,\n  0.33333333333333331\n]\n", text);
	free(text);
}

TEST(what_is_open_or_too_deep_is_an_error)
{
	struct ktstr_json j;
	int i;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	EXPECT_EQ(NULL, ktstr_json__finish(&j));
	EXPECT_EQ(EINVAL, errno);

	ktstr_json__init(&j);
	for (i = 0; i < KTSTR_JSON_DEPTH + 5; i++)
		ktstr_json__array(&j, NULL);
	for (i = 0; i < KTSTR_JSON_DEPTH + 5; i++)
		ktstr_json__end(&j);
	EXPECT_EQ(NULL, ktstr_json__finish(&j));
}

TEST_HARNESS_MAIN
