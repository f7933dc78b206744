// SPDX-License-Identifier: GPL-2.0
/* See fence.h. Checked against QEMU 10.0: system/cpus.c, util/main-loop.c, tcg-accel-ops-rr.c. */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "fence.h"
#include "stop.h"

#define EXPORT __attribute__((visibility("default")))

/* The number of descriptors that the main thread polls: QEMU's own, no devices. */
#define MAX_FDS	64

static struct {
	int (*ppoll)(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		     const sigset_t *mask);
	ssize_t (*write)(int fd, const void *buf, size_t len);
	int (*cond_wait)(pthread_cond_t *c, pthread_mutex_t *m);
	int (*cond_signal)(pthread_cond_t *c);
	int (*cond_broadcast)(pthread_cond_t *c);
	int (*mutex_unlock)(pthread_mutex_t *m);
} real;

/* Who the calling thread is. */
static __thread enum { OTHER, MAIN, VCPUS } me;
static struct {
	uint32_t lock;
	uint32_t change;		/* counts; both threads wait for it */
	bool on;
	enum { RUNS, POLLS, WAITS } main;	/* WAITS: for the other thread */
	bool idle;			/* the vCPUs' thread waits and nobody has woken it */
	bool turn;			/* it waits for a round of the main loop */
	bool in_turn;			/* the main thread runs that round */
	bool told;			/* it has notified the main loop */
	bool urgent;			/* a signal ends the emulator */
	pthread_cond_t *halt;		/* what it waits for */
	pthread_mutex_t *big_lock;	/* what it waits with */
	int fds[MAX_FDS];		/* of the main loop's last poll */
	nfds_t nr_fds;
} fence;

static long futex(uint32_t *word, int op, uint32_t value)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* Held for a few instructions, by two threads. */
static void lock(void)
{
	while (__atomic_exchange_n(&fence.lock, 1, __ATOMIC_ACQUIRE))
		futex(&fence.lock, FUTEX_WAIT, 1);
}

static void unlock(void)
{
	__atomic_store_n(&fence.lock, 0, __ATOMIC_RELEASE);
	futex(&fence.lock, FUTEX_WAKE, 1);
}

static void changed(void)
{
	__atomic_add_fetch(&fence.change, 1, __ATOMIC_RELEASE);
	futex(&fence.change, FUTEX_WAKE, INT_MAX);
}

/* Drops the lock while it waits. A signal ends the wait too. */
static void await_change(void)
{
	uint32_t seen = __atomic_load_n(&fence.change, __ATOMIC_ACQUIRE);

	unlock();
	futex(&fence.change, FUTEX_WAIT, seen);
	lock();
}

static void *find(const char *name, const char *version)
{
	/* an old version of the condition variables has another layout */
	void *f = dlvsym(RTLD_NEXT, name, version);

	if (!f)
		f = dlsym(RTLD_NEXT, name);
	if (!f)
		abort();
	return f;
}

/* The constructors of other libraries may call before ours: every replacement begins with this. */
static void find_functions(void)
{
	if (real.mutex_unlock)
		return;
	real.ppoll = find("ppoll", "GLIBC_2.4");
	real.write = find("write", "GLIBC_2.2.5");
	real.cond_wait = find("pthread_cond_wait", "GLIBC_2.3.2");
	real.cond_signal = find("pthread_cond_signal", "GLIBC_2.3.2");
	real.cond_broadcast = find("pthread_cond_broadcast", "GLIBC_2.3.2");
	real.mutex_unlock = find("pthread_mutex_unlock", "GLIBC_2.2.5");
}

static void __attribute__((constructor)) begin(void)
{
	find_functions();
	me = MAIN;
}

bool fence_is_preloaded(void)
{
	return dlsym(RTLD_DEFAULT, "ppoll") == (void *)ppoll;
}

/*
 * A vCPU's turn ends no later than the first timer of the host's clock expires, and after a start
 * from an image there is one (system/cpu-timers: icount_get_limit(); net/announce.c). So that clock
 * has no timers: nothing that a machine of ours does needs them.
 */
static void stop_host_timers(void)
{
	void (*enable)(int clock, bool on) = (void (*)(int, bool))dlsym(RTLD_DEFAULT,
									"qemu_clock_enable");
	enum { QEMU_CLOCK_REALTIME };

	if (enable)
		enable(QEMU_CLOCK_REALTIME, false);
	else
		fprintf(stderr, "hostcall: no qemu_clock_enable() here, so timers of the host's clock can end turns\n");
}

void fence_begin(void)
{
	stop_host_timers();
	lock();
	me = VCPUS;
	fence.on = true;
	/* the main thread, which has started the machine, first gets into its poll */
	fence.told = true;
	unlock();
}

static bool main_may_run(void)
{
	return !fence.on || fence.idle || fence.turn || fence.urgent;
}

