/* SPDX-License-Identifier: GPL-2.0 */
/* Hold a step for its time, or until the scheduler under test ends. */
#ifndef KTSTR_GUEST_ENGINE_HOLD_H
#define KTSTR_GUEST_ENGINE_HOLD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum ktstr_hold_end {
	KTSTR_HOLD_OVER,		/* the time is over */
	KTSTR_HOLD_SCHED_EXITED,	/* the scheduler's process ended */
	KTSTR_HOLD_SCHED_EJECTED,	/* the kernel disabled it */
};

struct ktstr_hold_ctx {
	int pidfd;			/* -1: no process to wait for */
	int wake;			/* uevent socket or timer; -1: nothing to listen to */
	bool is_timer;
	bool attached;			/* a sched_ext scheduler has to stay enabled */
	char state[PATH_MAX];		/* .../kernel/sched_ext/state */
	/* Called during holds every look_every_ns (0: never); next_look_ns spans holds. */
	uint64_t look_every_ns, next_look_ns;
	void (*look)(void *arg, uint64_t now);
	void *look_arg;
	/* Called when a CPU has come online or gone offline, if not NULL. */
	void (*cpus_changed)(void *arg);
	/* What PID 1 knows of the scheduler, enum ktstr_sched_phase in shared memory; NULL: nothing. */
	const uint32_t *phase;
};

/*
 * Wait for the end of the scheduler with @pidfd (-1: none) from now on. @attached: a
 * sched_ext scheduler is attached and must stay enabled. Returns 0 or -errno.
 */
int ktstr_hold__open(struct ktstr_hold_ctx *h, const char *sysfs, int pidfd, bool attached);
void ktstr_hold__close(struct ktstr_hold_ctx *h);

/*
 * Wait @ns, or until the scheduler ends; *@end says which came first. With @ns 0 it only
 * looks. Returns 0 or -errno.
 */
int ktstr_hold__wait(struct ktstr_hold_ctx *h, uint64_t ns, enum ktstr_hold_end *end);

#endif
