// SPDX-License-Identifier: GPL-2.0
/*
 * SignalStorm: two tasks that interrupt each other. A signal to a running task is a reschedule
 * interrupt (kick) to its CPU, and one to a queued task is a wake-up without effect: rare paths of
 * a scheduler, which run thousands of times a second here.
 */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

#define STORM_SIGNAL	SIGUSR1

/* One a member: whom to send to. Published by init(), taken back before the worker ends. */
struct target {
	int32_t pid, tid;		/* tid 0: not there */
} __attribute__((aligned(64)));

static void storm_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->signal_storm.signals, 16);
	WORK_DEFAULT(work->signal_storm.spin, 1024);
}

static uint32_t storm_group(const struct ktstr_work *work)
{
	(void)work;
	return 2;
}

static size_t storm_shared(const struct ktstr_work *work)
{
	(void)work;
	return 2 * sizeof(struct target);
}

static void ignore(int sig)
{
	(void)sig;
}

static int storm_init(struct ktstr_work_ctx *w)
{
	struct target *me = (struct target *)w->group->shared + w->member;
	struct sigaction sa = { .sa_handler = ignore, .sa_flags = SA_RESTART };

	if (sigaction(STORM_SIGNAL, &sa, NULL))
		return -errno;
	me->pid = getpid();
	__atomic_store_n(&me->tid, (int32_t)syscall(SYS_gettid), __ATOMIC_RELEASE);
	return 0;
}

static void storm_iterate(struct ktstr_work_ctx *w)
{
	struct target *to = (struct target *)w->group->shared + !w->member;
	uint32_t i;
	int tid;

	work_spin(w, w->work->signal_storm.spin);
	for (i = 0; i < w->work->signal_storm.signals && !work_stopped(w); i++) {
		tid = __atomic_load_n(&to->tid, __ATOMIC_ACQUIRE);
		if (!tid)
			return;
		if (!syscall(SYS_tgkill, to->pid, tid, STORM_SIGNAL))
			w->units++;
		else if (errno == ESRCH)	/* killed: its number may become another's */
			__atomic_store_n(&to->tid, 0, __ATOMIC_RELEASE);
	}
}

static void storm_fini(struct ktstr_work_ctx *w)
{
	struct target *me = (struct target *)w->group->shared + w->member;

	__atomic_store_n(&me->tid, 0, __ATOMIC_RELEASE);
}

const struct ktstr_work_row ktstr_work_signal_storm = {
	.name = "SignalStorm",
	.description = "Two tasks spin and send each other SIGUSR1. Unit: a signal, and as in "
		"SpinWait.",
	.parameters = "signals = 16, spin = 1024",
	.checkpoint_every = 1,
	.defaults = storm_defaults,
	.group_size = storm_group,
	.shared_size = storm_shared,
	.init = storm_init,
	.iterate = storm_iterate,
	.fini = storm_fini,
};
