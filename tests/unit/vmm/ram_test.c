// SPDX-License-Identifier: GPL-2.0
/* Which guest physical addresses are RAM, where the shared stretch goes, where the pages come from. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "vmm/ram.h"
#include "kselftest_harness.h"
#include "tests/unit/put_file.h"

#define LOW (2 * VM_GIB)

TEST(small_memory_has_two_regions)
{
	struct vm_region r[VM_MAX_REGIONS];

	ASSERT_EQ(2, vm_ram_regions_pc(512 * VM_MIB, LOW, r));
	EXPECT_EQ(0, r[0].gpa);
	EXPECT_EQ(640 * 1024, r[0].len);
	EXPECT_EQ(VM_MIB, r[1].gpa);
	EXPECT_EQ(511 * VM_MIB, r[1].len);
}

TEST(large_memory_goes_on_at_4_gib)
{
	struct vm_region r[VM_MAX_REGIONS];

	ASSERT_EQ(2, vm_ram_regions_pc(LOW, LOW, r));
	ASSERT_EQ(3, vm_ram_regions_pc(LOW + VM_MIB, LOW, r));
	EXPECT_EQ(LOW - VM_MIB, r[1].len);
	EXPECT_EQ(4 * VM_GIB, r[2].gpa);
	EXPECT_EQ(VM_MIB, r[2].len);
	EXPECT_EQ(LOW, r[2].offset);
}

TEST(a_range_is_ram_only_if_all_of_it_is)
{
	struct vm_region r[VM_MAX_REGIONS];
	unsigned int n = vm_ram_regions_pc(3 * VM_GIB, LOW, r);

	EXPECT_EQ(&r[0], vm_ram_find_region(r, n, 0, 1));
	EXPECT_EQ(&r[0], vm_ram_find_region(r, n, 0, 0xa0000));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, 0, 0xa0001));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, 0xb8000, 8));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, 0xfffff, 2));
	EXPECT_EQ(&r[1], vm_ram_find_region(r, n, LOW - 8, 8));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, LOW - 8, 9));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, 0xfee00000, 4));
	EXPECT_EQ(&r[2], vm_ram_find_region(r, n, 5 * VM_GIB - 8, 8));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, 5 * VM_GIB, 1));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, UINT64_MAX, 2));
	EXPECT_EQ(NULL, vm_ram_find_region(r, n, VM_MIB, UINT64_MAX));
}

TEST(shared_stretch_touches_neither_kernel_nor_initrd)
{
	const uint64_t kernel_end = 100 * VM_MIB, shared = 16 * VM_MIB;

	for (uint64_t initrd = 0; initrd < 300 * VM_MIB; initrd += 7777777) {
		uint64_t gpa = 0;

		ASSERT_EQ(0, vm_ram_place_shared(512 * VM_MIB, initrd, kernel_end, shared, &gpa,
					     NULL));
		EXPECT_EQ(0, gpa % (2 * VM_MIB));
		EXPECT_GT(gpa, kernel_end);
		/* QEMU ends the initrd within 1 MiB of the top */
		EXPECT_LE(gpa + shared, 512 * VM_MIB - VM_MIB - initrd);
	}
}

TEST(no_room_says_how_much_is_needed)
{
	struct ktstr_err err;
	uint64_t gpa;

	EXPECT_EQ(-ENOSPC, vm_ram_place_shared(128 * VM_MIB, 40 * VM_MIB, 100 * VM_MIB, 16 * VM_MIB,
					   &gpa, &err));
	EXPECT_NE(NULL, strstr(err.msg, "MiB are needed")) TH_LOG("%s", err.msg);
	EXPECT_EQ(-ENOSPC, vm_ram_place_shared(512 * VM_MIB, UINT64_MAX - 5, 1, 1, &gpa, &err));
	EXPECT_EQ(-ENOSPC, vm_ram_place_shared(512 * VM_MIB, 1, 1, UINT64_MAX - 5, &gpa, &err));
}

