// SPDX-License-Identifier: GPL-2.0
/* Which runs are compared with which: see compare.h. delta.c compares their figures. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_priv.h"

/* Has the side filters of its own in @dim? Then those of both sides do not hold for it. */
static bool has_own(const struct ktstr_compare_opts *o, int side, enum ktstr_dim dim)
{
	for (unsigned int i = 0; i < o->nr_filters; i++)
		if (o->filter[i].dim == dim && o->filter[i].of[side] && !o->filter[i].of[!side])
			return true;
	return false;
}

static bool contains(const char *wanted, const struct ktstr_row *row)
{
	char text[512];
	int n = 0;

	for (int d = 0; d < KTSTR_DIM_DURATION && n < (int)sizeof(text); d++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s ", row->dim[d] ?: "");
	return strstr(text, wanted);
}

bool ktstr_compare__takes(const struct ktstr_compare_opts *o, int side, const struct ktstr_row *row)
{
	bool asked[KTSTR_NR_DIMS] = { false }, ok[KTSTR_NR_DIMS] = { false };

	for (unsigned int i = 0; i < o->nr_filters; i++) {
		const struct ktstr_filter *f = &o->filter[i];

		if (!f->of[side] || (f->of[!side] && has_own(o, side, f->dim)))
			continue;
		asked[f->dim] = true;
		ok[f->dim] |= ktstr_dim__matches(f->dim, row->dim[f->dim], f->value);
	}
	for (int d = 0; d < KTSTR_NR_DIMS; d++)
		if (asked[d] && !ok[d])
			return false;
	return !o->contains || contains(o->contains, row);
}

/* The runs of a side, as indices. -ENOMEM. */
static int choose(struct work *w, int side)
{
	struct member *m;

	for (size_t i = 0; i < w->rows->nr; i++) {
		if (!ktstr_compare__takes(w->opts, side, &w->rows->row[i]))
			continue;
		m = &w->member[w->nr_members++];
		m->row = &w->rows->row[i];
		m->side = side;
		w->c->runs[side]++;
	}
	return 0;
}

/* Has each value that @side has of its own a filter of the other side? */
static bool other_has_them(const struct ktstr_compare_opts *o, int side, enum ktstr_dim dim)
{
	for (unsigned int i = 0; i < o->nr_filters; i++) {
		const struct ktstr_filter *f = &o->filter[i];
		bool found = f->dim != dim || !f->of[side];

		for (unsigned int k = 0; k < o->nr_filters && !found; k++)
			found = o->filter[k].dim == dim && o->filter[k].of[!side] &&
				!strcmp(o->filter[k].value, f->value);
		if (!found)
			return false;
	}
	return true;
}

static int find_slicing(struct work *w, struct ktstr_err *err)
{
	bool any = false;

	for (int d = 0; d < KTSTR_NR_DIMS; d++) {
		w->c->slicing[d] = (has_own(w->opts, KTSTR_SIDE_A, d) ||
				    has_own(w->opts, KTSTR_SIDE_B, d)) &&
				   !(other_has_them(w->opts, KTSTR_SIDE_A, d) &&
				     other_has_them(w->opts, KTSTR_SIDE_B, d));
		any |= w->c->slicing[d];
	}
	if (any)
		return 0;
	return ktstr_err(err, EINVAL,
			 "A and B are the same runs: say what differs, as in --a-kernel 7.2 --b-kernel 7.3, or name two runs");
}

/* Has some run of A the same value as some run of B? Runs without a value agree, too. */
static bool overlap(const struct work *w, enum ktstr_dim dim)
{
	const char **values = calloc(w->nr_members + 1, sizeof(*values)), *key;
	size_t nr = 0, i, k;
	bool found = !values;

	/* few are different */
	for (i = 0; values && i < w->nr_members; i++) {
		key = w->member[i].key[dim];
		for (k = 0; k < nr && values[k] != key; k++)
			;
		if (w->member[i].side == KTSTR_SIDE_A && k == nr)
			values[nr++] = key;
		found |= w->member[i].side == KTSTR_SIDE_B && k < nr;
	}
	free(values);
	return found;
}

/*
 * What was tested pairs. So does the build, but two runs (folders, seeds) that are compared are often
 * of two builds: what no run of A shares with one of B is then a part of what is compared.
 */
static void find_pairing(struct work *w)
{
	bool whole_runs = w->c->slicing[KTSTR_DIM_RUN] || w->c->slicing[KTSTR_DIM_SEED];

	for (int d = 0; d < KTSTR_NR_DIMS; d++) {
		enum ktstr_dim_role role = ktstr_dims[d].role;

		w->c->pairing[d] = !w->c->slicing[d] && role != KTSTR_DIM_ONE &&
				   (role == KTSTR_DIM_WHAT || !whole_runs || overlap(w, d));
	}
}

/* The values by which runs are paired: of commits without "-dirty". */
static int set_keys(struct work *w)
{
	for (size_t i = 0; i < w->nr_members; i++) {
		struct member *m = &w->member[i];

		for (int d = 0; d < KTSTR_NR_DIMS; d++) {
			const char *v = m->row->dim[d];
			char commit[64];

			m->key[d] = v;
			if (!v || (d != KTSTR_DIM_PROJECT_COMMIT && d != KTSTR_DIM_KERNEL_COMMIT) ||
			    !v[ktstr_dim__commit_len(v)])
				continue;
			snprintf(commit, sizeof(commit), "%.*s", (int)ktstr_dim__commit_len(v), v);
			m->key[d] = ktstr_rows__intern(w->rows, commit);
			if (!m->key[d])
				return -ENOMEM;
		}
	}
	return 0;
}

/* What is known before there is a kernel, of members by pointer. */
static int by_what(const void *a, const void *b)
{
	const struct member *x = *(const struct member * const *)a;
	const struct member *y = *(const struct member * const *)b;

	for (int d = 0; d < KTSTR_NR_DIMS; d++)
		if (ktstr_dims[d].role == KTSTR_DIM_WHAT && x->key[d] != y->key[d])
			return strcmp(x->key[d] ?: "", y->key[d] ?: "");
	return 0;
}

/* Of @nr runs of one test: the kernel of those that have one goes to the others, if it is one kernel. */
static void give_kernel(struct member **m, size_t nr)
{
	const struct member *from = NULL;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!m[i]->key[KTSTR_DIM_KERNEL])
			continue;
		if (from && (from->key[KTSTR_DIM_KERNEL] != m[i]->key[KTSTR_DIM_KERNEL] ||
			     from->key[KTSTR_DIM_KERNEL_COMMIT] != m[i]->key[KTSTR_DIM_KERNEL_COMMIT]))
			return;
		from = m[i];
	}
	for (i = 0; i < nr && from; i++) {
		m[i]->key[KTSTR_DIM_KERNEL] = from->key[KTSTR_DIM_KERNEL];
		m[i]->key[KTSTR_DIM_KERNEL_COMMIT] = from->key[KTSTR_DIM_KERNEL_COMMIT];
	}
}

