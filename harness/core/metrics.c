// SPDX-License-Identifier: GPL-2.0
/*
 * From what the guest reports to struct ktstr_stats, for one worker, a cgroup in a step, and by
 * folding those for everything larger. The table says how each figure is folded; NaN, an
 * absent figure, gives way to every other one.
 */
#include <math.h>
#include <string.h>

#include "metrics.h"
#include "verdict.h"

#define ROW(_member, _key, _run_key, _unit, _polarity, _fold, _abs, _rel, ...)	\
	{ .member = #_member, .key = _key, .run_key = _run_key, .unit = _unit,	\
	  .polarity = _polarity, .fold = KTSTR_FOLD_##_fold,		\
	  .abs_gate = _abs, .rel_gate = _rel,					\
	  .offset = offsetof(struct ktstr_stats, _member), __VA_ARGS__ }
#define NEUTRAL	KTSTR_NEUTRAL
#define LOWER	KTSTR_LOWER_IS_BETTER
#define HIGHER	KTSTR_HIGHER_IS_BETTER
#define OFF	NAN
/* From guest memory, of the whole run. */
#define MONITOR(_key, _unit, _abs, _rel, _meaning)				\
	{ .run_key = _key, .unit = _unit, .polarity = LOWER,	\
	  .abs_gate = _abs, .rel_gate = _rel, .meaning = _meaning }

