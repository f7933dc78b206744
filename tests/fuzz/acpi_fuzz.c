// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI tables for any machine: either all of them are in their place, with lengths, checksums
 * and pointers that hold, or there is no room and an error says so.
 */
#include "fuzz.h"
#include "vmm/kvm/x86/acpi.h"

#define AREA	0xe0000u

struct input {
	uint16_t nodes, llcs, cores, threads;
	uint32_t mem_mib, area;
	uint8_t pci;
};

static void seeds(void)
{
	struct input i = { 1, 2, 4, 2, 1024, 0x20000, 0 };

	seed("small", &i, sizeof(i));
	i = (struct input){ 64, 128, 2, 2, 8192, 0x20000, 1 };
	seed("large", &i, sizeof(i));
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A table at @gpa, sound and inside the area; its length. */
static uint32_t table(const uint8_t *base, uint64_t gpa, uint32_t area)
{
	uint8_t sum = 0;
	uint32_t len;

	must(gpa >= AREA && gpa + 36 <= AREA + (uint64_t)area);
	len = get32(base + gpa + 4);
	must(len >= 36 && gpa + len <= AREA + (uint64_t)area);
	for (uint32_t i = 0; i < len; i++)
		sum += base[gpa + i];
	must(!sum);
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vm_ram ram = { .base = NULL };
	struct vm_topology t = { 0 };
	uint64_t rsdp, xsdt, gpa;
	struct ktstr_err err;
	struct input i;

	if (size < sizeof(i))
		return 0;
	memcpy(&i, data, sizeof(i));
	t.count.numa_nodes = i.nodes;
	t.count.llcs = i.llcs;
	t.count.cores = i.cores;
	t.count.threads = i.threads;
	i.area &= 0x1ffff;
	if (vm_topology_check(&t, &err) || i.mem_mib > 1 << 20 || i.mem_mib < 16u * i.nodes)
		return 0;
	/* exactly as much as there is: one byte further is somebody else's */
	ram.base = malloc(AREA + i.area + 1);
	must(ram.base);
	ram.bytes = i.mem_mib * VM_MIB;
	ram.nr_nodes = i.nodes;
	for (uint32_t n = 0; n < i.nodes; n++)
		ram.node_bytes[n] = vm_topology_node_bytes(&t, ram.bytes, n);
	ram.nr_regions = vm_ram_regions_pc(ram.bytes, 3 * VM_GIB, ram.region);
	ram.region[0].len = VM_MIB;
	if (!acpi_build(&ram, &t, i.pci & 1, AREA, i.area, &rsdp, &err)) {
		must(!memcmp(ram.base + rsdp, "RSD PTR ", 8));
		memcpy(&xsdt, ram.base + rsdp + 24, sizeof(xsdt));
		for (uint32_t at = 36, end = table(ram.base, xsdt, i.area); at + 8 <= end; at += 8) {
			memcpy(&gpa, ram.base + xsdt + at, sizeof(gpa));
			table(ram.base, gpa, i.area);
		}
	}
	free(ram.base);
	return 0;
}
