// SPDX-License-Identifier: GPL-2.0
/*
 * Computes struct ktstr_stats from the guest's statistics. Those of a worker and of a cgroup in a
 * step are computed; all others are folded from these. The table says how each figure is folded. A
 * figure that is absent, NaN, does not count in a fold.
 */
#include <linux/kernel.h>
#include <math.h>
#include <string.h>

#include "metrics.h"
#include "result.h"

#define ROW(_member, _key, _run_key, _unit, _polarity, _fold, _abs, _rel, ...)	\
	{ .member = #_member, .key = _key, .run_key = _run_key, .unit = _unit,	\
	  .polarity = _polarity, .fold = KTSTR_FOLD_##_fold,			\
	  .abs_gate = _abs, .rel_gate = _rel,					\
	  .offset = offsetof(struct ktstr_stats, _member), __VA_ARGS__ }
#define NEUTRAL	KTSTR_NEUTRAL
#define LOWER	KTSTR_LOWER_IS_BETTER
#define HIGHER	KTSTR_HIGHER_IS_BETTER
#define OFF	NAN
/* Read from guest memory, one figure for the whole run. */
#define MONITOR(_key, _unit, _abs, _rel, _meaning)				\
	{ .run_key = _key, .unit = _unit, .polarity = LOWER,			\
	  .abs_gate = _abs, .rel_gate = _rel, .meaning = _meaning }

#define RAW(_raw, _per)								\
	.in_report = offsetof(struct ktstr_worker_report, _raw),		\
	.in_worker = offsetof(struct ktstr_worker_stats, _raw),			\
	.in_cgroup = offsetof(struct ktstr_cgroup_stats, _raw), .per = _per
#define RAW_OF_CGROUP(_raw, _of, _least)					\
	.in_cgroup = offsetof(struct ktstr_cgroup_stats, _raw),			\
	.of = offsetof(struct ktstr_cgroup_stats, _of), .least = _least

const struct ktstr_metric ktstr_metric_table[] = {
#define KTSTR_COUNTER(_name, _raw, _per, ...)					\
	ROW(_name, __VA_ARGS__, .source = KTSTR_FROM_COUNTER, RAW(_raw, _per)),
#define KTSTR_LONGEST(_name, _raw, _per, ...)					\
	ROW(_name, __VA_ARGS__, .source = KTSTR_FROM_LONGEST, RAW(_raw, _per)),
#define KTSTR_OF_CGROUP(_name, _raw, _of, _least, ...)				\
	ROW(_name, __VA_ARGS__, .source = KTSTR_FROM_CGROUP,			\
	    RAW_OF_CGROUP(_raw, _of, _least)),
#define KTSTR_DERIVED(_name, ...)						\
	ROW(_name, __VA_ARGS__, .source = KTSTR_FROM_OTHERS),
#include <ktstr/figures.h>
	MONITOR("max_imbalance_ratio", "x", 1, .25, "longest over shortest runqueue"),
	MONITOR("max_dsq_depth", "tasks", 10, .50, "tasks in a local DSQ"),
	MONITOR("stall_count", "", 1, .50, "runqueue clocks that stood still"),
	MONITOR("total_fallback", "", 5, .30, "select_cpu fallback events"),
	MONITOR("total_keep_last", "", 5, .30, "dispatch keep-last events"),
};

const unsigned int ktstr_nr_metrics = ARRAY_SIZE(ktstr_metric_table);

static double *at(const struct ktstr_metric *m, struct ktstr_stats *s)
{
	return (void *)((char *)s + m->offset);
}

static bool is(const char *name, const char *key)
{
	return key && !strcmp(name, key);
}

const struct ktstr_metric *ktstr_metric__find(const char *name)
{
	const struct ktstr_metric *m;

	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		if (is(name, m->member) || is(name, m->key) || is(name, m->run_key))
			return m;
	return NULL;
}