static int alloc(struct vm_ram *ram, const struct vm_spec *spec)
{
	int r = vm_ram_alloc(ram, spec, NULL);

	ram->nr_regions = vm_ram_regions_pc(spec->mem_bytes, LOW, ram->region);
	return r;
}

/* Nodes are separate files, yet neighbours in our address space. */
TEST(allocated_memory_is_linear_across_nodes)
{
	const struct vm_spec spec = { .mem_bytes = 96 * VM_MIB, .topo = { { 2, 2, 1, 1 } } };
	struct vm_ram ram;
	char *p;

	ASSERT_EQ(0, alloc(&ram, &spec));
	EXPECT_STREQ("", ram.notice);
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

/* Pages that nobody has touched are not there, in the memory's own file and in what is written. */
TEST(memory_is_written_without_its_holes)
{
	const struct vm_spec spec = { .mem_bytes = 96 * VM_MIB, .topo = { { 2, 2, 1, 1 } } };
	const uint64_t gpa = 40 * VM_MIB, len = 16 * VM_MIB, at = VM_MIB;
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct vm_ram ram;
	struct stat own, st;
	char buf[8];

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, alloc(&ram, &spec));
	memcpy(vm_ram_at(&ram, gpa, 5), "begin", 5);
	memcpy(vm_ram_at(&ram, 48 * VM_MIB - 2, 4), "seam", 4);	/* of two nodes */
	memcpy(vm_ram_at(&ram, gpa + len - 3, 3), "end", 3);
	memcpy(vm_ram_at(&ram, gpa + len, 4), "more", 4);
	memset(vm_ram_at(&ram, 44 * VM_MIB, VM_MIB), 0, VM_MIB);
	ASSERT_EQ(0, vm_ram_write(&ram, gpa, len, fd, at));
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(at + len, st.st_size);
	EXPECT_LE(st.st_blocks * 512, 64 * 1024);
	EXPECT_EQ(5, pread(fd, buf, 5, at));
	EXPECT_EQ(0, memcmp(buf, "begin", 5));
	EXPECT_EQ(4, pread(fd, buf, 4, at + 8 * VM_MIB - 2));
	EXPECT_EQ(0, memcmp(buf, "seam", 4));
	EXPECT_EQ(3, pread(fd, buf, 8, at + len - 3));
	EXPECT_EQ(0, memcmp(buf, "end", 3));
	ASSERT_EQ(0, fstat(ram.fd[0], &own));
	EXPECT_LE((uint64_t)own.st_blocks * 512, VM_MIB + 64 * 1024);
	EXPECT_EQ(-EINVAL, vm_ram_write(&ram, gpa + 1, 4096, fd, at));
	EXPECT_EQ(-EINVAL, vm_ram_write(&ram, 96 * VM_MIB - 4096, 8192, fd, at));
	close(fd);
	fd = open("/dev/full", O_WRONLY);
	EXPECT_EQ(-ENOSPC, vm_ram_write(&ram, gpa, len, fd, at));
	close(fd);
	vm_ram_free(&ram);
}

/* What the kernel notes about the mapping at @at: two letters each, proc(5). */
static bool has_flag(const void *at, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long from, to;
	bool inside = false, found = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)at >= from && (uintptr_t)at < to;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			found = strstr(line, flag);
	}
	if (f)
		fclose(f);
	return found;
}

