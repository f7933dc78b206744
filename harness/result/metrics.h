/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metrics as one table. The statistics, the sidecar, the report, `ktstr list metrics`,
 * claims and comparisons of runs all use it. Its rows are those of ktstr/figures.h, followed by
 * the figures that only the monitor can see.
 */
#ifndef KTSTR_RESULT_METRICS_H
#define KTSTR_RESULT_METRICS_H

#include <stddef.h>

#include <ktstr/stats.h>

/* How the figures of several cgroups become one. */
enum ktstr_metric_fold {
	KTSTR_FOLD_SUM,
	KTSTR_FOLD_MAX,
	KTSTR_FOLD_MIN,
	KTSTR_FOLD_OWN,			/* by a rule of its own: cpus, max_gap_cpu */
};

/* Where a figure comes from: see ktstr/figures.h. */
enum ktstr_metric_source {
	KTSTR_FROM_MONITOR,		/* is no member of struct ktstr_stats */
	KTSTR_FROM_COUNTER,		/* uint64_t of the worker, cgroups have the sum */
	KTSTR_FROM_LONGEST,		/* uint64_t of the worker, cgroups have the largest */
	KTSTR_FROM_CGROUP,		/* double of the cgroup */
	KTSTR_FROM_OTHERS,
};

struct ktstr_metric {
	const char *member;		/* of struct ktstr_stats; NULL: needs the monitor */
	const char *key;		/* of a cgroup in the sidecar; NULL: not there */
	const char *run_key;		/* of the run, there and in comparisons; NULL: not there */
	const char *unit;
	enum ktstr_polarity polarity;
	enum ktstr_metric_fold fold;
	/* A change counts when it exceeds both; NaN: the metric is not compared. */
	double abs_gate, rel_gate;
	double least_iterations;	/* absent in runs with fewer */
	bool integer;
	const char *label;		/* the report prints the figure under it; NULL: it does not */
	size_t offset;			/* into struct ktstr_stats */
	const char *meaning;		/* one line */
	enum ktstr_metric_source source;
	/* Where the raw value is in struct ktstr_worker_report, _worker_stats and _cgroup_stats. */
	size_t in_report, in_worker, in_cgroup;
	double per;			/* the figure is the raw value over @per */
	/* The figure is absent while this uint32_t of struct ktstr_cgroup_stats is below @least. */
	size_t of;
	uint32_t least;
};

extern const struct ktstr_metric ktstr_metric_table[];
extern const unsigned int ktstr_nr_metrics;

/* The raw value of a counter in @record, @offset being one of the three above. */
static inline uint64_t *ktstr_metric__raw(const void *record, size_t offset)
{
	return (uint64_t *)((char *)record + offset);
}

/* By member, key or run_key; NULL. */
const struct ktstr_metric *ktstr_metric__find(const char *name);
/* NaN: absent. */
double ktstr_metric__value(const struct ktstr_metric *m, const struct ktstr_stats *s);
/* Of one part of the test (a scenario of a batch): as ktstr_stats__run(). */
struct ktstr_stats ktstr_stats__part(const struct ktstr_result *r, const char *part);
/* Every figure is absent. */
struct ktstr_stats ktstr_stats__absent(void);
/* "stdout", "stderr", "synthesized"; NULL: of no stream */
const char *ktstr_metric_stream__name(uint32_t stream);
/* "lower", "higher", "target", "" */
const char *ktstr_polarity__name(enum ktstr_polarity p);
/* Anything else is neutral. */
enum ktstr_polarity ktstr_polarity__find(const char *name);

#endif
