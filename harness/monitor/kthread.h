/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kthreads that a scheduler lets wait. sched_ext keeps a list of the runnable tasks of each CPU that
 * do not run, and since when (rq->scx.runnable_list, p->scx.runnable_at): its watchdog looks at the
 * same. Workers are judged by their own telemetry; a kworker has none.
 */
#ifndef KTSTR_MONITOR_KTHREAD_H
#define KTSTR_MONITOR_KTHREAD_H

#include "sample.h"

#define KTSTR_MAX_KTHREADS	8	/* different ones that are kept */
#define KTSTR_PF_KTHREAD	0x00200000	/* PF_KTHREAD, include/linux/sched.h */

struct ktstr_kthread_wait {
	uint64_t pid;
	uint32_t cpu;			/* on whose list it was */
	char comm[16];
	uint64_t for_ns;		/* the longest wait seen */
	uint64_t time_ns;		/* guest clock, of that sample */
};

struct ktstr_kthreads {
	struct ktstr_place list, node, runnable_at, flags, pid, comm;
	struct ktstr_kthread_wait wait[KTSTR_MAX_KTHREADS];
	uint32_t nr, dropped;
};

/* A kernel without these fields has no such waits. */
void ktstr_kthreads__resolve(struct ktstr_kthreads *k, const struct ktstr_btf *btf);
/*
 * Look at the lists at this moment, and keep the kthreads that have waited for @min_ns or longer.
 * The monitor has taken a sample already.
 */
void ktstr_kthreads__look(struct ktstr_kthreads *k, struct ktstr_monitor *m, uint64_t jiffies,
			  uint64_t tick_ns, uint64_t min_ns, uint64_t time_ns);

#endif