const struct ktstr_metric ktstr_metric_table[] = {
	ROW(workers, "num_workers", "total_workers", "", NEUTRAL, SUM, OFF, OFF, .integer = true,
	    .meaning = "workers that left a report"),
	ROW(cpus, "num_cpus", "total_cpus", "", NEUTRAL, OWN, OFF, OFF, .integer = true,
	    .meaning = "CPUs that any of them ran on"),
	ROW(messengers, "num_messengers", NULL, "", NEUTRAL, SUM, OFF, OFF, .integer = true,
	    .meaning = "of the workers: those that drive others and are not compared"),
	ROW(avg_off_cpu_pct, "avg_off_cpu_pct", NULL, "%", LOWER, MAX, OFF, OFF,
	    .meaning = "mean share of the wall time off CPU"),
	ROW(min_off_cpu_pct, "min_off_cpu_pct", NULL, "%", LOWER, MIN, OFF, OFF,
	    .meaning = "the smallest such share of a worker"),
	ROW(max_off_cpu_pct, "max_off_cpu_pct", NULL, "%", LOWER, MAX, OFF, OFF,
	    .meaning = "the largest"),
	ROW(spread_pct, "spread", "worst_spread", "%", LOWER, MAX, 5, .25,
	    .meaning = "largest minus smallest share of a cgroup's workers, points"),
	ROW(max_gap_ms, "max_gap_ms", "worst_gap_ms", "ms", LOWER, MAX, 500, .50,
	    .meaning = "longest interval between two checkpoints of a worker"),
	ROW(max_gap_cpu, "max_gap_cpu", "worst_gap_cpu", "", NEUTRAL, OWN, OFF, OFF, .integer = true,
	    .meaning = "CPU on which that interval began"),
	ROW(max_start_ms, "max_start_ms", NULL, "ms", LOWER, MAX, OFF, OFF,
	    .meaning = "from the start of all workers until the last one ran"),
	ROW(migrations, "total_migrations", "total_migrations", "", LOWER, SUM, 10, .30,
	    .integer = true, .meaning = "checkpoints on another CPU than the one before"),
	ROW(migration_ratio, "migration_ratio", "worst_migration_ratio", "", LOWER, MAX, .05, .20,
	    .meaning = "migrations per iteration"),
	ROW(p99_wake_us, "p99_wake_latency_us", "worst_p99_wake_latency_us", "us", LOWER, MAX,
	    50, .25, .meaning = "99th percentile of the wake latencies"),
	ROW(median_wake_us, "median_wake_latency_us", "worst_median_wake_latency_us", "us", LOWER,
	    MAX, 20, .25, .meaning = "median of the wake latencies"),
	ROW(max_wake_us, "max_wake_latency_us", NULL, "us", LOWER, MAX, OFF, OFF,
	    .meaning = "the largest wake latency that was kept"),
	ROW(mean_wake_us, "mean_wake_latency_us", NULL, "us", LOWER, MAX, OFF, OFF,
	    .meaning = "mean of the wake latencies"),
	ROW(wake_cv, "wake_latency_cv", "worst_wake_latency_cv", "", LOWER, MAX, .10, .25,
	    .meaning = "their standard deviation over their mean"),
	ROW(wake_tail_ratio, "wake_latency_tail_ratio", "worst_wake_latency_tail_ratio", "",
	    LOWER, MAX, .5, .25, .least_iterations = 100,
	    .meaning = "99th percentile over median of the wake latencies"),
	ROW(wake_samples, "wake_latency_samples", NULL, "", NEUTRAL, SUM, OFF, OFF, .integer = true,
	    .meaning = "wake latencies that were seen"),
	ROW(median_cost_us, "median_iteration_cost_us", NULL, "us", LOWER, MAX, OFF, OFF,
	    .meaning = "median cost of an iteration"),
	ROW(p99_cost_us, "p99_iteration_cost_us", NULL, "us", LOWER, MAX, OFF, OFF,
	    .meaning = "99th percentile of the cost of an iteration"),
	ROW(median_timer_us, "median_timer_lateness_us", NULL, "us", LOWER, MAX, OFF, OFF,
	    .meaning = "median lateness of timers"),
	ROW(p99_timer_us, "p99_timer_lateness_us", NULL, "us", LOWER, MAX, OFF, OFF,
	    .meaning = "99th percentile of the lateness of timers"),
	ROW(work_units, "total_work_units", "total_work_units", "", HIGHER, SUM, OFF, OFF,
	    .integer = true, .meaning = "units of work"),
	ROW(iterations, "total_iterations", "total_iterations", "", HIGHER, SUM, 100, .10,
	    .integer = true, .meaning = "iterations"),
	ROW(iterations_per_worker, "iterations_per_worker", "worst_iterations_per_worker", "",
	    HIGHER, MIN, 10, .10, .meaning = "iterations over workers"),
	ROW(iteration_rate, "iteration_rate", "worst_iteration_rate", "/s", HIGHER, MIN, OFF, OFF,
	    .meaning = "iterations per second of a worker's wall time"),
	ROW(work_rate, "work_rate", "worst_work_rate", "/s", HIGHER, MIN, OFF, OFF,
	    .meaning = "units of work per CPU second"),
	ROW(wall_s, "wall_s", NULL, "s", NEUTRAL, SUM, OFF, OFF,
	    .meaning = "wall time of all workers together"),
	ROW(cpu_s, "cpu_s", NULL, "s", NEUTRAL, SUM, OFF, OFF,
	    .meaning = "CPU time of all workers together"),
	ROW(run_delay_us, "mean_run_delay_us", "worst_mean_run_delay_us", "us", LOWER, MAX, 50,
	    .25, .meaning = "mean time that a worker waited for a CPU (schedstat)"),
	ROW(worst_run_delay_us, "worst_run_delay_us", "worst_run_delay_us", "us", LOWER, MAX, 100,
	    .50, .meaning = "that of the worker that waited longest"),
	ROW(pages, "pages", NULL, "", NEUTRAL, SUM, OFF, OFF, .integer = true,
	    .meaning = "anonymous pages of the workers at their end"),
	ROW(page_locality, "page_locality", "worst_page_locality", "", HIGHER, MIN, .05, .10,
	    .meaning = "share of them on the NUMA nodes of the cpuset"),
	ROW(cross_node_ratio, "cross_node_migration_ratio", "worst_cross_node_migration_ratio", "",
	    LOWER, MAX, .05, .20,
	    .meaning = "pages that the kernel moved between nodes over pages"),
	MONITOR("max_imbalance_ratio", "x", 1, .25, "longest over shortest runqueue"),
	MONITOR("max_dsq_depth", "tasks", 10, .50, "tasks in a local DSQ"),
	MONITOR("stall_count", "", 1, .50, "runqueue clocks that stood still"),
	MONITOR("total_fallback", "", 5, .30, "select_cpu fallback events"),
	MONITOR("total_keep_last", "", 5, .30, "dispatch keep-last events"),
};

