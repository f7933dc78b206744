// SPDX-License-Identifier: GPL-2.0
/* A kernel that was unpacked on the host: what it has in memory after it was moved, and what is refused. */
#include <elf.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "vmm/vmlinux.h"
#include "kselftest_harness.h"

#define LINK		0x1000000u	/* physical link address */
#define VIRT		0x81000000u	/* the virtual one, its lower half */
#define TEXT		8192u		/* in the file */
#define TEXT_BYTES	8192u
#define ELF_BYTES	(TEXT + TEXT_BYTES + 2 * sizeof(Elf64_Shdr))
#define ROOM		(48 * VM_MIB)	/* init_size */
#define ALIGN		(2 * VM_MIB)

/* What the fixture's kernel has at these offsets of its text, each with a relocation. */
#define WIDE		16
#define PERCPU		40
#define NARROW		4094		/* over the border of two pages */

FIXTURE(kernel) {
	struct vm_spec spec;
	struct vm_image image;
	struct vm_ram ram;
	struct vm_entry entry;
	struct ktstr_err err;
	uint8_t elf[ELF_BYTES];
	char path[64];
	int fd;
};

static void make_elf(uint8_t *b)
{
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = 64, .e_phnum = 1,
		.e_phentsize = sizeof(Elf64_Phdr), .e_entry = LINK + 64,
		.e_shoff = TEXT + TEXT_BYTES, .e_shnum = 2, .e_shentsize = sizeof(Elf64_Shdr),
	};
	Elf64_Phdr ph = {
		.p_type = PT_LOAD, .p_offset = TEXT, .p_filesz = TEXT_BYTES, .p_memsz = 0x200000,
		.p_paddr = LINK,
	};
	Elf64_Shdr sh = { .sh_type = SHT_PROGBITS, .sh_offset = TEXT, .sh_size = TEXT_BYTES };
	uint64_t wide = 0xffffffff00000000 | VIRT;
	uint32_t narrow = VIRT + 8, percpu = (uint32_t)-100;

	memcpy(b, &eh, sizeof(eh));
	memcpy(b + 64, &ph, sizeof(ph));
	memcpy(b + TEXT + TEXT_BYTES + sizeof(sh), &sh, sizeof(sh));
	memcpy(b + TEXT + WIDE, &wide, sizeof(wide));
	memcpy(b + TEXT + PERCPU, &percpu, sizeof(percpu));
	memcpy(b + TEXT + NARROW, &narrow, sizeof(narrow));
	b[TEXT + TEXT_BYTES - 1] = 0x90;
}

FIXTURE_SETUP(kernel)
{
	uint32_t align = ALIGN;

	strcpy(self->path, "/tmp/vmlinux_test.XXXXXX");
	self->fd = mkstemp(self->path);
	ASSERT_LE(0, self->fd);
	make_elf(self->elf);
	self->image = (struct vm_image){
		.format = VM_IMAGE_BZIMAGE, .load_end = LINK + ROOM, .nr_segments = 1,
		.segment = { { .gpa = LINK } },
	};
	memcpy(self->image.header + 0x230, &align, sizeof(align));
	self->spec = (struct vm_spec){
		.topo = { { 1, 1, 1, 1 } }, .mem_bytes = 512 * VM_MIB, .accel = VM_ACCEL_TCG,
		.deterministic = true, .kaslr = true, .vmlinux = self->path,
	};
	ASSERT_EQ(0, vm_ram_alloc(&self->ram, &self->spec, &self->err));
	self->ram.nr_regions = vm_ram_regions_pc(self->spec.mem_bytes, 2 * VM_GIB, self->ram.region);
}

FIXTURE_TEARDOWN(kernel)
{
	vm_ram_free(&self->ram);
	unlink(self->path);
	close(self->fd);
}

static int load(FIXTURE_DATA(kernel) *self, const int32_t *relocs, size_t bytes, uint64_t end)
{
	/* a machine has new memory */
	vm_ram_free(&self->ram);
	if (vm_ram_alloc(&self->ram, &self->spec, &self->err) || ftruncate(self->fd, 0) ||
	    pwrite(self->fd, self->elf, ELF_BYTES, 0) != (ssize_t)ELF_BYTES ||
	    pwrite(self->fd, relocs, bytes, ELF_BYTES) != (ssize_t)bytes)
		return 1;
	self->ram.nr_regions = vm_ram_regions_pc(self->spec.mem_bytes, 2 * VM_GIB, self->ram.region);
	return vm_vmlinux_load(&self->spec, &self->image, &self->ram, end, &self->entry, &self->err);
}

