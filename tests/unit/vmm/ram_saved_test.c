// SPDX-License-Identifier: GPL-2.0
/* Guest RAM in a file: what is written is read back, and a damaged file is refused. */
#include <fcntl.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "vmm/ram.h"
#include "kselftest_harness.h"

#define PAGE	4096u

FIXTURE(saved) {
	struct vm_spec spec;
	struct vm_ram ram, copy;
	struct ktstr_err err;
	int fd;
};

FIXTURE_SETUP(saved)
{
	self->spec = (struct vm_spec){
		.topo = { { 2, 2, 1, 1 } }, .mem_bytes = 64 * VM_MIB, .accel = VM_ACCEL_TCG,
	};
	self->fd = memfd_create("saved", 0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, vm_ram_alloc(&self->ram, &self->spec, &self->err));
	ASSERT_EQ(0, vm_ram_alloc(&self->copy, &self->spec, &self->err));
	/* in both nodes, at the ends and over the border, two neighbours and a page of zeroes that was written */
	memset(self->ram.base, 1, PAGE);
	memset(self->ram.base + 9 * PAGE, 2, 2 * PAGE);
	memset(self->ram.base + 20 * PAGE, 0, PAGE);
	memset(self->ram.base + 32 * VM_MIB - PAGE, 5, 2 * PAGE);
	self->ram.base[40 * VM_MIB + 5] = 3;
	self->ram.base[64 * VM_MIB - 1] = 4;
}

FIXTURE_TEARDOWN(saved)
{
	vm_ram_free(&self->ram);
	vm_ram_free(&self->copy);
	close(self->fd);
}

TEST_F(saved, what_was_written_is_read_back)
{
	struct stat st;

	ASSERT_EQ(0, vm_ram_save(&self->ram, self->fd, &self->err)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, fstat(self->fd, &st));
	/* seven pages and the trailer */
	EXPECT_EQ(8u * PAGE / 512, st.st_blocks);
	ASSERT_EQ(0, vm_ram_load(&self->copy, self->fd, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, memcmp(self->ram.base, self->copy.base, 64 * VM_MIB));
}

TEST_F(saved, what_was_written_is_read_back_into_private_memory)
{
	ASSERT_EQ(0, vm_ram_save(&self->ram, self->fd, &self->err)) TH_LOG("%s", self->err.msg);
	vm_ram_free(&self->copy);
	self->spec.accel = VM_ACCEL_KVM;
	ASSERT_EQ(0, vm_ram_alloc(&self->copy, &self->spec, &self->err)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, vm_ram_load(&self->copy, self->fd, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, memcmp(self->ram.base, self->copy.base, 64 * VM_MIB));
}

/* Memory of this process only, as KVM's is: pages of the file are its own until it is written to. */
TEST_F(saved, what_was_written_is_mapped)
{
	static const uint64_t hole = 12 * VM_MIB;
	char page[PAGE];

	vm_ram_free(&self->ram);
	vm_ram_free(&self->copy);
	self->spec.accel = VM_ACCEL_KVM;
	ASSERT_EQ(0, vm_ram_alloc(&self->ram, &self->spec, &self->err));
	ASSERT_EQ(0, vm_ram_alloc(&self->copy, &self->spec, &self->err));
	memset(self->ram.base + 9 * PAGE, 2, 2 * PAGE);
	memset(self->ram.base + 32 * VM_MIB - PAGE, 5, 2 * PAGE);
	self->ram.base[40 * VM_MIB + 5] = 3;
	self->ram.base[64 * VM_MIB - 1] = 4;
	ASSERT_EQ(0, vm_ram_save(&self->ram, self->fd, &self->err)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(0, vm_ram_map(&self->copy, self->fd, false, &self->err)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(0, memcmp(self->ram.base, self->copy.base, 64 * VM_MIB));
	/* neither a write to what was in the file nor one to a hole gets there */
	memset(self->copy.base + 9 * PAGE, 7, PAGE);
	memset(self->copy.base + hole, 7, PAGE);
	ASSERT_EQ(PAGE, pread(self->fd, page, PAGE, 9 * PAGE));
	EXPECT_EQ(0, memcmp(page, self->ram.base + 9 * PAGE, PAGE));
	ASSERT_EQ(PAGE, pread(self->fd, page, PAGE, hole));
	EXPECT_EQ(0, memcmp(page, self->ram.base + hole, PAGE));
}

static void spoil(int fd, off_t at, char byte)
{
	if (pwrite(fd, &byte, 1, at) != 1)
		abort();
}

TEST_F(saved, a_changed_byte_is_found)
{
	static const off_t at[] = { 0, 9 * PAGE + 7, 11 * PAGE, 64 * VM_MIB - 1, 64 * VM_MIB + 25 };

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		ASSERT_EQ(0, ftruncate(self->fd, 0));
		ASSERT_EQ(0, vm_ram_save(&self->ram, self->fd, &self->err));
		spoil(self->fd, at[i], 99);
		EXPECT_EQ(-EBADMSG, vm_ram_load(&self->copy, self->fd, &self->err))
			TH_LOG("byte %lld", (long long)at[i]);
		EXPECT_EQ(0, vm_ram_map(&self->copy, self->fd, true, &self->err));
		EXPECT_EQ(-EBADMSG, vm_ram_map(&self->copy, self->fd, false, &self->err))
			TH_LOG("byte %lld", (long long)at[i]);
	}
}

TEST_F(saved, pages_that_changed_places_are_found)
{
	char page[PAGE];

	ASSERT_EQ(0, vm_ram_save(&self->ram, self->fd, &self->err));
	memset(page, 1, sizeof(page));
	ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, 9 * PAGE));
	memset(page, 2, sizeof(page));
	ASSERT_EQ(PAGE, pwrite(self->fd, page, PAGE, 0));
	EXPECT_EQ(-EBADMSG, vm_ram_load(&self->copy, self->fd, &self->err));
}

TEST_F(saved, a_short_file_or_one_of_another_size_is_refused)
{
	ASSERT_EQ(0, vm_ram_save(&self->ram, self->fd, &self->err));
	ASSERT_EQ(0, ftruncate(self->fd, 64 * VM_MIB + 8));
	EXPECT_EQ(-EBADMSG, vm_ram_load(&self->copy, self->fd, &self->err));
	ASSERT_EQ(0, ftruncate(self->fd, 0));
	EXPECT_EQ(-EBADMSG, vm_ram_load(&self->copy, self->fd, &self->err));
	vm_ram_free(&self->ram);
	self->spec.mem_bytes = 32 * VM_MIB;
	ASSERT_EQ(0, vm_ram_alloc(&self->ram, &self->spec, &self->err));
	ASSERT_EQ(0, vm_ram_save(&self->ram, self->fd, &self->err));
	EXPECT_EQ(-EBADMSG, vm_ram_load(&self->copy, self->fd, &self->err));
}

TEST_HARNESS_MAIN
