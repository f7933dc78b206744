// SPDX-License-Identifier: GPL-2.0
/*
 * The user side of a robust PI futex, after the kernel's Documentation/locking/pi-futex.rst and
 * robust-futex-ABI.rst. glibc's mutexes cannot be used: workers are created by clone3() without
 * glibc, which would use the parent's tid for the worker's.
 *
 * The owner's entry in the robust list lies in its own memory, not beside the word: the kernel
 * adds futex_offset to the entry's address to find the word, and with one lock a thread that
 * may be any distance. Bit 0 of a pointer to an entry says that the futex is a PI one.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pi_lock.h"

#define SLICE_NS	(100 * NSEC_PER_MSEC)
#define RETRY_NS	NSEC_PER_MSEC
#define IS_PI		1UL

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2	13
#endif

static int futex_pi(uint32_t *word, int op, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, 0, timeout, NULL, 0) ? -errno : 0;
}

/* Lock and unlock a word of our own in the kernel, to learn which call there is. */
static int find_call(struct pi_locker *p)
{
	static const struct { int op; clockid_t clock; } calls[] = {
		{ FUTEX_LOCK_PI2, CLOCK_MONOTONIC }, { FUTEX_LOCK_PI, CLOCK_REALTIME },
	};
	uint32_t word = 0;
	unsigned int i;
	int ret = -ENOSYS;

	for (i = 0; i < ARRAY_SIZE(calls) && ret == -ENOSYS; i++) {
		ret = futex_pi(&word, calls[i].op, NULL);
		p->op = calls[i].op;
		p->clock = calls[i].clock;
	}
	return ret ? ret : futex_pi(&word, FUTEX_UNLOCK_PI, NULL);
}

int pi_lock_init(struct pi_locker *p, struct pi_lock *lock)
{
	int ret;

	*p = (struct pi_locker){ .lock = lock, .tid = syscall(SYS_gettid) };
	ret = find_call(p);
	if (ret)
		return ret;
	p->head.list.next = &p->head.list;
	p->head.futex_offset = (char *)&lock->word - (char *)&p->node;
	syscall(SYS_get_robust_list, 0, &p->previous, &p->previous_size);
	return syscall(SYS_set_robust_list, &p->head, sizeof(p->head)) ? -errno : 0;
}

void pi_lock_fini(struct pi_locker *p)
{
	syscall(SYS_set_robust_list, p->previous, sizeof(p->head));
}

/* The kernel looks at these when the thread is gone: the compiler must keep their order. */
static void set_pending(struct pi_locker *p, bool on)
{
	struct robust_list *entry = (struct robust_list *)((uintptr_t)&p->node | IS_PI);

	__atomic_store_n(&p->head.list_op_pending, on ? entry : NULL, __ATOMIC_SEQ_CST);
}

static void set_held(struct pi_locker *p, bool on)
{
	struct robust_list *entry = (struct robust_list *)((uintptr_t)&p->node | IS_PI);

	p->node.next = &p->head.list;
	__atomic_store_n(&p->head.list.next, on ? entry : &p->head.list, __ATOMIC_SEQ_CST);
}

static bool take_if_free(struct pi_locker *p)
{
	uint32_t expected = 0;

	return __atomic_compare_exchange_n(&p->lock->word, &expected, p->tid, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Wait in the kernel for at most a slice. */
static int take_in_kernel(struct pi_locker *p)
{
	struct timespec until;

	clock_gettime(p->clock, &until);
	until.tv_nsec += SLICE_NS;
	until.tv_sec += until.tv_nsec / NSEC_PER_SEC;
	until.tv_nsec %= NSEC_PER_SEC;
	return futex_pi(&p->lock->word, p->op, &until);
}

bool pi_lock_acquire(struct ktstr_work_ctx *w, struct pi_locker *p, bool *waited)
{
	uint64_t before;
	int ret;

	set_pending(p, true);
	*waited = !take_if_free(p);
	if (*waited) {
		before = ktstr_now_ns();
		do {
			ret = take_in_kernel(p);
			/* The owner is exiting (EAGAIN) or has exited (ESRCH): try again soon. */
			if (ret == -EAGAIN || ret == -ESRCH)
				work_sleep(w, RETRY_NS);
		} while (ret && !work_stopped(w));
		work_blocked(w, before, ktstr_now_ns());
		if (ret) {
			set_pending(p, false);
			return false;
		}
		/* The lock guards no state that could be inconsistent: take it. */
		__atomic_and_fetch(&p->lock->word, ~FUTEX_OWNER_DIED, __ATOMIC_SEQ_CST);
	}
	set_held(p, true);
	set_pending(p, false);
	return true;
}

void pi_lock_release(struct pi_locker *p)
{
	uint32_t expected = p->tid;

	set_pending(p, true);
	set_held(p, false);
	/* With FUTEX_WAITERS set the kernel has to hand it on. */
	if (!__atomic_compare_exchange_n(&p->lock->word, &expected, 0, false, __ATOMIC_RELEASE,
					 __ATOMIC_RELAXED))
		futex_pi(&p->lock->word, FUTEX_UNLOCK_PI, NULL);
	set_pending(p, false);
}
