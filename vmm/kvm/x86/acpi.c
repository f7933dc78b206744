// SPDX-License-Identifier: GPL-2.0
/*
 * The ACPI tables of the machine; those about NUMA are in acpi_numa.c. Layouts are those of ACPI
 * 6.5, chapter 5.2; ports are those of vmm/dev/acpi_pm.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "vmm/dev/acpi_pm.h"
#include "vmm/dev/pci.h"
#include "acpi.h"
#include "acpi_table.h"
#include "apic.h"

#define LAPIC_GPA	0xfee00000u
#define IOAPIC_GPA	0xfec00000u
#define HEADER_BYTES	36
#define HEADER_LENGTH	4	/* offset of a table's length */
#define HEADER_CHECKSUM	9
#define ALL_CPUS	0xffffffffu
#define LINT_NMI	1
/* MPS INTI flags: active high, level */
#define INTI_HIGH_LEVEL	0x000d

void acpi_put_bytes(struct acpi_area *a, const void *data, size_t len)
{
	if (a->len <= a->size && len <= a->size - a->len)
		memcpy(a->mem + a->len, data, len);
	a->len += len;
}

void acpi_put(struct acpi_area *a, uint64_t value, unsigned int bytes)
{
	for (; bytes; bytes--, value >>= 8) {
		uint8_t b = (uint8_t)value;

		acpi_put_bytes(a, &b, 1);
	}
}

void acpi_align(struct acpi_area *a, size_t align)
{
	while (a->len % align)
		acpi_put(a, 0, 1);
}

void acpi_checksum(struct acpi_area *a, size_t start, size_t len, size_t at)
{
	uint8_t sum = 0;

	if (start + len > a->size)
		return;
	a->mem[at] = 0;
	for (size_t i = start; i < start + len; i++)
		sum += a->mem[i];
	a->mem[at] = (uint8_t)-sum;
}

size_t acpi_table_begin(struct acpi_area *a, const char sig[4], uint8_t revision)
{
	size_t start;

	acpi_align(a, 16);
	start = a->len;
	acpi_put_bytes(a, sig, 4);
	acpi_put(a, 0, 4);		/* length */
	acpi_put(a, revision, 1);
	acpi_put(a, 0, 1);		/* checksum */
	acpi_put_bytes(a, "KTSTR ", 6);
	acpi_put_bytes(a, "KTSTR   ", 8);
	acpi_put(a, 1, 4);
	acpi_put_bytes(a, "KTST", 4);
	acpi_put(a, 1, 4);
	return start;
}

uint64_t acpi_table_end(struct acpi_area *a, size_t start)
{
	uint32_t len = (uint32_t)(a->len - start);

	if (a->len <= a->size) {
		memcpy(a->mem + start + HEADER_LENGTH, &len, sizeof(len));
		acpi_checksum(a, start, len, start + HEADER_CHECKSUM);
	}
	return a->gpa + start;
}

static uint64_t put_facs(struct acpi_area *a)
{
	size_t start;

	acpi_align(a, 64);
	start = a->len;
	acpi_put_bytes(a, "FACS", 4);
	acpi_put(a, 64, 4);
	acpi_put_bytes(a, (uint8_t[24]){ 0 }, 24);
	acpi_put(a, 2, 1);		/* version */
	acpi_put_bytes(a, (uint8_t[31]){ 0 }, 31);
	return a->gpa + start;
}

/*
 * AML: Scope (\_SB) { Device (PCI0) { Name (_HID, EisaId ("PNP0A03")) Name (_UID, 0)
 * Name (_CRS, ResourceTemplate () { bus 0, the configuration ports, the window }) } }.
 * Package lengths count themselves; those above 63 have their low four bits first.
 */
static void put_pci_bridge(struct acpi_area *a)
{
	static const uint8_t device[] = {
		0x10, 0x4c, 0x05, '\\', '_', 'S', 'B', '_',	/* ScopeOp, 92 bytes */
		0x5b, 0x82, 0x43, 0x05, 'P', 'C', 'I', '0',	/* DeviceOp, 83 bytes */
		0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, 0x0a, 0x03,
		0x08, '_', 'U', 'I', 'D', 0x00,
		0x08, '_', 'C', 'R', 'S', 0x11, 0x37, 0x0a, 0x34, /* BufferOp, 52 bytes of data */
	};
	static const uint8_t bus[] = {
		/* WordBusNumber, fixed: from, to, offset, number */
		0x88, 0x0d, 0x00, 0x02, 0x0c, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
	};
	static const uint8_t ports[] = {
		0x47, 0x01, PCI_ADDRESS_PORT & 0xff, PCI_ADDRESS_PORT >> 8,
		PCI_ADDRESS_PORT & 0xff, PCI_ADDRESS_PORT >> 8, 1, 8,
	};
	static const uint8_t memory[] = {
		0x87, 0x17, 0x00, 0x00, 0x0c, 0x01,	/* DWordMemory, fixed, read and write */
	};

	acpi_put_bytes(a, device, sizeof(device));
	acpi_put_bytes(a, bus, sizeof(bus));
	acpi_put_bytes(a, ports, sizeof(ports));
	acpi_put_bytes(a, memory, sizeof(memory));
	acpi_put(a, 0, 4);			/* granularity */
	acpi_put(a, PCI_WINDOW_BASE, 4);
	acpi_put(a, PCI_WINDOW_BASE + PCI_WINDOW_BYTES - 1, 4);
	acpi_put(a, 0, 4);			/* translation */
	acpi_put(a, PCI_WINDOW_BYTES, 4);
	acpi_put(a, 0x0079, 2);			/* end */
}

