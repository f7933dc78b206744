/* SPDX-License-Identifier: GPL-2.0 */
/* Adds to the guest's own findings what only the host can know (spec/runtime 4.5). */
#ifndef KTSTR_CORE_FOLD_H
#define KTSTR_CORE_FOLD_H

#include "seen.h"

/*
 * Fill @run->result, have_result, exited, stage, scx_error, sched_log and kmsg from
 * @run->seen. @console is the kernel console's text. A finding that the guest has reported
 * already is not repeated.
 */
void ktstr_fold(struct ktstr_run *run, const char *console);

#endif
