// SPDX-License-Identifier: GPL-2.0
/* Runs by name, and `ktstr stats list`, list-values and list-metrics. */
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "harness/result/metrics.h"
#include "lib/paths.h"
#include "lib/suggest.h"
#include "stats.h"
#include "tools-testing-ktstr/util/util.h"

#define MAX_NAMES	4096	/* that are searched for one that is similar */

void stats__build_name(const struct ktstr_row *row, char *buf, size_t size)
{
	snprintf(buf, size, "%s-%s", row->dim[KTSTR_DIM_KERNEL] ?: "unknown",
		 row->dim[KTSTR_DIM_PROJECT_COMMIT] ?: "unknown");
}

const struct ktstr_row *stats__newest(const struct stats *st)
{
	for (size_t i = st->rows.nr; i; i--)
		if (ktstr_compare__takes(&st->opts, KTSTR_SIDE_A, &st->rows.row[i - 1]))
			return &st->rows.row[i - 1];
	return NULL;
}

static int add_filter(struct stats *st, enum ktstr_dim dim, const char *value, const bool *sides)
{
	if (st->opts.nr_filters == KTSTR_MAX_FILTERS)
		return complain(WRONG_USAGE, NULL, "stats: more than %u filters", KTSTR_MAX_FILTERS);
	st->opts.filter[st->opts.nr_filters++] = (struct ktstr_filter) {
		.dim = dim, .value = value, .of = { sides[0], sides[1] },
	};
	return 0;
}

/* Names of runs are unique; those of builds stand for several. */
static int unknown_run(struct stats *st, const char *name)
{
	const char **names = calloc(MAX_NAMES, sizeof(*names)), *last = NULL, *near;
	size_t nr = 0;
	char hint[PATH_MAX] = "";

	for (size_t i = st->rows.nr; names && i && nr < MAX_NAMES; i--) {
		const char *run = st->rows.row[i - 1].dim[KTSTR_DIM_RUN];

		if (run != last)
			names[nr++] = last = run;
	}
	near = names ? ktstr_suggest(name, names, nr) : NULL;
	if (near)
		snprintf(hint, sizeof(hint), "%s", near);
	free(names);
	return complain(WRONG_USAGE, near ? hint : NULL, "stats: there is no run '%s' below %s", name,
			st->root);
}

int stats__choose_run(struct stats *st, const char *name, const bool *sides)
{
	const struct ktstr_row *r = name ? NULL : stats__newest(st);
	char build[256];

	if (r)
		return add_filter(st, KTSTR_DIM_RUN, r->dim[KTSTR_DIM_RUN], sides);
	for (size_t i = st->rows.nr; name && i; i--) {
		r = &st->rows.row[i - 1];
		if (r->dim[KTSTR_DIM_RUN] && !strcmp(r->dim[KTSTR_DIM_RUN], name))
			return add_filter(st, KTSTR_DIM_RUN, r->dim[KTSTR_DIM_RUN], sides);
		stats__build_name(r, build, sizeof(build));
		if (strcmp(build, name) || !r->dim[KTSTR_DIM_KERNEL] ||
		    !r->dim[KTSTR_DIM_PROJECT_COMMIT])
			continue;
		return add_filter(st, KTSTR_DIM_KERNEL, r->dim[KTSTR_DIM_KERNEL], sides) ?:
		       add_filter(st, KTSTR_DIM_PROJECT_COMMIT,
				  r->dim[KTSTR_DIM_PROJECT_COMMIT], sides);
	}
	return name ? unknown_run(st, name) : 0;
}

void stats__each_sidecar(struct stats *st, stats_sidecar_fn fn, void *arg)
{
	for (size_t i = 0; i < st->rows.nr; i++) {
		const struct ktstr_row *row = &st->rows.row[i];
		struct ktstr_record r = { .nr_figures = 0 };
		char path[PATH_MAX], *text;
		struct ktstr_err err;
		size_t len;

		if (!ktstr_compare__takes(&st->opts, KTSTR_SIDE_A, row) ||
		    ktstr_paths__fmt(path, sizeof(path), "%s/%s", st->root, row->path))
			continue;
		text = ktstr_paths__read(path, KTSTR_SIDECAR_MAX, &len);
		if (text && !ktstr_record__read(&r, text, len, row->dim[KTSTR_DIM_RUN], &err))
			fn(arg, row, &r);
		ktstr_record__free(&r);
		free(text);
	}
}

struct run {
	const struct ktstr_row *last;
	unsigned int tests, failed, skipped, undecided;
	bool several_kernels;
};

static int newest_first(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	int ret = strcmp(y->last->timestamp ?: "", x->last->timestamp ?: "");

	return ret ?: strcmp(y->last->dim[KTSTR_DIM_RUN], x->last->dim[KTSTR_DIM_RUN]);
}

static struct run *run_of(struct run *runs, size_t *nr, const struct ktstr_row *row)
{
	for (size_t i = *nr; i; i--)	/* rows are sorted by time: it is one of the last */
		if (runs[i - 1].last->dim[KTSTR_DIM_RUN] == row->dim[KTSTR_DIM_RUN])
			return &runs[i - 1];
	runs[*nr].last = row;
	return &runs[(*nr)++];
}

