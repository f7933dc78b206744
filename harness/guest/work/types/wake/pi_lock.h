/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lock with priority inheritance (futex(2), FUTEX_LOCK_PI): its word holds the owner's tid, so
 * the kernel can boost the owner to the priority of its waiters. It is robust as well: when the
 * owner is killed, the next waiter gets the lock.
 */
#ifndef KTSTR_GUEST_WORK_TYPES_WAKE_PI_LOCK_H
#define KTSTR_GUEST_WORK_TYPES_WAKE_PI_LOCK_H

#include <linux/futex.h>
#include <time.h>

#include "harness/guest/work/work.h"

/* In the memory that the group shares. */
struct pi_lock {
	uint32_t word;
};

/* One thread's relation to one lock; its own memory. */
struct pi_locker {
	struct pi_lock *lock;
	uint32_t tid;
	int op;				/* FUTEX_LOCK_PI2, before Linux 5.14 FUTEX_LOCK_PI */
	clockid_t clock;		/* of its absolute timeout */
	struct robust_list_head head;	/* registered with the kernel */
	struct robust_list node;	/* in the list while the lock is held */
	struct robust_list_head *previous; /* registered before */
	size_t previous_size;
};

/* In the thread that will lock. 0 or -errno, -ENOSYS without priority inheritance. */
int pi_lock_init(struct pi_locker *p, struct pi_lock *lock);
void pi_lock_fini(struct pi_locker *p);
/* true: held; false: told to stop, not held. *@waited: it was not free at once. */
bool pi_lock_acquire(struct ktstr_work_ctx *w, struct pi_locker *p, bool *waited);
/* Only after acquire has returned true. */
void pi_lock_release(struct pi_locker *p);

#endif