/* AML: Name (_S5, Package () { type, type, 0, 0 }), and the PCI bus */
static uint64_t put_dsdt(struct acpi_area *a, bool pci)
{
	static const uint8_t s5[] = {
		0x08, '_', 'S', '5', '_',	/* NameOp */
		0x12, 0x08, 0x04,		/* PackageOp, length, elements */
		0x0a, ACPI_S5_SLEEP_TYPE,	/* BytePrefix */
		0x0a, ACPI_S5_SLEEP_TYPE,
		0x00, 0x00,			/* ZeroOp */
	};
	size_t start = acpi_table_begin(a, "DSDT", 2);

	acpi_put_bytes(a, s5, sizeof(s5));
	if (pci)
		put_pci_bridge(a);
	return acpi_table_end(a, start);
}

/* Generic address: a register in port space. */
static void put_port(struct acpi_area *a, uint16_t port, uint8_t bits, uint8_t access)
{
	acpi_put(a, port != 0, 1);	/* system I/O; all zero: no such register */
	acpi_put(a, bits, 1);
	acpi_put(a, 0, 1);
	acpi_put(a, access, 1);
	acpi_put(a, port, 8);
}

static void put_zero(struct acpi_area *a, size_t bytes)
{
	while (bytes--)
		acpi_put(a, 0, 1);
}

#define BOOT_LEGACY_DEVICES	(1u << 0)
#define BOOT_NO_VGA		(1u << 2)
#define BOOT_NO_ASPM		(1u << 4)
#define BOOT_NO_CMOS_RTC	(1u << 5)
#define FADT_WBINVD		(1u << 0)
#define FADT_NO_POWER_BUTTON	(1u << 4)
#define FADT_NO_SLEEP_BUTTON	(1u << 5)
#define FADT_RESET_REG		(1u << 10)
/* the least value that means "no such state" */
#define FADT_NO_C2		101
#define FADT_NO_C3		1001

static uint64_t put_fadt(struct acpi_area *a, uint64_t facs, uint64_t dsdt)
{
	size_t start = acpi_table_begin(a, "FACP", 6);

	acpi_put(a, facs, 4);
	acpi_put(a, dsdt, 4);
	acpi_put(a, 0, 2);			/* model, preferred profile */
	acpi_put(a, ACPI_SCI_GSI, 2);
	acpi_put(a, 0, 8);			/* SMI command 0: ACPI mode from the start */
	acpi_put(a, ACPI_PM1_EVENT, 4);
	acpi_put(a, 0, 4);
	acpi_put(a, ACPI_PM1_CONTROL, 4);
	put_zero(a, 20);			/* PM1b, PM2, timer, GPEs */
	acpi_put(a, ACPI_PM1_CONTROL - ACPI_PM1_EVENT, 1);
	acpi_put(a, 2, 1);
	put_zero(a, 6);
	acpi_put(a, FADT_NO_C2, 2);
	acpi_put(a, FADT_NO_C3, 2);
	put_zero(a, 9);				/* flush, duty cycle, RTC alarms */
	/* no 8042 either: there is no keyboard, and probing it costs boot time */
	acpi_put(a, BOOT_LEGACY_DEVICES | BOOT_NO_VGA | BOOT_NO_ASPM | BOOT_NO_CMOS_RTC, 2);
	acpi_put(a, 0, 1);
	acpi_put(a, FADT_WBINVD | FADT_NO_POWER_BUTTON | FADT_NO_SLEEP_BUTTON | FADT_RESET_REG, 4);
	put_port(a, ACPI_RESET, 8, 1);
	acpi_put(a, ACPI_RESET_VALUE, 1);
	acpi_put(a, 0, 2);
	acpi_put(a, 5, 1);			/* minor revision */
	acpi_put(a, 0, 8);			/* FACS: the 32-bit address is enough */
	acpi_put(a, dsdt, 8);
	put_port(a, ACPI_PM1_EVENT, 8 * (ACPI_PM1_CONTROL - ACPI_PM1_EVENT), 2);
	put_port(a, 0, 0, 0);
	put_port(a, ACPI_PM1_CONTROL, 16, 2);
	for (int i = 0; i < 7; i++)
		put_port(a, 0, 0, 0);		/* PM1b, PM2, timer, GPEs, sleep */
	acpi_put_bytes(a, "KTSTR\0\0", 8);	/* hypervisor vendor */
	return acpi_table_end(a, start);
}

