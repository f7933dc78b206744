/* SPDX-License-Identifier: GPL-2.0 */
/* Dumps as a part of a run: see part.c. Its row stands behind those of the monitor. */
#ifndef KTSTR_DUMP_PART_H
#define KTSTR_DUMP_PART_H

#include "lib/jtree.h"
#include "harness/model/part.h"
#include "harness/monitor/view/kimage.h"

extern const struct ktstr_run_part ktstr_dump_part;

/*
 * Add the guest as it is now to the object @report of @tree; @trigger: why, static. Its CPUs stand
 * still, or what is read may be torn. 0 or -EAGAIN: nobody looks at this guest, or it has not booted.
 */
int ktstr_dump_part__take(struct ktstr_run *run, struct ktstr_jtree *tree,
			  struct ktstr_jnode *report, const char *trigger);

/*
 * Where a kernel is when its scheduler has been claimed for an exit by an error, its message is
 * complete, and nothing has been taken down: link address, or 0 (it has no such function).
 */
uint64_t ktstr_dump__error_kva(const struct ktstr_kimage *img);

#endif
