/* SPDX-License-Identifier: GPL-2.0 */
/* Builds the initramfs of a run, with its programs, files and arguments. */
#ifndef KTSTR_HOST_PACK_H
#define KTSTR_HOST_PACK_H

#include "harness/model/guest_args.h"
#include "harness/plan/deadline.h"
#include "harness/model/run.h"

#define KTSTR_DEFAULT_CGROUP_ROOT	"/ktstr"

/* The arguments for the code that runs the body, in a guest or on the host. 0 or -ENOMEM. */
int ktstr_body_args__make(const struct ktstr_run *run, const struct ktstr_deadlines *d,
			  const char *cgroup_root, struct ktstr_guest_args *a);
/* The same with the arguments for PID 1 of a guest: the scheduler, the parts of the run. */
int ktstr_guest_args__make(const struct ktstr_run *run, const struct ktstr_deadlines *d,
			   struct ktstr_guest_args *a);

/* What the test adds to the kernel command line, malloc()ed. NULL with ENOMEM. */
char *ktstr_pack__cmdline(const struct ktstr_plan *p);

/*
 * Build the initramfs: @base->fd (-1: none) and a memfd that follows it, which the caller closes,
 * or -errno with @err (err->missing: a scheduler that is not built). @note: one sentence about a cache that could not be used.
 */
int ktstr_pack__initramfs(const struct ktstr_run *run, const struct ktstr_deadlines *d,
			  struct vm_part *base, char *note, size_t note_size,
			  struct ktstr_err *err);

/*
 * What a run without a guest needs (plan/here.h), as a tar archive written to @fd: the program as
 * /init, and what it would find below /include-files in a guest, with their libraries.
 * run->programs is known. 0 or -errno with @err.
 */
int ktstr_pack__here(const struct ktstr_run *run, int fd, struct ktstr_err *err);

#endif