int stats__list(struct stats *st)
{
	static const struct sheet_column columns[] = {
		{ "run", "RUN" }, { "kernel", "KERNEL" }, { "project_commit", "COMMIT" },
		{ "tests", "TESTS", true }, { "failed", "FAILED", true },
		{ "skipped", "SKIPPED", true }, { "inconclusive", "INCONCLUSIVE", true },
		{ "date", "DATE" }, { "arch", "ARCH" },
	};
	struct run *runs = calloc(st->rows.nr + 1, sizeof(*runs));
	size_t nr = 0;

	if (!runs)
		return complain(1, NULL, "no memory for the runs");
	for (size_t i = 0; i < st->rows.nr; i++) {
		const struct ktstr_row *row = &st->rows.row[i];
		struct run *r;

		if (!ktstr_compare__takes(&st->opts, KTSTR_SIDE_A, row))
			continue;
		r = run_of(runs, &nr, row);
		r->several_kernels |= r->last->dim[KTSTR_DIM_KERNEL] != row->dim[KTSTR_DIM_KERNEL];
		r->last = row;
		r->tests++;
		r->failed += ktstr_row__is(row, "fail");
		r->skipped += ktstr_row__is(row, "skip");
		r->undecided += ktstr_row__is(row, "inconclusive");
	}
	qsort(runs, nr, sizeof(*runs), newest_first);
	sheet__table(st->sheet, "runs", NULL, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < nr; i++) {
		const struct ktstr_row *row = runs[i].last;

		sheet__row(st->sheet);
		sheet__text(st->sheet, row->dim[KTSTR_DIM_RUN]);
		sheet__text(st->sheet, runs[i].several_kernels ? "several" :
			    row->dim[KTSTR_DIM_KERNEL]);
		sheet__text(st->sheet, row->dim[KTSTR_DIM_PROJECT_COMMIT]);
		sheet__number(st->sheet, runs[i].tests, 0);
		sheet__number(st->sheet, runs[i].failed, 0);
		sheet__number(st->sheet, runs[i].skipped, 0);
		sheet__number(st->sheet, runs[i].undecided, 0);
		sheet__text(st->sheet, row->timestamp);
		sheet__text(st->sheet, row->arch);
		sheet__mark(st->sheet, runs[i].failed ? -1 : 0);
	}
	free(runs);
	if (!nr)
		fprintf(stderr, "ktstr: there are no runs below %s\n", st->root);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char * const *)a, *(const char * const *)b);
}

int stats__list_values(struct stats *st)
{
	static const struct sheet_column columns[] = {
		{ "dimension", "DIMENSION" }, { "value", "VALUE" }, { "runs", "RUNS", true },
		{ "meaning", "MEANING" },
	};
	const char **values = calloc(st->rows.nr + 1, sizeof(*values));

	if (!values)
		return complain(1, NULL, "no memory for the values");
	sheet__table(st->sheet, "values", NULL, columns, ARRAY_SIZE(columns));
	for (int d = 0; d < KTSTR_NR_DIMS; d++) {
		size_t nr = 0, same;

		for (size_t i = 0; i < st->rows.nr; i++)
			if (st->rows.row[i].dim[d] &&
			    ktstr_compare__takes(&st->opts, KTSTR_SIDE_A, &st->rows.row[i]))
				values[nr++] = st->rows.row[i].dim[d];
		qsort(values, nr, sizeof(*values), by_text);
		for (size_t i = 0; i < nr; i += same) {
			for (same = 1; i + same < nr && values[i + same] == values[i]; same++)
				;
			sheet__row(st->sheet);
			sheet__text(st->sheet, ktstr_dims[d].name);
			sheet__text(st->sheet, values[i]);
			sheet__number(st->sheet, (double)same, 0);
			sheet__text(st->sheet, ktstr_dims[d].meaning);
		}
	}
	free(values);
	return 0;
}

static void put_metric(struct stats *st, const struct ktstr_figure_row *f, const char *meaning)
{
	struct ktstr_gates g = ktstr_policy__gates(&st->policy, f);
	bool compared = !isnan(g.abs) && !isnan(g.rel);
	const char *polarity = ktstr_polarity__name(g.polarity);

	sheet__row(st->sheet);
	sheet__text(st->sheet, f->name);
	sheet__text(st->sheet, *polarity ? polarity : NULL);
	sheet__number(st->sheet, compared ? g.abs : NAN, 2);
	sheet__number(st->sheet, compared ? 100 * g.rel : NAN, 0);
	sheet__text(st->sheet, g.unit && *g.unit ? g.unit : NULL);
	sheet__text(st->sheet, meaning);
}

int stats__list_metrics(struct stats *st)
{
	static const struct sheet_column columns[] = {
		{ "metric", "METRIC" }, { "better", "BETTER" }, { "absolute", "ABSOLUTE", true },
		{ "relative_percent", "RELATIVE %", true }, { "unit", "UNIT" },
		{ "meaning", "MEANING" },
	};
	const struct ktstr_metric *m;

	sheet__table(st->sheet, "metrics", NULL, columns, ARRAY_SIZE(columns));
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		struct ktstr_figure_row f = { m->run_key, m->unit, m->polarity };

		if (m->run_key)
			put_metric(st, &f, m->meaning);
	}
	for (uint32_t i = 0; i < st->rows.nr_figures; i++) {
		const struct ktstr_figure_row *f = &st->rows.figure[i];

		m = f->name ? ktstr_metric__find(f->name) : NULL;
		if (f->name && !(m && m->run_key && !strcmp(m->run_key, f->name)))
			put_metric(st, f, strncmp(f->name, KTSTR_LEDGER_PREFIX, 4) ?
				   "reported by a payload or work type" : "of the ledger");
	}
	return 0;
}
