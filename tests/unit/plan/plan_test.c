// SPDX-License-Identifier: GPL-2.0
/* Promises of harness/plan/plan.c: test, then scheduler, then default; each member on its own. */
#include "kselftest_harness.h"

#include <ktstr.h>

#include "harness/plan/deadline.h"
#include "harness/plan/plan.h"

static int body(struct ktstr_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static const struct ktstr_test plain = { KTSTR_TEST_UNSET, .name = "plain", .body = body };
static const struct ktstr_scheduler unset = { KTSTR_SCHEDULER_UNSET, .name = "s" };

TEST(without_any_word_the_documented_defaults_hold)
{
	struct ktstr_plan p;
	struct ktstr_err err;

	ASSERT_EQ(0, ktstr_plan__for(&p, &plain, &err));
	EXPECT_EQ(1U, p.topo.numa_nodes);
	EXPECT_EQ(1U, p.topo.llcs);
	EXPECT_EQ(2U, p.topo.cores);
	EXPECT_EQ(1U, p.topo.threads);
	EXPECT_EQ(2U, p.nr_cpus);
	EXPECT_EQ(2048U, p.memory_mib);
	EXPECT_EQ(12U, p.duration_s);
	EXPECT_EQ(2U, p.workers_per_cgroup);
	EXPECT_TRUE(p.kaslr);
	EXPECT_FALSE(p.expect_err);
	EXPECT_EQ(NULL, p.scheduler);
}

TEST(a_body_has_its_duration_and_a_grace)
{
	struct ktstr_test t = plain;
	struct ktstr_deadlines d, more;
	struct ktstr_plan p;
	struct ktstr_err err;

	t.duration_s = 10;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	ktstr_deadlines__compute(&d, &p, VM_ACCEL_KVM, VM_SHIFT_AUTO);
	EXPECT_EQ(20U, d.run_grace_s);
	t.grace_s = 100;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	ktstr_deadlines__compute(&more, &p, VM_ACCEL_KVM, VM_SHIFT_AUTO);
	EXPECT_EQ(100U, more.run_grace_s);
	EXPECT_LE(d.run_s + 80, more.run_s);
}

TEST(every_dimension_inherits_on_its_own)
{
	struct ktstr_scheduler s = unset;
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	s.llcs = 2;
	s.cores = 4;
	s.threads = 2;
	t.scheduler = &s;
	t.threads = 1;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	EXPECT_EQ(1U, p.topo.numa_nodes);	/* default */
	EXPECT_EQ(2U, p.topo.llcs);		/* scheduler */
	EXPECT_EQ(4U, p.topo.cores);		/* scheduler */
	EXPECT_EQ(1U, p.topo.threads);		/* test */
	EXPECT_EQ(8U, p.nr_cpus);
}

TEST(how_a_scheduler_may_end_is_the_word_of_the_test_then_of_the_scheduler)
{
	struct ktstr_scheduler careless = {
		KTSTR_SCHEDULER_UNSET, .name = "c", .binary = "c",
	};
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	EXPECT_FALSE(p.allow_unclean_exit);
	t.scheduler = &careless;
	careless.allow_unclean_exit = KTSTR_ON;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	EXPECT_TRUE(p.allow_unclean_exit);
	t.allow_unclean_exit = KTSTR_OFF;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	EXPECT_FALSE(p.allow_unclean_exit);

	EXPECT_TRUE(p.tolerates_restart);
	careless.tolerates_restart = KTSTR_OFF;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	EXPECT_FALSE(p.tolerates_restart);
	t.tolerates_restart = KTSTR_ON;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	EXPECT_TRUE(p.tolerates_restart);
}

TEST(memory_is_the_largest_of_three_floors_in_whole_mib_for_every_node)
{
	static const struct { int64_t llcs, cores, mib, nodes, want; } c[] = {
		{ 1, 2, KTSTR_UNSET, 1, 2048 },
		{ 1, 2, 16, 1, 256 },
		{ 9, 14, KTSTR_UNSET, 1, 8064 },
		{ 1, 2, 4096, 1, 4096 },
		{ 3, 1, 1000, 3, 1002 },
	};
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		t.llcs = c[i].llcs;
		t.cores = c[i].cores;
		t.memory_mib = c[i].mib;
		t.numa_nodes = c[i].nodes;
		ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
		EXPECT_EQ((uint64_t)c[i].want, p.memory_mib);
	}
}

