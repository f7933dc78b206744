// SPDX-License-Identifier: GPL-2.0
/* Where the bundled VMM puts things in guest memory, and what the kernel is told about it. */
#include "vmm/kvm/x86/boot.h"
#include "kselftest_harness.h"

#define RAM		1
#define RESERVED	2

static const struct vm_image kernel = { .load_end = 100 * VM_MIB };

static bool apart(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a + a_len <= b || b + b_len <= a;
}

TEST(nothing_overlaps_whatever_the_sizes)
{
	for (uint64_t low = 256 * VM_MIB; low <= X86_LOW_MAX; low += 128 * VM_MIB) {
		for (uint64_t initrd = 1; initrd < 60 * VM_MIB; initrd = initrd * 7 + 4095) {
			struct kvm_layout l = { .shared_bytes = 16 * VM_MIB,
						.initrd_bytes = initrd };
			struct ktstr_err err;

			ASSERT_EQ(0, x86_layout_place(&l, low, &kernel, &err)) TH_LOG("%s", err.msg);
			EXPECT_TRUE(apart(l.shared_gpa, l.shared_bytes, l.initrd_gpa, initrd));
			EXPECT_LE(kernel.load_end, l.initrd_gpa);
			EXPECT_LE(kernel.load_end, l.shared_gpa);
			EXPECT_GE(low, l.shared_gpa + l.shared_bytes);
			EXPECT_GE(0x80000000, l.initrd_gpa + initrd);
			EXPECT_EQ(0, l.initrd_gpa % 4096);
			EXPECT_EQ(0, l.shared_gpa % (2 * VM_MIB));
		}
	}
}

TEST(the_kernels_own_limit_for_an_initrd_holds)
{
	struct kvm_layout l = { .initrd_bytes = 10 * VM_MIB };
	struct vm_image image = kernel;
	uint32_t max = 0x17ffffff;
	struct ktstr_err err;

	memcpy(image.header + 0x22c, &max, sizeof(max));
	ASSERT_EQ(0, x86_layout_place(&l, X86_LOW_MAX, &image, &err)) TH_LOG("%s", err.msg);
	EXPECT_EQ(0x18000000 - 10 * VM_MIB, l.initrd_gpa);
	max = 130 * VM_MIB;
	memcpy(image.header + 0x22c, &max, sizeof(max));
	EXPECT_EQ(-ENOSPC, x86_layout_place(&l, X86_LOW_MAX, &image, &err));
	EXPECT_NE(NULL, strstr(err.msg, "initrd: 10 MiB do not fit")) TH_LOG("%s", err.msg);
}

TEST(what_does_not_fit_is_refused_with_the_size_that_would)
{
	struct kvm_layout l = { .shared_bytes = 16 * VM_MIB, .initrd_bytes = 40 * VM_MIB };
	struct ktstr_err err;
	uint64_t mib;

	EXPECT_EQ(-ENOSPC, x86_layout_place(&l, 128 * VM_MIB, &kernel, &err));
	ASSERT_NE(NULL, strrchr(err.msg, ';'));
	mib = strtoul(strrchr(err.msg, ';') + 1, NULL, 10);
	EXPECT_EQ(0, x86_layout_place(&l, mib * VM_MIB, &kernel, &err)) TH_LOG("%s", err.msg);
	l.initrd_bytes = UINT64_MAX - 5;
	EXPECT_EQ(-ENOSPC, x86_layout_place(&l, VM_GIB, &kernel, &err));
	l.initrd_bytes = 1;
	l.shared_bytes = UINT64_MAX - 5;
	EXPECT_EQ(-ENOSPC, x86_layout_place(&l, VM_GIB, &kernel, &err));
}

FIXTURE(map) {
	struct vm_ram ram;
	struct kvm_layout l;
	struct x86_e820 map[X86_E820_MAX];
	unsigned int nr;
};

FIXTURE_SETUP(map)
{
	self->l.shared_bytes = 16 * VM_MIB;
}

FIXTURE_TEARDOWN(map)
{
}

static void build(FIXTURE_DATA(map) *self, uint64_t mem)
{
	uint64_t low = mem < X86_LOW_MAX ? mem : X86_LOW_MAX;
	struct ktstr_err err;

	self->ram.nr_regions = kvm_arch_regions(mem, self->ram.region);
	x86_layout_place(&self->l, low, &kernel, &err);
	self->nr = x86_layout_e820(self->ram.region, self->ram.nr_regions, &self->l, self->map);
}

/* The type that the map gives to @gpa, 0: none. */
static uint32_t type_of(const FIXTURE_DATA(map) *self, uint64_t gpa)
{
	for (unsigned int i = 0; i < self->nr; i++)
		if (gpa >= self->map[i].gpa && gpa - self->map[i].gpa < self->map[i].len)
			return self->map[i].type;
	return 0;
}

TEST_F(map, all_memory_is_there_and_nothing_of_it_in_the_hole)
{
	static const uint64_t mib[] = { 512, 3071, 3072, 3073, 4096, 5000, 65536 };

	for (size_t i = 0; i < ARRAY_SIZE(mib); i++) {
		uint64_t sum = 0, end = 0;

		build(self, mib[i] * VM_MIB);
		ASSERT_GE(X86_E820_MAX, self->nr);
		for (unsigned int k = 0; k < self->nr; k++) {
			EXPECT_LE(end, self->map[k].gpa);
			end = self->map[k].gpa + self->map[k].len;
			sum += self->map[k].len;
		}
		EXPECT_EQ(mib[i] * VM_MIB, sum);
		EXPECT_EQ(0, type_of(self, X86_LOW_MAX));
		EXPECT_EQ(0, type_of(self, 0xfec00000));
		EXPECT_EQ(0, type_of(self, 0xfee00000));
		EXPECT_EQ(0, type_of(self, X86_TSS_GPA));
		EXPECT_EQ(0, type_of(self, X86_IDENTITY_GPA));
		EXPECT_EQ(mib[i] > 3072 ? RAM : 0, type_of(self, 4 * VM_GIB));
	}
}

TEST_F(map, tables_and_the_shared_stretch_are_not_the_kernels)
{
	build(self, 1024 * VM_MIB);
	EXPECT_EQ(RAM, type_of(self, X86_BOOT_PARAMS_GPA));
	EXPECT_EQ(RESERVED, type_of(self, X86_ACPI_GPA));
	EXPECT_EQ(RESERVED, type_of(self, X86_ACPI_GPA + X86_ACPI_BYTES - 1));
	EXPECT_EQ(RAM, type_of(self, self->l.shared_gpa - 1));
	EXPECT_EQ(RESERVED, type_of(self, self->l.shared_gpa));
	EXPECT_EQ(RESERVED, type_of(self, self->l.shared_gpa + self->l.shared_bytes - 1));
	EXPECT_EQ(0, type_of(self, 1024 * VM_MIB));
	self->l.shared_bytes = 0;
	build(self, 1024 * VM_MIB);
	EXPECT_EQ(3, self->nr);
}

TEST_HARNESS_MAIN
