/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bundled VMM puts into guest RAM before the first instruction. There is no firmware:
 * the kernel is entered in 64-bit mode as Documentation/arch/x86/boot.rst ("64-bit Boot
 * Protocol") wants it, a vmlinux at its own entry point in the same state.
 *
 *	0x500		GDT
 *	0x7000		boot_params
 *	0x9000		page tables: 4 GiB mapped to themselves in 2 MiB pages
 *	0x20000		command line
 *	0xe0000		ACPI tables, up to 1 MiB
 *	pref_address	the kernel and the room it unpacks itself into (init_size)
 *	...
 *	top of the RAM below 3 GiB: the initrd, above it the shared stretch
 *
 * RAM that does not fit below 3 GiB continues at 4 GiB: between them are the interrupt
 * controllers, KVM's own pages and the devices. The functions that compute the layout have no side
 * effects.
 */
#ifndef KTSTR_VMM_KVM_X86_BOOT_H
#define KTSTR_VMM_KVM_X86_BOOT_H

#include <stdint.h>

#include "vmm/kvm/arch.h"

#define X86_LOW_MAX		(3 * VM_GIB)
#define X86_GDT_GPA		0x500
#define X86_BOOT_PARAMS_GPA	0x7000
#define X86_PAGE_TABLES_GPA	0x9000
#define X86_CMDLINE_GPA		0x20000
#define X86_ACPI_GPA		0xe0000
#define X86_ACPI_BYTES		0x20000
/* KVM's real-mode helpers on Intel: a page table of one page, a TSS of three. */
#define X86_IDENTITY_GPA	0xfffbc000
#define X86_TSS_GPA		0xfffbd000

#define X86_BOOT_CS		0x10
#define X86_BOOT_DS		0x18
#define X86_BOOT_TSS		0x20
#define X86_GDT_ENTRIES		6	/* a 64-bit TSS takes two */

/* The loop of probe.c, and how many instructions it executes in all. */
#define X86_PROBE_LOOPS		200000u
#define X86_PROBE_INSNS		(5 * X86_PROBE_LOOPS)

/*
 * Choose the addresses of the shared stretch and of the initrd, whose sizes are in @l: inside the
 * RAM that ends at @low_end, overlapping neither each other nor @image with its early allocations,
 * and the initrd below the kernel's limit for it. 0, or -ENOSPC with @err naming what is needed.
 */
int x86_layout_place(struct kvm_layout *l, uint64_t low_end, const struct vm_image *image,
	      struct ktstr_err *err);

/* An entry of the memory map; the types are those of the UAPI's e820 table. */
struct x86_e820 {
	uint64_t gpa;
	uint64_t len;
	uint32_t type;
};

#define X86_E820_MAX	16

/* The memory map of @ram with the shared stretch reserved. Returns the number of entries. */
unsigned int x86_layout_e820(const struct vm_region *region, unsigned int nr,
			    const struct kvm_layout *l, struct x86_e820 map[X86_E820_MAX]);

/* The flat GDT: descriptor @selector / 8. */
extern const uint64_t x86_gdt[X86_GDT_ENTRIES];

/*
 * Write the GDT, page tables, command line and boot_params. @rsdp_gpa 0: no ACPI. 0 or -errno with
 * @err.
 */
int x86_boot_write(const struct vm_ram *ram, const struct vm_image *image,
		   const struct kvm_layout *l, const char *cmdline, uint64_t rsdp_gpa,
		   struct ktstr_err *err);

#endif
