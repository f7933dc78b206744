/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Another timeout for sched_ext's watchdog than the scheduler asks for.
 *
 * The kernel takes the timeout from sched_ext_ops.timeout_ms when the scheduler is enabled; at that
 * moment it also computes how often it looks for tasks that were not run, and starts the timer for
 * the first time. Whoever changes the timeout afterwards waits for that first time, 15 s by default.
 * So it is changed before: the scheduler is held when it is about to attach, and its structure, which
 * is in a struct_ops map then, gets the other number. All the rest is the kernel's own doing.
 */
#ifndef KTSTR_MONITOR_WATCHDOG_H
#define KTSTR_MONITOR_WATCHDOG_H

#include "bpf/map.h"
#include "sample.h"

struct ktstr_watchdog {
	uint32_t timeout_ms;		/* 0: the scheduler's own */
	uint32_t held;			/* schedulers that were seen on their way */
	bool confirmed;			/* the kernel says the same */
	uint32_t before_ms;		/* what the scheduler asked for; 0: the kernel's default */
	char why_not[256];
};

/* A scheduler waits before it attaches: set the timeout of all that are loaded. */
void ktstr_watchdog__set(struct ktstr_watchdog *w, struct ktstr_kview *v);
/* One is attached: does the kernel use the timeout? @tick_ns: of a jiffy. */
void ktstr_watchdog__confirm(struct ktstr_watchdog *w, struct ktstr_monitor *m, uint64_t tick_ns);

#endif
