// SPDX-License-Identifier: GPL-2.0
/*
 * Kthreads that do not get to run while the body does: a finding as for workers. A kthread may wait
 * for as long as a worker (max_gap_ms), but for two seconds in any case, because a tight limit is
 * meant for the workers of a test. No limit for workers is none for kthreads either.
 */
#include <math.h>

#include "lib/clock.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "monitor.h"

/* 0: they are not judged. */
static uint64_t limit_ms(const struct ktstr_run *run)
{
	const struct ktstr_checks *c = &run->plan->checks;
	double ms = c->max_gap_ms;

	if (c->not_starved != KTSTR_ON || isnan(ms) || isinf(ms))
		return 0;
	if (ms < KTSTR_DEFAULT_MAX_GAP_MS)
		ms = KTSTR_DEFAULT_MAX_GAP_MS;
	return (uint64_t)ms * ktstr_run__time_scale(run);
}

void ktstr_monitor_kthreads__look(const struct ktstr_run *run, struct ktstr_monitor_state *s,
				  uint64_t jiffies, uint64_t time_ns)
{
	uint64_t limit = limit_ms(run);

	if (limit && run->seen->lifecycle == KTSTR_LIFECYCLE_BODY)
		ktstr_kthreads__look(&s->kthreads, &s->mon, jiffies, s->tick_ns,
				     limit * NSEC_PER_MSEC, time_ns);
}

void ktstr_monitor_kthreads__fold(struct ktstr_run *run, const struct ktstr_monitor_state *s)
{
	const struct ktstr_kthreads *k = &s->kthreads;
	const struct ktstr_kthread_wait *w;

	for (w = k->wait; w < k->wait + k->nr; w++)
		ktstr_result__add(run->result, KTSTR_FAILS, KTSTR_STARVED,
				  "kthread %s[%llu] did not run for %.1f s although it was runnable, on CPU %u, until %.3f s (limit %.1f s)",
				  w->comm, (unsigned long long)w->pid,
				  (double)w->for_ns / NSEC_PER_SEC, w->cpu,
				  (double)w->time_ns / NSEC_PER_SEC, (double)limit_ms(run) / 1000);
	if (k->dropped)
		ktstr_result__add(run->result, KTSTR_NOTE, KTSTR_STARVED,
				  "%u more samples had other kthreads that did not run",
				  k->dropped);
}
