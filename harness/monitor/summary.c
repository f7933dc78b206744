// SPDX-License-Identifier: GPL-2.0
/* The formulas of summary.h. */
#include <linux/kernel.h>
#include <string.h>

#include "lib/clock.h"
#include "summary.h"

bool ktstr_sample__imbalance(const struct ktstr_sample *s, double *ratio)
{
	uint64_t value, longest = 0, shortest = UINT64_MAX;

	for (uint32_t cpu = 0; cpu < s->nr_cpus; cpu++) {
		if (!ktstr_sample__cpu(s, cpu, KTSTR_CPU_NR_RUNNING, &value))
			continue;
		longest = value > longest ? value : longest;
		shortest = value < shortest ? value : shortest;
	}
	if (shortest == UINT64_MAX)
		return false;
	*ratio = (double)longest / (double)(shortest ?: 1);
	return true;
}

bool ktstr_sample__max_dsq(const struct ktstr_sample *s, uint64_t *depth, uint32_t *cpu)
{
	uint64_t value;
	bool found = false;

	*depth = 0;
	*cpu = 0;
	for (uint32_t i = 0; i < s->nr_cpus; i++) {
		if (!ktstr_sample__cpu(s, i, KTSTR_CPU_SCX_LOCAL_DSQ, &value))
			continue;
		found = true;
		if (value > *depth) {
			*depth = value;
			*cpu = i;
		}
	}
	return found;
}

/* Did the host let the vCPU run for so long that it could have had a tick? Unknown counts as yes. */
static bool had_its_chance(const struct ktstr_point *before, const struct ktstr_point *after,
			   uint32_t cpu, uint64_t tick_ns)
{
	return !before->vcpu_ns || !after->vcpu_ns ||
	       after->vcpu_ns[cpu] - before->vcpu_ns[cpu] >= KTSTR_PREEMPTED_TICKS * tick_ns;
}

bool ktstr_point__stuck(const struct ktstr_point *before, const struct ktstr_point *after,
			uint32_t cpu, uint64_t tick_ns)
{
	uint64_t was, is, ran, runs;

	if (!ktstr_sample__cpu(before->sample, cpu, KTSTR_CPU_CLOCK, &was) ||
	    !ktstr_sample__cpu(after->sample, cpu, KTSTR_CPU_CLOCK, &is) ||
	    !ktstr_sample__cpu(before->sample, cpu, KTSTR_CPU_NR_RUNNING, &ran) ||
	    !ktstr_sample__cpu(after->sample, cpu, KTSTR_CPU_NR_RUNNING, &runs))
		return false;
	return is && is == was && (ran || runs) && had_its_chance(before, after, cpu, tick_ns);
}

bool ktstr_point__events(const struct ktstr_point *before, const struct ktstr_point *after,
			 unsigned int i, uint64_t *count)
{
	const struct ktstr_sample *a = before->sample, *b = after->sample;
	int64_t from, to;

	if (!b->have_events || (a->sched_kva == b->sched_kva && !a->have_events))
		return false;
	from = a->sched_kva == b->sched_kva ? a->event[i] : 0;
	to = b->event[i];
	/* of a counter that is written while it is read, or damaged, nothing is taken away */
	*count = to > from ? (uint64_t)to - (uint64_t)from : 0;
	return true;
}

static void add_sample(struct ktstr_monitor_summary *m, const struct ktstr_sample *s, double *sums,
		       uint32_t *readings)
{
	uint64_t value, depth;
	double ratio = 0;
	uint32_t cpu;

	m->samples++;
	if (ktstr_sample__imbalance(s, &ratio) && ratio > m->max_imbalance)
		m->max_imbalance = ratio;
	sums[0] += ratio;
	if (ktstr_sample__max_dsq(s, &depth, &cpu)) {
		m->have_dsq = true;
		m->max_dsq = depth > m->max_dsq ? depth : m->max_dsq;
	}
	for (cpu = 0; cpu < s->nr_cpus; cpu++) {
		(*readings)++;
		if (ktstr_sample__cpu(s, cpu, KTSTR_CPU_NR_RUNNING, &value))
			sums[1] += (double)value;
		if (ktstr_sample__cpu(s, cpu, KTSTR_CPU_SCX_LOCAL_DSQ, &value))
			sums[2] += (double)value;
	}
}

static uint64_t counted(const struct ktstr_point *before, const struct ktstr_point *after,
			enum ktstr_cpu_figure f, bool *have)
{
	uint64_t sum = 0, was, is;

	for (uint32_t cpu = 0; cpu < after->sample->nr_cpus; cpu++) {
		if (!ktstr_sample__cpu(before->sample, cpu, f, &was) ||
		    !ktstr_sample__cpu(after->sample, cpu, f, &is))
			continue;
		*have = true;
		sum += is > was ? is - was : 0;
	}
	return sum;
}

static void add_interval(struct ktstr_monitor_summary *m, const struct ktstr_point *before,
			 const struct ktstr_point *after, unsigned int nr_events, uint64_t tick_ns)
{
	uint64_t count;

	for (uint32_t cpu = 0; cpu < after->sample->nr_cpus; cpu++)
		m->stuck += ktstr_point__stuck(before, after, cpu, tick_ns);
	for (unsigned int i = 0; i < nr_events; i++) {
		if (!ktstr_point__events(before, after, i, &count))
			continue;
		m->have_events = true;
		m->event[i] += count;
	}
	m->sched_count += counted(before, after, KTSTR_CPU_SCHED_COUNT, &m->have_schedstat);
	m->goidle += counted(before, after, KTSTR_CPU_SCHED_GOIDLE, &m->have_schedstat);
	m->ttwu += counted(before, after, KTSTR_CPU_TTWU_COUNT, &m->have_schedstat);
	m->run_delay_ns += counted(before, after, KTSTR_CPU_RUN_DELAY, &m->have_schedstat);
}

void ktstr_monitor_summary__make(struct ktstr_monitor_summary *m, const struct ktstr_series *all,
				 struct ktstr_series_span span, unsigned int nr_events,
				 uint64_t tick_ns)
{
	double sums[3] = { 0 };
	uint32_t readings = 0;

	memset(m, 0, sizeof(*m));
	for (uint32_t i = span.from; i < span.to; i++) {
		add_sample(m, all->point[i].sample, sums, &readings);
		if (i > span.from)
			add_interval(m, &all->point[i - 1], &all->point[i], nr_events, tick_ns);
	}
	if (!m->samples)
		return;
	m->seconds = (double)(all->point[span.to - 1].time_ns - all->point[span.from].time_ns) /
		     NSEC_PER_SEC;
	m->avg_imbalance = sums[0] / m->samples;
	m->avg_nr_running = readings ? sums[1] / readings : 0;
	m->avg_dsq = readings ? sums[2] / readings : 0;
}

double ktstr_monitor_summary__rate(const struct ktstr_monitor_summary *m, uint64_t count)
{
	return m->seconds > 0 ? (double)count / m->seconds : 0;
}
