// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables, walked from the RSDP as a kernel does: lengths, checksums and pointers hold
 * for any topology, and what they say about CPUs, memory and distances is what was declared.
 */
#include "vmm/dev/pci.h"
#include "vmm/kvm/x86/acpi.h"
#include "vmm/kvm/x86/apic.h"
#include "kselftest_harness.h"

#define AREA_GPA	0xe0000
#define AREA_BYTES	0x20000

static uint64_t get(const uint8_t *p, unsigned int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s += *p++;
	return s;
}

/* A machine of which only the first MiB exists. */
FIXTURE(acpi) {
	struct vm_ram ram;
	uint64_t rsdp;
	bool pci;
	struct ktstr_err err;
};

FIXTURE_SETUP(acpi)
{
	memset(&self->ram, 0, sizeof(self->ram));
	self->pci = false;
	self->ram.base = calloc(1, VM_MIB);
	ASSERT_NE(NULL, self->ram.base);
}

FIXTURE_TEARDOWN(acpi)
{
	free(self->ram.base);
}

static int build(FIXTURE_DATA(acpi) *self, const struct vm_topology *t, uint64_t mem_bytes,
		 uint64_t area)
{
	struct vm_ram *ram = &self->ram;

	ram->bytes = mem_bytes;
	ram->nr_nodes = t->count.numa_nodes;
	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
		ram->node_bytes[i] = vm_topology_node_bytes(t, mem_bytes, i);
	ram->nr_regions = vm_ram_regions_pc(mem_bytes, 3 * VM_GIB, ram->region);
	ram->region[0].len = VM_MIB;	/* the tables' place exists too */
	memset(ram->base, 0xff, VM_MIB);
	return acpi_build(ram, t, self->pci, AREA_GPA, area, &self->rsdp, &self->err);
}

/* The table at @gpa if it is sound and inside the area. */
static const uint8_t *table_at(FIXTURE_DATA(acpi) *self, uint64_t gpa)
{
	const uint8_t *p = self->ram.base + gpa;
	uint64_t len;

	if (gpa < AREA_GPA || gpa % 16 || gpa + 36 > AREA_GPA + AREA_BYTES)
		return NULL;
	len = get(p + 4, 4);
	return len >= 36 && gpa + len <= AREA_GPA + AREA_BYTES && !sum(p, len) ? p : NULL;
}

static const uint8_t *table(FIXTURE_DATA(acpi) *self, const char *sig)
{
	const uint8_t *rsdp = self->ram.base + self->rsdp, *xsdt, *t;

	if (memcmp(rsdp, "RSD PTR ", 8) || sum(rsdp, 20) || sum(rsdp, 36) || rsdp[15] != 2)
		return NULL;
	xsdt = table_at(self, get(rsdp + 24, 8));
	for (size_t i = 36; xsdt && i < get(xsdt + 4, 4); i += 8) {
		t = table_at(self, get(xsdt + i, 8));
		if (!t)
			return NULL;
		if (!memcmp(t, sig, 4))
			return t;
	}
	return NULL;
}

/* Entry @nr of type @type in the subtables from @first on (u8 type, u8 length). */
static const uint8_t *entry(const uint8_t *t, size_t first, uint8_t type, unsigned int nr)
{
	size_t end = get(t + 4, 4);

	for (size_t i = first; i + 2 <= end && t[i + 1]; i += t[i + 1])
		if (t[i] == type && !nr--)
			return i + t[i + 1] <= end ? t + i : NULL;
	return NULL;
}

#define MADT_FIRST	44
#define SRAT_FIRST	48
#define HMAT_FIRST	40

static const uint8_t *hmat_entry(const uint8_t *t, unsigned int type, unsigned int nr)
{
	size_t end = get(t + 4, 4);

	for (size_t i = HMAT_FIRST; i + 8 <= end && get(t + i + 4, 4); i += get(t + i + 4, 4))
		if (get(t + i, 2) == type && !nr--)
			return t + i;
	return NULL;
}

