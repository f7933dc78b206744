// SPDX-License-Identifier: GPL-2.0
/* The rows of metrics.h as tables, and the figures that are computed. */
#include <linux/kernel.h>
#include <math.h>
#include <string.h>

#include "metrics.h"

#define ROW(id, src, k, f, frm, u, r, whose, sect, n, h)					\
	[CTPROF_##id] = { .name = #id, .source = CTPROF_##src, .key = k, .field = f,		\
		.form = CTPROF_##frm, .unit = CTPROF_##u, .rule = CTPROF_##r,			\
		.process = CTPROF_##whose, .section = CTPROF_##sect, .needs = n, .help = h },
const struct ctprof_metric ctprof_metrics[CTPROF_NR_METRICS] = { CTPROF_METRICS(ROW) };
#undef ROW

/* A text has no sum, and a number no most frequent value that would say anything. */
#define ROW(id, src, k, f, frm, u, r, ...)							\
	_Static_assert((CTPROF_##frm >= CTPROF_WORD) == (CTPROF_##r >= CTPROF_MODE),		\
		       #id ": the rule does not fit the form");
CTPROF_METRICS(ROW)
#undef ROW

static double share(const struct ctprof_values *v, enum ctprof_metric_id part,
		    enum ctprof_metric_id other)
{
	double whole = v->v[part] + v->v[other];

	return v->has[part] && v->has[other] && whole > 0 ? v->v[part] / whole : NAN;
}

static double quotient(const struct ctprof_values *v, enum ctprof_metric_id top,
		       enum ctprof_metric_id bottom)
{
	return v->has[top] && v->has[bottom] && v->v[bottom] > 0 ? v->v[top] / v->v[bottom] : NAN;
}

#define QUOTIENT(id, top, bottom)								\
	static double id(const struct ctprof_values *v)						\
	{											\
		return quotient(v, CTPROF_##top, CTPROF_##bottom);				\
	}
QUOTIENT(affine_success_ratio, nr_wakeups_affine, nr_wakeups_affine_attempts)
QUOTIENT(avg_wait_ns, wait_sum, wait_count)
QUOTIENT(avg_slice_ns, run_time_ns, timeslices)
QUOTIENT(avg_run_delay_ns, wait_time_ns, timeslices)
QUOTIENT(disk_io_fraction, read_bytes, rchar)
QUOTIENT(avg_iowait_ns, iowait_sum, iowait_count)
QUOTIENT(avg_cpu_delay_ns, cpu_delay_total_ns, cpu_delay_count)
QUOTIENT(avg_blkio_delay_ns, blkio_delay_total_ns, blkio_delay_count)
QUOTIENT(avg_swapin_delay_ns, swapin_delay_total_ns, swapin_delay_count)
QUOTIENT(avg_freepages_delay_ns, freepages_delay_total_ns, freepages_delay_count)
QUOTIENT(avg_thrashing_delay_ns, thrashing_delay_total_ns, thrashing_delay_count)
QUOTIENT(avg_compact_delay_ns, compact_delay_total_ns, compact_delay_count)
QUOTIENT(avg_wpcopy_delay_ns, wpcopy_delay_total_ns, wpcopy_delay_count)
QUOTIENT(avg_irq_delay_ns, irq_delay_total_ns, irq_delay_count)

static double cpu_efficiency(const struct ctprof_values *v)
{
	return share(v, CTPROF_run_time_ns, CTPROF_wait_time_ns);
}

static double involuntary_csw_ratio(const struct ctprof_values *v)
{
	return share(v, CTPROF_nonvoluntary_csw, CTPROF_voluntary_csw);
}

/* __update_stats_enqueue_sleeper() in kernel/sched/stats.c adds a blocked time to both sums. */
static double voluntary_sleep_ns(const struct ctprof_values *v)
{
	double ns = v->v[CTPROF_sleep_sum] - v->v[CTPROF_block_sum];

	return v->has[CTPROF_sleep_sum] && v->has[CTPROF_block_sum] ? fmax(ns, 0) : NAN;
}

/* What an old kernel does not have counts as 0. Thrashing is a part of swap-in, or the other way round. */
static double total_offcpu_delay_ns(const struct ctprof_values *v)
{
	static const enum ctprof_metric_id parts[] = {
		CTPROF_cpu_delay_total_ns, CTPROF_blkio_delay_total_ns, CTPROF_freepages_delay_total_ns,
		CTPROF_compact_delay_total_ns, CTPROF_wpcopy_delay_total_ns, CTPROF_irq_delay_total_ns,
	};
	double swapin = v->has[CTPROF_swapin_delay_total_ns] ? v->v[CTPROF_swapin_delay_total_ns] : 0;
	double thrash = v->has[CTPROF_thrashing_delay_total_ns] ?
			v->v[CTPROF_thrashing_delay_total_ns] : 0;
	double sum = fmax(swapin, thrash);

	if (!v->has[CTPROF_cpu_delay_total_ns])
		return NAN;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		sum += v->has[parts[i]] ? v->v[parts[i]] : 0;
	return sum;
}

#define ROW(id, unit, section, help) { #id, CTPROF_##unit, id, CTPROF_##section, help }
const struct ctprof_derived ctprof_derived[] = {
	ROW(cpu_efficiency, RATIO, DERIVED_FIGURES, "run_time_ns / (run_time_ns + wait_time_ns)"),
	ROW(avg_slice_ns, NS, DERIVED_FIGURES, "run_time_ns / timeslices"),
	ROW(avg_run_delay_ns, NS, DERIVED_FIGURES, "wait_time_ns / timeslices"),
	ROW(avg_wait_ns, NS, DERIVED_FIGURES, "wait_sum / wait_count"),
	ROW(affine_success_ratio, RATIO, DERIVED_FIGURES,
	    "nr_wakeups_affine / nr_wakeups_affine_attempts"),
	ROW(involuntary_csw_ratio, RATIO, DERIVED_FIGURES,
	    "nonvoluntary_csw / (nonvoluntary_csw + voluntary_csw)"),
	ROW(voluntary_sleep_ns, NS, DERIVED_FIGURES, "sleep_sum - block_sum"),
	ROW(avg_iowait_ns, NS, DERIVED_FIGURES, "iowait_sum / iowait_count"),
	ROW(disk_io_fraction, RATIO, DERIVED_FIGURES, "read_bytes / rchar; more than 1 with readahead"),
	ROW(avg_cpu_delay_ns, NS, DELAYS, "cpu_delay_total_ns / cpu_delay_count"),
	ROW(avg_blkio_delay_ns, NS, DELAYS, "blkio_delay_total_ns / blkio_delay_count"),
	ROW(avg_swapin_delay_ns, NS, DELAYS, "swapin_delay_total_ns / swapin_delay_count"),
	ROW(avg_freepages_delay_ns, NS, DELAYS, "freepages_delay_total_ns / freepages_delay_count"),
	ROW(avg_thrashing_delay_ns, NS, DELAYS, "thrashing_delay_total_ns / thrashing_delay_count"),
	ROW(avg_compact_delay_ns, NS, DELAYS, "compact_delay_total_ns / compact_delay_count"),
	ROW(avg_wpcopy_delay_ns, NS, DELAYS, "wpcopy_delay_total_ns / wpcopy_delay_count"),
	ROW(avg_irq_delay_ns, NS, DELAYS, "irq_delay_total_ns / irq_delay_count"),
	ROW(total_offcpu_delay_ns, NS, DELAYS,
	    "the totals of cpu, blkio, freepages, compact, wpcopy, irq, and the larger one of swapin and thrashing"),
};
const size_t ctprof_nr_derived = ARRAY_SIZE(ctprof_derived);

static const char * const section_name[CTPROF_NR_SECTIONS] = {
	[CTPROF_PRIMARY] = "primary", [CTPROF_DELAYS] = "taskstats-delay",
	[CTPROF_DERIVED_FIGURES] = "derived", [CTPROF_SMAPS_ROLLUP] = "smaps-rollup",
	[CTPROF_CGROUP_STATS] = "cgroup-stats", [CTPROF_CGROUP_LIMITS] = "cgroup-limits",
	[CTPROF_MEMORY_STAT] = "memory-stat", [CTPROF_MEMORY_EVENTS] = "memory-events",
	[CTPROF_PRESSURE] = "pressure", [CTPROF_HOST_PRESSURE] = "host-pressure",
	[CTPROF_SCHED_EXT] = "sched-ext", [CTPROF_HOST] = "host",
};

const char *ctprof_section__name(enum ctprof_section section)
{
	return section_name[section];
}

const char *ctprof_unit__name(enum ctprof_unit unit)
{
	static const char * const name[CTPROF_NR_UNITS] = {
		[CTPROF_COUNT] = "count", [CTPROF_NS] = "ns", [CTPROF_USEC] = "us",
		[CTPROF_BYTES] = "bytes", [CTPROF_TICKS] = "clock ticks",
		[CTPROF_PERCENT_100] = "hundredths of a percent", [CTPROF_RATIO] = "ratio",
		[CTPROF_PLAIN] = "",
	};

	return name[unit];
}

const char *ctprof_rule__name(enum ctprof_rule rule)
{
	static const char * const name[] = {
		[CTPROF_SUM] = "sum", [CTPROF_MAX] = "max", [CTPROF_MIN] = "min",
		[CTPROF_RANGE] = "range", [CTPROF_MODE] = "mode", [CTPROF_CPUS] = "CPUs",
	};

	return name[rule];
}

const char *ctprof_source__name(enum ctprof_source source)
{
	static const char * const name[CTPROF_NR_SOURCES] = {
		[CTPROF_STAT] = "stat", [CTPROF_SCHEDSTAT] = "schedstat", [CTPROF_STATUS] = "status",
		[CTPROF_IO] = "io", [CTPROF_SCHED] = "sched", [CTPROF_SMAPS] = "smaps_rollup",
		[CTPROF_TASKSTATS] = "taskstats",
	};

	return name[source];
}

bool ctprof_form__is_text(enum ctprof_form form)
{
	return form >= CTPROF_WORD;
}

const char *ctprof_policy__name(uint64_t policy)
{
	static const char * const name[] = {
		[0] = "SCHED_OTHER", [1] = "SCHED_FIFO", [2] = "SCHED_RR", [3] = "SCHED_BATCH",
		[5] = "SCHED_IDLE", [6] = "SCHED_DEADLINE", [7] = "SCHED_EXT",
	};

	return policy < ARRAY_SIZE(name) ? name[policy] : NULL;
}

int ctprof_metric__find(const char *name)
{
	for (int i = 0; i < CTPROF_NR_METRICS; i++)
		if (!strcmp(ctprof_metrics[i].name, name))
			return i;
	for (size_t i = 0; i < ctprof_nr_derived; i++)
		if (!strcmp(ctprof_derived[i].name, name))
			return CTPROF_NR_METRICS + (int)i;
	return -1;
}