/*
 * A run that ended before its kernel was found, such as one that was skipped because the host had no CPUs
 * for it, is one of the repeats of its test like any other, and no test of its own. -ENOMEM.
 */
static int give_kernels(struct work *w)
{
	struct member **m = calloc(w->nr_members + 1, sizeof(struct member *));
	bool any = false;
	size_t i, k;

	if (!m)
		return -ENOMEM;
	for (i = 0; i < w->nr_members; i++) {
		m[i] = &w->member[i];
		any |= !m[i]->key[KTSTR_DIM_KERNEL];
	}
	if (any)
		qsort(m, w->nr_members, sizeof(struct member *), by_what);
	for (i = 0; any && i < w->nr_members; i = k) {
		for (k = i + 1; k < w->nr_members && !by_what(&m[i], &m[k]); k++)
			;
		give_kernel(m + i, k - i);
	}
	free(m);
	return 0;
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct member *x = a, *y = b;
	const bool *pairing = arg;

	for (int d = 0; d < KTSTR_NR_DIMS; d++)
		if (pairing[d] && x->key[d] != y->key[d])
			return strcmp(x->key[d] ?: "", y->key[d] ?: "");
	return 0;
}

static int by_key_and_side(const void *a, const void *b, void *arg)
{
	const struct member *x = a, *y = b;
	int ret = by_key(a, b, arg);

	if (ret)
		return ret;
	return x->side != y->side ? x->side - y->side : x->row < y->row ? -1 : x->row > y->row;
}

