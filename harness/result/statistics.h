/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The figures of a run as the guest sends them: of each cgroup in each step, of single
 * workers, and those that payloads and work types report under names of their own. Most
 * members are rows of ktstr/figures.h. metrics.h makes struct ktstr_stats of them.
 */
#ifndef KTSTR_RESULT_STATISTICS_H
#define KTSTR_RESULT_STATISTICS_H

#include <stdint.h>

#include <ktstr/stats.h>

#include "worker_report.h"

#define KTSTR_MAX_CGROUPS	256
#define KTSTR_MAX_KEPT_WORKERS	1024	/* with figures of their own */
#define KTSTR_MAX_EXT_METRICS	256
#define KTSTR_NAME_LEN		64

/*
 * Statistics of the samples of one kind, of all workers of a cgroup together. Percentiles are
 * nearest rank: of n sorted samples number ceil(n * p), counted from 1.
 */
struct ktstr_sample_stats {
	uint64_t total;			/* seen; 0: the rest is absent */
	uint64_t kept;			/* what the rest was computed from */
	double median_us, p99_us, max_us, mean_us;
	double cv;			/* population standard deviation / mean; 0 for mean 0 */
	uint64_t log2[64];		/* of all: as in struct ktstr_samples */
};

/*
 * The part of its workers' lifetime that an entry describes. Workers that exist in several steps
 * have one entry for their lifetime and one for each step. The entry of the lifetime counts for
 * the run and for no step; the entry of a step counts for that step and not for the run.
 */
enum ktstr_span {
	KTSTR_SPAN_STEP,	/* the workers live in this step only: counts to both */
	KTSTR_SPAN_LIFE,	/* of several steps; @step is the one that created them */
	KTSTR_SPAN_PHASE,	/* one step of such a life */
	KTSTR_NR_SPANS,
};

/* "step", "life", "phase" */
const char *ktstr_span__name(uint32_t span);

/* Statistics of one cgroup in one step. checks/stats.c has the formulas. */
struct ktstr_cgroup_stats {
	char name[KTSTR_NAME_LEN];
	char part[KTSTR_NAME_LEN];	/* of the test: a scenario of a batch; mostly "" */
	uint32_t step;
	uint32_t span;			/* enum ktstr_span */
	uint32_t workers;
	uint32_t messengers;		/* of the workers; no part of off-CPU, spread, run delay */
	uint32_t blocks;		/* 1: some sleep on purpose, spread is that of run delays */
	uint32_t cpus;			/* union of the CPUs its workers ran on */
	struct ktstr_cpumask cpus_used;	/* that union */
	uint32_t timed_workers;		/* had a wall time; 0: the off-CPU shares are absent */
	uint32_t delay_workers;		/* had schedstat; 0: the run delays are absent */
	uint32_t spread_workers;	/* compared in the spread; below 2: it is absent */
	int32_t max_gap_cpu;		/* CPU before the longest gap; -1: there was none */
	uint32_t locality_known;	/* 1: local_pages is known, the cpuset has nodes */
	uint32_t migrated_known;	/* 1: migrated_pages is known */
	/* sums over the workers, and the largest values of any worker */
#define KTSTR_COUNTER(_name, _raw, ...)		uint64_t _raw;
#define KTSTR_LONGEST(_name, _raw, ...)		uint64_t _raw;
#define KTSTR_OF_CGROUP(_name, _raw, ...)	double _raw;
#include <ktstr/figures.h>
	double min_delay_pct, max_delay_pct;	/* run delay / wall time */
	struct ktstr_sample_stats samples[KTSTR_NR_SAMPLE_KINDS];
	uint64_t pages;			/* counted; 0: the next two are absent */
	uint64_t local_pages;		/* of pages: on the nodes of the cpuset */
	uint64_t migrated_pages;	/* by the kernel, between nodes, system-wide */
};

/* Of one cgroup in one step; @c may be any of r->cgroups[]. */
void ktstr_cgroup_stats__figures(const struct ktstr_cgroup_stats *c, struct ktstr_stats *out);

/* What one worker did in one step. */
struct ktstr_worker_stats {
	uint32_t cgroup;		/* index of its cgroup and step */
	int32_t tid;
	uint32_t flags;			/* KTSTR_WORKER_* */
	uint32_t schedstat_valid;
	int32_t max_gap_cpu;
#define KTSTR_COUNTER(_name, _raw, ...)	uint64_t _raw;
#define KTSTR_LONGEST(_name, _raw, ...)	uint64_t _raw;
#include <ktstr/figures.h>
	uint64_t max_gap_ns, run_delay_ns;
	uint64_t pages, local_pages;
	uint64_t wake_total;		/* samples seen; 0: the next are absent */
	double median_wake_us, p99_wake_us, max_wake_us;
	struct ktstr_cpumask cpus_used;
	struct ktstr_migrations last_migrations;
};

#define KTSTR_NO_STEP		UINT32_MAX	/* a figure of the whole run */
#define KTSTR_RUN_METRIC	"run"		/* the source of those that the host has measured */

/* Where a payload's figure was found. */
enum ktstr_metric_stream {
	KTSTR_METRIC_NO_STREAM,		/* of a work type, or measured by the host */
	KTSTR_METRIC_STDOUT,
	KTSTR_METRIC_STDERR,
	KTSTR_METRIC_SYNTHESIZED,	/* counted from the output: tests of a KTAP */
	KTSTR_NR_METRIC_STREAMS,
};

/*
 * A figure under a name of its own: of a payload, or of a work type that measures more than
 * the common telemetry. It has no pointers, as it also travels in shared memory.
 */
struct ktstr_ext_metric {
	char source[KTSTR_NAME_LEN];	/* name of the payload or work type */
	char cgroup[KTSTR_NAME_LEN];	/* where it ran, may be empty */
	char name[KTSTR_NAME_LEN];
	char unit[16];
	uint32_t step;			/* counts from 0, as in ktstr_cgroup_stats; or KTSTR_NO_STEP */
	uint32_t polarity;		/* enum ktstr_polarity */
	uint32_t stream;		/* enum ktstr_metric_stream */
	uint32_t run;			/* of a payload: its number in the test, from 0 on */
	double value;			/* finite */
	double target;			/* of KTSTR_TARGET_IS_BETTER; finite */
};

#endif
