// SPDX-License-Identifier: GPL-2.0
/* What the cache reads of an entry's metadata.json, and what it refuses. */
#include <jansson.h>
#include <linux/kernel.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/kernel/kernel_priv.h"

TEST(metadata_is_read_as_json_and_nothing_else)
{
	static const char json[] =
		" {\"a\":{\"version\":\"inner\"}, \"version\" : \"6.1\\u0034\\n\", \"n\":null,"
		"\"source\":{\"x\":[1,2,{}],\"type\":\"git\"}, \"flag\":true}\n";
	static const char * const malformed[] = {
		"{\"a\":1", "{\"a\":\"x\\", "{\"a\":1} x", "[]", "", "{\"a\":\"\xff\"}",
		"{\"version\":\"6.1\",\"version\":\"6.2\"}",
	};
	json_t *meta = ktstr_kernel_meta__parse(json, strlen(json));

	ASSERT_NE(NULL, meta);
	EXPECT_STREQ("6.14\n", ktstr_kernel_meta__str(meta, "version", NULL));
	EXPECT_STREQ("git", ktstr_kernel_meta__str(meta, "source", "type"));
	EXPECT_EQ(NULL, ktstr_kernel_meta__str(meta, "source", NULL));
	EXPECT_EQ(NULL, ktstr_kernel_meta__str(meta, "version", "type"));
	EXPECT_EQ(NULL, ktstr_kernel_meta__str(meta, "n", NULL));
	EXPECT_EQ(NULL, ktstr_kernel_meta__str(meta, "absent", NULL));
	json_decref(meta);
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		EXPECT_EQ(NULL, ktstr_kernel_meta__parse(malformed[i], strlen(malformed[i])))
			TH_LOG("%s", malformed[i]);
	}
}

TEST_HARNESS_MAIN