static const int32_t two_tables[] = { 0, (int32_t)(VIRT + WIDE), 0, (int32_t)(VIRT + NARROW) };
static const int32_t three_tables[] = {
	0, (int32_t)(VIRT + WIDE), 0, (int32_t)(VIRT + PERCPU), 0, (int32_t)(VIRT + NARROW),
};

static uint64_t number(FIXTURE_DATA(kernel) *self, uint64_t at, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, vm_ram_at(&self->ram, self->entry.start + at, bytes), bytes);
	return value;
}

/* By how much the virtual addresses have moved. */
static uint64_t moved(FIXTURE_DATA(kernel) *self)
{
	return number(self, WIDE, 8) - (0xffffffff00000000 | VIRT);
}

TEST_F(kernel, without_kaslr_it_stays_where_it_was_linked)
{
	self->spec.kaslr = false;
	ASSERT_EQ(0, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB))
		TH_LOG("%s", self->err.msg);
	EXPECT_EQ(LINK, self->entry.start);
	EXPECT_EQ(LINK + 64, self->entry.gpa);
	EXPECT_FALSE(self->entry.kaslr);
	EXPECT_EQ(0u, moved(self));
	EXPECT_EQ(0x90u, number(self, TEXT_BYTES - 1, 1));
}

TEST_F(kernel, each_table_is_applied_in_its_way)
{
	uint64_t by;

	/* a seed that moves it */
	do {
		self->spec.seed++;
		ASSERT_EQ(0, load(self, three_tables, sizeof(three_tables), 400 * VM_MIB))
			TH_LOG("%s", self->err.msg);
		by = moved(self);
	} while (!by);
	EXPECT_EQ(0u, by % ALIGN);
	EXPECT_EQ((uint32_t)(VIRT + 8 + by), number(self, NARROW, 4));
	EXPECT_EQ((uint32_t)(-100 - by), number(self, PERCPU, 4));
	EXPECT_TRUE(self->entry.kaslr);
	/* since Linux 6.15 nothing counts down */
	ASSERT_EQ(0, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
	EXPECT_EQ(by, moved(self));
	EXPECT_EQ((uint32_t)(VIRT + 8 + by), number(self, NARROW, 4));
	EXPECT_EQ((uint32_t)-100, number(self, PERCPU, 4));
}

TEST_F(kernel, it_moves_within_what_is_free_and_by_the_seed)
{
	uint64_t phys[64], virt[64], low = UINT64_MAX, high = 0, top = 0;

	for (int i = 0; i < 64; i++) {
		self->spec.seed = (uint64_t)i;
		ASSERT_EQ(0, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
		phys[i] = self->entry.start;
		virt[i] = moved(self);
		low = phys[i] < low ? phys[i] : low;
		high = phys[i] > high ? phys[i] : high;
		top = virt[i] > top ? virt[i] : top;
		EXPECT_EQ(phys[i] + 64, self->entry.gpa);
		EXPECT_EQ(0u, phys[i] % ALIGN);
	}
	EXPECT_LE(LINK, low);
	EXPECT_GT(60 * VM_MIB, low);
	/* its room, and 32 MiB for early allocations */
	EXPECT_GE(400 * VM_MIB, high + ROOM + 32 * VM_MIB);
	EXPECT_LT(250 * VM_MIB, high);
	EXPECT_GE(VM_GIB, LINK + top + ROOM);
	EXPECT_LT(VM_GIB / 2, top);
	for (int i = 0; i < 64; i += 7) {
		self->spec.seed = (uint64_t)i;
		ASSERT_EQ(0, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
		EXPECT_EQ(phys[i], self->entry.start);
		EXPECT_EQ(virt[i], moved(self));
	}
}

TEST_F(kernel, a_small_machine_moves_virtual_addresses_only)
{
	uint64_t top = 0;

	for (self->spec.seed = 0; self->spec.seed < 8; self->spec.seed++) {
		ASSERT_EQ(0, load(self, two_tables, sizeof(two_tables), LINK + ROOM));
		EXPECT_EQ(LINK, self->entry.start);
		top = moved(self) > top ? moved(self) : top;
	}
	EXPECT_LT(0u, top);
}

TEST_F(kernel, one_without_relocations_cannot_be_moved)
{
	for (self->spec.seed = 0; self->spec.seed < 8; self->spec.seed++) {
		ASSERT_EQ(0, load(self, two_tables, 0, 400 * VM_MIB)) TH_LOG("%s", self->err.msg);
		EXPECT_EQ(LINK, self->entry.start);
		EXPECT_FALSE(self->entry.kaslr);
	}
}

TEST_F(kernel, other_tables_are_refused)
{
	static const int32_t first[] = { 1, (int32_t)VIRT, 0, (int32_t)VIRT };
	static const int32_t one[] = { 0, (int32_t)VIRT };
	static const int32_t four[] = { 0, 0, 0, 0 };
	static const int32_t below[] = { 0, (int32_t)(VIRT - 1), 0 };
	static const int32_t behind[] = { 0, (int32_t)(VIRT + TEXT_BYTES - 7), 0 };
	static const int32_t narrow_behind[] = { 0, 0, (int32_t)(VIRT + TEXT_BYTES - 3) };
	static const int32_t positive[] = { 0, 0x1000000, 0 };

	/* moves its virtual addresses: relocations are looked at then */
	for (self->spec.seed = 1; ; self->spec.seed++) {
		ASSERT_EQ(0, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
		if (moved(self))
			break;
	}
	EXPECT_EQ(-EBADMSG, load(self, first, sizeof(first), 400 * VM_MIB));
	EXPECT_EQ(-EBADMSG, load(self, one, sizeof(one), 400 * VM_MIB));
	EXPECT_EQ(-EBADMSG, load(self, four, sizeof(four), 400 * VM_MIB));
	EXPECT_EQ(-EBADMSG, load(self, two_tables, 7, 400 * VM_MIB));
	EXPECT_EQ(-EBADMSG, load(self, below, sizeof(below), 400 * VM_MIB));
	EXPECT_EQ(-EBADMSG, load(self, behind, sizeof(behind), 400 * VM_MIB));
	EXPECT_EQ(-EBADMSG, load(self, narrow_behind, sizeof(narrow_behind), 400 * VM_MIB));
	EXPECT_EQ(-EBADMSG, load(self, positive, sizeof(positive), 400 * VM_MIB));
	EXPECT_NE(NULL, strstr(self->err.msg, self->path));
}

TEST_F(kernel, a_file_that_is_not_the_images_kernel_is_refused)
{
	Elf64_Phdr *ph = (void *)(self->elf + 64);
	Elf64_Ehdr *eh = (void *)self->elf;

	ph->p_memsz = ROOM + 1;
	EXPECT_EQ(-EBADMSG, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
	ph->p_memsz = 0x200000;
	self->image.segment[0].gpa = LINK + 4096;
	EXPECT_EQ(-EBADMSG, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
	self->image.segment[0].gpa = LINK;
	eh->e_shoff = ELF_BYTES + sizeof(two_tables);
	EXPECT_EQ(-EBADMSG, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
	eh->e_shoff = UINT64_MAX - 8;
	EXPECT_EQ(-EBADMSG, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
	eh->e_shnum = 0;
	EXPECT_EQ(-EBADMSG, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
	self->elf[0] = 0;
	EXPECT_EQ(-EBADMSG, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
	self->spec.vmlinux = "/nonexistent/vmlinux";
	EXPECT_EQ(-EBADMSG, load(self, two_tables, sizeof(two_tables), 400 * VM_MIB));
}

TEST_F(kernel, low_memory_is_mapped_to_itself)
{
	const uint64_t *t = vm_ram_at(&self->ram, 32 * VM_MIB, VM_LOW_MAP_BYTES);

	vm_write_low_map(&self->ram, 32 * VM_MIB);
	for (uint64_t gpa = 0; gpa < 4 * VM_GIB; gpa += 123 * VM_MIB) {
		uint64_t e = t[0];	/* bits 39 on are 0 */

		for (int shift = 30; shift >= 21; shift -= 9) {
			ASSERT_EQ(3u, e & 0xfff);
			e = *(uint64_t *)vm_ram_at(&self->ram, (e & ~0xfffull) + 8 * (gpa >> shift & 511), 8);
		}
		EXPECT_EQ((gpa & ~(2 * VM_MIB - 1)) | 0x83, e);
	}
}

TEST_HARNESS_MAIN
