// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/monitor/view/kview.h: a kernel is found wherever KASLR puts it, nothing is
 * believed before its own page tables confirm it, and no page table leads out of guest RAM.
 */
#include <linux/kernel.h>
#include <errno.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "made_guest.h"

#define START_MAP	0xffffffff80000000ull
#define GUEST_CPUS		2
#define RQ_STRIDE	0x1000ull	/* per-CPU areas are this far apart */

FIXTURE(x86) {
	struct made_guest g;
	struct ktstr_kimage *img;
	struct ktstr_kview v;
	struct ktstr_err err;
	uint64_t text, slide, direct, banner;
};

FIXTURE_VARIANT(x86) {
	unsigned int levels;
	uint64_t text, slide, direct;
	unsigned int text_shift, direct_shift;
};
FIXTURE_VARIANT_ADD(x86, as_linked) {
	4, 0x200000, 0, 0xffff888000000000, 21, 21,
};
FIXTURE_VARIANT_ADD(x86, kaslr) {
	4, 0xa00000, 0x12400000, 0xffff99d240000000, 21, 30,
};
FIXTURE_VARIANT_ADD(x86, five_levels) {
	5, 0x400000, 0x2e000000, 0xff11000000000000, 21, 30,
};
FIXTURE_VARIANT_ADD(x86, small_pages) {
	4, 0xe00000, 0x200000, 0xffff888000000000, 12, 12,
};

static void map_range(FIXTURE_DATA(x86) *self, const FIXTURE_VARIANT(x86) *variant,
		      unsigned int shift, uint64_t kva, uint64_t gpa, uint64_t len)
{
	for (uint64_t at = 0; at < len; at += 1ull << shift)
		made_map_x86(&self->g, self->text + AT_TOP, variant->levels, shift, kva + at,
			     gpa + at);
}

/* As a kernel that has booted: image, direct map, per-CPU areas. */
FIXTURE_SETUP(x86)
{
	char path[] = "/tmp/ktstr-kview-test-XXXXXX";
	int fd = mkstemp(path);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, made_kernel_file(path, EM_X86_64));
	ASSERT_EQ(0, ktstr_kimage__open(&self->img, path, NULL, &self->err)) {
		TH_LOG("%s", self->err.msg);
	}
	unlink(path);
	self->text = variant->text;
	self->slide = variant->slide;
	self->direct = variant->direct;
	made_guest_init(&self->g);
	ASSERT_EQ(0, ktstr_kimage__symbol(self->img, "linux_banner", &self->banner));
	self->banner = self->banner - MADE_TEXT + self->text;
	strcpy((char *)self->g.ram + self->banner, MADE_BANNER);
	made_store(&self->g, self->text + AT_PHYS_BASE,
		   self->text - (MADE_TEXT + self->slide) + START_MAP);
	made_store(&self->g, self->text + AT_PAGE_OFFSET, self->direct);
	map_range(self, variant, variant->text_shift, MADE_TEXT + self->slide, self->text, AT_END);
	map_range(self, variant, variant->direct_shift, self->direct, 0, GUEST_RAM);
	for (uint32_t cpu = 0; cpu < GUEST_CPUS; cpu++) {
		/* the first areas are in the direct map */
		uint64_t area = 0x80000 + cpu * RQ_STRIDE;

		made_store(&self->g, self->text + AT_PERCPU + cpu * 8,
			   self->direct + area - (MADE_TEXT + self->slide + AT_RUNQUEUES));
		made_store(&self->g, area + 16, cpu);
	}
	ASSERT_EQ(0, ktstr_kview__init(&self->v, self->img, &self->g.mem, GUEST_CPUS, &self->err));
}

FIXTURE_TEARDOWN(x86)
{
	ktstr_kimage__free(self->img);
	free(self->g.ram);
}

