/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measuring a wake-up where it happens: from the moment somebody rings to the moment the woken
 * task runs. The time across the blocking call would mostly be the time in which nobody rang.
 *
 * A bell belongs to one waiter. The waiter arms it, then waits; the first ring after that
 * leaves the time, later ones do not overwrite it, so a waiter that the scheduler forgets
 * for ten rings has waited since the first of them.
 */
#ifndef KTSTR_GUEST_TYPES_WAIT_H
#define KTSTR_GUEST_TYPES_WAIT_H

#include "../work.h"

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
 * Wait until *@word is no longer what it is, and sample the time since the ring. false:
 * told to stop.
 */
static inline bool work_bell_wait(struct ktstr_work_ctx *w, struct work_bell *b, uint32_t *word)
{
	uint32_t seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	uint64_t rung, now;

	work_bell_arm(b);
	if (!work_futex_wait(w, word, seen))
		return false;
	now = work_now_ns();
	rung = __atomic_load_n(&b->rung_ns, __ATOMIC_SEQ_CST);
	/* 0: the word changed between the look at it and the arming. */
	if (rung && now >= rung)
		work_sample_wake(w, now - rung);
	return true;
}

/*
 * For a bell of several waiters: whoever took what was rung for also takes the time. It is a
 * wake-up only for one who was already waiting (since @before) when it rang.
 */
static inline void work_sample_ring(struct ktstr_work_ctx *w, uint64_t rung, uint64_t before,
				    uint64_t now)
{
	if (rung >= before && now >= rung)
		work_sample_wake(w, now - rung);
}

/* A parameter that the author left out. */
#define WORK_DEFAULT(_p, _value)	((_p) = (_p) ? (_p) : (_value))
/* Beyond it nobody means it, and sums of it with the clock may overflow. */
#define WORK_MAX_NS	(3600 * NSEC_PER_SEC)
#define WORK_MAX_GROUP	4096	/* members of one kind */

#endif
