/* SPDX-License-Identifier: GPL-2.0 */
/* Follows a running machine to its end: sync points, deadlines, interruption. */
#ifndef KTSTR_HOST_EVENT_LOOP_H
#define KTSTR_HOST_EVENT_LOOP_H

#include "follow.h"
#include "harness/chan/chan.h"
#include "harness/model/run.h"
#include "harness/plan/deadline.h"

/*
 * Returns when the machine is off, failed, missed a deadline or was interrupted by the user; which
 * of these is in @run->seen and @run->signal. The machine may still run then. @console
 * is passed on meanwhile; NULL: it is not.
 */
void ktstr_event_loop__run(struct ktstr_run *run, struct vm *vm, struct ktstr_chan *chan,
			   const struct ktstr_deadlines *d, struct ktstr_follow *console);

#endif
