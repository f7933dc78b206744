/* SPDX-License-Identifier: GPL-2.0 */
/* Adds the host's findings to those of the guest. */
#ifndef KTSTR_HOST_FOLD_H
#define KTSTR_HOST_FOLD_H

#include "harness/model/seen.h"

/*
 * Fill @run->result, have_result, exited, lifecycle, scx_error, sched_log and kmsg from
 * @run->seen. @console is the kernel console's text. A finding that the guest has reported already
 * is not repeated.
 */
void ktstr_fold(struct ktstr_run *run, const char *console);

#endif