TEST(a_topology_that_only_inheritance_breaks_is_an_error)
{
	struct ktstr_scheduler s = unset;
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	s.llcs = 3;
	t.scheduler = &s;
	t.numa_nodes = 2;
	EXPECT_EQ(-EINVAL, ktstr_plan__for(&p, &t, &err));
	EXPECT_NE(NULL, strstr(err.msg, "test plain: topology 2n3l2c1t: 3 LLCs cannot be divided among 2 NUMA nodes (after inheritance from scheduler s)"));
}

TEST(more_cpus_than_a_machine_has_is_an_error_without_overflow)
{
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	t.llcs = 1u << 31;
	t.cores = 2;
	t.threads = 1u << 31;
	EXPECT_EQ(-EINVAL, ktstr_plan__for(&p, &t, &err));
	t.llcs = 8;
	t.cores = 64;
	t.threads = 1;
	EXPECT_EQ(0, ktstr_plan__for(&p, &t, &err));
	t.threads = 2;
	EXPECT_EQ(-EINVAL, ktstr_plan__for(&p, &t, &err));
}

TEST(an_explicit_false_is_not_the_same_as_nothing)
{
	struct ktstr_scheduler s = unset;
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;

	s.not_starved = KTSTR_ON;
	s.max_gap_ms = 500;
	t.scheduler = &s;
	t.kaslr = KTSTR_OFF;
	t.checks.not_starved = KTSTR_OFF;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err));
	EXPECT_FALSE(p.kaslr);
	EXPECT_EQ(KTSTR_OFF, p.checks.not_starved);
	EXPECT_EQ(500, (int)p.checks.max_gap_ms);
}

static const struct ktstr_numa_node cxl[] = {
	{ .llcs = 2 }, { .llcs = 1 }, { .mem_bytes = KTSTR_MIB(128), .latency_ns = 250 }, { 0 },
};

TEST(nodes_that_differ_give_the_topology)
{
	static const uint8_t distances[] = { 10, 20, 30, 20, 10, 25, 30, 25, 10, 0 };
	struct ktstr_test t = plain;
	struct ktstr_plan p;
	struct ktstr_err err;
	struct vm_topology m;

	t.nodes = cxl;
	t.distances = distances;
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(3U, p.topo.numa_nodes);
	EXPECT_EQ(3U, p.topo.llcs);
	EXPECT_EQ(6U, p.nr_cpus);
	EXPECT_EQ(2048U, p.memory_mib);
	m = ktstr_plan__machine(&p);
	EXPECT_EQ(UINT64_C(960) << 20, vm_topology_node_bytes(&m, p.memory_mib << 20, 0));
	EXPECT_EQ(25, vm_topology_distance(&m, 1, 2));
}

