/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The simplest lock on a futex: 0 free, 1 taken, and every unlock wakes one waiter. Without an
 * owner in the word the kernel cannot help: no priority inheritance, and a holder that is killed
 * keeps it.
 */
#ifndef KTSTR_GUEST_TYPES_PLAIN_LOCK_H
#define KTSTR_GUEST_TYPES_PLAIN_LOCK_H

#include "../work.h"

struct plain_lock {
	uint32_t taken;
};

static inline bool plain_trylock(struct plain_lock *l)
{
	uint32_t expected = 0;

	return __atomic_compare_exchange_n(&l->taken, &expected, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Until it may be free; false: told to stop. */
static inline bool plain_wait(struct ktstr_work_ctx *w, struct plain_lock *l)
{
	return work_futex_wait(w, &l->taken, 1);
}

/* Only for whom plain_trylock() has returned true. */
static inline void plain_unlock(struct plain_lock *l)
{
	__atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
	work_futex_wake(&l->taken, 1);
}

#endif