/* KVM runs in this process: nobody else maps the memory, so it need not be a file. */
TEST(memory_for_kvm_is_the_process_own_with_huge_pages_where_the_host_has_some)
{
	const struct vm_spec spec = { .accel = VM_ACCEL_KVM, .mem_bytes = 96 * VM_MIB,
				      .topo = { { 2, 2, 1, 1 } } };
	struct vm_ram ram;
	char *p;

	ASSERT_EQ(0, alloc(&ram, &spec));
	EXPECT_STREQ("", ram.notice);
	EXPECT_FALSE(ram.huge);
	for (unsigned int node = 0; node < 2; node++) {
		EXPECT_EQ(-1, ram.fd[node]);
		p = vm_ram_at(&ram, (4 + 48 * node) * VM_MIB, 1);
		EXPECT_TRUE(has_flag(p, " dc"));
		if (!access("/sys/kernel/mm/transparent_hugepage", F_OK))
			EXPECT_TRUE(has_flag(p, " hg"));
	}
	p = vm_ram_at(&ram, 48 * VM_MIB - 2, 4);
	ASSERT_NE(NULL, p);
	memcpy(p, "abcd", 4);
	EXPECT_EQ(p, (char *)vm_ram_at(&ram, VM_MIB, 1) + 47 * VM_MIB - 2);
	vm_ram_free(&ram);
	EXPECT_EQ(NULL, vm_ram_at(&ram, VM_MIB, 1));
}

TEST(memory_for_kvm_is_bound_too)
{
	static const uint64_t nodes[] = { 1, 0 };
	const struct vm_spec spec = { .accel = VM_ACCEL_KVM, .mem_bytes = 64 * VM_MIB,
				      .topo = { { 2, 2, 1, 1 } }, .host_nodes = nodes };
	static const int want[] = { MPOL_BIND, MPOL_DEFAULT };
	unsigned long mask[16];
	struct vm_ram ram;
	int mode;

	ASSERT_EQ(0, alloc(&ram, &spec));
	if (ram.notice[0]) {
		vm_ram_free(&ram);
		SKIP(return, "%s", ram.notice);
	}
	for (unsigned int node = 0; node < 2; node++) {
		ASSERT_EQ(0, syscall(SYS_get_mempolicy, &mode, mask, 1024,
				     vm_ram_at(&ram, (4 + 32 * node) * VM_MIB, 1), MPOL_F_ADDR));
		EXPECT_EQ(want[node], mode);
	}
	vm_ram_free(&ram);
}

/* ---- huge pages ---- */

