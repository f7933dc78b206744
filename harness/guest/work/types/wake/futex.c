// SPDX-License-Identifier: GPL-2.0
/*
 * Types that wake each other through a word of shared memory. A futex wake-up has no hint about
 * what the waker does next: in FutexPingPong it sleeps at once; in FutexFanOut it wakes several
 * tasks and stays on the CPU, so that they need other CPUs.
 */
#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

#define MAX_FAN		1023

/* On a cache line of its own. */
struct shared_word {
	uint32_t word __attribute__((aligned(64)));
};

static size_t word_size(const struct ktstr_work *work)
{
	(void)work;
	return sizeof(struct shared_word);
}

static uint32_t *word_of(const struct ktstr_work_ctx *w)
{
	return &((struct shared_word *)w->group->shared)->word;
}

/* ---- FutexPingPong ---- */

static void ping_pong_defaults(struct ktstr_work *work)
{
	if (!work->futex_ping_pong.spin)
		work->futex_ping_pong.spin = WORK_SPIN;
}

static const char *ping_pong_validate(const struct ktstr_work *work)
{
	return work_spin_problem(work->futex_ping_pong.spin);
}

static uint32_t pair(const struct ktstr_work *work)
{
	(void)work;
	return 2;
}

/* The word says whose turn it is; member 0 begins, because the region is zeroed. */
static void ping_pong(struct ktstr_work_ctx *w)
{
	uint32_t *turn = word_of(w), other = !w->member;
	uint64_t before = ktstr_now_ns();

	if (!work_futex_wait(w, turn, other))
		return;
	work_sample_wake(w, ktstr_now_ns() - before);
	work_spin(w, w->work->futex_ping_pong.spin);
	__atomic_store_n(turn, other, __ATOMIC_RELEASE);
	work_futex_wake(turn, 1);
}

const struct ktstr_work_row ktstr_work_futex_ping_pong = {
	.name = "FutexPingPong",
	.description = "Two workers take turns: only one of them is runnable, and each turn ends "
		"with a wake-up and a sleep. Unit: as in SpinWait. Wake sample: the wait "
		"for the turn.",
	.parameters = "spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = ping_pong_defaults,
	.group_size = pair,
	.validate = ping_pong_validate,
	.shared_size = word_size,
	.iterate = ping_pong,
};

/* ---- FutexFanOut ---- */

static void fan_out_defaults(struct ktstr_work *work)
{
	if (!work->futex_fan_out.fan)
		work->futex_fan_out.fan = 4;
	if (!work->futex_fan_out.spin)
		work->futex_fan_out.spin = WORK_SPIN;
}

static const char *fan_out_validate(const struct ktstr_work *work)
{
	if (work->futex_fan_out.fan > MAX_FAN)
		return "fan is larger than 1023";
	return work_spin_problem(work->futex_fan_out.spin);
}

static uint32_t fan_out_group(const struct ktstr_work *work)
{
	return work->futex_fan_out.fan + 1;
}

static int fan_out_init(struct ktstr_work_ctx *w)
{
	if (!w->member)
		w->role = KTSTR_ROLE_MESSENGER;
	return 0;
}

static void messenger(struct ktstr_work_ctx *w, uint32_t *generation)
{
	work_spin(w, w->work->futex_fan_out.spin);
	__atomic_add_fetch(generation, 1, __ATOMIC_RELEASE);
	work_futex_wake(generation, w->work->futex_fan_out.fan);
	work_spin(w, WORK_WAKE_SPIN);
}

static void receiver(struct ktstr_work_ctx *w, uint32_t *generation)
{
	uint64_t before = ktstr_now_ns();
	uint32_t seen = __atomic_load_n(generation, __ATOMIC_ACQUIRE);

	if (!work_futex_wait(w, generation, seen))
		return;
	work_sample_wake(w, ktstr_now_ns() - before);
	work_spin(w, WORK_WAKE_SPIN);
}

static void fan_out(struct ktstr_work_ctx *w)
{
	if (w->role == KTSTR_ROLE_MESSENGER)
		messenger(w, word_of(w));
	else
		receiver(w, word_of(w));
}

const struct ktstr_work_row ktstr_work_futex_fan_out = {
	.name = "FutexFanOut",
	.description = "A messenger that never sleeps wakes fan receivers at once, again and "
		"again: many tasks become runnable on one CPU at the same moment. Unit: as "
		"in SpinWait. Wake sample: a receiver's wait; the messenger takes none.",
	.parameters = "fan = 4, spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = fan_out_defaults,
	.group_size = fan_out_group,
	.validate = fan_out_validate,
	.shared_size = word_size,
	.init = fan_out_init,
	.iterate = fan_out,
};
