/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting out a step, unless the scheduler under test ends first. */
#ifndef KTSTR_GUEST_HOLD_H
#define KTSTR_GUEST_HOLD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum ktstr_hold_end {
	KTSTR_HOLD_OVER,		/* the time is over */
	KTSTR_HOLD_SCHED_EXITED,	/* the scheduler's process ended */
	KTSTR_HOLD_SCHED_EJECTED,	/* the kernel disabled it */
};

struct ktstr_watch {
	int pidfd;			/* -1: no process to watch */
	int wake;			/* uevent socket or timer; -1: no sched_ext to watch */
	bool is_timer;
	char state[PATH_MAX];		/* .../kernel/sched_ext/state */
	/* In holds, every so often (0: never), and the rhythm goes on from one to the next. */
	uint64_t look_every_ns, next_look_ns;
	void (*look)(void *arg, uint64_t now);
	void *look_arg;
};

/*
 * Begin to watch the scheduler with @pidfd (-1: none, then nothing is watched unless
 * @attached says that a sched_ext scheduler must stay enabled). 0 or -errno.
 */
int ktstr_watch__open(struct ktstr_watch *w, const char *sysfs, int pidfd, bool attached);
void ktstr_watch__close(struct ktstr_watch *w);

/* Returns an enum ktstr_hold_end or -errno. */
int ktstr_watch__hold(struct ktstr_watch *w, uint64_t ns);

#endif
