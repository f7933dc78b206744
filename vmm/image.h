/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What has to be known about a kernel image before it is booted: that it is one, that it is
 * whole, and which guest memory it will overwrite while it unpacks itself.
 */
#ifndef KTSTR_VMM_IMAGE_H
#define KTSTR_VMM_IMAGE_H

#include <stdint.h>

#include "err.h"

enum vm_image_format {
	VM_IMAGE_BZIMAGE,
	VM_IMAGE_ELF,		/* vmlinux with a PVH entry point */
};

struct vm_image {
	enum vm_image_format format;
	uint64_t load_end;	/* first GPA that the kernel leaves alone, without KASLR */
	uint32_t cmdline_max;	/* longest command line, without its NUL */
};

/* COMMAND_LINE_SIZE of x86 (arch/x86/include/asm/setup.h) is 2048 with the NUL. */
#define VM_X86_CMDLINE_MAX	2047

/* Inspect the file at @path. 0, or -errno with @err naming the path and the defect. */
int vm_image_read(const char *path, struct vm_image *image, struct vm_err *err);

#endif
