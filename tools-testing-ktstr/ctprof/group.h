/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The threads of one or two snapshots in groups that have a name in common, and the figures of each group.
 *
 * Two snapshots of one boot can be joined by thread: a thread is the same one if tid and start time are.
 * Then what ended in between is left out of the first snapshot, what began in between counts from 0, and
 * a figure counts only where both snapshots have it. So the difference of two sums is what happened in
 * between. Snapshots of different boots are joined by the names of groups only.
 */
#ifndef KTSTR_TOOL_CTPROF_GROUP_H
#define KTSTR_TOOL_CTPROF_GROUP_H

#include "snapshot.h"

enum ctprof_side { CTPROF_A, CTPROF_B, CTPROF_SIDES };

enum ctprof_axis_kind { CTPROF_NAMES, CTPROF_PATHS, CTPROF_EXACT };

struct ctprof_axis {
	const char *name;
	enum ctprof_axis_kind kind;
	bool of_all;			/* is a part of "all" */
	/* What the thread is called there, maybe written to @buf. */
	const char *(*literal)(const struct ctprof_snapshot *s, const struct ctprof_thread *t,
			       char *buf, size_t size);
	const char *help;
};

extern const struct ctprof_axis ctprof_axes[];
extern const size_t ctprof_nr_axes;

struct ctprof_group_opts {
	bool join_threads;
	bool plain_names, plain_paths;	/* names stay as they are */
	const char * const *flatten;	/* globs of cgroups; the first that matches is the group */
	size_t nr_flatten;
};

/* What the values of a group became. */
struct ctprof_aggregate {
	bool has;
	int64_t lo, hi;		/* sum, maximum and minimum are in both */
	const char *text;	/* of CTPROF_MODE; of CTPROF_CPUS where all are equal, else NULL */
	uint32_t count, of;	/* CTPROF_MODE: so many of so many have @text */
};

struct ctprof_group {
	const char *key, *label;
	uint32_t threads[CTPROF_SIDES];	/* as many as there were, joined or not */
	struct ctprof_aggregate figure[CTPROF_SIDES][CTPROF_NR_METRICS];
};

struct ctprof_groups {
	struct ctprof_group *group;	/* by key */
	size_t nr;
	struct ktstr_jtree text;	/* owns the keys and labels */
};

/* @a may be NULL. 0 or -ENOMEM; free it whatever became of it. */
int ctprof_groups__make(struct ctprof_groups *g, const struct ctprof_axis *axis,
			const struct ctprof_snapshot *a, const struct ctprof_snapshot *b,
			const struct ctprof_group_opts *opts);
void ctprof_groups__free(struct ctprof_groups *g);

/*
 * The key of @literal on an axis, in memory of @t: the glob that it matches, its pattern, or itself.
 * NULL: no memory.
 */
const char *ctprof_axis__key(const struct ctprof_axis *axis, const char *literal,
			     const struct ctprof_group_opts *opts, struct ktstr_jtree *t);
/* The glob that a cgroup matches, or its path: what stands for it in a label. */
const char *ctprof_axis__shown(const struct ctprof_axis *axis, const char *literal,
			       const struct ctprof_group_opts *opts);
/* The label of members whose key is @key, in memory of @t; NULL: no memory. */
const char *ctprof_axis__label(const struct ctprof_axis *axis, const char *key,
			       const char * const *members, size_t nr,
			       const struct ctprof_group_opts *opts, struct ktstr_jtree *t);

#endif
