// SPDX-License-Identifier: GPL-2.0
/* A kernel image that cannot boot is found before anything is started, and named. */
#include <elf.h>
#include <stddef.h>
#include <stdlib.h>

#include "vmm/image.h"
#include "kselftest_harness.h"

#define IMAGE_BYTES 8192

static void put16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* The smallest header that is right; the boot protocol document's offsets. */
static void make_bzimage(uint8_t *b)
{
	memset(b, 0, IMAGE_BYTES);
	b[0x1f1] = 3;
	put32(b + 0x1f4, (IMAGE_BYTES - 4 * 512) / 16);
	put16(b + 0x1fe, 0xaa55);
	memcpy(b + 0x202, "HdrS", 4);
	put16(b + 0x206, 0x20f);
	b[0x211] = 1;
	put16(b + 0x236, 1);
	put32(b + 0x238, 2047);
	put32(b + 0x248, 64);
	put32(b + 0x24c, 1024);
	put64(b + 0x258, 0x1000000);
	put32(b + 0x260, 0x3000000);
}

static void make_elf(uint8_t *b)
{
	Elf64_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_phoff = 64, .e_phnum = 2,
		.e_phentsize = sizeof(Elf64_Phdr), .e_entry = 0x1000000,
	};
	Elf64_Phdr ph[2] = {
		{ .p_type = PT_LOAD, .p_offset = 4096, .p_filesz = 4096, .p_memsz = 0x2000000,
		  .p_paddr = 0x1000000 },
		{ .p_type = PT_NOTE, .p_offset = 512, .p_filesz = 24 },
	};
	Elf64_Nhdr note = { .n_namesz = 4, .n_descsz = 8, .n_type = 18 };

	memset(b, 0, IMAGE_BYTES);
	memcpy(b, &eh, sizeof(eh));
	memcpy(b + 64, ph, sizeof(ph));
	memcpy(b + 512, &note, sizeof(note));
	memcpy(b + 512 + sizeof(note), "Xen", 4);
}

FIXTURE(image) {
	uint8_t b[IMAGE_BYTES];
	char path[64];
	int fd;
	struct vm_image image;
	struct ktstr_err err;
};

