/* SPDX-License-Identifier: GPL-2.0 */
/* What one run takes into its guest: the initramfs with programs, files and arguments. */
#ifndef KTSTR_CORE_PACK_H
#define KTSTR_CORE_PACK_H

#include "deadline.h"
#include "run.h"

/*
 * The text of /ktstr.args (guest/guest.h has the keys), malloc()ed. NULL with ENOMEM, or
 * EINVAL for a value that has a line break in it.
 */
char *ktstr_pack__args(const struct ktstr_run *run, const struct ktstr_deadlines *d);

/* What the test adds to the kernel command line, malloc()ed. NULL with ENOMEM. */
char *ktstr_pack__cmdline(const struct ktstr_plan *p);

/*
 * Build the initramfs: @base->fd (-1: none) and a memfd that follows it, which the caller closes,
 * or -errno with @err (err->missing: a scheduler that is not built). @note: one sentence about a cache that could not be used.
 */
int ktstr_pack__initramfs(const struct ktstr_run *run, const struct ktstr_deadlines *d,
			  struct vm_part *base, char *note, size_t note_size,
			  struct vm_err *err);

#endif
