// SPDX-License-Identifier: GPL-2.0
/* Promises of lib/topology.h: a topology is written "1n2l4c2t", and only that way. */
#include <linux/kernel.h>
#include "lib/err.h"
#include "lib/topology.h"
#include "kselftest_harness.h"

TEST(text_and_back)
{
	static const char *const good[] = { "1n1l1c1t", "1n2l4c2t", "4n12l8c2t", "64n64l8c1t" };
	char buf[KTSTR_TOPOLOGY_STRLEN];
	struct ktstr_topology t;
	struct ktstr_err err;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ASSERT_EQ(0, ktstr_topology__parse(good[i], &t, &err)) TH_LOG("%s", err.msg);
		ktstr_topology__format(&t, buf, sizeof(buf));
		EXPECT_STREQ(good[i], buf);
	}
}

TEST(parts_are_nodes_llcs_cores_threads)
{
	struct ktstr_topology t;

	ASSERT_EQ(0, ktstr_topology__parse("2n4l3c2t", &t, NULL));
	EXPECT_EQ(2, t.numa_nodes);
	EXPECT_EQ(4, t.llcs);
	EXPECT_EQ(3, t.cores);
	EXPECT_EQ(2, t.threads);
	EXPECT_EQ(24, ktstr_topology__cpus(&t));
}

TEST(anything_else_is_refused_and_named)
{
	static const char *const bad[] = {
		"", "1", "1n", "1n2l4c", "1n2l4c2", "1n2l4c2t ", " 1n2l4c2t", "1n2l4c2tx",
		"1N2l4c2t", "1,2,4,2", "+1n2l4c2t", "-1n2l4c2t", "1n 2l4c2t", "0n1l1c1t",
		"1n0l1c1t", "1n1l0c1t", "1n1l1c0t", "2n3l1c1t", "2n1l1c1t", "65n65l1c1t",
		"1n513l1c1t", "1n1l513c1t", "4294967297n1l1c1t", "1n99999999999999999999l1c1t",
		"1n256l256c2t", "1n512l999999c999999t", "0x1n2l4c2t",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ktstr_topology t = { 7, 7, 7, 7 };
		struct ktstr_err err = { .msg = "" };

		EXPECT_EQ(-EINVAL, ktstr_topology__parse(bad[i], &t, &err)) TH_LOG("\"%s\"", bad[i]);
		EXPECT_EQ(0, strncmp(err.msg, "topology ", 9)) TH_LOG("%s", err.msg);
		EXPECT_EQ(7, t.llcs);
	}
}

TEST(too_many_cpus_count_as_none)
{
	struct ktstr_topology most = { 1, 2, 128, 2 }, over = { 1, 2, 128, 3 };
	struct ktstr_topology wraps = { 1, 1u << 16, 1u << 16, 1 };

	EXPECT_EQ(KTSTR_MAX_CPUS, ktstr_topology__cpus(&most));
	EXPECT_EQ(0, ktstr_topology__cpus(&over));
	EXPECT_EQ(0, ktstr_topology__cpus(&wraps));
}

TEST_HARNESS_MAIN
