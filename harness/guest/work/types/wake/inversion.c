// SPDX-License-Identifier: GPL-2.0
/*
 * PriorityInversion: three real-time priorities and one lock between the highest and the lowest.
 * While the low task holds the lock, the middle one, which needs no lock at all, preempts it,
 * and the high one waits for both. With PI the low task inherits the high one's priority and the
 * wait shrinks to what the lock is held. The wake samples are the waits of the high tasks.
 *
 * The effect needs as many middle tasks as the cgroup has CPUs. A middle task spins for four times
 * the holding time and then sleeps as long: one that never slept would keep the low task from ever
 * taking the lock, and there would be nothing to invert.
 */
#include <errno.h>
#include <stdlib.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/sched_class.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"
#include "pi_lock.h"
#include "plain_lock.h"

#define PRIORITY_HIGH	70
#define PRIORITY_MEDIUM	50
#define PRIORITY_LOW	30
#define HIGH_SLEEP_NS	NSEC_PER_MSEC		/* lets the others get to the lock */
#define LOW_SLEEP_NS	(100 * NSEC_PER_USEC)	/* lets tasks that are not real-time live */
#define MEDIUM_HOLDS	4
#define CHUNK		1024			/* units between two looks at the stop word */

union either_lock {
	struct plain_lock plain;
	struct pi_lock pi;
};

static void inversion_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->priority_inversion.high, 1);
	WORK_DEFAULT(work->priority_inversion.medium, 1);
	WORK_DEFAULT(work->priority_inversion.low, 1);
	WORK_DEFAULT(work->priority_inversion.hold, 4096);
	WORK_DEFAULT(work->priority_inversion.spin, 1024);
}

static uint32_t inversion_group(const struct ktstr_work *work)
{
	return work->priority_inversion.high + work->priority_inversion.medium +
	       work->priority_inversion.low;
}

static const char *inversion_validate(const struct ktstr_work *work)
{
	if (work->priority_inversion.high > WORK_MAX_GROUP ||
	    work->priority_inversion.medium > WORK_MAX_GROUP ||
	    work->priority_inversion.low > WORK_MAX_GROUP)
		return "high, medium or low exceeds 4096";
	if ((unsigned int)work->priority_inversion.mode > KTSTR_LOCK_PI)
		return "unknown lock mode";
	return NULL;
}

static size_t inversion_shared(const struct ktstr_work *work)
{
	(void)work;
	return sizeof(union either_lock);
}

static uint32_t priority_of(const struct ktstr_work_ctx *w)
{
	if (w->member < w->work->priority_inversion.high)
		return PRIORITY_HIGH;
	if (w->member < w->work->priority_inversion.high + w->work->priority_inversion.medium)
		return PRIORITY_MEDIUM;
	return PRIORITY_LOW;
}

static int inversion_init(struct ktstr_work_ctx *w)
{
	union either_lock *l = w->group->shared;
	int ret = 0;

	if (w->work->priority_inversion.mode == KTSTR_LOCK_PI) {
		w->priv = calloc(1, sizeof(struct pi_locker));
		ret = w->priv ? pi_lock_init(w->priv, &l->pi) : -ENOMEM;
	}
	return ret ? ret : work_enter_class(KTSTR_CLASS_RT, priority_of(w));
}

static bool acquire(struct ktstr_work_ctx *w, bool *waited)
{
	union either_lock *l = w->group->shared;

	if (w->priv)
		return pi_lock_acquire(w, w->priv, waited);
	*waited = false;
	while (!plain_trylock(&l->plain)) {
		*waited = true;
		if (!plain_wait(w, &l->plain))
			return false;
	}
	return true;
}

static void release(struct ktstr_work_ctx *w)
{
	union either_lock *l = w->group->shared;

	if (w->priv)
		pi_lock_release(w->priv);
	else
		plain_unlock(&l->plain);
}

/*
 * A wait that the stop flag ends is a sample too: it may be one that would never have ended.
 */
static void high_iterate(struct ktstr_work_ctx *w)
{
	uint64_t before;
	bool waited, held;

	work_sleep(w, HIGH_SLEEP_NS);
	if (work_stopped(w))
		return;
	before = ktstr_now_ns();
	held = acquire(w, &waited);
	if (waited)
		work_sample_wake(w, ktstr_now_ns() - before);
	if (!held)
		return;
	work_spin(w, w->work->priority_inversion.spin);
	release(w);
}

static void medium_iterate(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_now_ns(), n = MEDIUM_HOLDS * (uint64_t)w->work->priority_inversion.hold;

	for (; n && !work_stopped(w); n -= n < CHUNK ? n : CHUNK)
		work_spin(w, n < CHUNK ? n : CHUNK);
	work_sleep(w, ktstr_now_ns() - before);
}

static void low_iterate(struct ktstr_work_ctx *w)
{
	bool waited;

	if (acquire(w, &waited)) {
		work_spin(w, w->work->priority_inversion.hold);
		release(w);
	}
	work_sleep(w, LOW_SLEEP_NS);
}

static void inversion_iterate(struct ktstr_work_ctx *w)
{
	switch (priority_of(w)) {
	case PRIORITY_HIGH:
		high_iterate(w);
		break;
	case PRIORITY_MEDIUM:
		medium_iterate(w);
		break;
	default:
		low_iterate(w);
	}
}

static void inversion_fini(struct ktstr_work_ctx *w)
{
	if (w->priv)
		pi_lock_fini(w->priv);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_priority_inversion = {
	.name = "PriorityInversion",
	.description = "Tasks of SCHED_FIFO 70 and 30 share a lock; tasks of SCHED_FIFO 50 preempt "
		"its holder. Unit: as in SpinWait. Wake sample: a high-priority task's wait "
		"for the lock.",
	.parameters = "high = 1, medium = 1, low = 1, hold = 4096, spin = 1024, mode = PLAIN",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = inversion_defaults,
	.group_size = inversion_group,
	.validate = inversion_validate,
	.shared_size = inversion_shared,
	.init = inversion_init,
	.iterate = inversion_iterate,
	.fini = inversion_fini,
};