double ktstr_metric__value(const struct ktstr_metric *m, const struct ktstr_stats *s)
{
	if (!m->member || (m->least_iterations && !(s->iterations >= m->least_iterations)))
		return NAN;
	return *at(m, (struct ktstr_stats *)s);
}

const char *ktstr_polarity__name(enum ktstr_polarity p)
{
	switch (p) {
	case KTSTR_LOWER_IS_BETTER:
		return "lower";
	case KTSTR_HIGHER_IS_BETTER:
		return "higher";
	case KTSTR_TARGET_IS_BETTER:
		return "target";
	case KTSTR_NEUTRAL:
	case KTSTR_NR_POLARITIES:
		break;
	}
	return "";
}

enum ktstr_polarity ktstr_polarity__find(const char *name)
{
	enum ktstr_polarity p;

	for (p = 0; name && p < KTSTR_NR_POLARITIES; p++)
		if (!strcmp(ktstr_polarity__name(p), name))
			return p;
	return KTSTR_NEUTRAL;
}

const char *ktstr_metric_stream__name(uint32_t stream)
{
	static const char * const names[KTSTR_NR_METRIC_STREAMS] = {
		[KTSTR_METRIC_STDOUT] = "stdout", [KTSTR_METRIC_STDERR] = "stderr",
		[KTSTR_METRIC_SYNTHESIZED] = "synthesized",
	};

	return stream < KTSTR_NR_METRIC_STREAMS ? names[stream] : NULL;
}

struct ktstr_stats ktstr_stats__absent(void)
{
	struct ktstr_stats s = { };
	unsigned int i;

	for (i = 0; i < ktstr_nr_metrics; i++)
		if (ktstr_metric_table[i].member)
			*at(&ktstr_metric_table[i], &s) = NAN;
	return s;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

static double only_if(bool present, double v)
{
	return present ? v : NAN;
}

/* Figures that follow from sums, which workers and cgroups both have. */
static void derive(struct ktstr_stats *s)
{
	s->iteration_rate = ratio(s->iterations, s->wall_s);
	s->work_rate = ratio(s->work_units, s->cpu_s);
	s->iterations_per_worker = ratio(s->iterations, s->workers);
	s->migration_ratio = ratio(s->migrations, s->iterations);
}

static void sampled(const struct ktstr_sample_stats *from, double *median, double *p99)
{
	*median = only_if(from->kept, from->median_us);
	*p99 = only_if(from->kept, from->p99_us);
}

const char *ktstr_span__name(uint32_t span)
{
	static const char * const names[KTSTR_NR_SPANS] = {
		[KTSTR_SPAN_STEP] = "step", [KTSTR_SPAN_LIFE] = "life",
		[KTSTR_SPAN_PHASE] = "phase",
	};

	return span < KTSTR_NR_SPANS ? names[span] : "unknown";
}

/* The figure of the cgroup, if the row alone tells it. */
static double of_cgroup(const struct ktstr_metric *m, const struct ktstr_cgroup_stats *c)
{
	const char *p = (const char *)c;
	double value;
	uint32_t of;

	switch (m->source) {
	case KTSTR_FROM_COUNTER:
		return *ktstr_metric__raw(c, m->in_cgroup) / m->per;
	case KTSTR_FROM_LONGEST:
		return only_if(c->workers, *ktstr_metric__raw(c, m->in_cgroup) / m->per);
	case KTSTR_FROM_CGROUP:
		memcpy(&of, p + m->of, sizeof(of));
		memcpy(&value, p + m->in_cgroup, sizeof(value));
		return only_if(of >= m->least, value);
	case KTSTR_FROM_OTHERS:
	case KTSTR_FROM_MONITOR:
		break;
	}
	return NAN;
}

void ktstr_cgroup_stats__figures(const struct ktstr_cgroup_stats *c, struct ktstr_stats *out)
{
	const struct ktstr_sample_stats *w = &c->samples[KTSTR_SAMPLES_WAKE];
	struct ktstr_stats s = ktstr_stats__absent();
	const struct ktstr_metric *m;

	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		if (m->member)
			*at(m, &s) = of_cgroup(m, c);
	s.found = true;
	s.workers = c->workers;
	s.messengers = c->messengers;
	s.cpus = c->cpus;
	s.cpus_used = c->cpus_used;
	derive(&s);
	s.max_gap_cpu = only_if(c->max_gap_cpu >= 0, c->max_gap_cpu);
	s.wake_samples = w->total;
	sampled(w, &s.median_wake_us, &s.p99_wake_us);
	s.max_wake_us = only_if(w->kept, w->max_us);
	s.mean_wake_us = only_if(w->kept, w->mean_us);
	s.wake_cv = only_if(w->kept > 1, w->cv);
	s.wake_tail_ratio = ratio(s.p99_wake_us, s.median_wake_us);
	sampled(&c->samples[KTSTR_SAMPLES_COST], &s.median_cost_us, &s.p99_cost_us);
	sampled(&c->samples[KTSTR_SAMPLES_TIMER], &s.median_timer_us, &s.p99_timer_us);
	s.pages = only_if(c->pages, c->pages);
	if (c->locality_known)
		s.page_locality = ratio(c->local_pages, c->pages);
	if (c->migrated_known)
		s.cross_node_ratio = ratio(c->migrated_pages, c->pages);
	*out = s;
}

static void worker_figures(const struct ktstr_worker_stats *k, const struct ktstr_cgroup_stats *c,
			   struct ktstr_stats *out)
{
	struct ktstr_stats s = ktstr_stats__absent();
	const struct ktstr_metric *m;

