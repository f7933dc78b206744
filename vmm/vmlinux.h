/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bzImage boots by a program of its own that unpacks the vmlinux in it and, with KASLR, moves that
 * (arch/x86/boot/compressed). It is half of the instructions of a boot, and the same every time. A
 * machine whose kernel was unpacked on the host begins behind it: the vmlinux is loaded and relocated
 * here, and entered at startup_64 with what that program would have left.
 */
#ifndef KTSTR_VMM_VMLINUX_H
#define KTSTR_VMM_VMLINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "ram.h"

/* Where the kernel was loaded, and how it is entered. */
struct vm_entry {
	uint64_t gpa;		/* in 64-bit mode, boot_params in RSI, low memory mapped to itself */
	uint64_t start;		/* its first byte; what is below is free */
	bool kaslr;		/* it was moved; boot_params must say so (VM_KASLR_FLAG) */
};

/* In hdr.loadflags of boot_params: the kernel randomizes other addresses too (asm/bootparam.h). */
#define VM_KASLR_FLAG	2

/*
 * Load the vmlinux spec->vmlinux, which is what the bzImage @image unpacks to, into @ram below @end.
 * With spec->kaslr its physical and its virtual address are drawn: from spec->seed in a deterministic
 * machine, else from the host's random numbers. They stay if the kernel has no relocations
 * (CONFIG_RANDOMIZE_BASE), and the physical one if there is too little memory. 0, or -errno with @err;
 * -EBADMSG: the file is not what @image unpacks to.
 */
int vm_vmlinux_load(const struct vm_spec *spec, const struct vm_image *image,
		    const struct vm_ram *ram, uint64_t end, struct vm_entry *e,
		    struct ktstr_err *err);

/* Page tables for the entry: 4 GiB mapped to themselves. VM_LOW_MAP_BYTES at @gpa, page aligned. */
#define VM_LOW_MAP_BYTES	(6 * 4096u)
void vm_write_low_map(const struct vm_ram *ram, uint64_t gpa);

#endif
