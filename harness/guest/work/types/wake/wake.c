// SPDX-License-Identifier: GPL-2.0
/*
 * Four patterns of wake-ups. FanOutCompute: one task wakes several that have real work to do, as
 * an RPC server does. AsymmetricWaker: the waker is of another scheduling class than the woken, so
 * that the wake-up crosses classes, with preemption in one direction only. ThunderingHerd: one
 * call wakes everybody at once, and the wake-ups pile up on the CPUs that select_cpu likes.
 * WakeChain (chain.c): each wakes exactly one.
 *
 * The wake sample is the time from the ring to the woken task running (wait.h).
 */
#include <errno.h>
#include <limits.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/sched_class.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

/* What a group with one waker shares. */
struct herd {
	uint32_t generation;		/* futex; the waker adds 1 */
	uint32_t batches;		/* done */
	struct work_bell bell[];	/* one a member, the waker's own is not used */
};

static size_t herd_size(uint32_t members)
{
	return sizeof(struct herd) + members * sizeof(struct work_bell);
}

/* Member 0 wakes the others. */
static int herd_init(struct ktstr_work_ctx *w)
{
	if (!w->member)
		w->role = KTSTR_ROLE_MESSENGER;
	return 0;
}

static void herd_ring(struct ktstr_work_ctx *w, uint32_t wake)
{
	struct herd *h = w->group->shared;
	uint64_t now = ktstr_now_ns();
	uint32_t i;

	for (i = 1; i < w->group->size; i++)
		work_bell_ring(&h->bell[i], now);
	__atomic_add_fetch(&h->generation, 1, __ATOMIC_RELEASE);
	work_futex_wake(&h->generation, wake);
}

static bool herd_wait(struct ktstr_work_ctx *w)
{
	struct herd *h = w->group->shared;

	return work_bell_wait(w, &h->bell[w->member], &h->generation);
}

/* ---- FanOutCompute ---- */

static void compute_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->fan_out_compute.fan, 4);
	WORK_DEFAULT(work->fan_out_compute.kib, 256);
	WORK_DEFAULT(work->fan_out_compute.ops, 5);
	WORK_DEFAULT(work->fan_out_compute.sleep_ns, 100 * NSEC_PER_USEC);
}

static uint32_t compute_group(const struct ktstr_work *work)
{
	return work->fan_out_compute.fan + 1;
}

static const char *compute_validate(const struct ktstr_work *work)
{
	if (work->fan_out_compute.fan > WORK_MAX_GROUP)
		return "fan exceeds 4096";
	if (work->fan_out_compute.kib > 1 << 20)
		return "kib exceeds 1 GiB";
	return work->fan_out_compute.sleep_ns > WORK_MAX_NS ? "sleep_ns exceeds an hour" : NULL;
}

static size_t compute_shared(const struct ktstr_work *work)
{
	return herd_size(compute_group(work));
}

static int compute_init(struct ktstr_work_ctx *w)
{
	herd_init(w);
	if (w->role == KTSTR_ROLE_MESSENGER)
		return 0;
	w->priv = work_matrices(w->work->fan_out_compute.kib);
	return w->priv ? 0 : -ENOMEM;
}

static void multiply(struct ktstr_work_ctx *w, struct work_matrices *m)
{
	uint64_t now;
	uint32_t i;

	for (i = 0; i < m->n; i++) {
		if (work_stopped(w))
			return;
		now = ktstr_now_ns();
		work_blocked(w, now, now);	/* not blocked at all: a checkpoint */
		work_multiply_row(m, i);
	}
	w->units++;
}

static void compute_iterate(struct ktstr_work_ctx *w)
{
	uint32_t i;

	if (w->role == KTSTR_ROLE_MESSENGER) {
		herd_ring(w, w->work->fan_out_compute.fan);
		work_spin(w, WORK_WAKE_SPIN);
		return;
	}
	if (!herd_wait(w))
		return;
	work_sleep(w, w->work->fan_out_compute.sleep_ns);
	for (i = 0; i < w->work->fan_out_compute.ops && !work_stopped(w); i++)
		multiply(w, w->priv);
}