static void keep_fds(const struct pollfd *fds, nfds_t nr)
{
	nfds_t i;

	for (i = 0; i < nr && i < MAX_FDS; i++)
		fence.fds[i] = fds[i].fd;
	fence.nr_fds = i;
}

static bool polls(int fd)
{
	nfds_t i;

	for (i = 0; i < fence.nr_fds; i++)
		if (fence.fds[i] == fd)
			return true;
	return false;
}

EXPORT int ppoll(struct pollfd *fds, nfds_t nr, const struct timespec *timeout,
		 const sigset_t *mask)
{
	static const struct timespec now;
	int n, error;

	find_functions();
	if (me != MAIN)
		return real.ppoll(fds, nr, timeout, mask);
	lock();
	keep_fds(fds, nr);
	fence.main = POLLS;
	changed();
	do {
		while (!main_may_run())
			await_change();
		unlock();
		n = real.ppoll(fds, nr, fence.turn || fence.urgent ? &now : timeout, mask);
		error = errno;
		lock();
	} while (!main_may_run());
	fence.main = RUNS;
	fence.in_turn = fence.on && fence.turn;
	fence.turn = false;
	unlock();
	errno = error;
	return n;
}

/* The main loop is notified by writing to its eventfd. */
EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	find_functions();
	if (fence.on && len == sizeof(uint64_t) && polls(fd)) {
		if (me == VCPUS) {
			fence.told = true;
		} else if (me == MAIN && fence.main == POLLS) {
			/* a signal handler; it interrupted the wait for a turn */
			fence.urgent = true;
		}
	}
	return real.write(fd, buf, len);
}

static bool main_is_busy(void)
{
	return fence.on && fence.main != WAITS && (fence.turn || fence.main == RUNS);
}

static void await_main(pthread_mutex_t *held)
{
	while (main_is_busy()) {
		if (held) {
			unlock();
			real.mutex_unlock(held);
			lock();
			if (main_is_busy())
				await_change();
			unlock();
			pthread_mutex_lock(held);
			lock();
		} else {
			await_change();
		}
	}
	/* it goes on when we have done what it waits for: see to it before the next instruction */
	if (fence.on && fence.main == WAITS) {
		fence.turn = false;
		fence.told = true;
	}
}

static int wait_idle(pthread_cond_t *c, pthread_mutex_t *m)
{
	int ret;

	lock();
	fence.halt = c;
	fence.big_lock = m;
	fence.told = false;
	fence.idle = true;
	changed();
	unlock();
	ret = real.cond_wait(c, m);
	lock();
	fence.idle = false;
	await_main(m);
	unlock();
	stop_after_idle();
	return ret;
}

EXPORT int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	int ret;

	find_functions();
	if (me == OTHER)
		return real.cond_wait(c, m);
	if (me == VCPUS)
		return wait_idle(c, m);
	lock();
	/*
	 * In a turn, the main thread waits for the other one only to stop the machine for good.
	 * What it polls after that, it polls with the big lock held. While it starts the machine
	 * it may wait for work that the other one has to do.
	 */
	if (fence.in_turn)
		fence.on = false;
	fence.main = WAITS;
	changed();
	unlock();
	ret = real.cond_wait(c, m);
	lock();
	fence.main = RUNS;
	unlock();
	return ret;
}

/*
 * The time of day by which QEMU sizes the TLBs (accel/tcg/cputlb.c): they shrink when they were
 * little used for 100 ms, and then entries are dropped that others keep. The guest sees that: a
 * kernel clears a PTE's accessed bit and flushes nothing, so only a dropped entry sets it again.
 * Here the clock moves with what the vCPUs' thread does: 20 us at each look.
 */
EXPORT int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	static int64_t looks;
	int64_t us = 20 * (me == VCPUS ? __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED) :
			   __atomic_load_n(&looks, __ATOMIC_RELAXED));

	(void)tz;
	tv->tv_sec = us / 1000000;
	tv->tv_usec = us % 1000000;
	return 0;
}

void fence_yield(void)
{
	lock();
	fence.told = false;
	fence.turn = true;
	changed();
	await_main(NULL);
	unlock();
}

static void woken(const pthread_cond_t *c)
{
	if (!fence.on || me == VCPUS)
		return;
	lock();
	if (c == fence.halt)
		fence.idle = false;
	unlock();
}

EXPORT int pthread_cond_signal(pthread_cond_t *c)
{
	find_functions();
	woken(c);
	return real.cond_signal(c);
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *c)
{
	find_functions();
	woken(c);
	return real.cond_broadcast(c);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
	int ret;

	find_functions();
	ret = real.mutex_unlock(m);
	if (me != VCPUS || m != fence.big_lock || !fence.told)
		return ret;
	fence_yield();
	return ret;
}
