/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must be known about a kernel image before it is booted: that the file is a complete kernel
 * image, which guest memory the kernel overwrites while it unpacks itself and, for a VMM that
 * loads it without firmware, which parts of the file go where.
 */
#ifndef KTSTR_VMM_IMAGE_H
#define KTSTR_VMM_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

enum vm_image_format {
	VM_IMAGE_BZIMAGE,
	VM_IMAGE_ELF,		/* vmlinux */
};

/* The header that a bzImage begins with, up to the end of handover_offset. */
#define VM_IMAGE_HEADER_BYTES	0x268
#define VM_IMAGE_MAX_SEGMENTS	16

/* @file_bytes at @file_off go to guest memory at @gpa; zeroes follow up to @mem_bytes. */
struct vm_segment {
	uint64_t file_off;
	uint64_t file_bytes;
	uint64_t gpa;
	uint64_t mem_bytes;
};

struct vm_image {
	enum vm_image_format format;
	bool pvh;		/* ELF: has the PVH entry point, which QEMU needs */
	uint64_t load_end;	/* first GPA behind what the kernel uses, without KASLR */
	uint64_t entry;		/* GPA to enter in 64-bit mode, boot_params in RSI */
	struct vm_segment segment[VM_IMAGE_MAX_SEGMENTS];
	unsigned int nr_segments;
	uint8_t header[VM_IMAGE_HEADER_BYTES];	/* bzImage; else zeroes */
	uint32_t cmdline_max;	/* longest command line, without its NUL */
};

/* COMMAND_LINE_SIZE of x86 and arm64 (asm/setup.h) is 2048 with the NUL. */
#define VM_CMDLINE_MAX	2047

/* Inspect the file at @path. 0, or -errno with @err naming the path and the defect. */
int vm_image_read(const char *path, struct vm_image *image, struct ktstr_err *err);

#endif
