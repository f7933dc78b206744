/* SPDX-License-Identifier: GPL-2.0 */
/* Runs made by hand, for tests of comparisons. */
#ifndef MADE_ROWS_H
#define MADE_ROWS_H

#include <stdlib.h>
#include <string.h>

#include "harness/runs/compare.h"

/* A run that passed, of test "t", one LLC, scheduler "s". */
static inline struct ktstr_row *made_run(struct ktstr_rows *rows, const char *run)
{
	struct ktstr_row *r = ktstr_rows__add(rows);

	if (!r)
		abort();
	r->dim[KTSTR_DIM_TEST] = ktstr_rows__intern(rows, "ktstr/t");
	r->dim[KTSTR_DIM_TOPOLOGY] = ktstr_rows__intern(rows, "1n1l2c1t");
	r->dim[KTSTR_DIM_SCHEDULER] = ktstr_rows__intern(rows, "s");
	r->dim[KTSTR_DIM_RUN] = ktstr_rows__intern(rows, run);
	r->verdict = ktstr_rows__intern(rows, "pass");
	r->deterministic = true;
	r->first = rows->nr_values;
	return r;
}

/* Give the last run a figure. */
static inline void made_value(struct ktstr_rows *rows, const char *name,
			      enum ktstr_polarity polarity, double value)
{
	struct ktstr_value *v = ktstr_rows__add_value(rows);
	uint32_t i;

	if (!rows->figure)	/* number 0 is nobody's, as in the index */
		rows->figure = calloc(64, sizeof(*rows->figure));
	if (!rows->nr_figures)
		rows->nr_figures = 1;
	for (i = 1; i < rows->nr_figures && strcmp(rows->figure[i].name, name); i++)
		;
	if (!v || !rows->figure || i == 64)
		abort();
	if (i == rows->nr_figures) {
		rows->figure[i].name = ktstr_rows__intern(rows, name);
		rows->figure[i].unit = "";
		rows->figure[i].polarity = polarity;
		rows->nr_figures++;
	}
	v->figure = i;
	v->value = value;
	rows->row[rows->nr - 1].nr++;
}

#endif
