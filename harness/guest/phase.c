// SPDX-License-Identifier: GPL-2.0
/*
 * Phases: what workers that live through several steps did in one of them.
 *
 * The parent notes the counters of each worker when a phase begins and when it ends; what it
 * did is the difference. Only what has no difference (longest gap, set of CPUs, samples) the
 * worker keeps for itself, from its first checkpoint in the phase on: it knows of a phase by a
 * word of the control block that is odd in a phase and counts on at both ends. In between it
 * leaves that part alone, so the parent can read it at its leisure. A worker that had no
 * checkpoint in the phase has done nothing in it, and its gap is the whole phase.
 */
#include <errno.h>
#include <stdlib.h>

#include "worker.h"

/* A worker's counters at one moment. */
struct mark {
	uint64_t at_ns, units, iterations, migrations, blocked_ns;
	bool sched_valid;
	struct ktstr_sched_figures sched;
};

struct ktstr_phase_slices {
	struct mark *marks;			/* at the beginning */
	struct ktstr_worker_report *reports;
	struct ktstr_worker_samples *samples;
	uint64_t (*log2)[64];			/* the histograms of samples */
};

void ktstr_phase_slices__free(struct ktstr_workers *ws)
{
	if (!ws->slices)
		return;
	free(ws->slices->log2);
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
	s->log2 = calloc(ws->nr, sizeof(*s->log2));
	if (s->marks && s->reports && s->samples && s->log2)
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

	*m = (struct mark){
		.at_ns = work_now_ns(), .units = now_of(&r->work_units),
		.iterations = now_of(&r->iterations), .migrations = now_of(&r->migrations),
		.blocked_ns = now_of(&r->blocked_ns),
	};
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
	r->work_units = more(end->units, begin->units);
	r->iterations = more(end->iterations, begin->iterations);
	r->migrations = more(end->migrations, begin->migrations);
	r->blocked_ns = more(end->blocked_ns, begin->blocked_ns);
	/* Without schedstat its CPU time is not known, and no share of the wall time is. */
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
	const struct ktstr_slot *slot = &ws->slots[i];
	struct ktstr_worker_report *r = &ws->slices->reports[i];
	uint64_t from = now_of(&slot->last_ns);

	if (__atomic_load_n(&slot->part.phase, __ATOMIC_ACQUIRE) == phase) {
		r->max_gap_ns = now_of(&slot->part.max_gap_ns);
		r->max_gap_cpu = slot->part.max_gap_cpu;
		r->cpus_used = slot->part.cpus_used;
		ktstr_samples__get_phase(&ws->store, i, ws->slices->log2[i],
					 &ws->slices->samples[i].kind[KTSTR_SAMPLES_WAKE]);
	}
	/* Still out of sight: of one that sleeps on purpose nobody can tell why. */
	if (from < ws->control->phase_ns)
		from = ws->control->phase_ns;
	if (!(r->flags & KTSTR_WORKER_BLOCKS) && now > from && now - from > r->max_gap_ns)
		r->max_gap_ns = now - from;
}

int ktstr_workers__begin_phase(struct ktstr_workers *ws)
{
	struct ktstr_control *c = ws->control;
	uint32_t i;

	if (!ws->slices && allocate(ws))
		return -ENOMEM;
	for (i = 0; i < ws->nr; i++)
		take_mark(ws, i, &ws->slices->marks[i]);
	c->phase_ns = work_now_ns();
	__atomic_store_n(&c->phase, c->phase + 1, __ATOMIC_RELEASE);
	return 0;
}

void ktstr_workers__end_phase(struct ktstr_workers *ws)
{
	struct ktstr_phase_slices *s = ws->slices;
	uint32_t i, phase = ws->control->phase;
	uint64_t now = work_now_ns();
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
