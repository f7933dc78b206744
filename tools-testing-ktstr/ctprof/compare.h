/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In what two snapshots differ, or what one says, as rows: a figure of a group is a row, whatever kind of
 * figure it is. print.h makes tables of them. The same snapshots and options make the same rows.
 */
#ifndef KTSTR_TOOL_CTPROF_COMPARE_H
#define KTSTR_TOOL_CTPROF_COMPARE_H

#include "group.h"

#define CTPROF_MAX_SORT		8
#define CTPROF_SORT_PERCENT	(-1)	/* rows by their percentage, not groups by a figure */

enum ctprof_join { CTPROF_JOIN_AUTO, CTPROF_JOIN_THREADS, CTPROF_JOIN_GROUPS };

struct ctprof_compare_opts {
	struct ctprof_group_opts group;
	enum ctprof_join join;		/* auto: by thread if both are of one boot */
	const struct ctprof_axis *axis;	/* NULL: all that are a part of "all" */
	struct {
		int id;			/* as ctprof_metric__find() has it, or CTPROF_SORT_PERCENT */
		bool ascending;
	} sort[CTPROF_MAX_SORT];
	size_t nr_sort;			/* 0: by run_time_ns */
	const bool *metric;		/* by id; NULL: all */
	const bool *section;		/* NULL: all */
	size_t limit;			/* of the rows of a table; 0: none */
	bool all;			/* also what did not change, or, of one snapshot, is 0 */
};

struct ctprof_row {
	const char *by;			/* the axis; "host" */
	const char *group, *label;
	enum ctprof_section section;
	const char *metric;
	enum ctprof_unit unit;
	uint32_t threads[CTPROF_SIDES];
	bool has[CTPROF_SIDES];
	double value[CTPROF_SIDES];
	const char *text[CTPROF_SIDES];	/* instead of the value */
	/* NaN: there is none. Derived: per_s is not there; interval is the figure of what happened in between. */
	double delta, percent, per_s, interval;
	const char *verdict;		/* "same" or "differs" of texts; else NULL */
};

/* A group that only one side has. */
struct ctprof_alone {
	const char *by, *label;
	enum ctprof_side side;
	uint32_t threads;
};

struct ctprof_comparison {
	bool joined;			/* by thread */
	uint64_t elapsed_ns;		/* 0: not known; snapshots of one boot only */
	const struct ctprof_snapshot *side[CTPROF_SIDES];	/* A may be NULL */
	struct ctprof_row *row;		/* the rows of a table follow one another */
	size_t nr, room;
	size_t cut;			/* rows beyond the limit */
	struct ctprof_alone *alone;
	size_t nr_alone, alone_room;
	struct ktstr_jtree text;	/* owns labels and texts */
	int error;
};

/* Rows of one table have an axis and this in common. */
enum ctprof_table { CTPROF_TABLE_THREADS, CTPROF_TABLE_DERIVED, CTPROF_TABLE_CGROUPS, CTPROF_TABLE_HOST };
enum ctprof_table ctprof_section__table(enum ctprof_section section);

/*
 * @a is NULL: what @b says. The snapshots have to outlive it. 0, or -errno with @err: -EINVAL if the
 * snapshots cannot be joined as asked. Free it whatever became of it.
 */
int ctprof_compare(struct ctprof_comparison *c, const struct ctprof_snapshot *a,
		   const struct ctprof_snapshot *b, const struct ctprof_compare_opts *opts,
		   struct ktstr_err *err);
void ctprof_comparison__free(struct ctprof_comparison *c);

#endif
