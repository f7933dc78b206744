/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The dimensions of a run: by what runs are told apart, chosen and paired. A new dimension is a row of
 * the table: the index gets a column, the tool two or three filters, and list-values a line.
 */
#ifndef KTSTR_RUNS_DIMS_H
#define KTSTR_RUNS_DIMS_H

#include <stdbool.h>
#include <stddef.h>

enum ktstr_dim {
	KTSTR_DIM_TEST, KTSTR_DIM_TOPOLOGY, KTSTR_DIM_SCHEDULER, KTSTR_DIM_WORK_TYPE,
	KTSTR_DIM_DURATION, KTSTR_DIM_ACCEL, KTSTR_DIM_KERNEL, KTSTR_DIM_KERNEL_COMMIT,
	KTSTR_DIM_PROJECT_COMMIT, KTSTR_DIM_SOURCE, KTSTR_DIM_SEED, KTSTR_DIM_RUN,
	KTSTR_NR_DIMS,
};

enum ktstr_dim_role {
	KTSTR_DIM_WHAT,		/* what was tested: two runs that differ in it are never a pair */
	KTSTR_DIM_BUILD,	/* of which kernel and sources: pairs, unless it is what is compared */
	KTSTR_DIM_ONE,		/* one of several equal runs: never pairs */
};

struct ktstr_dim_row {
	const char *name;	/* of the filter, and the column in the index */
	const char *key;	/* in the sidecar; NULL: the name of the folder */
	enum ktstr_dim_role role;
	const char *meaning;
};

extern const struct ktstr_dim_row ktstr_dims[KTSTR_NR_DIMS];

/* Does a run with @value belong to the filter @wanted? A run without the value belongs to none. */
bool ktstr_dim__matches(enum ktstr_dim dim, const char *value, const char *wanted);

/* How many bytes of the commit @value are the commit: "-dirty" is not. */
size_t ktstr_dim__commit_len(const char *value);

#endif
