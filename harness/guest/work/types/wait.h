/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measures the latency of a wake-up: from the moment a waker rings to the moment the woken task
 * runs. The duration of the blocking call would mostly be the time until the ring.
 *
 * A bell belongs to one waiter. The waiter arms it, then waits. The first ring after that stores
 * the time and later ones do not overwrite it, so a waiter that is not scheduled for ten rings has
 * waited since the first of them.
 */
#ifndef KTSTR_GUEST_WORK_TYPES_WAIT_H
#define KTSTR_GUEST_WORK_TYPES_WAIT_H

#include "harness/guest/work/work.h"

struct work_bell {
	uint64_t rung_ns;		/* CLOCK_MONOTONIC; 0: armed */
} __attribute__((aligned(64)));

static inline void work_bell_arm(struct work_bell *b)
{
	__atomic_store_n(&b->rung_ns, 0, __ATOMIC_SEQ_CST);
}

static inline void work_bell_ring(struct work_bell *b, uint64_t now)
{
	if (!__atomic_load_n(&b->rung_ns, __ATOMIC_SEQ_CST))
		__atomic_store_n(&b->rung_ns, now, __ATOMIC_SEQ_CST);
}

/*
 * Wait until *@word changes, and sample the time since the ring. false: told to stop.
 */
static inline bool work_bell_wait(struct ktstr_work_ctx *w, struct work_bell *b, uint32_t *word)
{
	uint32_t seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	uint64_t rung, now;

	work_bell_arm(b);
	if (!work_futex_wait(w, word, seen))
		return false;
	now = ktstr_now_ns();
	rung = __atomic_load_n(&b->rung_ns, __ATOMIC_SEQ_CST);
	/* 0: the word changed between reading it and arming the bell. */
	if (rung && now >= rung)
		work_sample_wake(w, now - rung);
	return true;
}

/*
 * For a bell of several waiters: the one that took the work also takes the time. It is a wake-up
 * only if that waiter was already waiting (since @before) at the ring.
 */
static inline void work_sample_ring(struct ktstr_work_ctx *w, uint64_t rung, uint64_t before,
				    uint64_t now)
{
	if (rung >= before && now >= rung)
		work_sample_wake(w, now - rung);
}

/* A parameter that the author left out. */
#define WORK_DEFAULT(_p, _value)	((_p) = (_p) ? (_p) : (_value))
/* Larger values are mistakes, and their sums with the clock may overflow. */
#define WORK_MAX_NS	(3600 * NSEC_PER_SEC)
#define WORK_MAX_GROUP	4096	/* members of one kind */

#endif