static void put_cpu(struct acpi_area *a, uint32_t cpu, uint32_t apic_id)
{
	if (apic_id < VM_APIC_ID_X2APIC) {
		acpi_put(a, 0, 1);		/* local APIC */
		acpi_put(a, 8, 1);
		acpi_put(a, cpu, 1);
		acpi_put(a, apic_id, 1);
		acpi_put(a, 1, 4);		/* enabled */
	} else {
		acpi_put(a, 9, 1);		/* local x2APIC */
		acpi_put(a, 16, 1);
		acpi_put(a, 0, 2);
		acpi_put(a, apic_id, 4);
		acpi_put(a, 1, 4);
		acpi_put(a, cpu, 4);
	}
}

static uint64_t put_madt(struct acpi_area *a, const struct vm_topology *t)
{
	size_t start = acpi_table_begin(a, "APIC", 5);
	uint32_t nr = ktstr_topology__cpus(&t->count);

	acpi_put(a, LAPIC_GPA, 4);
	acpi_put(a, 1, 4);			/* an 8259 pair exists */
	for (uint32_t cpu = 0; cpu < nr; cpu++)
		put_cpu(a, cpu, vm_apic_id(t, cpu));
	acpi_put(a, 1, 1);			/* IOAPIC */
	acpi_put(a, 12, 1);
	acpi_put(a, 0, 2);
	acpi_put(a, IOAPIC_GPA, 4);
	acpi_put(a, 0, 4);
	/* no override of IRQ 0: in KVM's default routing it is pin 0 */
	acpi_put(a, 2, 1);
	acpi_put(a, 10, 1);
	acpi_put(a, 0, 1);
	acpi_put(a, ACPI_SCI_GSI, 1);
	acpi_put(a, ACPI_SCI_GSI, 4);
	acpi_put(a, INTI_HIGH_LEVEL, 2);
	acpi_put(a, 4, 1);			/* local APIC NMI, all CPUs */
	acpi_put(a, 6, 1);
	acpi_put(a, ALL_CPUS, 1);
	acpi_put(a, 0, 2);
	acpi_put(a, LINT_NMI, 1);
	if (vm_apic_id_max(t) >= VM_APIC_ID_X2APIC) {
		acpi_put(a, 10, 1);		/* the same for x2APICs */
		acpi_put(a, 12, 1);
		acpi_put(a, 0, 2);
		acpi_put(a, ALL_CPUS, 4);
		acpi_put(a, LINT_NMI, 1);
		acpi_put(a, 0, 3);
	}
	return acpi_table_end(a, start);
}

/* Version 2: two checksums, and only the 64-bit list of tables. */
static void put_rsdp(struct acpi_area *a, uint64_t xsdt)
{
	size_t start = a->len;

	acpi_put_bytes(a, "RSD PTR ", 8);
	acpi_put(a, 0, 1);
	acpi_put_bytes(a, "KTSTR ", 6);
	acpi_put(a, 2, 1);
	acpi_put(a, 0, 4);
	acpi_put(a, HEADER_BYTES, 4);
	acpi_put(a, xsdt, 8);
	acpi_put(a, 0, 4);
	acpi_checksum(a, start, 20, start + 8);
	acpi_checksum(a, start, HEADER_BYTES, start + 32);
}

#define MAX_TABLES	8

int acpi_build(const struct vm_ram *ram, const struct vm_topology *t, bool pci, uint64_t gpa,
	       uint64_t bytes, uint64_t *rsdp, struct ktstr_err *err)
{
	struct acpi_area a = { .mem = vm_ram_at(ram, gpa, bytes), .size = bytes, .gpa = gpa };
	struct acpi_area head = a;
	uint64_t table[MAX_TABLES], facs, dsdt;
	unsigned int nr = 0;
	size_t start;

	if (!a.mem)
		return ktstr_err(err, ENOSPC, "ACPI: no guest memory at %#" PRIx64, gpa);
	put_zero(&a, HEADER_BYTES);		/* the RSDP goes here */
	facs = put_facs(&a);
	dsdt = put_dsdt(&a, pci);
	table[nr++] = put_fadt(&a, facs, dsdt);
	table[nr++] = put_madt(&a, t);
	table[nr++] = acpi_put_srat(&a, ram, t);
	table[nr++] = acpi_put_slit(&a, t);
	if (t->count.numa_nodes > 1 || t->nodes)
		table[nr++] = acpi_put_hmat(&a, t);
	start = acpi_table_begin(&a, "XSDT", 1);
	for (unsigned int i = 0; i < nr; i++)
		acpi_put(&a, table[i], 8);
	put_rsdp(&head, acpi_table_end(&a, start));
	if (a.len > a.size)
		return ktstr_err(err, ENOSPC,
				 "ACPI: the tables of this topology take %zu bytes, there is room for %" PRIu64,
				 a.len, bytes);
	*rsdp = gpa;
	return 0;
}
