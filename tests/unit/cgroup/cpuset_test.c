// SPDX-License-Identifier: GPL-2.0
/* Which CPUs a cpuset or an affinity means on machines of all sizes; machines from sysfs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include "harness/guest/cgroup/cpuset.h"

/* CPUs 0 .. nr-1 in equal LLCs, one node an LLC, pairs of neighbours as siblings. */
static struct ktstr_machine *machine(uint32_t nr, uint32_t llcs)
{
	static struct ktstr_machine m;
	uint32_t cpu, llc;

	m = (struct ktstr_machine){ .nr_llcs = llcs, .nr_nodes = llcs };
	for (cpu = 0; cpu < nr; cpu++) {
		llc = cpu / (nr / llcs);
		ktstr_cpumask__set(&m.online, cpu);
		ktstr_cpumask__set(&m.llcs[llc], cpu);
		ktstr_cpumask__set(&m.nodes[llc], cpu);
		ktstr_cpumask__set(&m.siblings[cpu], cpu);
		ktstr_cpumask__set(&m.siblings[cpu], cpu ^ 1);
	}
	for (llc = 0; llc < llcs; llc++) {
		ktstr_cpumask__set(&m.existing_nodes, llc);
		ktstr_cpumask__set(&m.memory_nodes, llc);
	}
	return &m;
}

static const char *format(const struct ktstr_cpumask *cpus)
{
	static char text[256];

	ktstr_cpumask__format(cpus, text, sizeof(text));
	return text;
}

/* The CPUs as a list, or the sentence that says why there are none. */
static const char *resolved(struct ktstr_cpuset spec, const struct ktstr_machine *m)
{
	static struct ktstr_err err;
	struct ktstr_cpumask cpus;

	if (ktstr_cpuset__resolve(&spec, m, &cpus, &err))
		return err.msg;
	return format(&cpus);
}