static void count(struct ktstr_side *s, const struct ktstr_row *row)
{
	const char *commit = row->dim[KTSTR_DIM_PROJECT_COMMIT];

	s->runs++;
	s->passed += ktstr_row__passed(row);
	s->failed += ktstr_row__is(row, "fail");
	s->skipped += ktstr_row__is(row, "skip");
	s->inconclusive += ktstr_row__is(row, "inconclusive");
	s->dirty |= commit && commit[ktstr_dim__commit_len(commit)];
}

static void conclude(struct work *w, struct ktstr_group *g)
{
	const struct ktstr_side *a = &g->side[KTSTR_SIDE_A], *b = &g->side[KTSTR_SIDE_B];

	if (!a->runs || !b->runs) {
		w->c->only[a->runs ? KTSTR_SIDE_A : KTSTR_SIDE_B]++;
		return;
	}
	w->c->pairs++;
	/* a run that was skipped has not taken place: it says nothing about the others */
	g->dropped = a->passed + a->skipped != a->runs || b->passed + b->skipped != b->runs ||
		     !a->passed || !b->passed;
	w->c->dropped += g->dropped;
	w->c->skipped += a->skipped + b->skipped;
	w->c->newly_failing += a->passed && a->passed + a->skipped == a->runs && b->failed;
}

/* Members of a group stand together; those of A first. */
static int make_groups(struct work *w, struct ktstr_err *err)
{
	struct ktstr_comparison *c = w->c;
	struct ktstr_group *g = NULL;

	qsort_r(w->member, w->nr_members, sizeof(*w->member), by_key_and_side, c->pairing);
	c->group = calloc(w->nr_members ?: 1, sizeof(*c->group));
	if (!c->group)
		return ktstr_err(err, ENOMEM, "no memory for a comparison");
	for (size_t i = 0; i < w->nr_members; i++) {
		struct member *m = &w->member[i];

		if (!i || by_key(m, m - 1, c->pairing)) {
			if (g)
				conclude(w, g);
			g = &c->group[c->nr_groups++];
		}
		m->group = g;
		if (!g->like[m->side] || (!ktstr_row__passed(g->like[m->side]) && ktstr_row__passed(m->row)))
			g->like[m->side] = m->row;
		count(&g->side[m->side], m->row);
		if (w->opts->no_repeats && g->side[m->side].runs > 1)
			return ktstr_err(err, EEXIST,
					 "%s (%s) ran more than once on side %c: without --no-average it is the mean",
					 m->row->dim[KTSTR_DIM_TEST], m->row->dim[KTSTR_DIM_TOPOLOGY],
					 'A' + m->side);
	}
	if (g)
		conclude(w, g);
	return 0;
}

int ktstr_compare(struct ktstr_comparison *c, struct ktstr_rows *rows,
		  const struct ktstr_compare_opts *opts, struct ktstr_err *err)
{
	struct work w = { .c = c, .rows = rows, .opts = opts };
	int ret;

	memset(c, 0, sizeof(*c));
	/* a run may belong to both sides */
	w.member = calloc(2 * rows->nr + 1, sizeof(*w.member));
	if (!w.member)
		return ktstr_err(err, ENOMEM, "no memory for a comparison");
	ret = find_slicing(&w, err);
	for (int side = 0; !ret && side < KTSTR_SIDES; side++)
		ret = choose(&w, side);
	if (!ret && (set_keys(&w) || give_kernels(&w)))
		ret = ktstr_err(err, ENOMEM, "no memory for a comparison");
	if (!ret) {
		find_pairing(&w);
		ret = make_groups(&w, err);
	}
	if (!ret)
		ret = ktstr_compare__figures(&w, err);
	free(w.member);
	if (ret)
		ktstr_comparison__free(c);
	return ret;
}

void ktstr_comparison__free(struct ktstr_comparison *c)
{
	free(c->group);
	free(c->delta);
	memset(c, 0, sizeof(*c));
}
