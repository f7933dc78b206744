/* SPDX-License-Identifier: GPL-2.0 */
/* What the actions of `ktstr stats` share. Each is a file and a row in builtin-stats.c. */
#ifndef KTSTR_TOOL_STATS_STATS_H
#define KTSTR_TOOL_STATS_STATS_H

#include <limits.h>

#include "harness/runs/compare.h"
#include "harness/runs/index.h"
#include "harness/runs/record.h"
#include "sheet.h"

struct stats {
	char root[PATH_MAX];		/* the folder of the runs */
	struct ktstr_index *index;
	struct ktstr_rows rows;
	struct ktstr_compare_opts opts;	/* the filters, for all actions */
	struct ktstr_policy policy;
	const char *policy_file;
	bool all;			/* compare: unchanged figures too */
	bool must_pass;			/* compare: what fails or is gone on side B counts */
	bool strict;			/* explain: files that are wrong count */
	const char *action;
	const char **argv;		/* behind the action */
	int argc;
	struct sheet *sheet;
};

/* Each fills the sheet and returns the exit status of the tool. */
int stats__list(struct stats *st);
int stats__show(struct stats *st);
int stats__compare(struct stats *st);
int stats__list_metrics(struct stats *st);
int stats__list_values(struct stats *st);
int stats__explain(struct stats *st);

/*
 * The run that @name stands for: the name of a folder, or KERNEL-COMMIT for all runs of these. NULL: the
 * newest one. Adds filters for @sides. 0, or a status after a complaint.
 */
int stats__choose_run(struct stats *st, const char *name, const bool *sides);
/* "7.3.4-1234567": what the folder of a run is called by, without its time. */
void stats__build_name(const struct ktstr_row *row, char *buf, size_t size);
/* The newest row that belongs to the filters; NULL: none. */
const struct ktstr_row *stats__newest(const struct stats *st);

/* Call @fn for the sidecar of each row that belongs to the filters. */
typedef void (*stats_sidecar_fn)(void *arg, const struct ktstr_row *row,
				 const struct ktstr_record *r);
void stats__each_sidecar(struct stats *st, stats_sidecar_fn fn, void *arg);

/* The lines and the table of a comparison: also of perf-delta. */
void stats__put_comparison(struct sheet *s, const struct ktstr_comparison *c, bool all);

#endif
