// SPDX-License-Identifier: GPL-2.0
/*
 * MutexContention: a lock with more contenders than it can bear. The scheduler decides how long
 * the lock is held (it may preempt the owner inside) and who gets it next (the woken one
 * must run before the owner comes round again). Preempted owners show as a long tail of the wake
 * samples, which are the single waits.
 */
#include "pieces.h"
#include "plain_lock.h"
#include "types.h"
#include "wait.h"

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

/* Whoever is told to stop while it waits never had the lock, and must not give it back. */
static void mutex_iterate(struct ktstr_work_ctx *w)
{
	struct plain_lock *l = w->group->shared;
	uint64_t before;

	work_spin(w, w->work->mutex_contention.spin);
	while (!plain_trylock(l)) {
		before = work_now_ns();
		if (!plain_wait(w, l))
			return;
		work_sample_wake(w, work_now_ns() - before);
	}
	work_spin(w, w->work->mutex_contention.hold);
	plain_unlock(l);
}

const struct ktstr_work_row ktstr_work_mutex_contention = {
	.name = "MutexContention",
	.description = "contenders for one futex lock, held and released in a loop",
	.parameters = "contenders = 4, hold = 256, spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = mutex_defaults,
	.group_size = mutex_group,
	.validate = mutex_validate,
	.shared_size = mutex_shared,
	.iterate = mutex_iterate,
};