TEST(nodes_that_cannot_be_are_refused_with_the_reason)
{
	static const struct ktstr_numa_node none[] = { { 0 } };
	static const struct ktstr_numa_node early[] = {
		{ .llcs = 1 }, { .mem_bytes = KTSTR_MIB(64) }, { .llcs = 1 }, { 0 },
	};
	static const struct ktstr_numa_node small[] = {
		{ .llcs = 1 }, { .mem_bytes = KTSTR_MIB(1) }, { 0 },
	};
	static const struct ktstr_numa_node big[] = {
		{ .llcs = 1 }, { .mem_bytes = KTSTR_MIB(4096) }, { 0 },
	};
	static const uint8_t few[] = { 10, 20, 20, 0 }, crooked[] = { 10, 20, 21, 10, 0 },
		many[] = { 10, 20, 20, 10, 10, 0 };
	static const struct {
		const struct ktstr_numa_node *nodes;
		const uint8_t *distances;
		int64_t llcs;
		const char *want;
	} row[] = {
		{ none, NULL, KTSTR_UNSET, "nodes: its first node has neither LLCs nor memory; 1 to 64 nodes are possible" },
		{ cxl, NULL, 3, "nodes: excludes llcs, which follows from the nodes" },
		{ early, NULL, KTSTR_UNSET, "node 2 has CPUs and comes after a memory-only node" },
		{ small, NULL, KTSTR_UNSET, "node 1 has 1048576 bytes of memory; whole MiB are wanted, at least 16" },
		{ big, NULL, KTSTR_UNSET, "memory_mib: mem_bytes: 2048 MiB, but the nodes of the topology have 4096 MiB" },
		{ small, few, KTSTR_UNSET, "distances: has 3 numbers, 2 nodes need 4" },
		{ small, many, KTSTR_UNSET, "distances: has more than 4 numbers, 2 nodes need 4" },
		{ NULL, few, KTSTR_UNSET, "distances: has more than 1 numbers, 1 nodes need 1" },
		{ &cxl[1], crooked, KTSTR_UNSET, "distance from node 0 to 1 is 20, back it is 21" },
	};
	struct ktstr_test t = { KTSTR_TEST_UNSET, .name = "t", .body = body };
	struct ktstr_plan p;
	struct ktstr_err err;

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		t.nodes = row[i].nodes;
		t.distances = row[i].distances;
		t.llcs = row[i].llcs;
		EXPECT_EQ(-EINVAL, ktstr_plan__for(&p, &t, &err)) TH_LOG("row %zu", i);
		EXPECT_NE(NULL, strstr(err.msg, row[i].want)) TH_LOG("%s", err.msg);
	}
}

TEST(a_variant_has_the_machine_of_its_preset)
{
	struct ktstr_test t = plain;
	struct ktstr_variant v = { &t, ktstr_preset__find("max-cpu") };
	char text[KTSTR_ID_LEN];
	struct ktstr_plan p;
	struct ktstr_err err;

	t.name = "t";
	t.llcs = 2;
	t.memory_mib = 512;
	ASSERT_EQ(0, ktstr_plan__for_variant(&p, &v, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(252U, p.nr_cpus);
	EXPECT_EQ(252U * 64, p.memory_mib);
	EXPECT_STREQ("gauntlet/t/max-cpu", ktstr_plan__id(&p, text, sizeof(text)));
	EXPECT_STREQ("t/max-cpu", ktstr_plan__name(&p, text, sizeof(text)));
	setenv("KTSTR_TOPOLOGY", "1n1l2c1t", 1);
	EXPECT_EQ(-EINVAL, ktstr_plan__for_variant(&p, &v, &err));
	EXPECT_NE(NULL, strstr(err.msg, "excludes gauntlet/t/max-cpu")) TH_LOG("%s", err.msg);
	/* without a preset, the variable may name one */
	setenv("KTSTR_TOPOLOGY", "tiered-memory", 1);
	ASSERT_EQ(0, ktstr_plan__for(&p, &t, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(4U, p.topo.numa_nodes);
	EXPECT_NE(NULL, p.nodes);
	EXPECT_STREQ("ktstr/t", ktstr_plan__id(&p, text, sizeof(text)));
	setenv("KTSTR_TOPOLOGY", "tired-memory", 1);
	EXPECT_EQ(-EINVAL, ktstr_plan__for(&p, &t, &err));
	EXPECT_NE(NULL, strstr(err.msg, "did you mean tiered-memory?")) TH_LOG("%s", err.msg);
	unsetenv("KTSTR_TOPOLOGY");
}

TEST_HARNESS_MAIN