TEST_F(x86, kernel_is_found_where_it_is)
{
	uint64_t kva, value;

	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	EXPECT_EQ(self->text, self->v.text_gpa);
	EXPECT_EQ(self->slide, self->v.slide);
	EXPECT_EQ(variant->levels, self->v.levels);
	EXPECT_EQ(self->direct, self->v.direct_kva);
	EXPECT_EQ(0, self->v.mem.faults);
	ASSERT_EQ(0, ktstr_kview__symbol(&self->v, "runqueues", &kva));
	EXPECT_EQ(MADE_TEXT + self->slide + AT_RUNQUEUES, kva);
	ASSERT_EQ(0, ktstr_kview__per_cpu(&self->v, kva, 1, &kva));
	ASSERT_EQ(0, ktstr_kview__load(&self->v, kva + 16, 4, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(-EINVAL, ktstr_kview__per_cpu(&self->v, kva, GUEST_CPUS, &kva));
	ASSERT_EQ(0, ktstr_kview__pointer(&self->v, "page_offset_base", &value));
	EXPECT_EQ(self->direct, value);
}

TEST_F(x86, addresses_of_the_image_have_names_and_others_have_none)
{
	uint64_t at, off;

	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	ASSERT_EQ(0, ktstr_kview__symbol(&self->v, "runqueues", &at));
	EXPECT_STREQ("runqueues", ktstr_kview__symbol_at(&self->v, at, &off));
	EXPECT_EQ(0, off);
	EXPECT_STREQ("runqueues", ktstr_kview__symbol_at(&self->v, at + 8, &off));
	EXPECT_EQ(8, off);
	ASSERT_EQ(0, ktstr_kview__symbol(&self->v, "_end", &at));
	EXPECT_EQ(NULL, ktstr_kview__symbol_at(&self->v, at, &off));
	EXPECT_EQ(NULL, ktstr_kview__symbol_at(&self->v, MADE_TEXT + self->slide - 1, &off));
	EXPECT_EQ(NULL, ktstr_kview__symbol_at(&self->v, self->direct, &off));
	EXPECT_EQ(NULL, ktstr_kview__symbol_at(&self->v, 0, &off));
}

TEST_F(x86, fast_translations_agree_with_the_page_tables)
{
	uint64_t kva[] = { MADE_TEXT + self->slide + AT_PERCPU, self->direct + 0x123456 };
	uint64_t fast, walked, room;

	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	for (size_t i = 0; i < 2; i++) {
		ASSERT_EQ(0, ktstr_kview__gpa(&self->v, kva[i], &fast, &room));
		ASSERT_EQ(0, self->v.xlate->walk(&self->v, kva[i], &walked, &room));
		EXPECT_EQ(walked, fast);
	}
}

TEST_F(x86, vmalloc_is_read_page_by_page)
{
	const uint64_t vmalloc = variant->levels == 5 ? 0xffa0000000000000 : 0xffffc90000000000;
	char text[16] = "", copy[8192];
	uint64_t value;

	map_range(self, variant, 12, vmalloc, 0x90000, 0x1000);
	map_range(self, variant, 12, vmalloc + 0x1000, 0xb0000, 0x1000);
	strcpy((char *)self->g.ram + 0x90ffc, "over");
	strcpy((char *)self->g.ram + 0xb0000, " two\tpages");
	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	ASSERT_EQ(0, ktstr_kview__string(&self->v, vmalloc + 0xffc, text, sizeof(text)));
	EXPECT_STREQ("over two?pages", text);
	ASSERT_EQ(0, ktstr_kview__string(&self->v, vmalloc + 0xffc, text, 6));
	EXPECT_STREQ("over ", text);
	ASSERT_EQ(0, ktstr_kview__read(&self->v, vmalloc, copy, sizeof(copy)));
	EXPECT_EQ('t', copy[0x1001]);
	ASSERT_EQ(0, ktstr_kview__load(&self->v, vmalloc + 0xffe, 4, &value));
	EXPECT_EQ(0x74207265, value);		/* "er t" */
	EXPECT_EQ(-EFAULT, ktstr_kview__read(&self->v, vmalloc + 0x1800, copy, sizeof(copy)));
	EXPECT_EQ(-EFAULT, ktstr_kview__load(&self->v, vmalloc + 0x2000, 8, &value));
	EXPECT_EQ(-EFAULT, ktstr_kview__load(&self->v, 0x8000000000000000, 8, &value));
	EXPECT_EQ(3, self->v.mem.faults);
}

TEST_F(x86, nothing_is_believed_too_early)
{
	uint64_t word[] = {
		self->banner,				/* still decompressing */
		self->text + AT_PHYS_BASE,		/* before startup_64 */
		self->text + AT_TOP + 511 * 8,		/* before x86_64_start_kernel() */
		self->text + AT_PAGE_OFFSET,		/* before the direct map */
		self->text + AT_PERCPU,			/* before setup_per_cpu_areas() */
		self->text + AT_PERCPU + 8,
		0x80000 + RQ_STRIDE + 16,		/* before sched_init() */
	};
	uint64_t saved;

	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		saved = made_load(&self->g, word[i]);
		made_store(&self->g, word[i], i == 1 ? saved + 0x200000 : 0);
		EXPECT_EQ(-EAGAIN, ktstr_kview__attach(&self->v)) {
			TH_LOG("word %zu", i);
		}
		made_store(&self->g, word[i], saved);
	}
	EXPECT_EQ(0, ktstr_kview__attach(&self->v));
	EXPECT_EQ(0, self->v.mem.faults);
}

TEST_F(x86, a_copy_of_the_banner_is_not_the_kernel)
{
	uint64_t copy = self->banner - self->text;	/* as if the image were at 0 */

	strcpy((char *)self->g.ram + copy, MADE_BANNER);
	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	EXPECT_EQ(self->text, self->v.text_gpa);
}

/* Whatever the tables say, the result is inside of RAM or an error, and it comes at once. */
TEST_F(x86, scribbled_page_tables_are_harmless)
{
	uint64_t kva = 0xffffc90000000000, value, n;
	unsigned int seed = 7;

	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	for (n = 0; n < 2000; n++) {
		for (uint64_t at = 0x100000; at < 0x104000; at += 8)
			made_store(&self->g, at, (uint64_t)rand_r(&seed) << 33 ^
				   (uint64_t)rand_r(&seed) << 10 ^ (uint64_t)rand_r(&seed));
		made_store(&self->g, self->text + AT_TOP + 402 * 8, 0x100067);
		ktstr_kview__load(&self->v, kva + ((uint64_t)rand_r(&seed) << 12), 8, &value);
		ktstr_kview__load(&self->v, self->direct + ((uint64_t)rand_r(&seed) << 12), 8,
				  &value);
	}
}

TEST_F(x86, image_without_variables_is_named_as_such)
{
	struct ktstr_kview v;

	EXPECT_EQ(-EINVAL, ktstr_kview__init(&v, self->img, &self->g.mem, 0, &self->err));
	self->img->machine = EM_RISCV;
	EXPECT_EQ(-EOPNOTSUPP, ktstr_kview__init(&v, self->img, &self->g.mem, 1, &self->err));
}

FIXTURE(arm64) {
	struct made_guest g;
	struct ktstr_kimage *img;
	struct ktstr_kview v;
	struct ktstr_err err;
};

FIXTURE_VARIANT(arm64) {
	unsigned int page_shift, va_bits;
};
FIXTURE_VARIANT_ADD(arm64, four_k_48) { 12, 48 };
FIXTURE_VARIANT_ADD(arm64, four_k_39) { 12, 39 };
FIXTURE_VARIANT_ADD(arm64, sixteen_k_47) { 14, 47 };
FIXTURE_VARIANT_ADD(arm64, sixty_four_k_42) { 16, 42 };
FIXTURE_VARIANT_ADD(arm64, sixty_four_k_48) { 16, 48 };

#define ARM_TEXT	0x400000ull
#define ARM_SLIDE	0x200000ull

FIXTURE_SETUP(arm64)
{
	unsigned int bits = variant->page_shift - 3;
	uint64_t linear = -(1ull << variant->va_bits), banner, page = 1ull << variant->page_shift;
	char path[] = "/tmp/ktstr-kview-test-XXXXXX";
	int fd = mkstemp(path);

	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, made_kernel_file(path, EM_AARCH64));
	ASSERT_EQ(0, ktstr_kimage__open(&self->img, path, NULL, &self->err));
	unlink(path);
	made_guest_init(&self->g);
	ASSERT_EQ(0, ktstr_kimage__symbol(self->img, "linux_banner", &banner));
	strcpy((char *)self->g.ram + banner - MADE_TEXT + ARM_TEXT, MADE_BANNER);
	made_store(&self->g, ARM_TEXT + AT_PHYS_BASE, MADE_TEXT + ARM_SLIDE - ARM_TEXT);
	/* RAM, and the linear map, begin at 0 */
	for (uint64_t at = 0; at < AT_END; at += page)
		made_map(&self->g, ARM_TEXT + AT_TOP, variant->page_shift, bits, variant->va_bits,
			 variant->page_shift, MADE_TEXT + ARM_SLIDE + at, ARM_TEXT + at, 3,
			 0x0060000000000703);
	for (uint64_t at = 0; at < GUEST_RAM; at += page)
		made_map(&self->g, ARM_TEXT + AT_TOP, variant->page_shift, bits, variant->va_bits,
			 variant->page_shift, linear + at, at, 3, 0x0060000000000703);
	made_store(&self->g, ARM_TEXT + AT_PERCPU,
		   linear + 0x80000 - (MADE_TEXT + ARM_SLIDE + AT_RUNQUEUES));
	ASSERT_EQ(0, ktstr_kview__init(&self->v, self->img, &self->g.mem, 1, &self->err));
}

FIXTURE_TEARDOWN(arm64)
{
	ktstr_kimage__free(self->img);
	free(self->g.ram);
}

TEST_F(arm64, granule_and_width_are_found_out)
{
	uint64_t kva, value;

	ASSERT_EQ(0, ktstr_kview__attach(&self->v));
	EXPECT_EQ(ARM_TEXT, self->v.text_gpa);
	EXPECT_EQ(ARM_SLIDE, self->v.slide);
	EXPECT_EQ(variant->page_shift, self->v.page_shift);
	EXPECT_EQ(variant->va_bits, self->v.va_bits);
	ASSERT_EQ(0, ktstr_kview__symbol(&self->v, "runqueues", &kva));
	ASSERT_EQ(0, ktstr_kview__per_cpu(&self->v, kva, 0, &kva));
	EXPECT_EQ(0, ktstr_kview__load(&self->v, kva, 8, &value));
	EXPECT_EQ(-EFAULT, ktstr_kview__load(&self->v, 0x1000, 8, &value));
}

TEST_HARNESS_MAIN
