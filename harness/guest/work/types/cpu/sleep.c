// SPDX-License-Identifier: GPL-2.0
/*
 * Types that sleep on a timer. Each expiry is a wake-up from interrupt context, without a waker
 * task: they test where a task that slept is placed, what credit its sleep gives it, how fast an
 * idle CPU leaves idle, and how late the wake-up is.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

#define MAX_NS		(3600 * NSEC_PER_SEC)
#define STOP_NS		(100 * NSEC_PER_MSEC)	/* longest sleep without checking for stop */

static const char *too_long(uint64_t a, uint64_t b)
{
	return a > MAX_NS || b > MAX_NS ? "a time is longer than an hour" : NULL;
}

/* ---- Bursty ---- */

static void bursty_defaults(struct ktstr_work *work)
{
	if (!work->bursty.burst_ns)
		work->bursty.burst_ns = 50 * NSEC_PER_MSEC;
	if (!work->bursty.sleep_ns)
		work->bursty.sleep_ns = 100 * NSEC_PER_MSEC;
}

static const char *bursty_validate(const struct ktstr_work *work)
{
	return too_long(work->bursty.burst_ns, work->bursty.sleep_ns);
}

/* The burst is wall time: a task that has to wait does less work in it. */
static void bursty(struct ktstr_work_ctx *w)
{
	work_spin_until(w, ktstr_now_ns() + w->work->bursty.burst_ns, WORK_SPIN);
	work_sleep_sampled(w, w->work->bursty.sleep_ns);
}

const struct ktstr_work_row ktstr_work_bursty = {
	.name = "Bursty",
	.description = "Spins for burst_ns, then sleeps for sleep_ns: the load comes and goes, so "
		"balance and idle CPUs change all the time. Unit: as in SpinWait. Wake "
		"sample: how late the sleep ended.",
	.parameters = "burst_ns = 50 ms, sleep_ns = 100 ms (positional)",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = bursty_defaults,
	.validate = bursty_validate,
	.iterate = bursty,
};

/* ---- IdleChurn ---- */

static void idle_churn_defaults(struct ktstr_work *work)
{
	if (!work->idle_churn.burst_ns)
		work->idle_churn.burst_ns = NSEC_PER_MSEC;
	if (!work->idle_churn.sleep_ns)
		work->idle_churn.sleep_ns = 5 * NSEC_PER_MSEC;
}

static const char *idle_churn_validate(const struct ktstr_work *work)
{
	return too_long(work->idle_churn.burst_ns, work->idle_churn.sleep_ns);
}

/* The kernel may group timers within the slack, by default 50 us; 0 sets the default. */
static int idle_churn_init(struct ktstr_work_ctx *w)
{
	return w->work->idle_churn.precise && prctl(PR_SET_TIMERSLACK, 1UL) ? -errno : 0;
}

static void default_slack(struct ktstr_work_ctx *w)
{
	(void)w;
	prctl(PR_SET_TIMERSLACK, 0UL);
}

static void idle_churn(struct ktstr_work_ctx *w)
{
	work_spin_until(w, ktstr_now_ns() + w->work->idle_churn.burst_ns, WORK_WAKE_SPIN);
	work_sleep_sampled(w, w->work->idle_churn.sleep_ns);
}

const struct ktstr_work_row ktstr_work_idle_churn = {
	.name = "IdleChurn",
	.description = "Spins for a short time, then sleeps for a short time: the CPU enters and "
		"leaves idle hundreds of times per second. With precise = true the sleep "
		"has no timer slack. Unit: as in SpinWait. Wake sample: how late the sleep "
		"ended.",
	.parameters = "burst_ns = 1 ms, sleep_ns = 5 ms, precise = false",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = idle_churn_defaults,
	.validate = idle_churn_validate,
	.init = idle_churn_init,
	.iterate = idle_churn,
	.fini = default_slack,
};

/* ---- TimerLatency ---- */

static void timer_latency_defaults(struct ktstr_work *work)
{
	if (!work->timer_latency.interval_ns)
		work->timer_latency.interval_ns = NSEC_PER_MSEC;
}

static const char *timer_latency_validate(const struct ktstr_work *work)
{
	return too_long(work->timer_latency.interval_ns, 0);
}

static int timer_latency_init(struct ktstr_work_ctx *w)
{
	uint64_t *next;

	if (prctl(PR_SET_TIMERSLACK, 1UL))
		return -errno;
	next = calloc(1, sizeof(*next));
	w->priv = next;
	return next ? 0 : -ENOMEM;
}

/*
 * The deadlines are a fixed grid: one that is missed delays none of the next, and every one
 * missed in a long wait is a sample of its own.
 */
static void timer_latency(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_now_ns(), now = before, *next = w->priv, until;
	struct timespec t;

	*next = (*next ? *next : now) + w->work->timer_latency.interval_ns;
	while (now < *next && !work_stopped(w)) {
		until = now + STOP_NS < *next ? now + STOP_NS : *next;
		t.tv_sec = until / NSEC_PER_SEC;
		t.tv_nsec = until % NSEC_PER_SEC;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		now = ktstr_now_ns();
	}
	work_blocked(w, before, now < *next ? now : *next > before ? *next : before);
	if (now < *next)
		return;
	work_sample_timer(w, now - *next);
	w->units++;
}

static void timer_latency_fini(struct ktstr_work_ctx *w)
{
	default_slack(w);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_timer_latency = {
	.name = "TimerLatency",
	.description = "Sleeps until the next point of a fixed time grid and does nothing else. "
		"Unit: an expiry. Timer sample: how late the worker ran after the expiry, "
		"whatever the cause.",
	.parameters = "interval_ns = 1 ms",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_BLOCKS,
	.defaults = timer_latency_defaults,
	.validate = timer_latency_validate,
	.init = timer_latency_init,
	.iterate = timer_latency,
	.fini = timer_latency_fini,
};