static uint64_t free_huge_pages(void)
{
	uint64_t n = 0;
	FILE *f = fopen(VM_HUGE_SYSFS "/free_hugepages", "re");

	if (f && fscanf(f, "%" SCNu64, &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

/* On a host that has some. They are all taken, and all given back. */
TEST(huge_pages_are_all_there_from_the_start)
{
	const struct vm_spec spec = { .mem_bytes = 32 * VM_MIB, .topo = { { 2, 2, 1, 1 } },
				      .huge_pages = true };
	const struct vm_part part = { .fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), .bytes = 4096 };
	uint64_t idle = free_huge_pages();
	struct vm_ram ram;
	char *p;

	if (idle < 16)
		SKIP(return, "the host has %" PRIu64 " free huge pages, 16 are needed", idle);
	ASSERT_EQ(0, alloc(&ram, &spec));
	EXPECT_TRUE(ram.huge);
	EXPECT_STREQ("", ram.notice);
	EXPECT_EQ(idle - 16, free_huge_pages());
	EXPECT_EQ(0, (uintptr_t)ram.base % VM_HUGE_BYTES);
	p = vm_ram_at(&ram, 16 * VM_MIB - 2, 4);
	memcpy(p, "abcd", 4);
	EXPECT_EQ(1, pread(ram.fd[1], p, 1, 1));
	EXPECT_EQ('d', p[0]);
	EXPECT_NE(0, ftruncate(ram.fd[1], 0));
	/* small pages cannot be put among them */
	EXPECT_EQ(-EINVAL, vm_ram_overlay(&ram, 4 * VM_MIB, &part));
	EXPECT_EQ(0, *(char *)vm_ram_at(&ram, 4 * VM_MIB, 1));
	vm_ram_free(&ram);
	EXPECT_EQ(idle, free_huge_pages());
	close(part.fd);
}

/* 1 TiB of them: no host of ours has that. */
TEST(too_few_huge_pages_are_replaced_and_said_so)
{
	const struct vm_spec spec = { .mem_bytes = 1024 * VM_GIB, .topo = { { 2, 2, 1, 1 } },
				      .huge_pages = true };
	uint64_t idle = free_huge_pages();
	struct vm_ram ram;
	char *p;

	ASSERT_EQ(0, alloc(&ram, &spec));
	EXPECT_FALSE(ram.huge);
	EXPECT_NE(NULL, strstr(ram.notice, "ordinary pages instead of huge ones: "))
		TH_LOG("%s", ram.notice);
	EXPECT_EQ(idle, free_huge_pages());
	p = vm_ram_at(&ram, VM_MIB, 4096);
	ASSERT_NE(NULL, p);
	memset(p, 1, 4096);
	vm_ram_free(&ram);
}

TEST(a_node_of_an_odd_size_has_no_huge_pages)
{
	const struct vm_spec spec = { .mem_bytes = 34 * VM_MIB, .topo = { { 2, 2, 1, 1 } },
				      .huge_pages = true };
	struct vm_ram ram;

	ASSERT_EQ(0, alloc(&ram, &spec));
	EXPECT_FALSE(ram.huge);
	EXPECT_NE(NULL, strstr(ram.notice, "17 MiB of node 0")) TH_LOG("%s", ram.notice);
	*(char *)vm_ram_at(&ram, 17 * VM_MIB, 1) = 1;
	vm_ram_free(&ram);
}

TEST(a_shortage_names_the_numbers_and_the_command)
{
	static const char *const name[] = { "nr_hugepages", "free_hugepages", "resv_hugepages" };
	char dir[] = "/tmp/vm_ram_test.XXXXXX", why[256], want[256], path[128];

	ASSERT_NE(NULL, mkdtemp(dir));
	put_file(dir, "nr_hugepages", "20\n");
	put_file(dir, "free_hugepages", "14\n");
	put_file(dir, "resv_hugepages", "2\n");
	vm_ram_huge_shortage(dir, 512, ENOMEM, why, sizeof(why));
	snprintf(want, sizeof(want),
		 "512 huge pages of 2 MiB are needed, 12 of the host's 20 are free; for more: echo 520 > %s/nr_hugepages",
		 dir);
	EXPECT_STREQ(want, why);
	/* more promised than there are, nonsense, nothing: none is free */
	put_file(dir, "resv_hugepages", "15\n");
	put_file(dir, "nr_hugepages", "many\n");
	vm_ram_huge_shortage(dir, 5, ENOMEM, why, sizeof(why));
	EXPECT_NE(NULL, strstr(why, "5 huge pages of 2 MiB are needed, 0 of the host's 0 are free"))
		TH_LOG("%s", why);
	vm_ram_huge_shortage(dir, 0, EFAULT, why, sizeof(why));
	EXPECT_NE(NULL, strstr(why, "Bad address")) TH_LOG("%s", why);
	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		EXPECT_EQ(0, unlink(path));
	}
	EXPECT_EQ(0, rmdir(dir));
	vm_ram_huge_shortage(dir, 5, ENODEV, why, sizeof(why));
	EXPECT_NE(NULL, strstr(why, "no huge pages of 2 MiB")) TH_LOG("%s", why);
}

/* ---- the host's nodes ---- */

TEST(the_hosts_nodes_are_read_strictly)
{
	static const struct {
		const char *text;
		int r;
		uint64_t mask;
	} row[] = {
		{ "0\n", 0, 1 },
		{ "0-1,4\n", 0, 0x13 },
		{ "0-3,63,70-80\n", 0, 0xfull | 1ull << 63 },
		{ "0-99999999999999999999", -EBADMSG, 0 },
		{ "\n", -EBADMSG, 0 },
		{ "", -EBADMSG, 0 },
		{ "0,x\n", -EBADMSG, 1 },
		{ "-1\n", -EBADMSG, 0 },
	};
	char dir[] = "/tmp/vm_ram_test.XXXXXX", path[128];
	uint64_t mask;

	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/has_memory", dir);
	/* a kernel without NUMA has no such file: one node */
	EXPECT_EQ(0, vm_ram_host_nodes(path, &mask));
	EXPECT_EQ(1, mask);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		put_file(dir, "has_memory", row[i].text);
		EXPECT_EQ(row[i].r, vm_ram_host_nodes(path, &mask)) TH_LOG("%s", row[i].text);
		EXPECT_EQ(row[i].mask, mask) TH_LOG("%s", row[i].text);
	}
	unlink(path);
	rmdir(dir);
}

