/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The symbols of a running guest as an ELF file for gdb: those of the kernel's image where KASLR has put
 * it, and the programs of the scheduler. There are no types and no lines in it.
 */
#ifndef KTSTR_REPLAY_SYMFILE_H
#define KTSTR_REPLAY_SYMFILE_H

#include "harness/monitor/view/kview.h"

/* @v is attached. 0 or -errno; @nr_ops: the programs in it. */
int ktstr_symfile__write(struct ktstr_kview *v, const char *path, unsigned int *nr_ops);

#endif
