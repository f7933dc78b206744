// SPDX-License-Identifier: GPL-2.0
/*
 * Computes the statistics of a cgroup in a step from worker reports.
 *
 *	off-CPU share	(wall - cpu) / wall, over workers with a wall time
 *	run delay share	schedstat field 2 / wall, over workers with both
 *	spread		largest minus smallest off-CPU share; if a worker sleeps on purpose,
 *			largest minus smallest run delay share
 *	start		from the opening of the gate until the last worker first ran
 *	gap		largest interval between two checkpoints of any worker
 *	cpus		size of the union of the CPUs that the workers ran on
 *	migration ratio	sum of migrations / sum of iterations
 *	run delay	schedstat field 2, over workers that have it
 *	samples		pooled, see pool.c
 *	page locality	sum of pages on the cpuset's nodes / sum of pages
 *	cross node	pages that the kernel moved between nodes during the step / sum of pages
 *
 * Messengers drive the others and never wait for a turn. They count to the sums, but not to
 * shares, spread and run delays.
 *
 * Several samples of one cgroup, step and span (statistics.h) make one entry. Averages are
 * therefore folded with the number of workers they stand for, which is kept in the entry.
 * Percentiles cannot be folded: the worse of the two is kept.
 *
 * Phases are added before the lifetime that they are parts of, and there are many. They fill at
 * most half of the entries, so that there is always room for steps and lifetimes.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/result/metrics.h"
#include "judge.h"

static uint32_t room(enum ktstr_span span, uint32_t max)
{
	return span == KTSTR_SPAN_PHASE ? max / 2 : max;
}

static struct ktstr_cgroup_stats *find_or_add(const struct ktstr_group_sample *s,
					      struct ktstr_result *out)
{
	struct ktstr_cgroup_stats *c;
	uint32_t i;

	for (i = 0; i < out->nr_cgroups; i++) {
		c = &out->cgroups[i];
		if (c->step == s->step && c->span == s->span && !strncmp(c->name, s->cgroup, sizeof(c->name) - 1))
			return c;
	}
	if (out->nr_cgroups >= room(s->span, KTSTR_MAX_CGROUPS)) {
		out->dropped_cgroups++;
		return NULL;
	}
	c = &out->cgroups[out->nr_cgroups++];
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", s->cgroup);
	c->step = s->step;
	c->span = s->span;
	c->max_gap_cpu = -1;
	return c;
}

static void widen(double *min, double *max, bool first, double v)
{
	*min = first ? v : fmin(*min, v);
	*max = first ? v : fmax(*max, v);
}

static void add_off_cpu(struct ktstr_cgroup_stats *c, const struct ktstr_worker_report *w)
{
	double pct = ktstr_off_cpu_pct(w);

	widen(&c->min_off_cpu_pct, &c->max_off_cpu_pct, !c->timed_workers, pct);
	c->timed_workers++;
	c->avg_off_cpu_pct += (pct - c->avg_off_cpu_pct) / c->timed_workers;
}

static void add_run_delay(struct ktstr_cgroup_stats *c, const struct ktstr_worker_report *w)
{
	double us = (double)w->run_delay_ns / 1e3;

	if (w->wall_ns)
		widen(&c->min_delay_pct, &c->max_delay_pct, !c->delay_workers,
		      ktstr_run_delay_pct(w));
	c->delay_workers++;
	c->mean_run_delay_us += (us - c->mean_run_delay_us) / c->delay_workers;
	c->worst_run_delay_us = fmax(c->worst_run_delay_us, us);
}

static void add_counters(struct ktstr_cgroup_stats *c, const struct ktstr_worker_report *w)
{
	const struct ktstr_metric *m;
	uint64_t *sum, more;

	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		if (m->source != KTSTR_FROM_COUNTER && m->source != KTSTR_FROM_LONGEST)
			continue;
		sum = ktstr_metric__raw(c, m->in_cgroup);
		more = *ktstr_metric__raw(w, m->in_report);
		if (m->source == KTSTR_FROM_COUNTER)
			*sum += more;
		else if (more > *sum)
			*sum = more;
	}
}

static void add_worker(struct ktstr_cgroup_stats *c, const struct ktstr_worker_report *w)
{
	double gap_ms = (double)w->max_gap_ns / 1e6;

	c->workers++;
	add_counters(c, w);
	ktstr_cpumask__or(&c->cpus_used, &w->cpus_used);
	if (gap_ms > c->max_gap_ms) {
		c->max_gap_ms = gap_ms;
		c->max_gap_cpu = w->max_gap_cpu;
	}
	if (w->flags & KTSTR_WORKER_BLOCKS)
		c->blocks = 1;
	if (w->flags & KTSTR_WORKER_MESSENGER) {
		c->messengers++;
		return;
	}
	if (w->wall_ns)
		add_off_cpu(c, w);
	if (w->schedstat_valid)
		add_run_delay(c, w);
}

/* Field by field, the worse of the entry and the sample. */
static void add_samples(struct ktstr_cgroup_stats *c, const struct ktstr_group_sample *s,
			enum ktstr_sample_kind kind)
{
	struct ktstr_sample_stats *to = &c->samples[kind], n;
	unsigned int b;

