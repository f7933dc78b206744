/* SPDX-License-Identifier: GPL-2.0 */
/* Dumps as a part of a run: see part.c. Its row stands behind those of the monitor. */
#ifndef KTSTR_DUMP_PART_H
#define KTSTR_DUMP_PART_H

#include "harness/model/part.h"
#include "harness/monitor/view/kimage.h"

extern const struct ktstr_run_part ktstr_dump_part;

/*
 * Where a kernel is when its scheduler has been claimed for an exit by an error, its message is
 * complete, and nothing has been taken down: link address, or 0 (it has no such function).
 */
uint64_t ktstr_dump__error_kva(const struct ktstr_kimage *img);

#endif
