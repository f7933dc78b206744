/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metrics as one table: what the statistics, the sidecar, `ktstr list metrics`, claims and
 * comparisons of runs know about a figure. A new metric is a member of struct ktstr_stats, the
 * line that fills it in metrics.c, and a row.
 */
#ifndef KTSTR_CORE_METRICS_H
#define KTSTR_CORE_METRICS_H

#include <stddef.h>

#include <ktstr/stats.h>

/* How the figures of several cgroups become one. */
enum ktstr_metric_fold {
	KTSTR_FOLD_SUM,
	KTSTR_FOLD_MAX,
	KTSTR_FOLD_MIN,
	KTSTR_FOLD_OWN,			/* by a rule of its own: cpus, max_gap_cpu */
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
	size_t offset;			/* into struct ktstr_stats */
	const char *meaning;		/* one line */
};

extern const struct ktstr_metric ktstr_metric_table[];
extern const unsigned int ktstr_nr_metrics;

/* By member, key or run_key; NULL. */
const struct ktstr_metric *ktstr_metric__find(const char *name);
/* NaN: absent. */
double ktstr_metric__value(const struct ktstr_metric *m, const struct ktstr_stats *s);
/* Of one part of the test (a scenario of a batch): as ktstr_stats__run(). */
struct ktstr_stats ktstr_stats__part(const struct ktstr_result *r, const char *part);
/* "lower", "higher", "" */
const char *ktstr_polarity__name(enum ktstr_polarity p);

#endif