	s.found = true;
	s.tid = k->tid;
	s.workers = 1;
	s.messengers = k->flags & KTSTR_WORKER_MESSENGER ? 1 : 0;
	s.cpus = ktstr_cpumask__weight(&k->cpus_used);
	s.cpus_used = k->cpus_used;
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		if (m->source == KTSTR_FROM_COUNTER || m->source == KTSTR_FROM_LONGEST)
			*at(m, &s) = *ktstr_metric__raw(k, m->in_worker) / m->per;
	derive(&s);
	s.avg_off_cpu_pct = k->cpu_ns < k->wall_ns ?
			    100 - ratio(100 * s.cpu_s, s.wall_s) : only_if(k->wall_ns, 0);
	s.min_off_cpu_pct = s.avg_off_cpu_pct;
	s.max_off_cpu_pct = s.avg_off_cpu_pct;
	s.max_gap_ms = k->max_gap_ns / 1e6;
	s.max_gap_cpu = only_if(k->max_gap_cpu >= 0, k->max_gap_cpu);
	s.run_delay_us = only_if(k->schedstat_valid, k->run_delay_ns / 1e3);
	s.worst_run_delay_us = s.run_delay_us;
	s.wake_samples = k->wake_total;
	s.median_wake_us = only_if(k->wake_total, k->median_wake_us);
	s.p99_wake_us = only_if(k->wake_total, k->p99_wake_us);
	s.max_wake_us = only_if(k->wake_total, k->max_wake_us);
	s.wake_tail_ratio = ratio(s.p99_wake_us, s.median_wake_us);
	s.pages = only_if(k->pages, k->pages);
	if (c->locality_known)
		s.page_locality = ratio(k->local_pages, k->pages);
	*out = s;
}

/* Like fmax() and fmin(), it prefers a number to NaN. */
static double add(double a, double b)
{
	return isnan(a) ? b : isnan(b) ? a : a + b;
}

static void fold(struct ktstr_stats *to, const struct ktstr_stats *from)
{
	const struct ktstr_metric *m;
	double v, *t;

	if (!(from->max_gap_ms <= to->max_gap_ms) && !isnan(from->max_gap_cpu))
		to->max_gap_cpu = from->max_gap_cpu;
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		if (!m->member)
			continue;
		t = at(m, to);
		v = *at(m, (struct ktstr_stats *)from);
		switch (m->fold) {
		case KTSTR_FOLD_SUM:
			*t = add(*t, v);
			break;
		case KTSTR_FOLD_MAX:
			*t = fmax(*t, v);
			break;
		case KTSTR_FOLD_MIN:
			*t = fmin(*t, v);
			break;
		case KTSTR_FOLD_OWN:
			break;
		}
	}
	to->found |= from->found;
	ktstr_cpumask__or(&to->cpus_used, &from->cpus_used);
	to->cpus = ktstr_cpumask__weight(&to->cpus_used);
}