static const struct ktstr_numa_node cxl_nodes[] = {
	{ .llcs = 1, .mem_bytes = 256 * VM_MIB }, { .llcs = 1, .mem_bytes = 256 * VM_MIB },
	{ .mem_bytes = 128 * VM_MIB, .latency_ns = 250, .bandwidth_mbs = 1000000,
	  .cache = { 64 * VM_MIB, 1, 2, 64 } },
};
static const uint8_t cxl_distance[] = { 10, 20, 30, 20, 10, 25, 30, 25, 10 };
static const struct vm_topology cxl = { { 3, 2, 2, 1 }, cxl_nodes, cxl_distance };

TEST_F(acpi, the_kernel_finds_every_table)
{
	static const char * const sig[] = { "FACP", "APIC", "SRAT", "SLIT" };
	static const struct vm_topology topo[] = {
		{ { 1, 1, 1, 1 } }, { { 1, 14, 9, 2 } }, { { 4, 12, 8, 2 } },
		{ { 64, 512, 1, 1 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(topo); i++) {
		ASSERT_EQ(0, build(self, &topo[i], 4 * VM_GIB, AREA_BYTES));
		ASSERT_EQ(AREA_GPA, self->rsdp);
		for (size_t s = 0; s < ARRAY_SIZE(sig); s++)
			EXPECT_NE(NULL, table(self, sig[s]));
		EXPECT_EQ(topo[i].count.numa_nodes > 1, !!table(self, "HMAT"));
	}
}

TEST_F(acpi, off_and_reset_are_the_ports_of_the_device)
{
	const uint8_t *fadt, *dsdt, *facs;

	ASSERT_EQ(0, build(self, &cxl, 640 * VM_MIB, AREA_BYTES));
	fadt = table(self, "FACP");
	ASSERT_NE(NULL, fadt);
	ASSERT_EQ(276, get(fadt + 4, 4));
	dsdt = table_at(self, get(fadt + 40, 4));
	ASSERT_NE(NULL, dsdt);
	EXPECT_EQ(get(fadt + 40, 4), get(fadt + 140, 8));
	EXPECT_EQ(0, memcmp(dsdt, "DSDT", 4));
	EXPECT_EQ(0, memcmp(dsdt + 36, "\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05\0\0", 14));
	facs = self->ram.base + get(fadt + 36, 4);
	EXPECT_EQ(0, get(fadt + 36, 4) % 64);
	EXPECT_EQ(0, memcmp(facs, "FACS\x40", 5));
	EXPECT_EQ(0x600, get(fadt + 56, 4));
	EXPECT_EQ(0x604, get(fadt + 64, 4));
	EXPECT_EQ(0x600, get(fadt + 152, 8));
	EXPECT_EQ(0x604, get(fadt + 176, 8));
	EXPECT_EQ(0x608, get(fadt + 120, 8));
	EXPECT_EQ(1, fadt[128]);
	EXPECT_NE(0, get(fadt + 112, 4) & 1 << 10);
	EXPECT_EQ(0, get(fadt + 48, 4));
}

TEST_F(acpi, every_cpu_is_in_the_madt_under_its_apic_id)
{
	const struct vm_topology t = { { 1, 14, 9, 2 } };
	const uint8_t *madt, *e;

	ASSERT_EQ(0, build(self, &t, 4 * VM_GIB, AREA_BYTES));
	madt = table(self, "APIC");
	ASSERT_NE(NULL, madt);
	EXPECT_EQ(0xfee00000, get(madt + 36, 4));
	for (uint32_t cpu = 0; cpu < 252; cpu++) {
		uint32_t id = vm_apic_id(&t, cpu);

		if (cpu < 144) {
			e = entry(madt, MADT_FIRST, 0, cpu);
			ASSERT_NE(NULL, e);
			EXPECT_EQ(cpu, e[2]);
			EXPECT_EQ(id, e[3]);
			EXPECT_EQ(1, get(e + 4, 4));
		} else {
			e = entry(madt, MADT_FIRST, 9, cpu - 144);
			ASSERT_NE(NULL, e);
			EXPECT_EQ(id, get(e + 4, 4));
			EXPECT_EQ(1, get(e + 8, 4));
			EXPECT_EQ(cpu, get(e + 12, 4));
		}
	}
	EXPECT_EQ(NULL, entry(madt, MADT_FIRST, 0, 144));
	EXPECT_EQ(NULL, entry(madt, MADT_FIRST, 9, 108));
	e = entry(madt, MADT_FIRST, 1, 0);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(0xfec00000, get(e + 4, 4));
	EXPECT_NE(NULL, entry(madt, MADT_FIRST, 10, 0));
	/* in KVM's default routing IRQ 0 is pin 0: only the SCI is special */
	e = entry(madt, MADT_FIRST, 2, 0);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(ACPI_SCI_GSI, e[3]);
	EXPECT_EQ(NULL, entry(madt, MADT_FIRST, 2, 1));
}

/* Node 1 of two starts below the hole and goes on above it. */
TEST_F(acpi, the_srat_places_cpus_and_cuts_memory_at_the_hole)
{
	static const struct {
		uint32_t node;
		uint64_t gpa, len;
	} want[] = {
		{ 0, 0, VM_MIB }, { 0, VM_MIB, 2 * VM_GIB - VM_MIB },
		{ 1, 2 * VM_GIB, VM_GIB }, { 1, 4 * VM_GIB, VM_GIB },
	};
	const struct vm_topology t = { { 2, 4, 3, 1 } };
	const uint8_t *srat, *e;

	ASSERT_EQ(0, build(self, &t, 4 * VM_GIB, AREA_BYTES));
	srat = table(self, "SRAT");
	ASSERT_NE(NULL, srat);
	for (uint32_t cpu = 0; cpu < 12; cpu++) {
		e = entry(srat, SRAT_FIRST, 2, cpu);
		ASSERT_NE(NULL, e);
		EXPECT_EQ(cpu / 6, get(e + 4, 4));
		EXPECT_EQ(vm_apic_id(&t, cpu), get(e + 8, 4));
		EXPECT_EQ(1, get(e + 12, 4));
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		e = entry(srat, SRAT_FIRST, 1, i);
		ASSERT_NE(NULL, e);
		EXPECT_EQ(want[i].node, get(e + 2, 4));
		EXPECT_EQ(want[i].gpa, get(e + 8, 8));
		EXPECT_EQ(want[i].len, get(e + 16, 8));
		EXPECT_EQ(1, get(e + 28, 4));
	}
	EXPECT_EQ(NULL, entry(srat, SRAT_FIRST, 1, ARRAY_SIZE(want)));
	EXPECT_EQ(NULL, entry(srat, SRAT_FIRST, 2, 12));
}

TEST_F(acpi, the_slit_has_the_declared_distances)
{
	const uint8_t *slit;

	ASSERT_EQ(0, build(self, &cxl, 640 * VM_MIB, AREA_BYTES));
	slit = table(self, "SLIT");
	ASSERT_NE(NULL, slit);
	EXPECT_EQ(3, get(slit + 36, 8));
	EXPECT_EQ(0, memcmp(slit + 44, cxl_distance, 9));
}

static uint64_t locality(const uint8_t *hmat, unsigned int nr, uint32_t from, uint32_t to)
{
	const uint8_t *e = hmat_entry(hmat, 1, nr);
	uint32_t initiators = (uint32_t)get(e + 12, 4), targets = (uint32_t)get(e + 16, 4);

	return get(e + 24, 8) *
	       get(e + 32 + 4 * (initiators + targets) + 2 * (from * targets + to), 2);
}

TEST_F(acpi, the_hmat_tells_ns_and_mb_per_second)
{
	const uint8_t *hmat, *e;

	ASSERT_EQ(0, build(self, &cxl, 640 * VM_MIB, AREA_BYTES));
	hmat = table(self, "HMAT");
	ASSERT_NE(NULL, hmat);
	EXPECT_EQ(2, hmat[8]);
	e = hmat_entry(hmat, 0, 2);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(3, get(e + 8, 2));
	EXPECT_EQ(1, get(e + 12, 4));	/* 25 away, node 0 is 30 */
	EXPECT_EQ(2, get(e + 16, 4));
	ASSERT_NE(NULL, hmat_entry(hmat, 1, 1));
	EXPECT_EQ(0, hmat_entry(hmat, 1, 0)[9]);
	EXPECT_EQ(3, hmat_entry(hmat, 1, 1)[9]);
	EXPECT_EQ(2, get(hmat_entry(hmat, 1, 0) + 12, 4));
	EXPECT_EQ(100 * 1000, locality(hmat, 0, 0, 0));
	EXPECT_EQ(200 * 1000, locality(hmat, 0, 1, 0));
	EXPECT_EQ(625 * 1000, locality(hmat, 0, 1, 2));
	/* 10^6 MB/s makes steps of 16; the largest entry fits in steps of 8 */
	EXPECT_EQ(400000, locality(hmat, 1, 1, 2));
	EXPECT_EQ(51200, locality(hmat, 1, 0, 0));
	EXPECT_EQ(8, get(hmat_entry(hmat, 1, 1) + 24, 8));
	e = hmat_entry(hmat, 2, 0);
	ASSERT_NE(NULL, e);
	EXPECT_EQ(2, get(e + 8, 4));
	EXPECT_EQ(64 * VM_MIB, get(e + 16, 8));
	EXPECT_EQ(0x00402111, get(e + 24, 4));
	EXPECT_EQ(NULL, hmat_entry(hmat, 2, 1));
}

TEST_F(acpi, tables_that_do_not_fit_are_refused_and_nothing_behind_is_touched)
{
	const struct vm_topology t = { { 64, 512, 1, 1 } };

	for (uint64_t area = 64; area < 40000; area += 1999) {
		ASSERT_EQ(-ENOSPC, build(self, &t, 4 * VM_GIB, area));
		for (uint64_t i = AREA_GPA + area; i < VM_MIB; i++)
			ASSERT_EQ(0xff, self->ram.base[i]);
	}
	EXPECT_NE(NULL, strstr(self->err.msg, "take 45964 bytes"));
}

/* End of the AML package whose two-byte length is at @p. */
static const uint8_t *package_end(const uint8_t *p)
{
	return p[0] >> 6 == 1 ? p + (p[0] & 0xf) + p[1] * 16u : NULL;
}

TEST_F(acpi, a_pci_bus_is_in_the_dsdt_with_its_window)
{
	static const struct vm_topology t = { { 1, 1, 2, 1 } };
	const uint8_t *dsdt, *end, *scope, *device, *crs;

	self->pci = true;
	ASSERT_EQ(0, build(self, &t, VM_GIB, AREA_BYTES));
	dsdt = table_at(self, get(table(self, "FACP") + 140, 8));
	ASSERT_NE(NULL, dsdt);
	end = dsdt + get(dsdt + 4, 4);
	scope = memmem(dsdt, (size_t)(end - dsdt), "\\_SB_", 5);
	ASSERT_NE(NULL, scope);
	EXPECT_EQ(end, package_end(scope - 2));
	device = memmem(scope, (size_t)(end - scope), "PCI0", 4);
	ASSERT_NE(NULL, device);
	EXPECT_EQ(end, package_end(device - 2));
	crs = memmem(device, (size_t)(end - device), "_CRS", 4);
	ASSERT_NE(NULL, crs);
	EXPECT_EQ(end, crs + 5 + crs[5]);	/* BufferOp, its package length */
	EXPECT_EQ(end, crs + 8 + crs[7]);	/* the size and the bytes */
	EXPECT_EQ(PCI_WINDOW_BASE, get(end - 18, 4));
	EXPECT_EQ(PCI_WINDOW_BYTES, get(end - 6, 4));
	EXPECT_EQ(0x79, end[-2]);
}

TEST_HARNESS_MAIN