const unsigned int ktstr_nr_metrics = sizeof(ktstr_metric_table) / sizeof(ktstr_metric_table[0]);

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
	case KTSTR_NEUTRAL:
		break;
	}
	return "";
}

static struct ktstr_stats nothing(void)
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

/* What follows from sums that a worker and a cgroup both have. */
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

void ktstr_cgroup_stats__figures(const struct ktstr_cgroup_stats *c, struct ktstr_stats *out)
{
	const struct ktstr_sample_stats *w = &c->samples[KTSTR_SAMPLES_WAKE];
	struct ktstr_stats s = nothing();

	s.found = true;
	s.workers = c->workers;
	s.messengers = c->messengers;
	s.cpus = c->cpus;
	s.cpus_used = c->cpus_used;
	s.work_units = c->work_units;
	s.iterations = c->iterations;
	s.migrations = c->migrations;
	s.wall_s = c->wall_ns / 1e9;
	s.cpu_s = c->cpu_ns / 1e9;
	derive(&s);
	s.min_off_cpu_pct = only_if(c->timed_workers, c->min_off_cpu_pct);
	s.max_off_cpu_pct = only_if(c->timed_workers, c->max_off_cpu_pct);
	s.avg_off_cpu_pct = only_if(c->timed_workers, c->avg_off_cpu_pct);
	s.spread_pct = only_if(c->spread_workers > 1, c->spread_pct);
	s.max_gap_ms = only_if(c->workers, c->max_gap_ms);
	s.max_gap_cpu = only_if(c->max_gap_cpu >= 0, c->max_gap_cpu);
	s.max_start_ms = only_if(c->workers, c->max_start_ms);
	s.run_delay_us = only_if(c->delay_workers, c->mean_run_delay_us);
	s.worst_run_delay_us = only_if(c->delay_workers, c->worst_run_delay_us);
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
	struct ktstr_stats s = nothing();

	s.found = true;
	s.tid = k->tid;
	s.workers = 1;
	s.messengers = k->flags & KTSTR_WORKER_MESSENGER ? 1 : 0;
	s.cpus = ktstr_cpumask__weight(&k->cpus_used);
	s.cpus_used = k->cpus_used;
	s.work_units = k->work_units;
	s.iterations = k->iterations;
	s.migrations = k->migrations;
	s.wall_s = k->wall_ns / 1e9;
	s.cpu_s = k->cpu_ns / 1e9;
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

/* fmax() and fmin() prefer a number to NaN, which is what absent needs; so does this. */
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
	struct ktstr_stats all = nothing(), one;
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

	/* cgroups that were too many to be kept left their CPUs */
	ktstr_cpumask__or(&s.cpus_used, &r->cpus_used);
	if (s.found)
		s.cpus = ktstr_cpumask__weight(&s.cpus_used);
	return s;
}

struct ktstr_stats ktstr_stats__phase_worker(const struct ktstr_result *r, uint32_t phase,
					     const char *cgroup, uint32_t i)
{
	struct ktstr_stats s = nothing();
	const struct ktstr_cgroup_stats *c;
	uint32_t k;

	for (k = 0; k < r->nr_workers; k++) {
		c = &r->cgroups[r->workers[k].cgroup];
		if (!matches(c, phase, cgroup, ANY_PART) || i--)
			continue;
		worker_figures(&r->workers[k], c, &s);
		break;
	}
	return s;
}
