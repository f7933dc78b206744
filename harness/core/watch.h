/* SPDX-License-Identifier: GPL-2.0 */
/* Follows a running machine to its end, through sync points, deadlines and interruption. */
#ifndef KTSTR_CORE_WATCH_H
#define KTSTR_CORE_WATCH_H

#include "deadline.h"
#include "seen.h"

/*
 * Returns when the machine is off, failed, missed a deadline or the user interrupted; which
 * of these is in @run->seen and @run->signal. The machine may still run then.
 */
void ktstr_watch(struct ktstr_run *run, struct vm *vm, struct ktstr_chan *chan,
		 const struct ktstr_deadlines *d);

/* CLOCK_MONOTONIC of the host */
uint64_t ktstr_now_ns(void);

#endif
