// SPDX-License-Identifier: GPL-2.0
/*
 * MutexContention: a heavily contended lock. The scheduler determines how long the lock is held
 * (it may preempt the owner) and which task gets it next (the woken one must run before the owner
 * tries again). Preempted owners show as a long tail of the wake samples, which are the single
 * waits.
 */
#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"
#include "plain_lock.h"

static void mutex_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->mutex_contention.contenders, 4);
	WORK_DEFAULT(work->mutex_contention.hold, 256);
	WORK_DEFAULT(work->mutex_contention.spin, 1024);
}

static uint32_t mutex_group(const struct ktstr_work *work)
{
	return work->mutex_contention.contenders;
}

static const char *mutex_validate(const struct ktstr_work *work)
{
	if (work->mutex_contention.contenders > WORK_MAX_GROUP)
		return "contenders exceeds 4096";
	return NULL;
}

static size_t mutex_shared(const struct ktstr_work *work)
{
	(void)work;
	return sizeof(struct plain_lock);
}

/* A task that is told to stop while it waits does not hold the lock, and must not release it. */
static void mutex_iterate(struct ktstr_work_ctx *w)
{
	struct plain_lock *l = w->group->shared;
	uint64_t before;

	work_spin(w, w->work->mutex_contention.spin);
	while (!plain_trylock(l)) {
		before = ktstr_now_ns();
		if (!plain_wait(w, l))
			return;
		work_sample_wake(w, ktstr_now_ns() - before);
	}
	work_spin(w, w->work->mutex_contention.hold);
	plain_unlock(l);
}

const struct ktstr_work_row ktstr_work_mutex_contention = {
	.name = "MutexContention",
	.description = "Several tasks take one futex lock in a loop: they spin, lock, spin and "
		"unlock. Unit: as in SpinWait. Wake sample: a wait for the lock.",
	.parameters = "contenders = 4, hold = 256, spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = mutex_defaults,
	.group_size = mutex_group,
	.validate = mutex_validate,
	.shared_size = mutex_shared,
	.iterate = mutex_iterate,
};
