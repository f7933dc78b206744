// SPDX-License-Identifier: GPL-2.0
/* The figures of two sides: see compare.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_priv.h"
#include "record.h"

/* One value of a group. */
struct entry {
	uint32_t figure;
	int side;
	double value;
};

struct entries {
	struct entry *e;
	size_t nr, room;
	double *v[KTSTR_SIDES];		/* of one figure */
	struct ktstr_gates *gates;	/* of each figure */
	uint32_t *code_of;		/* of each figure of the ledger: that of its code; else 0 */
};

static int by_figure(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->figure != y->figure)
		return x->figure < y->figure ? -1 : 1;
	return x->side - y->side;
}

const char *ktstr_change__name(enum ktstr_change c)
{
	static const char * const names[KTSTR_NR_CHANGES] = {
		[KTSTR_UNCHANGED] = "unchanged", [KTSTR_WITHIN_NOISE] = "within noise",
		[KTSTR_CHANGED] = "changed", [KTSTR_IMPROVED] = "improvement",
		[KTSTR_REGRESSED] = "REGRESSION",
	};

	return c < KTSTR_NR_CHANGES ? names[c] : "?";
}

/* More than chance? With too few repeats nobody knows, and the gates alone decide. */
bool ktstr_delta__is_signal(const struct ktstr_delta *d)
{
	const struct ktstr_sample *a = &d->side[KTSTR_SIDE_A], *b = &d->side[KTSTR_SIDE_B];

	if (a->nr < KTSTR_NOISE_MIN || b->nr < KTSTR_NOISE_MIN)
		return true;
	return ktstr_welch_p(a, b) < KTSTR_NOISE_P || (a->nr >= KTSTR_BANDS_MIN && b->nr >= KTSTR_BANDS_MIN &&
					ktstr_samples__disjoint(a, b));
}

/* The code of an operation on the two sides. */
enum code { CODE_UNKNOWN, CODE_SAME, CODE_DIFFERS };

static enum code compare_code(const struct work *w, const struct entries *all, uint32_t figure)
{
	const struct entry *first = NULL;
	bool side[KTSTR_SIDES] = { false };

	if (!w->opts->exact)
		return CODE_UNKNOWN;
	for (const struct entry *e = all->e; e < all->e + all->nr; e++) {
		if (e->figure != all->code_of[figure])
			continue;
		first = first ?: e;
		side[e->side] = true;
		if (e->value != first->value)
			return CODE_DIFFERS;
	}
	return side[KTSTR_SIDE_A] && side[KTSTR_SIDE_B] ? CODE_SAME : CODE_UNKNOWN;
}

/* A length of a path depends on the code alone, the mean also on how often each path was taken. */
static bool is_length(const char *metric)
{
	const char *dot = strrchr(metric, '.');

	return dot && (!strcmp(dot, ".shortest") || !strcmp(dot, ".typical"));
}

static enum ktstr_change direction(const struct ktstr_delta *d)
{
	switch (d->gates.polarity) {
	case KTSTR_LOWER_IS_BETTER:
		return d->delta > 0 ? KTSTR_REGRESSED : KTSTR_IMPROVED;
	case KTSTR_HIGHER_IS_BETTER:
		return d->delta < 0 ? KTSTR_REGRESSED : KTSTR_IMPROVED;
	default:
		return KTSTR_CHANGED;
	}
}

static enum ktstr_change judge(struct ktstr_delta *d, enum code code)
{
	const struct ktstr_gates *g = &d->gates;

	if (d->delta == 0)
		return KTSTR_UNCHANGED;
	/* the same code costs the same: other calls only took other paths through it */
	if (code == CODE_SAME && g->polarity != KTSTR_NEUTRAL)
		return KTSTR_UNCHANGED;
	if (code == CODE_DIFFERS && is_length(d->metric))
		return direction(d);
	/* a rise from 0 is an infinite one */
	if (fabs(d->delta) < g->abs || fabs(d->rel) < g->rel)
		return KTSTR_UNCHANGED;
	d->p = ktstr_welch_p(&d->side[KTSTR_SIDE_A], &d->side[KTSTR_SIDE_B]);
	return ktstr_delta__is_signal(d) ? direction(d) : KTSTR_WITHIN_NOISE;
}

