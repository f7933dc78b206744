// SPDX-License-Identifier: GPL-2.0
/* What a topology says about its nodes: LLCs, memory, distances, latencies. */
#include <linux/kernel.h>
#include "vmm/ram.h"
#include "kselftest_harness.h"

TEST(nodes_get_equal_whole_mib_and_the_last_the_rest)
{
	const struct vm_topology three = { { 3, 3, 1, 1 } }, one = { { 1, 1, 1, 1 } };

	EXPECT_EQ(341 * VM_MIB, vm_topology_node_bytes(&three, VM_GIB, 0));
	EXPECT_EQ(341 * VM_MIB, vm_topology_node_bytes(&three, VM_GIB, 1));
	EXPECT_EQ(342 * VM_MIB, vm_topology_node_bytes(&three, VM_GIB, 2));
	EXPECT_EQ(VM_GIB, vm_topology_node_bytes(&one, VM_GIB, 0));
}

/* Three LLCs, one LLC, and memory without CPUs. */
static const struct ktstr_numa_node lopsided[] = {
	{ .llcs = 3 },
	{ .llcs = 1, .latency_ns = 80, .bandwidth_mbs = 3 },
	{ .mem_bytes = 128 * VM_MIB },
};
static const uint8_t far[] = { 10, 20, 30, 20, 10, 25, 30, 25, 10 };