TEST(cpusets_follow_their_formulas)
{
	static const struct {
		uint32_t cpus, llcs;
		struct ktstr_cpuset spec;
		const char *want;
	} rows[] = {
		/* the last CPU is kept free on machines with more than two */
		{ 1, 1, CPU_RANGE(0, 1), "0" },
		{ 2, 1, CPU_RANGE(0, 1), "0-1" },
		{ 3, 1, CPU_RANGE(0, 1), "0-1" },
		{ 16, 2, CPU_RANGE(0, 1), "0-14" },
		{ 16, 2, CPU_RANGE(0, 0.5), "0-6" },		/* floor(7.5) */
		{ 16, 2, CPU_RANGE(0.5, 1), "7-14" },
		{ 16, 2, CPU_RANGE(0.99, 1), "14" },
		/* parts: the last takes the remainder */
		{ 16, 2, DISJOINT(0, 2), "0-6" },
		{ 16, 2, DISJOINT(1, 2), "7-14" },
		{ 16, 2, DISJOINT(0, 4), "0-2" },
		{ 16, 2, DISJOINT(3, 4), "9-14" },
		{ 2, 1, DISJOINT(1, 2), "1" },
		{ 4, 1, DISJOINT(2, 3), "2" },
		{ 16, 2, DISJOINT(0, 1), "0-14" },
		/* overlaps reach into both neighbours, but not beyond the ends */
		{ 16, 2, OVERLAP(0, 3, 0.5), "0-6" },		/* chunk 5, overlap 2 */
		{ 16, 2, OVERLAP(1, 3, 0.5), "3-11" },
		{ 16, 2, OVERLAP(2, 3, 0.5), "8-14" },
		{ 16, 2, OVERLAP(1, 3, 0), "5-9" },
		{ 16, 2, OVERLAP(1, 3, 1), "0-14" },
		{ 2, 1, OVERLAP(0, 2, 0.5), "0" },		/* floor(0.5) */
		{ 2, 1, OVERLAP(0, 2, 1), "0-1" },
		/* whole LLCs, nodes and lists contain the last CPU too */
		{ 16, 2, LLC(1), "8-15" },
		{ 16, 2, NUMA_NODE(0), "0-7" },
		{ 16, 2, CPUS("15,1-2"), "1-2,15" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_STREQ(rows[i].want,
			     resolved(rows[i].spec, machine(rows[i].cpus, rows[i].llcs)))
			TH_LOG("row %u", i);
}

TEST(cpusets_that_name_no_cpus_say_why)
{
	static const struct {
		uint32_t cpus;
		struct ktstr_cpuset spec;
		const char *want;
	} rows[] = {
		{ 4, CPUS("4"), "cpuset \"4\": the machine has no CPU 4, only 0-3" },
		{ 4, CPUS("x"), "cpuset \"x\" is no CPU list like \"0-3,8\"" },
		{ 4, CPUS(NULL), "cpuset \"\" is no CPU list like \"0-3,8\"" },
		{ 4, LLC(1), "cpuset LLC(1): the machine has 1 LLC" },
		{ 4, NUMA_NODE(7), "cpuset NUMA_NODE(7): the machine has 1 NUMA node" },
		{ 4, CPU_RANGE(0.5, 0.5), "cpuset CPU_RANGE(0.5, 0.5): needs 0 <= from < to <= 1" },
		{ 4, CPU_RANGE(-1, 0.5), "cpuset CPU_RANGE(-1, 0.5): needs 0 <= from < to <= 1" },
		{ 4, CPU_RANGE(0, 1.5), "cpuset CPU_RANGE(0, 1.5): needs 0 <= from < to <= 1" },
		{ 4, CPU_RANGE(0, NAN), "cpuset CPU_RANGE(0, nan): needs 0 <= from < to <= 1" },
		{ 4, CPU_RANGE(0, 0.3), "cpuset CPU_RANGE(0, 0.3): no CPU is left of 3 usable ones" },
		{ 4, DISJOINT(2, 2),
		  "cpuset DISJOINT(2, 2): the part's number must be below the number of parts" },
		{ 4, DISJOINT(0, 0),
		  "cpuset DISJOINT(0, 0): the part's number must be below the number of parts" },
		{ 4, DISJOINT(0, 4),
		  "cpuset DISJOINT(0, 4): 3 usable CPUs cannot be divided into 4 parts" },
		{ 4, OVERLAP(0, 2, 1.5), "cpuset OVERLAP(0, 2, 1.5): the overlap must lie in 0..1" },
		{ 4, OVERLAP(0, 2, NAN), "cpuset OVERLAP(0, 2, nan): the overlap must lie in 0..1" },
		{ 4, { .kind = 99 }, "cpuset kind 99: unknown kind" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_STREQ(rows[i].want, resolved(rows[i].spec, machine(rows[i].cpus, 1)));
}

static const char *pinned(struct ktstr_affinity a, const struct ktstr_machine *m,
			  const char *pool, uint64_t rng)
{
	struct ktstr_cpumask cpus, in;
	static struct ktstr_err err;
	int ret;

	if (pool)
		ktstr_cpumask__parse(pool, &in);
	ret = ktstr_affinity__resolve(&a, m, pool ? &in : NULL, &rng, &cpus, &err);
	if (ret)
		return err.msg;
	return ktstr_cpumask__weight(&cpus) ? format(&cpus) : "none";
}

#define PIN(_pool, ...)	pinned((struct ktstr_affinity)__VA_ARGS__, machine(16, 2), _pool, 1)

TEST(affinities_are_drawn_from_the_cgroups_cpus)
{
	EXPECT_STREQ("none", PIN("2-3", { 0 }));
	EXPECT_STREQ("none", PIN("2-3", AFFINITY(INHERIT)));
	EXPECT_STREQ("2", PIN("2-3", AFFINITY(SINGLE_CPU)));
	EXPECT_STREQ("0", PIN(NULL, AFFINITY(SINGLE_CPU)));
	EXPECT_STREQ("0-15", PIN("2-3", AFFINITY(CROSS_CGROUP)));
	EXPECT_STREQ("3", PIN("2-3", PINNED("3-5")));
	EXPECT_STREQ("affinity \"5\" has no CPU of the cgroup's cpuset", PIN("2-3", PINNED("5")));
	EXPECT_STREQ("affinity \"16\": the machine has no CPU 16, only 0-15",
		     PIN("2-3", PINNED("16")));
	EXPECT_STREQ("affinity EXACT names no CPUs", PIN("2-3", AFFINITY(EXACT)));
	/* the LLC that has most of the pool, the first of equals */
	EXPECT_STREQ("8-10", PIN("6-10", AFFINITY(LLC_ALIGNED)));
	EXPECT_STREQ("6-7", PIN("6-9", AFFINITY(LLC_ALIGNED)));
	EXPECT_STREQ("4-5", PIN("1,3-6", AFFINITY(SMT_SIBLING_PAIR)));
	EXPECT_STREQ("affinity SMT_SIBLING_PAIR: no core has two threads in the cgroup's CPUs",
		     PIN("1-2", AFFINITY(SMT_SIBLING_PAIR)));
	EXPECT_STREQ("unknown affinity (99)", PIN(NULL, { .kind = 99 }));
}

TEST(random_subsets_have_the_size_asked_for_and_stay_in_the_pool)
{
	struct ktstr_affinity a = AFFINITY(RANDOM_SUBSET), two = AFFINITY(RANDOM_SUBSET, .count = 2);
	struct ktstr_cpumask cpus, pool, seen = { };
	uint64_t rng = 7, i;
	struct ktstr_err err;

	ktstr_cpumask__parse("4-8", &pool);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, ktstr_affinity__resolve(&two, machine(16, 2), &pool, &rng, &cpus,
						     &err));
		ASSERT_EQ(2, ktstr_cpumask__weight(&cpus));
		ktstr_cpumask__or(&seen, &cpus);
	}
	EXPECT_STREQ("4-8", format(&seen));		/* all of them, and nothing else */
	EXPECT_EQ(0, ktstr_affinity__resolve(&a, machine(16, 2), &pool, &rng, &cpus, &err));
	EXPECT_EQ(2, ktstr_cpumask__weight(&cpus));	/* half of five */
	two.count = 50;
	EXPECT_EQ(0, ktstr_affinity__resolve(&two, machine(16, 2), &pool, &rng, &cpus, &err));
	EXPECT_STREQ("4-8", format(&cpus));
	EXPECT_STREQ("4", PIN("4", AFFINITY(RANDOM_SUBSET)));
}

static void put(const char *sysfs, const char *file, const char *text)
{
	char cmd[600];

	snprintf(cmd, sizeof(cmd), "f='%s/%s'; mkdir -p \"${f%%/*}\" && echo '%s' > \"$f\"", sysfs,
		 file, text);
	if (system(cmd))
		abort();
}

FIXTURE(sysfs) {
	char dir[32];
	struct ktstr_machine *m;
	struct ktstr_err err;
};

FIXTURE_SETUP(sysfs)
{
	strcpy(self->dir, "/tmp/ktstr-sysfs-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->m = NULL;
}

FIXTURE_TEARDOWN(sysfs)
{
	char cmd[64];

	free(self->m);
	snprintf(cmd, sizeof(cmd), "rm -r %s", self->dir);
	EXPECT_EQ(0, system(cmd));
}

static void put_cache(const char *sysfs, int cpu, const char *id, const char *shared)
{
	char path[128];

	snprintf(path, sizeof(path), "devices/system/cpu/cpu%d/cache/index0/level", cpu);
	put(sysfs, path, "1");
	snprintf(path, sizeof(path), "devices/system/cpu/cpu%d/cache/index1/level", cpu);
	put(sysfs, path, "3");
	snprintf(path, sizeof(path), "devices/system/cpu/cpu%d/cache/index1/shared_cpu_list", cpu);
	put(sysfs, path, shared);
	snprintf(path, sizeof(path), "devices/system/cpu/cpu%d/cache/index1/id", cpu);
	if (id)
		put(sysfs, path, id);
}

TEST_F(sysfs, llcs_are_ordered_by_cache_id_and_contain_online_cpus_only)
{
	put(self->dir, "devices/system/cpu/online", "0-5,7");
	put_cache(self->dir, 0, "9", "0-3");
	put_cache(self->dir, 4, "2", "4-7");
	self->m = ktstr_machine__read(self->dir, &self->err);
	ASSERT_NE(NULL, self->m) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(2, self->m->nr_llcs);
	EXPECT_STREQ("4-5,7", format(&self->m->llcs[0]));
	EXPECT_STREQ("0-3", format(&self->m->llcs[1]));
}

TEST_F(sysfs, a_cache_without_id_is_known_by_its_lowest_cpu)
{
	put(self->dir, "devices/system/cpu/online", "0-3");
	put_cache(self->dir, 0, NULL, "0,2");
	put_cache(self->dir, 1, NULL, "1,3");
	self->m = ktstr_machine__read(self->dir, &self->err);
	ASSERT_NE(NULL, self->m);
	EXPECT_STREQ("0,2", format(&self->m->llcs[0]));
	EXPECT_STREQ("1,3", format(&self->m->llcs[1]));
}

TEST_F(sysfs, without_information_there_is_one_llc_and_one_node)
{
	put(self->dir, "devices/system/cpu/online", "0-3");
	self->m = ktstr_machine__read(self->dir, &self->err);
	ASSERT_NE(NULL, self->m);
	EXPECT_EQ(1, self->m->nr_llcs);
	EXPECT_STREQ("0-3", format(&self->m->llcs[0]));
	EXPECT_EQ(1, self->m->nr_nodes);
	EXPECT_STREQ("0-3", format(&self->m->nodes[0]));
	EXPECT_STREQ("2", format(&self->m->siblings[2]));
}

TEST_F(sysfs, nodes_without_memory_or_without_cpus_are_told_apart)
{
	struct ktstr_cpumask cpus;
	char mems[64];

	put(self->dir, "devices/system/cpu/online", "0-3");
	put(self->dir, "devices/system/cpu/cpu0/topology/thread_siblings_list", "0,2");
	put(self->dir, "devices/system/node/online", "0-2");
	put(self->dir, "devices/system/node/has_memory", "0,2");
	put(self->dir, "devices/system/node/node0/cpulist", "0-1");
	put(self->dir, "devices/system/node/node1/cpulist", "2-3");
	put(self->dir, "devices/system/node/node2/cpulist", "");
	self->m = ktstr_machine__read(self->dir, &self->err);
	ASSERT_NE(NULL, self->m);
	EXPECT_EQ(3, self->m->nr_nodes);
	ktstr_cpumask__parse("1-2", &cpus);
	ktstr_machine__mems(self->m, &cpus, mems, sizeof(mems));
	EXPECT_STREQ("0", mems);
	ktstr_machine__memory_only(self->m, &cpus);
	EXPECT_STREQ("2", format(&cpus));
	EXPECT_STREQ("cpuset NUMA_NODE(2): no CPU is left of 3 usable ones",
		     resolved((struct ktstr_cpuset)NUMA_NODE(2), self->m));
	EXPECT_STREQ("0,2", format(&self->m->siblings[2]));
}

TEST_F(sysfs, a_machine_without_cpus_is_an_error_that_names_the_file)
{
	EXPECT_EQ(NULL, ktstr_machine__read(self->dir, &self->err));
	EXPECT_NE(NULL, strstr(self->err.msg, "devices/system/cpu/online: No such file"));
}

TEST(the_declared_machine_is_the_one_that_a_guest_reads)
{
	const struct ktstr_topology topo = { 2, 4, 3, 2 };
	struct ktstr_machine *m = ktstr_machine__of(&topo, NULL, NULL);
	char list[64];

	ASSERT_NE(NULL, m);
	EXPECT_EQ(24, ktstr_cpumask__weight(&m->online));
	EXPECT_EQ(4, m->nr_llcs);
	ktstr_cpumask__format(&m->llcs[1], list, sizeof(list));
	EXPECT_STREQ("6-11", list);
	EXPECT_EQ(2, m->nr_nodes);
	ktstr_cpumask__format(&m->nodes[1], list, sizeof(list));
	EXPECT_STREQ("12-23", list);
	ktstr_cpumask__format(&m->memory_nodes, list, sizeof(list));
	EXPECT_STREQ("0-1", list);
	ktstr_cpumask__format(&m->siblings[7], list, sizeof(list));
	EXPECT_STREQ("6-7", list);
	EXPECT_EQ(1, ktstr_llc_of(m, 11));
	EXPECT_EQ(1, ktstr_node_of(m, 12));
	EXPECT_EQ(-1, ktstr_node_of(m, 24));
	EXPECT_EQ(10, m->distance[1][1]);
	EXPECT_EQ(20, m->distance[1][0]);
	free(m);
}

TEST(so_is_one_with_nodes_that_differ)
{
	static const struct ktstr_numa_node nodes[] = {
		{ .llcs = 3 }, { .llcs = 1 }, { .mem_bytes = 128 << 20 },
	};
	static const uint8_t distances[] = { 10, 21, 30, 21, 10, 25, 30, 25, 10 };
	const struct ktstr_topology topo = { 3, 4, 2, 1 };
	struct ktstr_machine *m = ktstr_machine__of(&topo, nodes, distances);
	struct ktstr_cpumask far;
	char list[64];

	ASSERT_NE(NULL, m);
	ktstr_cpumask__format(&m->nodes[0], list, sizeof(list));
	EXPECT_STREQ("0-5", list);
	ktstr_cpumask__format(&m->nodes[1], list, sizeof(list));
	EXPECT_STREQ("6-7", list);
	EXPECT_EQ(0, ktstr_cpumask__weight(&m->nodes[2]));
	ktstr_machine__memory_only(m, &far);
	ktstr_cpumask__format(&far, list, sizeof(list));
	EXPECT_STREQ("2", list);
	EXPECT_EQ(25, m->distance[1][2]);
	free(m);
}

TEST_HARNESS_MAIN