TEST(a_host_node_that_does_not_exist_is_refused)
{
	static const uint64_t nodes[] = { 1, 0, 0x24 };
	struct vm_spec spec = { .topo = { { 3, 3, 1, 1 } } };
	struct ktstr_err err = { .msg = "" };

	EXPECT_EQ(0, vm_ram_check_host_nodes(&spec, 1, &err));
	spec.host_nodes = nodes;
	EXPECT_EQ(0, vm_ram_check_host_nodes(&spec, 0x27, &err));
	EXPECT_EQ(-EINVAL, vm_ram_check_host_nodes(&spec, 0x5, &err));
	EXPECT_STREQ("host_nodes of node 2: the host has no node 5 with memory, only 0, 2", err.msg);
}

/* Node 0 is the one that every host has. The pages of an unbound node may be anywhere. */
TEST(a_bound_node_gets_its_pages_from_there)
{
	static const uint64_t nodes[] = { 1, 0 };
	const struct vm_spec spec = { .mem_bytes = 64 * VM_MIB, .topo = { { 2, 2, 1, 1 } },
				      .host_nodes = nodes };
	unsigned long mask[16] = { 0 };
	struct vm_ram ram;
	int mode, node;
	uint8_t *p;

	ASSERT_EQ(0, alloc(&ram, &spec));
	if (ram.notice[0]) {
		vm_ram_free(&ram);
		SKIP(return, "%s", ram.notice);
	}
	p = vm_ram_at(&ram, 2 * VM_MIB, 1);
	ASSERT_EQ(0, syscall(SYS_get_mempolicy, &mode, mask, 1024, p, MPOL_F_ADDR));
	EXPECT_EQ(MPOL_BIND, mode);
	EXPECT_EQ(1, mask[0]);
	*p = 1;
	ASSERT_EQ(0, syscall(SYS_get_mempolicy, &node, NULL, 0, p, MPOL_F_NODE | MPOL_F_ADDR));
	EXPECT_EQ(0, node);
	/* an emulator maps the same file: the policy is there too */
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ram.fd[0], 4096);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(0, syscall(SYS_get_mempolicy, &mode, mask, 1024, p, MPOL_F_ADDR));
	EXPECT_EQ(MPOL_BIND, mode);
	munmap(p, 4096);
	p = vm_ram_at(&ram, 40 * VM_MIB, 1);
	ASSERT_EQ(0, syscall(SYS_get_mempolicy, &mode, mask, 1024, p, MPOL_F_ADDR));
	EXPECT_EQ(MPOL_DEFAULT, mode);
	vm_ram_free(&ram);
}

/* A node that the kernel does not take: the machine gets its memory all the same. */
TEST(binding_that_fails_is_said)
{
	static const uint64_t nodes[] = { UINT64_C(1) << 63 };
	const struct vm_spec spec = { .mem_bytes = 32 * VM_MIB, .topo = { { 1, 1, 1, 1 } },
				      .host_nodes = nodes };
	struct vm_ram ram;

	ASSERT_EQ(0, alloc(&ram, &spec));
	EXPECT_NE(NULL, strstr(ram.notice, "memory of node 0 cannot be bound to node 63 of the host"))
		TH_LOG("%s", ram.notice);
	*(char *)vm_ram_at(&ram, 2 * VM_MIB, 1) = 1;
	vm_ram_free(&ram);
}

TEST_HARNESS_MAIN
