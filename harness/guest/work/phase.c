// SPDX-License-Identifier: GPL-2.0
/*
 * Phases: what workers that exist in several steps did in one of them.
 *
 * The parent records the counters of each worker when a phase begins and when it ends, and
 * computes the difference. Values without a difference (longest gap, set of CPUs, samples) are
 * kept by the worker, from its first checkpoint in the phase on. A word of the control block is
 * incremented at both ends of a phase and is odd within it. Outside a phase the worker does not
 * write those values, so the parent can read them. A worker that had no checkpoint in the phase
 * has done nothing in it, and its gap is the whole phase.
 */
#include <errno.h>
#include <stdlib.h>

#include "harness/result/metrics.h"
#include "worker.h"

/* A worker's counters at one moment. */
struct mark {
	uint64_t at_ns, blocked_ns, migrations;
	uint64_t counters[KTSTR_NR_COUNTERS];	/* in the order of the metric table */
	bool sched_valid;
	struct ktstr_sched_figures sched;
};

struct ktstr_phase_slices {
	struct mark *marks;			/* at the beginning */
	struct ktstr_worker_report *reports;
	struct ktstr_worker_samples *samples;
	struct ktstr_migrations *migrations;
	uint64_t (*log2)[64];			/* the histograms of samples */
};

void ktstr_phase_slices__free(struct ktstr_workers *ws)
{
	if (!ws->slices)
		return;
	free(ws->slices->log2);
	free(ws->slices->migrations);
	free(ws->slices->samples);
	free(ws->slices->reports);
	free(ws->slices->marks);
	free(ws->slices);
	ws->slices = NULL;
}

static int allocate(struct ktstr_workers *ws)
{
	struct ktstr_phase_slices *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	ws->slices = s;
	s->marks = calloc(ws->nr, sizeof(*s->marks));
	s->reports = calloc(ws->nr, sizeof(*s->reports));
	s->samples = calloc(ws->nr, sizeof(*s->samples));
	s->migrations = calloc(ws->nr, sizeof(*s->migrations));
	s->log2 = calloc(ws->nr, sizeof(*s->log2));
	if (s->marks && s->reports && s->samples && s->migrations && s->log2)
		return 0;
	ktstr_phase_slices__free(ws);
	return -ENOMEM;
}

static uint64_t now_of(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void take_mark(const struct ktstr_workers *ws, uint32_t i, struct mark *m)
{
	const struct ktstr_worker_report *r = &ws->slots[i].report;
	const struct ktstr_metric *k;
	unsigned int nr = 0;

	*m = (struct mark){
		.at_ns = ktstr_now_ns(), .blocked_ns = now_of(&r->blocked_ns),
		.migrations = __atomic_load_n(&r->migrations, __ATOMIC_ACQUIRE),
	};
	for (k = ktstr_metric_table; k < ktstr_metric_table + ktstr_nr_metrics; k++)
		if (k->source == KTSTR_FROM_COUNTER)
			m->counters[nr++] = now_of(ktstr_metric__raw(r, k->in_report));
	m->sched_valid = r->tid && ktstr_schedstat(ktstr_workers__pid(ws, i), &m->sched);
}

/* A worker that begins its loop counts from 0 again. */
static uint64_t more(uint64_t end, uint64_t begin)
{
	return end > begin ? end - begin : 0;
}

static void subtract(struct ktstr_worker_report *r, const struct mark *begin,
		     const struct mark *end)
{
	const struct ktstr_metric *m;
	unsigned int nr = 0;

	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		if (m->source != KTSTR_FROM_COUNTER)
			continue;
		*ktstr_metric__raw(r, m->in_report) = more(end->counters[nr], begin->counters[nr]);
		nr++;
	}
	r->blocked_ns = more(end->blocked_ns, begin->blocked_ns);
	/*
	 * A worker knows its CPU time at its end only; until then schedstat has it. Without
	 * schedstat no share of the wall time is known either.
	 */
	r->wall_ns = 0;
	r->cpu_ns = 0;
	if (!begin->sched_valid || !end->sched_valid)
		return;
	r->wall_ns = end->at_ns - begin->at_ns;
	r->cpu_ns = more(end->sched.cpu_ns, begin->sched.cpu_ns);
	r->run_delay_ns = more(end->sched.run_delay_ns, begin->sched.run_delay_ns);
	r->timeslices = more(end->sched.timeslices, begin->sched.timeslices);
	r->schedstat_valid = 1;
}

