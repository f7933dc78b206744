/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The simplest lock on a futex: 0 free, 1 taken, and every unlock wakes one waiter. The word does
 * not name the owner, so there is no priority inheritance, and the lock stays taken when its
 * holder is killed.
 */
#ifndef KTSTR_GUEST_WORK_TYPES_WAKE_PLAIN_LOCK_H
#define KTSTR_GUEST_WORK_TYPES_WAKE_PLAIN_LOCK_H

#include "harness/guest/work/work.h"

struct plain_lock {
	uint32_t taken;
};

static inline bool plain_trylock(struct plain_lock *l)
{
	uint32_t expected = 0;

	return __atomic_compare_exchange_n(&l->taken, &expected, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Wait until it may be free; false: told to stop. */
static inline bool plain_wait(struct ktstr_work_ctx *w, struct plain_lock *l)
{
	return work_futex_wait(w, &l->taken, 1);
}

/* Only after plain_trylock() has returned true. */
static inline void plain_unlock(struct plain_lock *l)
{
	__atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
	work_futex_wake(&l->taken, 1);
}

#endif
