/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ACPI tables of the bundled VMM. They are the guest kernel's only source for its CPUs, interrupt
 * controllers and NUMA nodes, and for how to switch the machine off. They are derived from the
 * topology and the region list of guest RAM.
 */
#ifndef KTSTR_VMM_KVM_X86_ACPI_H
#define KTSTR_VMM_KVM_X86_ACPI_H

#include "vmm/ram.h"

#define ACPI_SCI_GSI	9

/*
 * Write the tables, RSDP first, into guest RAM at [@gpa, @gpa + @bytes); @gpa is a multiple of 64.
 * With @pci they describe the bus of vmm/dev/pci.h. Returns 0 and the address of the RSDP in
 * @rsdp, or -ENOSPC with @err.
 */
int acpi_build(const struct vm_ram *ram, const struct vm_topology *t, bool pci, uint64_t gpa,
	       uint64_t bytes, uint64_t *rsdp, struct ktstr_err *err);

#endif
