/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing ACPI tables: values are appended to the area, little endian, and a table's length and
 * checksum are filled in when it ends. Values that do not fit are only counted, so callers check
 * once, at the end.
 */
#ifndef KTSTR_VMM_KVM_X86_ACPI_TABLE_H
#define KTSTR_VMM_KVM_X86_ACPI_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "vmm/ram.h"

struct acpi_area {
	uint8_t *mem;
	size_t size;		/* of mem */
	size_t len;		/* so far; more than size: it did not fit */
	uint64_t gpa;		/* of mem */
};

void acpi_put(struct acpi_area *a, uint64_t value, unsigned int bytes);
void acpi_put_bytes(struct acpi_area *a, const void *data, size_t len);
void acpi_align(struct acpi_area *a, size_t align);

/* Start a table with its 36-byte header; the value goes to acpi_table_end(). */
size_t acpi_table_begin(struct acpi_area *a, const char sig[4], uint8_t revision);
/* Fill in length and checksum of the table from @start. Returns its guest address. */
uint64_t acpi_table_end(struct acpi_area *a, size_t start);
/* Make the sum of @len bytes at @start zero with the byte at @at. */
void acpi_checksum(struct acpi_area *a, size_t start, size_t len, size_t at);

/* acpi_numa.c. Each returns the guest address of its table. */
uint64_t acpi_put_srat(struct acpi_area *a, const struct vm_ram *ram, const struct vm_topology *t);
uint64_t acpi_put_slit(struct acpi_area *a, const struct vm_topology *t);
uint64_t acpi_put_hmat(struct acpi_area *a, const struct vm_topology *t);

#endif
