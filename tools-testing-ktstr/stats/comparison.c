// SPDX-License-Identifier: GPL-2.0
/* `ktstr stats compare`, and how comparisons are shown. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stats.h"
#include "tools-testing-ktstr/util/util.h"

#define MAX_HINTS	8	/* values that a message lists */
#define LINE		512

/* Append ", @text". */
static void append(char *line, const char *text)
{
	size_t n = strlen(line);

	snprintf(line + n, LINE - n, "%s%s", n ? ", " : "", text);
}

static void put_dims(struct sheet *s, const char *title, const bool *which)
{
	char line[LINE] = "";

	for (int d = 0; d < KTSTR_NR_DIMS; d++)
		if (which[d])
			append(line, ktstr_dims[d].name);
	sheet__note(s, "%s: %s", title, *line ? line : "nothing");
}

/* The different values of a side in a dimension, at most three of them. */
static void side_values(const struct ktstr_comparison *c, int side, enum ktstr_dim dim, char *line)
{
	const char *seen[3];
	size_t nr = 0, i, k;

	line[0] = '\0';
	for (i = 0; i < c->nr_groups; i++) {
		const struct ktstr_row *row = c->group[i].like[side];

		if (!row || !row->dim[dim])
			continue;
		for (k = 0; k < nr && seen[k] != row->dim[dim]; k++)
			;
		if (k < nr)
			continue;
		if (nr == 3) {
			append(line, "...");
			return;
		}
		seen[nr++] = row->dim[dim];
		append(line, row->dim[dim]);
	}
}

static void put_sides(struct sheet *s, const struct ktstr_comparison *c)
{
	char line[LINE], all[2 * LINE];
	size_t n;

	for (int side = 0; side < KTSTR_SIDES; side++) {
		n = 0;
		all[0] = '\0';
		for (int d = 0; d < KTSTR_NR_DIMS && n < sizeof(all); d++) {
			if (!c->slicing[d])
				continue;
			side_values(c, side, d, line);
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s %s", n ? ": " : "",
					      ktstr_dims[d].name, line);
		}
		sheet__note(s, "%c: %s (%zu runs)", 'A' + side, all, c->runs[side]);
	}
}

/* Figures of different machines differ; those of deterministic guests do not. */
static void put_hosts(struct sheet *s, const struct ktstr_comparison *c)
{
	size_t other_cpu = 0, other_kernel = 0, dirty = 0;

	for (size_t i = 0; i < c->nr_groups; i++) {
		const struct ktstr_group *g = &c->group[i];
		const struct ktstr_row *a = g->like[KTSTR_SIDE_A], *b = g->like[KTSTR_SIDE_B];

		dirty += g->side[KTSTR_SIDE_A].dirty || g->side[KTSTR_SIDE_B].dirty;
		if (!a || !b || (a->deterministic && b->deterministic))
			continue;
		other_cpu += a->host_cpu != b->host_cpu;
		other_kernel += a->host_kernel != b->host_kernel;
	}
	if (other_cpu)
		sheet__note(s, "warning: %zu pairs ran on hosts with different CPUs", other_cpu);
	if (other_kernel)
		sheet__note(s, "warning: %zu pairs ran on hosts with different kernels", other_kernel);
	if (dirty)
		sheet__note(s, "warning: %zu pairs are of a tree with changes that are in no commit (-dirty)",
			    dirty);
}

static void put_delta(struct sheet *s, const struct ktstr_delta *d)
{
	const struct ktstr_row *a = d->group->like[KTSTR_SIDE_A];

	sheet__row(s);
	sheet__text(s, a->dim[KTSTR_DIM_TEST]);
	sheet__text(s, a->dim[KTSTR_DIM_TOPOLOGY]);
	sheet__text(s, a->dim[KTSTR_DIM_SCHEDULER]);
	sheet__text(s, d->metric);
	for (int side = 0; side < KTSTR_SIDES; side++)
		sheet__number(s, d->side[side].mean, 2);
	sheet__number(s, d->delta, 2);
	sheet__number(s, 100 * d->rel, 1);
	sheet__text(s, d->gates.unit && *d->gates.unit ? d->gates.unit : NULL);
	for (int side = 0; side < KTSTR_SIDES; side++)
		sheet__number(s, (double)d->side[side].nr, 0);
	sheet__number(s, d->side[KTSTR_SIDE_A].sd, 2);
	sheet__number(s, d->side[KTSTR_SIDE_B].sd, 2);
	sheet__number(s, d->p, 4);
	sheet__text(s, ktstr_change__name(d->change));
	sheet__mark(s, d->change == KTSTR_REGRESSED ? -1 : d->change == KTSTR_IMPROVED);
}

static void put_deltas(struct sheet *s, const struct ktstr_comparison *c, bool all)
{
	static const struct sheet_column columns[] = {
		{ "test", "TEST" }, { "topology", "TOPOLOGY" }, { "scheduler", "SCHEDULER" },
		{ "metric", "METRIC" }, { "a", "A", true }, { "b", "B", true },
		{ "delta", "DELTA", true }, { "delta_percent", "%", true }, { "unit", "UNIT" },
		{ "n_a", "N(A)", true }, { "n_b", "N(B)", true }, { "sd_a", "SD(A)", true },
		{ "sd_b", "SD(B)", true }, { "p", "P", true }, { "verdict", "VERDICT" },
	};

	sheet__table(s, "deltas", NULL, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < c->nr_deltas; i++)
		if (all || c->delta[i].change >= KTSTR_CHANGED)
			put_delta(s, &c->delta[i]);
}

