// SPDX-License-Identifier: GPL-2.0
/* Which guest physical addresses are RAM, and where the shared stretch goes. */
/* Links: vmm/ram.c vmm/topology.c vmm/err.c */
#include "../../vmm/ram.h"
#include "kselftest_harness.h"

#define LOW (2 * VM_GIB)

TEST(small_memory_has_two_regions)
{
	struct vm_region r[VM_MAX_REGIONS];

	ASSERT_EQ(2, vm_regions_pc(512 * VM_MIB, LOW, r));
	EXPECT_EQ(0, r[0].gpa);
	EXPECT_EQ(640 * 1024, r[0].len);
	EXPECT_EQ(VM_MIB, r[1].gpa);
	EXPECT_EQ(511 * VM_MIB, r[1].len);
}

TEST(large_memory_goes_on_at_4_gib)
{
	struct vm_region r[VM_MAX_REGIONS];

	ASSERT_EQ(2, vm_regions_pc(LOW, LOW, r));
	ASSERT_EQ(3, vm_regions_pc(LOW + VM_MIB, LOW, r));
	EXPECT_EQ(LOW - VM_MIB, r[1].len);
	EXPECT_EQ(4 * VM_GIB, r[2].gpa);
	EXPECT_EQ(VM_MIB, r[2].len);
	EXPECT_EQ(LOW, r[2].offset);
}

TEST(a_range_is_ram_only_if_all_of_it_is)
{
	struct vm_region r[VM_MAX_REGIONS];
	unsigned int n = vm_regions_pc(3 * VM_GIB, LOW, r);

	EXPECT_EQ(&r[0], vm_region_find(r, n, 0, 1));
	EXPECT_EQ(&r[0], vm_region_find(r, n, 0, 0xa0000));
	EXPECT_EQ(NULL, vm_region_find(r, n, 0, 0xa0001));
	EXPECT_EQ(NULL, vm_region_find(r, n, 0xb8000, 8));
	EXPECT_EQ(NULL, vm_region_find(r, n, 0xfffff, 2));
	EXPECT_EQ(&r[1], vm_region_find(r, n, LOW - 8, 8));
	EXPECT_EQ(NULL, vm_region_find(r, n, LOW - 8, 9));
	EXPECT_EQ(NULL, vm_region_find(r, n, 0xfee00000, 4));
	EXPECT_EQ(&r[2], vm_region_find(r, n, 5 * VM_GIB - 8, 8));
	EXPECT_EQ(NULL, vm_region_find(r, n, 5 * VM_GIB, 1));
	EXPECT_EQ(NULL, vm_region_find(r, n, UINT64_MAX, 2));
	EXPECT_EQ(NULL, vm_region_find(r, n, VM_MIB, UINT64_MAX));
}

TEST(shared_stretch_touches_neither_kernel_nor_initrd)
{
	const uint64_t kernel_end = 100 * VM_MIB, shared = 16 * VM_MIB;

	for (uint64_t initrd = 0; initrd < 300 * VM_MIB; initrd += 7777777) {
		uint64_t gpa = 0;

		ASSERT_EQ(0, vm_place_shared(512 * VM_MIB, initrd, kernel_end, shared, &gpa,
					     NULL));
		EXPECT_EQ(0, gpa % (2 * VM_MIB));
		EXPECT_GT(gpa, kernel_end);
		/* QEMU ends the initrd within 1 MiB of the top */
		EXPECT_LE(gpa + shared, 512 * VM_MIB - VM_MIB - initrd);
	}
}

TEST(no_room_says_how_much_is_needed)
{
	struct vm_err err;
	uint64_t gpa;

	EXPECT_EQ(-ENOSPC, vm_place_shared(128 * VM_MIB, 40 * VM_MIB, 100 * VM_MIB, 16 * VM_MIB,
					   &gpa, &err));
	EXPECT_NE(NULL, strstr(err.msg, "MiB are needed")) TH_LOG("%s", err.msg);
	EXPECT_EQ(-ENOSPC, vm_place_shared(512 * VM_MIB, UINT64_MAX - 5, 1, 1, &gpa, &err));
	EXPECT_EQ(-ENOSPC, vm_place_shared(512 * VM_MIB, 1, 1, UINT64_MAX - 5, &gpa, &err));
}

/* Nodes are separate files, yet neighbours in our address space. */
TEST(allocated_memory_is_linear_across_nodes)
{
	const struct vm_topology topo = { 2, 2, 1, 1 };
	struct vm_ram ram;
	char *p;

	ASSERT_EQ(0, vm_ram_alloc(&ram, 96 * VM_MIB, &topo, LOW, NULL));
	p = vm_ram_at(&ram, 48 * VM_MIB - 2, 4);
	ASSERT_NE(NULL, p);
	memcpy(p, "abcd", 4);
	EXPECT_EQ(p, (char *)vm_ram_at(&ram, VM_MIB, 1) + 47 * VM_MIB - 2);
	EXPECT_NE(0, ftruncate(ram.fd[1], 0));
	EXPECT_EQ(2, pread(ram.fd[0], p, 2, 48 * VM_MIB - 2));
	EXPECT_EQ('a', p[0]);
	EXPECT_EQ(NULL, vm_ram_at(&ram, 96 * VM_MIB - 1, 2));
	vm_ram_free(&ram);
	EXPECT_EQ(NULL, vm_ram_at(&ram, VM_MIB, 1));
}

TEST_HARNESS_MAIN
