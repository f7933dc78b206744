// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/reserve/topology.h and hostcpus.h, on faked trees of sysfs. */
#include <errno.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "fake_host.h"

TEST(a_set_is_read_and_written_as_the_kernel_lists_it)
{
	static const char * const good[] = { "", "0", "0-3", "0-3,8", "8191", "1,3,5-7,8190-8191" };
	static const char * const bad[] = { "x", "3-1", "1,", ",1", "1-", "-1", "1 2", "0-3:1/2", "0x1" };
	struct hostcpus s;
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, hostcpus__parse(good[i], &s)) TH_LOG("%s", good[i]);
		hostcpus__format(&s, text, sizeof(text));
		EXPECT_STREQ(good[i], text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = hostcpus__parse(bad[i], &s);

		EXPECT_EQ(-EINVAL, ret) TH_LOG("%s", bad[i]);
	}
	EXPECT_EQ(-ERANGE, hostcpus__parse("8192", &s));
	EXPECT_EQ(-ERANGE, hostcpus__parse("0-99999999999", &s));
	/* no number is cut */
	EXPECT_EQ(0, hostcpus__parse("100,200,300", &s));
	hostcpus__format(&s, text, 11);
	EXPECT_STREQ("100,200...", text);
}

FIXTURE(host) {
	struct fake_host f;
	struct host_topology t;
	struct ktstr_err err;
};

/* Two nodes, four LLCs each, of eight cores with two threads: 128 CPUs. */
FIXTURE_SETUP(host)
{
	self->f = (struct fake_host){ .nodes = 2, .llcs = 8, .cores = 8, .threads = 2 };
	fake_make(&self->f);
	memset(&self->t, 0, sizeof(self->t));
}

FIXTURE_TEARDOWN(host)
{
	host_topology__free(&self->t);
	fake_remove(&self->f);
}

static int look(struct fake_host *f, struct host_topology *t, const char *without,
		struct ktstr_err *err)
{
	struct hostcpus allowed = fake_allowed(f, without);

	return host_topology__read(t, f->root, &allowed, err);
}

static const struct host_cpu *cpu_of(const struct host_topology *t, uint32_t id)
{
	for (uint32_t i = 0; i < t->nr_cpus; i++)
		if (t->cpu[i].id == id)
			return &t->cpu[i];
	return NULL;
}

TEST_F(host, llcs_cores_and_nodes_are_those_of_sysfs)
{
	const struct host_llc *l;

	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_STREQ("", self->t.trouble);
	EXPECT_EQ(128, self->t.nr_cpus);
	EXPECT_EQ(128, self->t.nr_allowed);
	ASSERT_EQ(8, self->t.nr_llcs);
	for (uint32_t i = 0; i < 8; i++) {
		l = &self->t.llc[i];
		EXPECT_EQ(i, l->id);
		EXPECT_EQ(i / 4, l->node);
		EXPECT_EQ(16, l->nr);
		EXPECT_EQ(16, l->nr_allowed);
		EXPECT_EQ(8 * i, self->t.cpu[l->first].id);
		EXPECT_EQ(64 + 8 * i, self->t.cpu[l->first + 8].id);
	}
	EXPECT_EQ(5, cpu_of(&self->t, 69)->core);
	EXPECT_EQ(0, cpu_of(&self->t, 69)->llc);
	EXPECT_EQ(1, cpu_of(&self->t, 127)->node);
	EXPECT_EQ(3, self->t.nodes);
	EXPECT_EQ(10, host_topology__distance(&self->t, 1, 1));
	EXPECT_EQ(20, host_topology__distance(&self->t, 0, 1));
	EXPECT_EQ(255, host_topology__distance(&self->t, 0, 64));
}

TEST_F(host, offline_cpus_are_not_there_and_others_keep_the_ids_of_their_llcs)
{
	fake_put(&self->f, "8-62,72-127\n", "cpu/online");
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(111, self->t.nr_cpus);
	ASSERT_EQ(7, self->t.nr_llcs);
	EXPECT_EQ(1, self->t.llc[0].id);
	EXPECT_EQ(15, self->t.llc[6].nr);
	EXPECT_EQ(NULL, cpu_of(&self->t, 63));
}