TEST(nodes_may_differ)
{
	const struct vm_topology t = { { 3, 4, 2, 2 }, lopsided, far };
	struct ktstr_err err;

	ASSERT_EQ(0, vm_topology_check(&t, &err)) TH_LOG("%s", err.msg);
	for (uint32_t cpu = 0; cpu < 16; cpu++)
		EXPECT_EQ(cpu >= 12, vm_topology_node_of_cpu(&t, cpu));
	ASSERT_EQ(0, vm_topology_check_memory(&t, 1001 * VM_MIB, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(436 * VM_MIB, vm_topology_node_bytes(&t, 1001 * VM_MIB, 0));
	EXPECT_EQ(437 * VM_MIB, vm_topology_node_bytes(&t, 1001 * VM_MIB, 1));
	EXPECT_EQ(128 * VM_MIB, vm_topology_node_bytes(&t, 1001 * VM_MIB, 2));
	EXPECT_EQ(25, vm_topology_distance(&t, 1, 2));
	EXPECT_EQ(100, vm_topology_latency_ns(&t, 0, 0));
	EXPECT_EQ(160, vm_topology_latency_ns(&t, 0, 1));
	EXPECT_EQ(750, vm_topology_latency_ns(&t, 1, 2));
	EXPECT_EQ(20480 * 10 / 25, vm_topology_bandwidth_mbs(&t, 1, 2));
	EXPECT_EQ(1, vm_topology_bandwidth_mbs(&t, 0, 1));
}

TEST(bandwidths_beyond_16_bits_are_rounded_never_to_nothing)
{
	static const struct ktstr_numa_node nodes[] = {
		{ .llcs = 1, .bandwidth_mbs = 1000001 }, { .llcs = 1, .bandwidth_mbs = 3 },
	};
	const struct vm_topology t = { { 2, 2, 1, 1 }, nodes };

	EXPECT_EQ(1000000, vm_topology_bandwidth_mbs(&t, 0, 0));
	EXPECT_EQ(16, vm_topology_bandwidth_mbs(&t, 1, 1));
}

TEST(alike_nodes_take_llcs_in_order)
{
	const struct vm_topology t = { { 2, 4, 3, 1 } };

	for (uint32_t cpu = 0; cpu < 12; cpu++)
		EXPECT_EQ(cpu / 6, vm_topology_node_of_cpu(&t, cpu));
	EXPECT_EQ(10, vm_topology_distance(&t, 1, 1));
	EXPECT_EQ(20, vm_topology_distance(&t, 1, 0));
}

TEST(memory_must_go_round)
{
	const struct vm_topology t = { { 3, 4, 2, 2 }, lopsided, far };
	const struct ktstr_numa_node fixed[] = { { .llcs = 1, .mem_bytes = 64 * VM_MIB } };
	const struct vm_topology f = { { 1, 1, 1, 1 }, fixed };
	struct ktstr_err err;

	EXPECT_EQ(0, vm_topology_check_memory(&t, 160 * VM_MIB, &err));
	EXPECT_EQ(-EINVAL, vm_topology_check_memory(&t, 159 * VM_MIB, &err));
	EXPECT_NE(NULL, strstr(err.msg, "too few"));
	EXPECT_EQ(-EINVAL, vm_topology_check_memory(&t, 100 * VM_MIB, &err));
	EXPECT_NE(NULL, strstr(err.msg, "have 128 MiB"));
	EXPECT_EQ(0, vm_topology_check_memory(&f, 64 * VM_MIB, &err));
	EXPECT_EQ(-EINVAL, vm_topology_check_memory(&f, 65 * VM_MIB, &err));
	EXPECT_EQ(-EINVAL, vm_topology_check_memory(&f, 63 * VM_MIB, &err));
}

TEST(a_broken_node_is_named)
{
	static const struct {
		const char *says;
		struct ktstr_numa_node node[2];
		uint8_t distance[4];
	} bad[] = {
		{ "1 LLCs together", { { .llcs = 1 }, { .mem_bytes = VM_GIB } }, { 10, 20, 20, 10 } },
		{ "3 LLCs together", { { .llcs = 1 }, { .llcs = 2 } }, { 10, 20, 20, 10 } },
		{ "neither LLCs nor memory", { { .llcs = 2 } }, { 10, 20, 20, 10 } },
		{ "memory-only nodes last", { { .mem_bytes = VM_GIB }, { .llcs = 2 } },
		  { 10, 20, 20, 10 } },
		{ "whole MiB", { { .llcs = 2 }, { .mem_bytes = VM_GIB + 1 } }, { 10, 20, 20, 10 } },
		{ "at least 16", { { .llcs = 2 }, { .mem_bytes = VM_MIB } }, { 10, 20, 20, 10 } },
		{ "without a size", { { .llcs = 2, .cache = { .line_bytes = 64 } },
				      { .mem_bytes = VM_GIB } }, { 10, 20, 20, 10 } },
		{ "write policy 3", { { .llcs = 2, .cache = { 4096, 1, 3, 64 } },
				      { .mem_bytes = VM_GIB } }, { 10, 20, 20, 10 } },
		{ "bandwidth_mbs", { { .llcs = 2, .bandwidth_mbs = UINT32_MAX },
				     { .mem_bytes = VM_GIB } }, { 10, 20, 20, 10 } },
		{ "80000 ns", { { .llcs = 1, .latency_ns = 40000 }, { .llcs = 1 } }, { 10, 20, 20, 10 } },
		{ "distance 11 from node 0 to 0", { { .llcs = 1 }, { .llcs = 1 } }, { 11, 20, 20, 10 } },
		{ "distance 10 from node 0 to 1", { { .llcs = 1 }, { .llcs = 1 } }, { 10, 10, 10, 10 } },
		{ "distance 255", { { .llcs = 1 }, { .llcs = 1 } }, { 10, 255, 255, 10 } },
		{ "both ways", { { .llcs = 1 }, { .llcs = 1 } }, { 10, 20, 21, 10 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct vm_topology t = { { 2, 2, 1, 1 }, bad[i].node, bad[i].distance };
		struct ktstr_err err = { .msg = "" };

		EXPECT_EQ(-EINVAL, vm_topology_check(&t, &err)) TH_LOG("%s", bad[i].says);
		EXPECT_NE(NULL, strstr(err.msg, bad[i].says)) TH_LOG("%s: %s", bad[i].says, err.msg);
	}
}

TEST_HARNESS_MAIN