static int add_delta(struct work *w, struct entries *all, const struct ktstr_group *g,
		     uint32_t figure, const size_t *nr)
{
	struct ktstr_comparison *c = w->c;
	struct ktstr_delta *d, *more;
	double a, b;

	if (!(c->nr_deltas & (c->nr_deltas - 1))) {
		more = reallocarray(c->delta, c->nr_deltas ? 2 * c->nr_deltas : 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		c->delta = more;
	}
	d = &c->delta[c->nr_deltas++];
	memset(d, 0, sizeof(*d));
	d->group = g;
	d->metric = w->rows->figure[figure].name;
	d->gates = all->gates[figure];
	d->p = NAN;
	for (int side = 0; side < KTSTR_SIDES; side++)
		ktstr_sample__of(&d->side[side], all->v[side], nr[side]);
	a = d->side[KTSTR_SIDE_A].mean;
	b = d->side[KTSTR_SIDE_B].mean;
	d->delta = b - a;
	d->rel = d->delta == 0 ? 0 : d->delta / fabs(a);
	d->change = judge(d, compare_code(w, all, figure));
	c->changes[d->change]++;
	return 0;
}

static bool is_compared(const struct work *w, const struct entries *all, uint32_t figure)
{
	return !isnan(all->gates[figure].abs) && !isnan(all->gates[figure].rel) &&
	       (!w->opts->exact || all->code_of[figure]);
}

/* The figures that both sides of a group have. */
static int compare_group(struct work *w, struct entries *all, const struct ktstr_group *g)
{
	size_t nr[KTSTR_SIDES], i = 0;

	if (!all->nr)
		return 0;
	qsort(all->e, all->nr, sizeof(*all->e), by_figure);
	while (i < all->nr) {
		uint32_t figure = all->e[i].figure;

		nr[KTSTR_SIDE_A] = nr[KTSTR_SIDE_B] = 0;
		for (; i < all->nr && all->e[i].figure == figure; i++)
			all->v[all->e[i].side][nr[all->e[i].side]++] = all->e[i].value;
		if (nr[KTSTR_SIDE_A] && nr[KTSTR_SIDE_B] && is_compared(w, all, figure) &&
		    add_delta(w, all, g, figure, nr))
			return -ENOMEM;
	}
	all->nr = 0;
	return 0;
}

static int add_entries(const struct work *w, struct entries *all, const struct member *m)
{
	struct entry *more;
	size_t room;

	if (all->nr + m->row->nr > all->room) {
		room = 2 * (all->nr + m->row->nr);
		more = reallocarray(all->e, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		all->e = more;
		all->room = room;
	}
	for (size_t i = 0; i < m->row->nr; i++) {
		const struct ktstr_value *v = &w->rows->value[m->row->first + i];

		all->e[all->nr++] = (struct entry){ v->figure, m->side, v->value };
	}
	return 0;
}

/* "ops.dispatch.code" of "ops.dispatch.shortest"; 0: it is not of the ledger. */
static uint32_t find_code(const struct ktstr_rows *rows, const char *name)
{
	const char *dot = strrchr(name, '.');
	char code[256];

	if (!dot || strncmp(name, KTSTR_LEDGER_PREFIX, strlen(KTSTR_LEDGER_PREFIX)))
		return 0;
	snprintf(code, sizeof(code), "%.*s." KTSTR_LEDGER_CODE, (int)(dot - name), name);
	for (uint32_t i = 1; i < rows->nr_figures; i++)
		if (rows->figure[i].name && !strcmp(rows->figure[i].name, code))
			return i;
	return 0;
}

int ktstr_compare__figures(struct work *w, struct ktstr_err *err)
{
	struct entries all = { NULL };
	int ret = 0;

	all.gates = calloc(w->rows->nr_figures + 1u, sizeof(*all.gates));
	all.code_of = calloc(w->rows->nr_figures + 1u, sizeof(*all.code_of));
	for (int side = 0; side < KTSTR_SIDES; side++)
		all.v[side] = calloc(w->nr_members + 1, sizeof(double));
	if (!all.gates || !all.code_of || !all.v[KTSTR_SIDE_A] || !all.v[KTSTR_SIDE_B])
		ret = -ENOMEM;
	for (uint32_t i = 0; !ret && i < w->rows->nr_figures; i++) {
		if (!w->rows->figure[i].name)
			continue;
		all.gates[i] = ktstr_policy__gates(w->opts->policy, &w->rows->figure[i]);
		all.code_of[i] = find_code(w->rows, w->rows->figure[i].name);
	}
	for (size_t i = 0; !ret && i < w->nr_members; i++) {
		const struct ktstr_group *g = w->member[i].group;

		if (!g->dropped && g->like[KTSTR_SIDE_A] && g->like[KTSTR_SIDE_B] &&
		    (!w->opts->exact || (g->like[KTSTR_SIDE_A]->deterministic &&
					 g->like[KTSTR_SIDE_B]->deterministic)))
			ret = add_entries(w, &all, &w->member[i]);
		if (!ret && (i + 1 == w->nr_members || w->member[i + 1].group != g))
			ret = compare_group(w, &all, g);
	}
	for (int side = 0; side < KTSTR_SIDES; side++)
		free(all.v[side]);
	free(all.gates);
	free(all.code_of);
	free(all.e);
	return ret ? ktstr_err(err, ENOMEM, "no memory for a comparison") : 0;
}