/* Tests that differ in their verdicts, or that one side has not. */
static void put_verdicts(struct sheet *s, const struct ktstr_comparison *c)
{
	static const struct sheet_column columns[] = {
		{ "test", "TEST" }, { "topology", "TOPOLOGY" }, { "scheduler", "SCHEDULER" },
		{ "passed_a", "PASSED(A)", true }, { "runs_a", "OF", true },
		{ "passed_b", "PASSED(B)", true }, { "runs_b", "OF", true }, { "what", "" },
	};

	sheet__table(s, "verdicts", "Tests that did not pass on both sides", columns,
		     ARRAY_SIZE(columns));
	for (size_t i = 0; i < c->nr_groups; i++) {
		const struct ktstr_group *g = &c->group[i];
		const struct ktstr_side *a = &g->side[KTSTR_SIDE_A], *b = &g->side[KTSTR_SIDE_B];
		const struct ktstr_row *like = g->like[KTSTR_SIDE_A] ?: g->like[KTSTR_SIDE_B];
		bool worse = a->passed && a->passed + a->skipped == a->runs && (b->failed || !b->runs);

		if (a->runs && b->runs && !g->dropped && a->passed == a->runs && b->passed == b->runs)
			continue;
		sheet__row(s);
		sheet__text(s, like->dim[KTSTR_DIM_TEST]);
		sheet__text(s, like->dim[KTSTR_DIM_TOPOLOGY]);
		sheet__text(s, like->dim[KTSTR_DIM_SCHEDULER]);
		sheet__number(s, a->passed, 0);
		sheet__number(s, a->runs, 0);
		sheet__number(s, b->passed, 0);
		sheet__number(s, b->runs, 0);
		sheet__text(s, !a->runs ? "new" : !b->runs ? "gone" : worse ? "NEWLY FAILING" :
			    !g->dropped ? "skipped in part" : "not compared");
		sheet__mark(s, worse ? -1 : 0);
	}
}

void stats__put_comparison(struct sheet *s, const struct ktstr_comparison *c, bool all)
{
	put_dims(s, "slicing dimensions", c->slicing);
	put_dims(s, "pairing on", c->pairing);
	put_sides(s, c);
	put_hosts(s, c);
	put_deltas(s, c, all);
	put_verdicts(s, c);
	sheet__total(s, "pairs", "pairs", (double)c->pairs);
	sheet__total(s, "not_compared", "pairs with a run that failed, or a side of which none passed, not compared",
		     (double)c->dropped);
	sheet__total(s, "skipped", "skipped runs of pairs, which do not count", (double)c->skipped);
	sheet__total(s, "newly_failing", "newly failing", (double)c->newly_failing);
	sheet__total(s, "only_a", "only in A", (double)c->only[KTSTR_SIDE_A]);
	sheet__total(s, "only_b", "only in B", (double)c->only[KTSTR_SIDE_B]);
	sheet__total(s, "regressions", "regressions", (double)c->changes[KTSTR_REGRESSED]);
	sheet__total(s, "improvements", "improvements", (double)c->changes[KTSTR_IMPROVED]);
	sheet__total(s, "changed", "other changes", (double)c->changes[KTSTR_CHANGED]);
	sheet__total(s, "within_noise", "within noise", (double)c->changes[KTSTR_WITHIN_NOISE]);
	sheet__total(s, "unchanged", "unchanged", (double)c->changes[KTSTR_UNCHANGED]);
}

/* What the runs at hand have instead of a value that no run has. */
static int nothing(struct stats *st, int side, const struct ktstr_comparison *c)
{
	char line[LINE] = "", last[256] = "";

	for (int d = 0; d < KTSTR_NR_DIMS; d++) {
		unsigned int nr = 0;

		for (size_t i = st->rows.nr; c->slicing[d] && i && nr < MAX_HINTS; i--) {
			const char *v = st->rows.row[i - 1].dim[d];

			if (!v || !strcmp(v, last))
				continue;
			snprintf(last, sizeof(last), "%s", v);
			if (!strstr(line, v)) {
				append(line, v);
				nr++;
			}
		}
	}
	return complain(WRONG_USAGE, NULL, "stats compare: no run belongs to side %c; there are: %s",
			'A' + side, *line ? line : "none at all");
}

int stats__compare(struct stats *st)
{
	static const bool sides[KTSTR_SIDES][KTSTR_SIDES] = { { true, false }, { false, true } };
	struct ktstr_comparison c;
	struct ktstr_err err;
	int ret = 0;

	if (st->argc == 1)
		return complain(WRONG_USAGE, NULL, "stats compare: name two runs, or none and -a and -b");
	for (int i = 0; i < st->argc && !ret; i++)
		ret = stats__choose_run(st, st->argv[i], sides[i]);
	if (ret)
		return ret;
	if (ktstr_compare(&c, &st->rows, &st->opts, &err))
		return complain(WRONG_USAGE, NULL, "stats compare: %s", err.msg);
	for (int side = 0; side < KTSTR_SIDES && !ret; side++)
		if (!c.runs[side])
			ret = nothing(st, side, &c);
	if (!ret) {
		stats__put_comparison(st->sheet, &c, st->all);
		ret = c.changes[KTSTR_REGRESSED] ||
		      (st->must_pass && (c.newly_failing || c.only[KTSTR_SIDE_A]));
	}
	ktstr_comparison__free(&c);
	return ret;
}