	if (ktstr_pool(s, kind, &n) || !n.kept)
		return;
	to->mean_us = (to->mean_us * (double)to->kept + n.mean_us * (double)n.kept) /
		      (double)(to->kept + n.kept);
	to->total += n.total;
	to->kept += n.kept;
	to->median_us = fmax(to->median_us, n.median_us);
	to->p99_us = fmax(to->p99_us, n.p99_us);
	to->max_us = fmax(to->max_us, n.max_us);
	to->cv = fmax(to->cv, n.cv);
	for (b = 0; b < 64; b++)
		to->log2[b] += n.log2[b];
}

static void add_pages(struct ktstr_cgroup_stats *c, const struct ktstr_group_sample *s)
{
	struct ktstr_page_count n;
	uint32_t i;

	for (i = 0; i < s->nr; i++) {
		n = ktstr_count_pages(&s->reports[i], s->nodes);
		c->pages += n.all;
		c->local_pages += n.there;
	}
	c->locality_known = s->nodes != NULL;
	c->migrated_known = s->migrated_known;
	/* This is system-wide and for the whole step: it counts once, not once per sample. */
	c->migrated_pages = s->migrated_known ? s->pages_migrated : 0;
}

/* Keep the figures of worker @i alone; @c is the entry of its cgroup. */
static void keep_worker(struct ktstr_result *out, const struct ktstr_cgroup_stats *c,
			const struct ktstr_group_sample *s, uint32_t i)
{
	const struct ktstr_worker_report *w = &s->reports[i];
	struct ktstr_group_sample alone = {
		.reports = w, .nr = 1, .samples = s->samples ? &s->samples[i] : NULL,
	};
	struct ktstr_page_count pages = ktstr_count_pages(w, s->nodes);
	struct ktstr_sample_stats wake = { };
	const struct ktstr_metric *m;
	struct ktstr_worker_stats *k;

	if (out->nr_workers >= room(s->span, KTSTR_MAX_KEPT_WORKERS)) {
		out->dropped_workers++;
		return;
	}
	ktstr_pool(&alone, KTSTR_SAMPLES_WAKE, &wake);
	k = &out->workers[out->nr_workers++];
	*k = (struct ktstr_worker_stats){
		.cgroup = c - out->cgroups, .tid = w->tid, .flags = w->flags,
		.schedstat_valid = !!w->schedstat_valid, .max_gap_cpu = w->max_gap_cpu,
		.max_gap_ns = w->max_gap_ns, .run_delay_ns = w->run_delay_ns,
		.pages = pages.all, .local_pages = s->nodes ? pages.there : 0,
		.wake_total = wake.total, .median_wake_us = wake.median_us,
		.p99_wake_us = wake.p99_us, .max_wake_us = wake.max_us,
		.cpus_used = w->cpus_used,
	};
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++)
		if (m->source == KTSTR_FROM_COUNTER || m->source == KTSTR_FROM_LONGEST)
			*ktstr_metric__raw(k, m->in_worker) = *ktstr_metric__raw(w, m->in_report);
	if (s->migrations)
		k->last_migrations = s->migrations[i];
}

void ktstr_stats__add(const struct ktstr_group_sample *s, struct ktstr_result *out)
{
	struct ktstr_cgroup_stats *c;
	uint32_t i;
	int k;

	for (i = 0; i < s->nr; i++)
		ktstr_cpumask__or(&out->cpus_used, &s->reports[i].cpus_used);
	c = find_or_add(s, out);
	if (!c)
		return;
	for (i = 0; i < s->nr; i++) {
		add_worker(c, &s->reports[i]);
		keep_worker(out, c, s, i);
	}
	c->spread_workers = c->blocks ? c->delay_workers : c->timed_workers;
	c->spread_pct = c->blocks ? c->max_delay_pct - c->min_delay_pct :
				    c->max_off_cpu_pct - c->min_off_cpu_pct;
	c->cpus = ktstr_cpumask__weight(&c->cpus_used);
	for (k = 0; k < KTSTR_NR_SAMPLE_KINDS; k++)
		add_samples(c, s, k);
	add_pages(c, s);
}
