// SPDX-License-Identifier: GPL-2.0
/*
 * From worker reports to the statistics of a cgroup in a step.
 *
 *	off-CPU share	(wall - cpu) / wall, over workers with a wall time
 *	spread		largest minus smallest off-CPU share
 *	gap		largest interval between two checkpoints of any worker
 *	cpus		size of the union of the CPUs that the workers ran on
 *	migration ratio	sum of migrations / sum of iterations
 *	run delay	schedstat field 2, over workers that have it
 *
 * Several groups of workers in one cgroup make one entry. Averages are therefore folded
 * with the number of workers they stand for, which is kept in the entry.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"

static struct ktstr_cgroup_stats *find_or_add(const struct ktstr_group_sample *s,
					      struct ktstr_result *out)
{
	struct ktstr_cgroup_stats *c;
	uint32_t i;

	for (i = 0; i < out->nr_cgroups; i++) {
		c = &out->cgroups[i];
		if (c->step == s->step && !strncmp(c->name, s->cgroup, sizeof(c->name) - 1))
			return c;
	}
	if (out->nr_cgroups == KTSTR_MAX_CGROUPS) {
		out->dropped_cgroups++;
		return NULL;
	}
	c = &out->cgroups[out->nr_cgroups++];
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", s->cgroup);
	c->step = s->step;
	c->max_gap_cpu = -1;
	return c;
}

static void add_off_cpu(struct ktstr_cgroup_stats *c, const struct ktstr_worker_report *w)
{
	double pct = ktstr_off_cpu_pct(w);

	if (!c->timed_workers || pct < c->min_off_cpu_pct)
		c->min_off_cpu_pct = pct;
	if (!c->timed_workers || pct > c->max_off_cpu_pct)
		c->max_off_cpu_pct = pct;
	c->timed_workers++;
	c->avg_off_cpu_pct += (pct - c->avg_off_cpu_pct) / c->timed_workers;
	c->spread_pct = c->max_off_cpu_pct - c->min_off_cpu_pct;
}

static void add_worker(struct ktstr_cgroup_stats *c, const struct ktstr_worker_report *w)
{
	double gap_ms = (double)w->max_gap_ns / 1e6;
	double delay_us = (double)w->run_delay_ns / 1e3;

	c->workers++;
	c->migrations += w->migrations;
	c->work_units += w->work_units;
	c->iterations += w->iterations;
	ktstr_cpumask__or(&c->cpus_used, &w->cpus_used);
	if (gap_ms > c->max_gap_ms) {
		c->max_gap_ms = gap_ms;
		c->max_gap_cpu = w->max_gap_cpu;
	}
	if (w->wall_ns)
		add_off_cpu(c, w);
	if (w->schedstat_valid) {
		c->delay_workers++;
		c->mean_run_delay_us += (delay_us - c->mean_run_delay_us) / c->delay_workers;
		c->worst_run_delay_us = fmax(c->worst_run_delay_us, delay_us);
	}
}

void ktstr_stats__add(const struct ktstr_group_sample *s, struct ktstr_result *out)
{
	struct ktstr_cgroup_stats *c;
	uint32_t i;

	for (i = 0; i < s->nr; i++)
		ktstr_cpumask__or(&out->cpus_used, &s->reports[i].cpus_used);
	c = find_or_add(s, out);
	if (!c)
		return;
	for (i = 0; i < s->nr; i++)
		add_worker(c, &s->reports[i]);
	c->cpus = ktstr_cpumask__weight(&c->cpus_used);
	c->migration_ratio = c->iterations ? (double)c->migrations / (double)c->iterations : 0;
}
