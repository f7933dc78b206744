/* SPDX-License-Identifier: GPL-2.0 */
/* The guest kernel's command line: the same for every backend except for the platform's part. */
#ifndef KTSTR_VMM_CMDLINE_H
#define KTSTR_VMM_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm.h"

struct vm_cmdline {
	const char *platform;	/* what this backend's machine needs, such as "reboot=t" */
	const char *doorbell;	/* vm_ops.doorbell */
	uint64_t shared_gpa;	/* used if spec->shared_bytes */
	bool reserve_shared;	/* the memory map that the firmware shows has no gap there */
	uint32_t max;		/* characters that the kernel takes, without the NUL */
};

/*
 * Write the whole line to @buf: our parameters, the platform's, then those of spec->cmdline, which
 * take precedence because they come last. 0, or -E2BIG with @err when the line exceeds @size or
 * @c->max; a line is never cut.
 */
int vm_cmdline_build(const struct vm_spec *spec, const struct vm_cmdline *c, char *buf,
		     size_t size, struct ktstr_err *err);

#endif
