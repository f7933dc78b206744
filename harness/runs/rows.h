/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs in memory, as comparisons and tables use them. All strings are interned: equal texts are the
 * same pointer, so that groups are found by comparing pointers.
 */
#ifndef KTSTR_RUNS_ROWS_H
#define KTSTR_RUNS_ROWS_H

#include <stdint.h>

#include <ktstr/stats.h>

#include "dims.h"

struct ktstr_value {
	uint32_t figure;	/* index into ktstr_rows.figure[] */
	double value;
};

struct ktstr_row {
	const char *dim[KTSTR_NR_DIMS];
	const char *verdict, *timestamp, *arch, *host_cpu, *host_kernel;
	const char *path;		/* of the sidecar, below the root */
	bool deterministic;
	size_t first, nr;		/* in ktstr_rows.value[] */
};

struct ktstr_figure_row {
	const char *name, *unit;
	enum ktstr_polarity polarity;
};

struct ktstr_rows {
	struct ktstr_row *row;		/* by the time of the run, the oldest first */
	size_t nr, room;
	struct ktstr_value *value;
	size_t nr_values, values_room;
	struct ktstr_figure_row *figure;
	uint32_t nr_figures;
	void *strings;			/* a tree of tsearch(3) */
};

void ktstr_rows__free(struct ktstr_rows *r);
/* The one copy of @text; NULL: @text is NULL, or there is no memory. */
const char *ktstr_rows__intern(struct ktstr_rows *r, const char *text);
/* Add one. The new row or value, zeroed, until the next call; NULL: no memory. */
struct ktstr_row *ktstr_rows__add(struct ktstr_rows *r);
struct ktstr_value *ktstr_rows__add_value(struct ktstr_rows *r);

/* Is it a run whose figures count: one that passed? */
bool ktstr_row__passed(const struct ktstr_row *row);
bool ktstr_row__is(const struct ktstr_row *row, const char *verdict);

#endif