/* The wildcards. */
#define ANY_PHASE	UINT32_MAX
#define ANY_CGROUP	NULL
#define ANY_PART	NULL

static bool matches(const struct ktstr_cgroup_stats *c, uint32_t phase, const char *cgroup,
		    const char *part)
{
	bool counts = phase == ANY_PHASE ? c->span != KTSTR_SPAN_PHASE :
					   c->span != KTSTR_SPAN_LIFE && c->step == phase;

	return counts &&
	       (!part || !strncmp(c->part, part, sizeof(c->part) - 1)) &&
	       (!cgroup || !strncmp(c->name, cgroup, sizeof(c->name) - 1));
}

static struct ktstr_stats fold_all(const struct ktstr_result *r, uint32_t phase,
				   const char *cgroup, const char *part)
{
	struct ktstr_stats all = ktstr_stats__absent(), one;
	uint32_t i;

	for (i = 0; i < r->nr_cgroups; i++) {
		if (!matches(&r->cgroups[i], phase, cgroup, part))
			continue;
		ktstr_cgroup_stats__figures(&r->cgroups[i], &one);
		fold(&all, &one);
	}
	return all;
}

struct ktstr_stats ktstr_stats__phase_cgroup(const struct ktstr_result *r, uint32_t phase,
					     const char *cgroup)
{
	return fold_all(r, phase, cgroup, ANY_PART);
}

struct ktstr_stats ktstr_stats__phase(const struct ktstr_result *r, uint32_t phase)
{
	return fold_all(r, phase, ANY_CGROUP, ANY_PART);
}

struct ktstr_stats ktstr_stats__cgroup(const struct ktstr_result *r, const char *cgroup)
{
	return fold_all(r, ANY_PHASE, cgroup, ANY_PART);
}

struct ktstr_stats ktstr_stats__part(const struct ktstr_result *r, const char *part)
{
	return fold_all(r, ANY_PHASE, ANY_CGROUP, part);
}

struct ktstr_stats ktstr_stats__run(const struct ktstr_result *r)
{
	struct ktstr_stats s = fold_all(r, ANY_PHASE, ANY_CGROUP, ANY_PART);

	/* the CPUs of cgroups that were dropped are known too */
	ktstr_cpumask__or(&s.cpus_used, &r->cpus_used);
	if (s.found)
		s.cpus = ktstr_cpumask__weight(&s.cpus_used);
	return s;
}

static const struct ktstr_worker_stats *find_worker(const struct ktstr_result *r, uint32_t phase,
						    const char *cgroup, uint32_t i)
{
	const struct ktstr_worker_stats *k;

	for (k = r->workers; k < r->workers + r->nr_workers; k++)
		if (matches(&r->cgroups[k->cgroup], phase, cgroup, ANY_PART) && !i--)
			return k;
	return NULL;
}

struct ktstr_stats ktstr_stats__phase_worker(const struct ktstr_result *r, uint32_t phase,
					     const char *cgroup, uint32_t i)
{
	const struct ktstr_worker_stats *k = find_worker(r, phase, cgroup, i);
	struct ktstr_stats s = ktstr_stats__absent();

	if (k)
		worker_figures(k, &r->cgroups[k->cgroup], &s);
	return s;
}

struct ktstr_migrations ktstr_stats__phase_migrations(const struct ktstr_result *r, uint32_t phase,
						      const char *cgroup, uint32_t i)
{
	const struct ktstr_worker_stats *k = find_worker(r, phase, cgroup, i);

	return k ? k->last_migrations : (struct ktstr_migrations){ };
}
