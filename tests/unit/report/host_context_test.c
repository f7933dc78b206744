// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/report/host_context.c: every key is there, what a host has not is null, and the
 * values are those of its files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/report/host_context.h"
#include "lib/jtree.h"
#include "tests/unit/made_root.h"

FIXTURE(host) {
	char root[64];
	char *text;
	struct ktstr_jtree tree;
	const struct ktstr_jnode *h;
};

FIXTURE_SETUP(host)
{
	make_root(self->root, sizeof(self->root));
	ktstr_jtree__init(&self->tree, 1 << 20);
}

FIXTURE_TEARDOWN(host)
{
	remove_root(self->root);
	free(self->text);
	ktstr_jtree__free(&self->tree);
}

static const struct ktstr_jnode *look(char **text, struct ktstr_jtree *tree, const char *root)
{
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	ktstr_host_context__json(root, &j);
	ktstr_json__end(&j);
	*text = ktstr_json__finish(&j);
	return *text ? ktstr_jtree__parse(tree, *text, strlen(*text), NULL) : NULL;
}

TEST_F(host, a_large_machine_is_described)
{
	const struct ktstr_jnode *map;

	put(self->root, "/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\n"
	    "model\t\t: 7\nmodel name\t: Some CPU @ 3 GHz\n\nprocessor\t: 1\nmodel name\t: Other\n");
	put(self->root, "/proc/meminfo", "MemTotal:       1056432 kB\nHugePages_Total:      16\n"
	    "HugePages_Free:        3\nHugepagesize:       2048 kB\n");
	put(self->root, "/sys/devices/system/cpu/online", "0-95,128-191\n");
	put(self->root, "/sys/devices/system/node/online", "0-1,4\n");
	put(self->root, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	put(self->root, "/proc/cmdline", "root=/dev/sda quiet\n");
	put(self->root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
	put(self->root, "/sys/devices/system/cpu/cpu10/cpufreq/scaling_governor", "powersave\n");
	put(self->root, "/sys/devices/system/cpu/cpufreq/scaling_governor", "no CPU\n");
	put(self->root, "/proc/sys/kernel/sched_rt_runtime_us", "950000\n");
	put(self->root, "/proc/sys/kernel/pid_max", "1\n");
	self->h = look(&self->text, &self->tree, self->root);
	ASSERT_NE(NULL, self->h);
	EXPECT_STREQ("Some CPU @ 3 GHz", ktstr_jnode__str(self->h, "cpu_model", ""));
	EXPECT_STREQ("GenuineIntel", ktstr_jnode__str(self->h, "cpu_vendor", ""));
	EXPECT_EQ(1056432, ktstr_jnode__u64(self->h, "total_memory_kb", 0));
	EXPECT_EQ(16, ktstr_jnode__u64(self->h, "hugepages_total", 0));
	EXPECT_EQ(3, ktstr_jnode__u64(self->h, "hugepages_free", 0));
	EXPECT_EQ(2048, ktstr_jnode__u64(self->h, "hugepages_size_kb", 0));
	EXPECT_EQ(160, ktstr_jnode__u64(self->h, "online_cpus", 0));
	EXPECT_EQ(3, ktstr_jnode__u64(self->h, "numa_nodes", 0));
	EXPECT_STREQ("madvise", ktstr_jnode__str(self->h, "thp_enabled", ""));
	EXPECT_STREQ("root=/dev/sda quiet", ktstr_jnode__str(self->h, "kernel_cmdline", ""));
	map = ktstr_jnode__get(self->h, "cpufreq_governor");
	ASSERT_NE(NULL, map);
	EXPECT_EQ(2, map->nr);
	EXPECT_STREQ("powersave", ktstr_jnode__str(map, "cpu10", ""));
	map = ktstr_jnode__get(self->h, "sched_tunables");
	ASSERT_NE(NULL, map);
	EXPECT_EQ(1, map->nr);
	EXPECT_STREQ("950000", ktstr_jnode__str(map, "sched_rt_runtime_us", ""));
}

TEST_F(host, what_a_host_has_not_is_null_and_not_zero)
{
	static const char * const keys[] = {
		"kernel_name", "kernel_release", "cpu_model", "cpu_vendor", "online_cpus", "numa_nodes",
		"total_memory_kb", "hugepages_total", "hugepages_free", "hugepages_size_kb",
		"thp_enabled", "thp_defrag", "kernel_cmdline", "cpufreq_governor", "sched_tunables",
	};

	self->h = look(&self->text, &self->tree, self->root);
	ASSERT_NE(NULL, self->h);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct ktstr_jnode *n = ktstr_jnode__get(self->h, keys[i]);

		ASSERT_NE(NULL, n) TH_LOG("no key %s", keys[i]);
		EXPECT_EQ(KTSTR_J_NULL, n->type) TH_LOG("%s", keys[i]);
	}
	EXPECT_NE(KTSTR_J_NULL, ktstr_jnode__get(self->h, "arch")->type);
}

TEST_F(host, files_that_make_no_sense_are_null)
{
	put(self->root, "/proc/cpuinfo", "model name\t:\nvendor_id");
	put(self->root, "/proc/meminfo", "MemTotal: many kB\nHugePages_Total:\n");
	put(self->root, "/sys/devices/system/cpu/online", "3-1\n");
	put(self->root, "/sys/devices/system/node/online", "0-\n");
	put(self->root, "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise\n");
	self->h = look(&self->text, &self->tree, self->root);
	ASSERT_NE(NULL, self->h);
	EXPECT_EQ(NULL, ktstr_jnode__str(self->h, "cpu_model", NULL));
	EXPECT_EQ(NULL, ktstr_jnode__str(self->h, "cpu_vendor", NULL));
	EXPECT_EQ(9, ktstr_jnode__u64(self->h, "total_memory_kb", 9));
	EXPECT_EQ(9, ktstr_jnode__u64(self->h, "hugepages_total", 9));
	EXPECT_EQ(9, ktstr_jnode__u64(self->h, "online_cpus", 9));
	EXPECT_EQ(9, ktstr_jnode__u64(self->h, "numa_nodes", 9));
	EXPECT_EQ(NULL, ktstr_jnode__str(self->h, "thp_enabled", NULL));
}

TEST_HARNESS_MAIN