const struct ktstr_work_row ktstr_work_fan_out_compute = {
	.name = "FanOutCompute",
	.description = "A messenger wakes fan receivers at once. Each receiver sleeps, then "
		"multiplies matrices: the pattern of a server that handles requests. Unit: "
		"a matrix product, and for the messenger as in SpinWait. Wake sample: the "
		"time from the wake-up to the receiver running.",
	.parameters = "fan = 4, kib = 256, ops = 5, sleep_ns = 100000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = compute_defaults,
	.group_size = compute_group,
	.validate = compute_validate,
	.shared_size = compute_shared,
	.init = compute_init,
	.iterate = compute_iterate,
	.fini = work_free_priv,
};

/* ---- AsymmetricWaker ---- */

#define RT_PRIORITY	1	/* above every normal task, below every other real-time one */

static void asymmetric_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->asymmetric_waker.spin, 1024);
}

static uint32_t asymmetric_group(const struct ktstr_work *work)
{
	(void)work;
	return 2;
}

static const char *asymmetric_validate(const struct ktstr_work *work)
{
	if ((unsigned int)work->asymmetric_waker.waker > KTSTR_CLASS_EXT ||
	    (unsigned int)work->asymmetric_waker.wakee > KTSTR_CLASS_EXT)
		return "unknown scheduling class";
	return NULL;
}

static size_t asymmetric_shared(const struct ktstr_work *work)
{
	return herd_size(asymmetric_group(work));
}

static int asymmetric_init(struct ktstr_work_ctx *w)
{
	herd_init(w);
	return work_enter_class(w->member ? w->work->asymmetric_waker.wakee :
				w->work->asymmetric_waker.waker, RT_PRIORITY);
}

static void asymmetric_iterate(struct ktstr_work_ctx *w)
{
	if (w->role == KTSTR_ROLE_MESSENGER) {
		work_spin(w, w->work->asymmetric_waker.spin);
		herd_ring(w, 1);
	} else if (herd_wait(w)) {
		work_spin(w, WORK_WAKE_SPIN);
	}
}

const struct ktstr_work_row ktstr_work_asymmetric_waker = {
	.name = "AsymmetricWaker",
	.description = "A waker that never blocks wakes a second task. Each of them has its own "
		"scheduling class. Unit: as in SpinWait. Wake sample: the time from the "
		"wake-up to the woken task running.",
	.parameters = "waker = CFS, wakee = CFS, spin = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = asymmetric_defaults,
	.group_size = asymmetric_group,
	.validate = asymmetric_validate,
	.shared_size = asymmetric_shared,
	.init = asymmetric_init,
	.iterate = asymmetric_iterate,
};

/* ---- ThunderingHerd ---- */

static void thunder_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->thundering_herd.waiters, 7);
	WORK_DEFAULT(work->thundering_herd.batches, 1000);
	WORK_DEFAULT(work->thundering_herd.pause_ns, 5 * NSEC_PER_MSEC);
}

static uint32_t thunder_group(const struct ktstr_work *work)
{
	return work->thundering_herd.waiters + 1;
}

static const char *thunder_validate(const struct ktstr_work *work)
{
	if (work->thundering_herd.waiters > WORK_MAX_GROUP)
		return "waiters exceeds 4096";
	return work->thundering_herd.pause_ns > WORK_MAX_NS ? "pause_ns exceeds an hour" : NULL;
}

static size_t thunder_shared(const struct ktstr_work *work)
{
	return herd_size(thunder_group(work));
}

/* After its batches the waker idles; the units of the waiters say how many there were. */
static void thunder_iterate(struct ktstr_work_ctx *w)
{
	struct herd *h = w->group->shared;

	if (w->role != KTSTR_ROLE_MESSENGER) {
		if (herd_wait(w))
			work_spin(w, WORK_WAKE_SPIN);
		return;
	}
	work_sleep(w, w->work->thundering_herd.pause_ns);
	if (work_stopped(w) || h->batches >= w->work->thundering_herd.batches)
		return;
	h->batches++;
	herd_ring(w, INT_MAX);
	work_spin(w, WORK_WAKE_SPIN);
}

const struct ktstr_work_row ktstr_work_thundering_herd = {
	.name = "ThunderingHerd",
	.description = "One futex wake-up wakes all waiters at once, again and again. Unit: as in "
		"SpinWait. Wake sample: the time from the wake-up to the waiter running.",
	.parameters = "waiters = 7, batches = 1000, pause_ns = 5000000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = thunder_defaults,
	.group_size = thunder_group,
	.validate = thunder_validate,
	.shared_size = thunder_shared,
	.init = herd_init,
	.iterate = thunder_iterate,
};