static void take_part(struct ktstr_workers *ws, uint32_t i, uint32_t phase, uint64_t now)
{
	const struct ktstr_worker_slot *slot = &ws->slots[i];
	struct ktstr_worker_report *r = &ws->slices->reports[i];
	uint64_t from = now_of(&slot->last_ns);

	if (__atomic_load_n(&slot->part.phase, __ATOMIC_ACQUIRE) == phase) {
		r->max_gap_ns = now_of(&slot->part.max_gap_ns);
		r->max_gap_cpu = slot->part.max_gap_cpu;
		r->cpus_used = slot->part.cpus_used;
		ktstr_samples__get_phase(&ws->store, i, ws->slices->log2[i],
					 &ws->slices->samples[i].kind[KTSTR_SAMPLES_WAKE]);
	}
	/*
	 * The gap that has not ended yet; not for a worker that sleeps on purpose, as the reason
	 * is unknown.
	 */
	if (from < ws->control->phase_ns)
		from = ws->control->phase_ns;
	if (!(r->flags & KTSTR_WORKER_BLOCKS) && now > from && now - from > r->max_gap_ns)
		r->max_gap_ns = now - from;
}

/* The count is set again, so that it and the list are of the same two moments. */
static void take_migrations(struct ktstr_workers *ws, uint32_t i, const struct mark *end)
{
	const struct mark *begin = &ws->slices->marks[i];
	const struct ktstr_worker_slot *slot = &ws->slots[i];
	struct ktstr_migrations *m = &ws->slices->migrations[i];

	ws->slices->reports[i].migrations = more(end->migrations, begin->migrations);
	m->start_ns = ws->control->start_ns;
	ktstr_migration_ring__read(&slot->migrations, &slot->report.migrations,
				   begin->migrations, end->migrations, m);
}

int ktstr_workers__begin_phase(struct ktstr_workers *ws)
{
	struct ktstr_control *c = ws->control;
	uint32_t i;

	if (!ws->slices && allocate(ws))
		return -ENOMEM;
	for (i = 0; i < ws->nr; i++)
		take_mark(ws, i, &ws->slices->marks[i]);
	c->phase_ns = ktstr_now_ns();
	__atomic_store_n(&c->phase, c->phase + 1, __ATOMIC_RELEASE);
	return 0;
}

void ktstr_workers__end_phase(struct ktstr_workers *ws)
{
	struct ktstr_phase_slices *s = ws->slices;
	uint32_t i, phase = ws->control->phase;
	uint64_t now = ktstr_now_ns();
	struct mark end;

	__atomic_store_n(&ws->control->phase, phase + 1, __ATOMIC_RELEASE);
	for (i = 0; i < ws->nr; i++) {
		take_mark(ws, i, &end);
		s->samples[i] = (struct ktstr_worker_samples){ };
		s->reports[i] = (struct ktstr_worker_report){
			.tid = ktstr_workers__pid(ws, i), .group = ws->slots[i].report.group,
			.flags = ws->slots[i].report.flags, .max_gap_cpu = -1,
		};
		subtract(&s->reports[i], &s->marks[i], &end);
		take_part(ws, i, phase, now);
		take_migrations(ws, i, &end);
	}
}

const struct ktstr_worker_report *ktstr_workers__phase_reports(const struct ktstr_workers *ws)
{
	return ws->slices->reports;
}

const struct ktstr_worker_samples *ktstr_workers__phase_samples(const struct ktstr_workers *ws)
{
	return ws->slices->samples;
}

const struct ktstr_migrations *ktstr_workers__phase_migrations(const struct ktstr_workers *ws)
{
	return ws->slices->migrations;
}