FIXTURE_SETUP(image)
{
	strcpy(self->path, "/tmp/vm_image_test.XXXXXX");
	self->fd = mkstemp(self->path);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(image)
{
	close(self->fd);
	unlink(self->path);
}

static int inspect(FIXTURE_DATA(image) *self, size_t len)
{
	if (ftruncate(self->fd, 0) ||
	    pwrite(self->fd, self->b, len, 0) != (ssize_t)len)
		return 1;
	return vm_image_read(self->path, &self->image, &self->err);
}

TEST_F(image, a_bzimage_tells_what_it_overwrites)
{
	make_bzimage(self->b);
	ASSERT_EQ(0, inspect(self, IMAGE_BYTES)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(VM_IMAGE_BZIMAGE, self->image.format);
	EXPECT_EQ(0x4000000, self->image.load_end);
	EXPECT_EQ(2047, self->image.cmdline_max);
}

TEST_F(image, an_elf_boots_too_and_may_have_a_pvh_note)
{
	make_elf(self->b);
	ASSERT_EQ(0, inspect(self, IMAGE_BYTES)) TH_LOG("%s", self->err.msg);
	EXPECT_EQ(VM_IMAGE_ELF, self->image.format);
	EXPECT_EQ(0x3000000, self->image.load_end);
	EXPECT_TRUE(self->image.pvh);
	put32(self->b + 512 + 8, 17);
	ASSERT_EQ(0, inspect(self, IMAGE_BYTES)) TH_LOG("%s", self->err.msg);
	EXPECT_FALSE(self->image.pvh);
}

TEST_F(image, a_loader_learns_what_goes_where)
{
	make_bzimage(self->b);
	ASSERT_EQ(0, inspect(self, IMAGE_BYTES)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(1, self->image.nr_segments);
	EXPECT_EQ(4 * 512, self->image.segment[0].file_off);
	EXPECT_EQ(IMAGE_BYTES - 4 * 512, self->image.segment[0].file_bytes);
	EXPECT_EQ(0x1000000, self->image.segment[0].gpa);
	EXPECT_EQ(0x1000200, self->image.entry);
	EXPECT_EQ(0, memcmp(self->image.header, self->b, sizeof(self->image.header)));

	make_elf(self->b);
	ASSERT_EQ(0, inspect(self, IMAGE_BYTES)) TH_LOG("%s", self->err.msg);
	ASSERT_EQ(1, self->image.nr_segments);
	EXPECT_EQ(4096, self->image.segment[0].file_off);
	EXPECT_EQ(4096, self->image.segment[0].file_bytes);
	EXPECT_EQ(0x2000000, self->image.segment[0].mem_bytes);
	EXPECT_EQ(0x1000000, self->image.entry);
}

TEST_F(image, a_broken_elf_is_not_loaded)
{
	const unsigned int ph = 64, entry = offsetof(Elf64_Ehdr, e_entry);
	const struct {
		const char *what;
		unsigned int off;
		uint64_t value;
	} row[] = {
		{ "entry outside", entry, 0x1001000 },
		{ "entry in the bss", entry, 0x1001800 },
		{ "below 1 MiB", ph + offsetof(Elf64_Phdr, p_paddr), 0x1000 },
		{ "wraps", ph + offsetof(Elf64_Phdr, p_paddr), UINT64_MAX - 10 },
		{ "endless", ph + offsetof(Elf64_Phdr, p_memsz), UINT64_MAX },
		{ "more file than memory", ph + offsetof(Elf64_Phdr, p_memsz), 4095 },
		{ "ends past 2 GiB", ph + offsetof(Elf64_Phdr, p_memsz), 0x7f000001 },
		{ "outside the file", ph + offsetof(Elf64_Phdr, p_offset), UINT64_MAX - 4095 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		make_elf(self->b);
		put64(self->b + row[i].off, row[i].value);
		EXPECT_EQ(-EINVAL, inspect(self, IMAGE_BYTES)) TH_LOG("%s", row[i].what);
		EXPECT_NE(NULL, strstr(self->err.msg, self->path));
	}
}

TEST_F(image, one_broken_field_is_enough)
{
	static const struct {
		const char *what;
		unsigned int off, width;
		uint64_t value;
	} row[] = {
		{ "magic", 0x202, 4, 0 },
		{ "boot flag", 0x1fe, 2, 0x55aa },
		{ "protocol", 0x206, 2, 0x20a },
		{ "not loaded high", 0x211, 1, 0 },
		{ "no 64-bit entry", 0x236, 2, 0 },
		{ "size beyond the file", 0x1f4, 4, 0xffffffff },
		{ "setup beyond the file", 0x1f1, 1, 0xff },
		{ "payload offset", 0x248, 4, 0xfffffff0 },
		{ "payload length", 0x24c, 4, 0xffffffff },
		{ "no payload", 0x24c, 4, 0 },
		{ "load address", 0x258, 8, UINT64_MAX },
		{ "loads over our tables", 0x258, 8, 0x1000 },
		{ "image larger than init_size", 0x260, 4, 100 },
		{ "init_size", 0x260, 4, 0xffffffff },
		{ "no init_size", 0x260, 4, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		make_bzimage(self->b);
		memcpy(self->b + row[i].off, &row[i].value, row[i].width);
		EXPECT_EQ(-EINVAL, inspect(self, IMAGE_BYTES)) TH_LOG("%s", row[i].what);
		EXPECT_NE(NULL, strstr(self->err.msg, self->path));
	}
}

TEST_F(image, every_truncation_is_noticed)
{
	for (size_t len = 0; len < IMAGE_BYTES; len += 61) {
		make_bzimage(self->b);
		EXPECT_EQ(-EINVAL, inspect(self, len)) TH_LOG("bzImage cut to %zu", len);
		make_elf(self->b);
		EXPECT_EQ(-EINVAL, inspect(self, len)) TH_LOG("ELF cut to %zu", len);
	}
}

TEST_F(image, garbage_never_passes)
{
	srand(1);
	for (int round = 0; round < 3000; round++) {
		for (size_t i = 0; i < IMAGE_BYTES; i++)
			self->b[i] = (uint8_t)rand();
		if (round % 3 == 1)
			memcpy(self->b, ELFMAG "\2\1\1", 7);
		if (round % 3 == 2) {
			memcpy(self->b + 0x202, "HdrS", 4);
			put16(self->b + 0x1fe, 0xaa55);
		}
		EXPECT_EQ(-EINVAL, inspect(self, IMAGE_BYTES));
	}
}

/* Fields that the check accepts must still give sane numbers. */
TEST_F(image, a_mutated_header_gives_bounded_numbers)
{
	srand(2);
	for (int round = 0; round < 3000; round++) {
		round & 1 ? make_bzimage(self->b) : make_elf(self->b);
		for (int k = 0; k < 3; k++)
			self->b[rand() % 640] = (uint8_t)rand();
		if (inspect(self, IMAGE_BYTES))
			continue;
		EXPECT_LE(self->image.load_end, 1ull << 31);
		EXPECT_GT(self->image.load_end, 0);
		EXPECT_LE(self->image.cmdline_max, VM_CMDLINE_MAX);
	}
}

TEST(what_is_not_a_file_is_said_plainly)
{
	struct vm_image image;
	struct ktstr_err err;

	EXPECT_EQ(-ENOENT, vm_image_read("/nonexistent/bzImage", &image, &err));
	EXPECT_STREQ("kernel /nonexistent/bzImage: No such file or directory", err.msg);
	EXPECT_EQ(-EINVAL, vm_image_read("/", &image, &err));
	EXPECT_EQ(-EINVAL, vm_image_read("/dev/zero", &image, &err));
}

TEST_HARNESS_MAIN
