// SPDX-License-Identifier: GPL-2.0
/*
 * Types that stay on the CPU. Their tasks use up every slice they are given and are only ever
 * moved or preempted, never woken: they measure fairness, slice length, load balancing and, with
 * yields, the path through put_prev/pick_next.
 *
 * Nothing here uses a pause hint: hypervisors trap it (pause-loop exiting) and an emulator
 * ends its translated code there; either would be measured instead of the scheduler.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "harness/guest/work/attributes.h"
#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

/*
 * One iteration is 1024 units. Measured: 7.6 us on an x86 server CPU, 150 us of vCPU time with
 * icount shift=2 (300 us on the clock when two busy vCPUs share the instruction budget).
 * So a clock read each time costs 0.3 % at 20 ns (vDSO) and about 1 % at 2 us (emulated timer).
 */
static void spin_wait(struct ktstr_work_ctx *w)
{
	work_spin(w, WORK_SPIN);
}

const struct ktstr_work_row ktstr_work_spin_wait = {
	.name = "SpinWait",
	.description = "Spins and never gives up the CPU by itself. Unit: eight dependent "
		"multiplications; an iteration is 1024 units.",
	.parameters = "",
	.checkpoint_every = 1,
	.iterate = spin_wait,
};

static void yield_heavy(struct ktstr_work_ctx *w)
{
	w->units++;
	work_yield(w);
}

const struct ktstr_work_row ktstr_work_yield_heavy = {
	.name = "YieldHeavy",
	.description = "Calls sched_yield() all the time: the scheduler picks a task as often as "
		"the kernel can ask it to, without a wake-up. Unit: a yield. Wake sample: "
		"the time of a yield.",
	.parameters = "",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE,
	.iterate = yield_heavy,
};

static void mixed(struct ktstr_work_ctx *w)
{
	work_spin(w, WORK_SPIN);
	sched_yield();
}

const struct ktstr_work_row ktstr_work_mixed = {
	.name = "Mixed",
	.description = "Spins for 1024 units, then yields: always runnable, but offers the CPU at "
		"short intervals. Unit: as in SpinWait.",
	.parameters = "",
	.checkpoint_every = 1,
	.iterate = mixed,
};

static uint32_t pair(const struct ktstr_work *work)
{
	(void)work;
	return 2;
}

/*
 * The pair is pinned to two threads of one core, each pair to the next core. Where there is none,
 * the workers spin where they are, and the judge is told.
 */
static int smt_sibling_init(struct ktstr_work_ctx *w)
{
	struct ktstr_cpumask own = { };
	uint32_t pair[2];

	if (!work_sibling_pair("/sys", w->cpus, w->index / 2, pair)) {
		w->alone = true;
		return 0;
	}
	ktstr_cpumask__set(&own, pair[w->member]);
	return ktstr_attributes__pin(0, &own);
}

static void smt_sibling_spin(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_now_ns();

	work_spin(w, WORK_SPIN);
	work_sample_cost(w, ktstr_now_ns() - before);
}

const struct ktstr_work_row ktstr_work_smt_sibling_spin = {
	.name = "SmtSiblingSpin",
	.description = "Two workers, pinned to two SMT siblings among the CPUs that they may use, "
		"spin and record the cost of their work. Inconclusive where no core has two "
		"threads. Unit: as in SpinWait. Cost sample: the time of 1024 units.",
	.parameters = "",
	.checkpoint_every = 1,
	.group_size = pair,
	.init = smt_sibling_init,
	.iterate = smt_sibling_spin,
};

/* ---- IpcVariance ---- */

#define COLD_WORDS	65536U		/* 512 KiB: beyond most L1 and many L2 caches */
#define HOT_STEPS	16384U		/* between two checks of the stop flag */
#define STEPS_PER_UNIT	8U		/* as in work_spin() */

struct ipc_variance {
	uint64_t x;			/* head of the chain of multiplications */
	uint64_t began_ns;		/* of this period */
	uint32_t round;			/* in this period */
	uint64_t words[COLD_WORDS];
};

static void ipc_variance_defaults(struct ktstr_work *work)
{
	if (!work->ipc_variance.hot)
		work->ipc_variance.hot = 100000;
	if (!work->ipc_variance.cold)
		work->ipc_variance.cold = 1024;
	if (!work->ipc_variance.period)
		work->ipc_variance.period = 64;
}

static int ipc_variance_init(struct ktstr_work_ctx *w)
{
	struct ipc_variance *v = malloc(sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->x = 1;
	v->round = 0;
	for (uint32_t i = 0; i < COLD_WORDS; i++)
		v->words[i] = i;
	w->priv = v;
	return 0;
}

static void hot(struct ktstr_work_ctx *w, struct ipc_variance *v, uint32_t steps)
{
	uint64_t x = v->x;
	uint32_t n;

	for (uint32_t left = steps; left && !work_stopped(w); left -= n) {
		n = left < HOT_STEPS ? left : HOT_STEPS;
		for (uint32_t i = 0; i < n; i++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			__asm__ volatile("" : "+r"(x));
		}
		w->units += (n + STEPS_PER_UNIT - 1) / STEPS_PER_UNIT;
	}
	v->x = x;
}

static void cold(struct ktstr_work_ctx *w, struct ipc_variance *v, uint32_t touches)
{
	for (uint32_t i = 0; i < touches && !work_stopped(w); i++) {
		volatile uint64_t *word = &v->words[work_rand(w) % COLD_WORDS];

		(*word)++;
		w->units++;
	}
}

/* An iteration is one round; a sample covers a whole period of them. */
static void ipc_variance(struct ktstr_work_ctx *w)
{
	struct ipc_variance *v = w->priv;

	if (!v->round)
		v->began_ns = ktstr_now_ns();
	hot(w, v, w->work->ipc_variance.hot);
	cold(w, v, w->work->ipc_variance.cold);
	if (work_stopped(w) || ++v->round < w->work->ipc_variance.period)
		return;
	v->round = 0;
	work_sample_cost(w, ktstr_now_ns() - v->began_ns);
}

const struct ktstr_work_row ktstr_work_ipc_variance = {
	.name = "IpcVariance",
	.description = "Alternates hot dependent multiplications with cold random memory updates "
		"in 512 KiB: CPU use is constant, the number of instructions per cycle "
		"changes. Unit: eight multiplications or one update. Cost sample: the time "
		"of period rounds.",
	.parameters = "hot = 100000, cold = 1024, period = 64",
	.checkpoint_every = 1,
	.defaults = ipc_variance_defaults,
	.init = ipc_variance_init,
	.iterate = ipc_variance,
	.fini = work_free_priv,
};
