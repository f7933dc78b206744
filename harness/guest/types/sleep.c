// SPDX-License-Identifier: GPL-2.0
/*
 * Types that sleep on a timer. Each expiry is a wake-up from interrupt context with nobody
 * running who could be preferred: they test where a task that was away is put back, what its
 * sleep earns it, how fast an idle CPU comes out of idle, and how late it all is.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "pieces.h"
#include "types.h"

#define MAX_NS		(3600 * NSEC_PER_SEC)
#define STOP_NS		(100 * NSEC_PER_MSEC)	/* no sleep is longer without a look around */

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

/* The burst is a time on the clock: who has to wait gets less done in it. */
static void bursty(struct ktstr_work_ctx *w)
{
	work_spin_until(w, work_now_ns() + w->work->bursty.burst_ns, WORK_SPIN);
	work_sleep_sampled(w, w->work->bursty.sleep_ns);
}

const struct ktstr_work_row ktstr_work_bursty = {
	.name = "Bursty",
	.description = "Works for a while, sleeps for a while: load that comes and goes, so that "
		"balance and idle change all the time. Unit as in SpinWait; a wake sample "
		"is how late the sleep ended.",
	.parameters = "burst_ns = 50 ms, sleep_ns = 100 ms (in this order, without names)",
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
	work_spin_until(w, work_now_ns() + w->work->idle_churn.burst_ns, WORK_WAKE_SPIN);
	work_sleep_sampled(w, w->work->idle_churn.sleep_ns);
}

const struct ktstr_work_row ktstr_work_idle_churn = {
	.name = "IdleChurn",
	.description = "Short work, short sleep: the CPU enters and leaves idle hundreds of "
		"times a second. Unit as in SpinWait; a wake sample is how late the sleep "
		"ended, with precise = true without timer slack.",
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
	uint64_t before = work_now_ns(), now = before, *next = w->priv, until;
	struct timespec t;

	*next = (*next ? *next : now) + w->work->timer_latency.interval_ns;
	while (now < *next && !work_stopped(w)) {
		until = now + STOP_NS < *next ? now + STOP_NS : *next;
		t.tv_sec = until / NSEC_PER_SEC;
		t.tv_nsec = until % NSEC_PER_SEC;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
		now = work_now_ns();
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
	.description = "Sleeps to the points of a fixed grid of time and does nothing else: a "
		"timer sample is how late it ran, all causes together. Unit: an expiry.",
	.parameters = "interval_ns = 1 ms",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_BLOCKS,
	.defaults = timer_latency_defaults,
	.validate = timer_latency_validate,
	.init = timer_latency_init,
	.iterate = timer_latency,
	.fini = timer_latency_fini,
};
