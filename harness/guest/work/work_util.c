// SPDX-License-Identifier: GPL-2.0
/*
 * Functions for iterations. Everything that blocks returns within 100 ms of the stop flag, and
 * accounts for the time as blocked on purpose.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "samples.h"
#include "work.h"

#define SLICE_NS	(100 * NSEC_PER_MSEC)

uint64_t work_rand(struct ktstr_work_ctx *w)
{
	return ktstr_rand_next(&w->rng);
}

/*
 * @n units, each eight steps of a dependent chain (a linear congruential generator, so that
 * nothing can be folded). No pause hint: hypervisors trap it (pause-loop exiting), and QEMU
 * leaves its translated code at each one; either would measure the emulator and not the
 * scheduler.
 */
void work_spin(struct ktstr_work_ctx *w, uint64_t n)
{
	uint64_t x = w->units;

	while (n--) {
		for (int i = 0; i < 8; i++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			__asm__ volatile("" : "+r"(x));
		}
		w->units++;
	}
}

bool work_futex_wait(struct ktstr_work_ctx *w, uint32_t *word, uint32_t seen)
{
	static const struct timespec slice = { .tv_nsec = SLICE_NS };
	uint64_t before = 0;
	bool changed;

	while (!(changed = __atomic_load_n(word, __ATOMIC_ACQUIRE) != seen) &&
	       !work_stopped(w)) {
		if (!before)
			before = ktstr_now_ns();
		syscall(SYS_futex, word, FUTEX_WAIT, seen, &slice, NULL, 0);
	}
	if (before)
		work_blocked(w, before, ktstr_now_ns());
	return changed;
}

/* The kernel takes the count as an int: a larger value would be negative. */
void work_futex_wake(uint32_t *word, uint32_t nr)
{
	syscall(SYS_futex, word, FUTEX_WAKE, nr < INT_MAX ? nr : INT_MAX, NULL, NULL, 0);
}

void work_sleep(struct ktstr_work_ctx *w, uint64_t ns)
{
	uint64_t before = ktstr_now_ns(), now = before, until = before + ns, piece;
	struct timespec t;

	while (now < until && !work_stopped(w)) {
		piece = now + SLICE_NS < until ? now + SLICE_NS : until;
		t = ktstr_ns_timespec(piece);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		now = ktstr_now_ns();
	}
	work_blocked(w, before, now < until ? now : until);
}

void work_sample_wake(struct ktstr_work_ctx *w, uint64_t ns)
{
	ktstr_sampler__add(w->sampler, KTSTR_SAMPLES_WAKE, ns);
}

void work_sample_cost(struct ktstr_work_ctx *w, uint64_t ns)
{
	ktstr_sampler__add(w->sampler, KTSTR_SAMPLES_COST, ns);
}

void work_sample_timer(struct ktstr_work_ctx *w, uint64_t ns)
{
	ktstr_sampler__add(w->sampler, KTSTR_SAMPLES_TIMER, ns);
}