TEST_F(host, what_the_cpuset_excludes_is_marked)
{
	ASSERT_EQ(0, look(&self->f, &self->t, "0-7,65-127", &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(128, self->t.nr_cpus);
	EXPECT_EQ(57, self->t.nr_allowed);
	EXPECT_EQ(1, self->t.llc[0].nr_allowed);
	EXPECT_EQ(8, self->t.llc[1].nr_allowed);
	EXPECT_FALSE(cpu_of(&self->t, 7)->allowed);
	EXPECT_TRUE(cpu_of(&self->t, 64)->allowed);
}

TEST_F(host, a_cpuset_without_an_online_cpu_is_an_error)
{
	fake_put(&self->f, "0-3\n", "cpu/online");
	EXPECT_EQ(-ENODEV, look(&self->f, &self->t, "0-3", &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "disagree")) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(NULL, self->t.cpu);
}

TEST_F(host, no_list_of_cpus_is_an_error)
{
	static const char * const bad[] = { "", "\n", "0-", "a lot\n", "7-3\n", "0-9999\n", "0-127;\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_put(&self->f, bad[i], "cpu/online");
		EXPECT_EQ(-EBADMSG, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", bad[i]);
	}
	strcat(self->f.root, "/none");
	EXPECT_EQ(-ENOENT, look(&self->f, &self->t, "", &self->err));
	self->f.root[strlen(self->f.root) - strlen("/none")] = '\0';
}

TEST_F(host, caches_without_ids_are_named_after_their_first_cpu)
{
	for (uint32_t cpu = 0; cpu < 128; cpu++)
		fake_put(&self->f, "no number\n", "cpu/cpu%u/cache/index3/id", cpu);
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(8, self->t.nr_llcs);
	EXPECT_EQ(8, self->t.llc[1].id);
	EXPECT_EQ(56, self->t.llc[7].id);
	EXPECT_NE(NULL, strstr(self->t.trouble, "no ids of caches")) TH_LOG("%s", self->t.trouble);
}

TEST_F(host, without_caches_all_cpus_are_one_llc)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s/devices/system/cpu/cpu*/cache", self->f.root);
	ASSERT_EQ(0, system(command));
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(1, self->t.nr_llcs);
	EXPECT_EQ(128, self->t.llc[0].nr);
	EXPECT_EQ(0, self->t.llc[0].node);
	EXPECT_NE(NULL, strstr(self->t.trouble, "count as one LLC")) TH_LOG("%s", self->t.trouble);
}

/* An instruction cache of a high level, a level that is no number, and a level that nobody has. */
TEST_F(host, damaged_and_foreign_caches_do_not_count)
{
	fake_put(&self->f, "4\n", "cpu/cpu3/cache/index4/level");
	fake_put(&self->f, "Instruction\n", "cpu/cpu3/cache/index4/type");
	fake_put(&self->f, "99\n", "cpu/cpu3/cache/index4/id");
	fake_put(&self->f, "five\n", "cpu/cpu4/cache/index5/level");
	fake_put(&self->f, "4294967295\n", "cpu/cpu5/cache/index5/level");
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(8, self->t.nr_llcs);
	EXPECT_EQ(16, self->t.llc[0].nr);
}

/* Small cores that share an L2, whose id another LLC has too. */
TEST_F(host, an_l2_beside_l3s_is_an_llc_of_its_own)
{
	static const uint32_t small[] = { 62, 63, 126, 127 };
	char command[160];

	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		snprintf(command, sizeof(command), "rm -r %s/devices/system/cpu/cpu%u/cache/index3",
			 self->f.root, small[i]);
		ASSERT_EQ(0, system(command));
		fake_put(&self->f, "2\n", "cpu/cpu%u/cache/index2/level", small[i]);
		fake_put(&self->f, "3\n", "cpu/cpu%u/cache/index2/id", small[i]);
	}
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(9, self->t.nr_llcs);
	EXPECT_EQ(16, self->t.llc[3].nr);
	EXPECT_EQ(2000003, self->t.llc[8].id);
	EXPECT_EQ(4, self->t.llc[8].nr);
}

TEST_F(host, without_siblings_each_cpu_is_a_core)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s/devices/system/cpu/cpu*/topology", self->f.root);
	ASSERT_EQ(0, system(command));
	/* the old name */
	fake_put(&self->f, "0,64\n", "cpu/cpu64/topology/thread_siblings_list");
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, cpu_of(&self->t, 64)->core);
	EXPECT_EQ(65, cpu_of(&self->t, 65)->core);
	EXPECT_NE(NULL, strstr(self->t.trouble, "each counts as a core")) TH_LOG("%s", self->t.trouble);
}

TEST_F(host, nodes_that_are_damaged_or_not_there_are_told)
{
	fake_put(&self->f, "10 what\n", "node/node0/distance");
	fake_put(&self->f, "0-31 and more\n", "node/node1/cpulist");
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(20, host_topology__distance(&self->t, 0, 1));
	EXPECT_EQ(0, cpu_of(&self->t, 127)->node);
	EXPECT_NE(NULL, strstr(self->t.trouble, "distances of nodes are incomplete"));
	EXPECT_NE(NULL, strstr(self->t.trouble, "others are on node 0")) TH_LOG("%s", self->t.trouble);
	host_topology__free(&self->t);
	fake_put(&self->f, "0,70\n", "node/online");
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err));
	EXPECT_EQ(1, self->t.nodes);
	EXPECT_NE(NULL, strstr(self->t.trouble, "from 64 on")) TH_LOG("%s", self->t.trouble);
}

TEST_F(host, a_kernel_without_numa_has_one_node)
{
	char command[160];

	snprintf(command, sizeof(command), "rm -r %s/devices/system/node", self->f.root);
	ASSERT_EQ(0, system(command));
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err));
	EXPECT_EQ(1, self->t.nodes);
	EXPECT_EQ(0, self->t.llc[7].node);
	EXPECT_STREQ("", self->t.trouble);
}

/* An LLC with CPUs on two nodes, as with sub-NUMA clustering: it is on the node of most of them. */
TEST_F(host, an_llc_across_nodes_is_on_the_node_of_most_of_its_cpus)
{
	fake_put(&self->f, "0-2,64-66\n", "node/node0/cpulist");
	fake_put(&self->f, "3-63,67-127\n", "node/node1/cpulist");
	ASSERT_EQ(0, look(&self->f, &self->t, "", &self->err));
	EXPECT_EQ(1, self->t.llc[0].node);
	EXPECT_EQ(0, cpu_of(&self->t, 2)->node);
}

TEST(this_host_can_be_read)
{
	struct host_topology t;
	struct ktstr_err err;

	ASSERT_EQ(0, host_topology__here(&t, &err)) TH_LOG("%s", err.msg);
	EXPECT_LE(1, t.nr_llcs);
	EXPECT_LE(1, t.nr_allowed);
	host_topology__free(&t);
}

TEST_HARNESS_MAIN
