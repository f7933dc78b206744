// SPDX-License-Identifier: GPL-2.0
/* See compare.h: rows of threads, and the order of all rows. */
#include <errno.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_priv.h"

#define TEXT_MAX	((size_t)1 << 30)

/* The keys of a group's rank. */
struct rank {
	size_t group;
	double key[CTPROF_MAX_SORT];
	const char *label;
};

struct order {
	const struct ctprof_compare_opts *opts;
	size_t nr_sort;
	bool ascending[CTPROF_MAX_SORT];
};

enum ctprof_table ctprof_section__table(enum ctprof_section section)
{
	switch (section) {
	case CTPROF_PRIMARY:
	case CTPROF_DELAYS:
	case CTPROF_SMAPS_ROLLUP:
		return CTPROF_TABLE_THREADS;
	case CTPROF_DERIVED_FIGURES:
		return CTPROF_TABLE_DERIVED;
	case CTPROF_HOST_PRESSURE:
	case CTPROF_SCHED_EXT:
	case CTPROF_HOST:
		return CTPROF_TABLE_HOST;
	default:
		return CTPROF_TABLE_CGROUPS;
	}
}

bool ctprof_comparer__wants(const struct ctprof_comparer *x, enum ctprof_section section)
{
	return !x->opts->section || x->opts->section[section];
}

const char *ctprof_comparer__copy(struct ctprof_comparer *x, const char *text)
{
	const char *copy = ktstr_jtree__copy(&x->c->text, text);

	if (!copy)
		x->c->error = -ENOMEM;
	return copy ?: "";
}

/* Room for one more of @size bytes, or NULL. */
static void *grow(struct ctprof_comparison *c, void **array, size_t *nr, size_t *room, size_t size)
{
	void *grown;

	if (*nr == *room) {
		*room = *room ? 2 * *room : 256;
		grown = reallocarray(*array, *room, size);
		if (!grown) {
			c->error = -ENOMEM;
			*room = *nr;
			return NULL;
		}
		*array = grown;
	}
	return (char *)*array + size * (*nr)++;
}

void ctprof_comparer__add(struct ctprof_comparer *x, struct ctprof_row *row)
{
	struct ctprof_comparison *c = x->c;
	bool both = row->has[CTPROF_A] && row->has[CTPROF_B], text = row->text[CTPROF_A] ||
		    row->text[CTPROF_B];
	struct ctprof_row *to;

	row->percent = NAN;
	if (!both)
		row->delta = row->per_s = NAN;
	else if (!isnan(row->delta) && row->value[CTPROF_A] != 0)
		row->percent = 100 * row->delta / fabs(row->value[CTPROF_A]);
	if (both && text && !row->verdict)
		row->verdict = row->text[CTPROF_A] && row->text[CTPROF_B] &&
			       !strcmp(row->text[CTPROF_A], row->text[CTPROF_B]) ? "same" : "differs";
	if (c->side[CTPROF_A] && !x->opts->all && both &&
	    (text ? !strcmp(row->verdict, "same") : row->delta == 0))
		return;
	if (!c->side[CTPROF_A] && !x->opts->all && !text && row->value[CTPROF_B] == 0)
		return;
	/* policy and the like of what is new are nothing that changed, nor is a peak of 0 */
	if (c->joined && !x->opts->all && !both && (text || row->value[CTPROF_B] == 0))
		return;
	to = grow(c, (void **)&c->row, &c->nr, &c->room, sizeof(*row));
	if (to)
		*to = *row;
}

/* Whether it is the most frequent value that changed, not how frequent it is. NULL: no such figure. */
static const char *mode_verdict(const struct ctprof_metric *m, const struct ctprof_aggregate *a,
				const struct ctprof_aggregate *b)
{
	if (m->rule != CTPROF_MODE || !a->has || !b->has)
		return NULL;
	return strcmp(a->text, b->text) ? "differs" : "same";
}

/* The texts of ranges, modes and lists of CPUs; NULL: it is a number. */
static const char *aggregate_text(struct ctprof_comparer *x, const struct ctprof_metric *m,
				  const struct ctprof_aggregate *f)
{
	char buf[192];

	if (m->rule == CTPROF_RANGE && f->lo == f->hi)
		snprintf(buf, sizeof(buf), "%lld", (long long)f->lo);
	else if (m->rule == CTPROF_RANGE)
		snprintf(buf, sizeof(buf), "%lld..%lld", (long long)f->lo, (long long)f->hi);
	else if (m->rule == CTPROF_MODE && f->count == f->of)
		return ctprof_comparer__copy(x, f->text);
	else if (m->rule == CTPROF_MODE)
		snprintf(buf, sizeof(buf), "%s (%u/%u)", f->text, f->count, f->of);
	else if (m->rule == CTPROF_CPUS && f->text)
		snprintf(buf, sizeof(buf), "%lld CPUs (%.128s)", (long long)f->lo, f->text);
	else if (m->rule == CTPROF_CPUS && f->lo == f->hi)
		snprintf(buf, sizeof(buf), "%lld CPUs (mixed)", (long long)f->lo);
	else if (m->rule == CTPROF_CPUS)
		snprintf(buf, sizeof(buf), "%lld-%lld CPUs (mixed)", (long long)f->lo, (long long)f->hi);
	else
		return NULL;
	return ctprof_comparer__copy(x, buf);
}

/* What a figure is worth when groups are ranked by it: of a range, its middle. */
static double number_of(const struct ctprof_metric *m, const struct ctprof_aggregate *f)
{
	return m->rule == CTPROF_RANGE ? ((double)f->lo + (double)f->hi) / 2 : (double)f->hi;
}

static void get_values(const struct ctprof_group *g, enum ctprof_side side, struct ctprof_values *v)
{
	for (int id = 0; id < CTPROF_NR_METRICS; id++) {
		v->has[id] = g->figure[side][id].has && ctprof_metrics[id].rule <= CTPROF_MIN;
		v->v[id] = v->has[id] ? (double)g->figure[side][id].hi : 0;
	}
}

/* Of what happened in between: counters only. */
static void get_deltas(const struct ctprof_group *g, struct ctprof_values *v)
{
	for (int id = 0; id < CTPROF_NR_METRICS; id++) {
		const struct ctprof_aggregate *a = &g->figure[CTPROF_A][id], *b = &g->figure[CTPROF_B][id];

		v->has[id] = a->has && b->has && ctprof_metrics[id].rule == CTPROF_SUM;
		v->v[id] = v->has[id] ? (double)b->hi - (double)a->hi : 0;
	}
}

static struct ctprof_row new_row(struct ctprof_comparer *x, const struct ctprof_axis *axis,
				 const struct ctprof_group *g)
{
	return (struct ctprof_row){
		.by = axis->name, .group = ctprof_comparer__copy(x, g->key),
		.label = ctprof_comparer__copy(x, g->label),
		.threads = { g->threads[CTPROF_A], g->threads[CTPROF_B] },
		.delta = NAN, .percent = NAN, .per_s = NAN, .interval = NAN,
	};
}

static bool wants_metric(const struct ctprof_comparer *x, int id, enum ctprof_section section)
{
	return ctprof_comparer__wants(x, section) && (!x->opts->metric || x->opts->metric[id]);
}

static void add_metrics(struct ctprof_comparer *x, const struct ctprof_group *g, struct ctprof_row base)
{
	for (int id = 0; id < CTPROF_NR_METRICS; id++) {
		const struct ctprof_metric *m = &ctprof_metrics[id];
		struct ctprof_row row = base;

		if (!wants_metric(x, id, m->section))
			continue;
		for (int s = 0; s < CTPROF_SIDES; s++) {
			const struct ctprof_aggregate *f = &g->figure[s][id];

			row.has[s] = f->has;
			if (!f->has)
				continue;
			row.value[s] = number_of(m, f);
			row.text[s] = aggregate_text(x, m, f);
		}
		if (!row.has[CTPROF_B] && (!row.has[CTPROF_A] || x->c->joined))
			continue;
		row.section = m->section;
		row.metric = m->name;
		row.unit = m->unit;
		row.verdict = mode_verdict(m, &g->figure[CTPROF_A][id], &g->figure[CTPROF_B][id]);
		if (m->rule <= CTPROF_RANGE)
			row.delta = row.value[CTPROF_B] - row.value[CTPROF_A];
		if (m->rule == CTPROF_SUM && x->c->elapsed_ns)
			row.per_s = row.delta / ((double)x->c->elapsed_ns / 1e9);
		ctprof_comparer__add(x, &row);
	}
}

static void add_derived(struct ctprof_comparer *x, const struct ctprof_group *g, struct ctprof_row base)
{
	struct ctprof_values v[CTPROF_SIDES], between;

	for (int s = 0; s < CTPROF_SIDES; s++)
		get_values(g, s, &v[s]);
	get_deltas(g, &between);
	for (size_t i = 0; i < ctprof_nr_derived; i++) {
		const struct ctprof_derived *d = &ctprof_derived[i];
		struct ctprof_row row = base;

		/* those of delays belong to both sections */
		if ((x->opts->metric && !x->opts->metric[CTPROF_NR_METRICS + i]) ||
		    (!ctprof_comparer__wants(x, d->section) &&
		     !ctprof_comparer__wants(x, CTPROF_DERIVED_FIGURES)))
			continue;
		for (int s = 0; s < CTPROF_SIDES; s++) {
			row.value[s] = d->compute(&v[s]);
			row.has[s] = !isnan(row.value[s]);
		}
		if (!row.has[CTPROF_B])
			continue;
		row.section = CTPROF_DERIVED_FIGURES;
		row.metric = d->name;
		row.unit = d->unit;
		row.delta = row.value[CTPROF_B] - row.value[CTPROF_A];
		if (x->c->joined)
			row.interval = d->compute(&between);
		ctprof_comparer__add(x, &row);
	}
}

static double rank_key(const struct ctprof_comparer *x, const struct ctprof_group *g, int id)
{
	struct ctprof_values v[CTPROF_SIDES];
	double key[CTPROF_SIDES] = { NAN, NAN };

	for (int s = 0; s < CTPROF_SIDES; s++) {
		if (id >= CTPROF_NR_METRICS) {
			get_values(g, s, &v[s]);
			key[s] = ctprof_derived[id - CTPROF_NR_METRICS].compute(&v[s]);
		} else if (g->figure[s][id].has) {
			key[s] = number_of(&ctprof_metrics[id], &g->figure[s][id]);
		}
	}
	return x->c->side[CTPROF_A] ? key[CTPROF_B] - key[CTPROF_A] : key[CTPROF_B];
}

/* The larger, or the smaller, number first; what is not there is last. */
static int by_number(double a, double b, bool ascending)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	if (a == b)
		return 0;
	return (a < b) == ascending ? -1 : 1;
}

static int by_rank(const void *a, const void *b, void *arg)
{
	const struct rank *x = a, *y = b;
	const struct order *o = arg;
	int diff = 0;

	for (size_t i = 0; i < o->nr_sort && !diff; i++)
		diff = by_number(x->key[i], y->key[i], o->ascending[i]);
	if (!diff)
		diff = strcmp(x->label, y->label);
	return diff ?: (x->group > y->group) - (x->group < y->group);
}

/* Groups in the order of their rows. To be freed. */
static struct rank *rank_groups(struct ctprof_comparer *x, const struct ctprof_groups *g)
{
	struct rank *r = calloc(g->nr + 1, sizeof(*r));
	struct order o = { .opts = x->opts };
	int id[CTPROF_MAX_SORT];

	if (!r)
		return NULL;
	for (size_t i = 0; i < x->opts->nr_sort; i++) {
		if (x->opts->sort[i].id == CTPROF_SORT_PERCENT)
			continue;
		id[o.nr_sort] = x->opts->sort[i].id;
		o.ascending[o.nr_sort++] = x->opts->sort[i].ascending;
	}
	if (!x->opts->nr_sort)
		id[o.nr_sort++] = CTPROF_run_time_ns;
	for (size_t i = 0; i < g->nr; i++) {
		r[i] = (struct rank){ .group = i, .label = g->group[i].label };
		for (size_t k = 0; k < o.nr_sort; k++)
			r[i].key[k] = rank_key(x, &g->group[i], id[k]);
	}
	qsort_r(r, g->nr, sizeof(*r), by_rank, &o);
	return r;
}

static int by_percent(const void *a, const void *b, void *arg)
{
	const struct ctprof_row *x = a, *y = b;
	const bool *ascending = arg;
	int diff = by_number(fabs(x->percent), fabs(y->percent), *ascending);

	if (!diff)
		diff = strcmp(x->label, y->label);
	if (!diff)
		diff = strcmp(x->group, y->group);
	return diff ?: strcmp(x->metric, y->metric);
}

void ctprof_comparer__end_table(struct ctprof_comparer *x, size_t first)
{
	struct ctprof_comparison *c = x->c;
	bool ascending;

	if (x->opts->nr_sort && x->opts->sort[0].id == CTPROF_SORT_PERCENT && c->nr > first) {
		ascending = x->opts->sort[0].ascending;
		qsort_r(c->row + first, c->nr - first, sizeof(*c->row), by_percent, &ascending);
	}
	if (x->opts->limit && c->nr - first > x->opts->limit) {
		c->cut += c->nr - first - x->opts->limit;
		c->nr = first + x->opts->limit;
	}
}

/* Joined, a group of which nothing is left has no rows; one that is new has. */
static bool is_alone(struct ctprof_comparer *x, const struct ctprof_axis *axis,
		     const struct ctprof_group *g)
{
	struct ctprof_comparison *c = x->c;
	struct ctprof_alone *a;

	if (!c->side[CTPROF_A] || (g->threads[CTPROF_A] && g->threads[CTPROF_B]))
		return false;
	a = grow(c, (void **)&c->alone, &c->nr_alone, &c->alone_room, sizeof(*a));
	if (a) {
		a->by = axis->name;
		a->label = ctprof_comparer__copy(x, g->label);
		a->side = g->threads[CTPROF_A] ? CTPROF_A : CTPROF_B;
		a->threads = g->threads[a->side];
	}
	return !c->joined || g->threads[CTPROF_A];
}

static int compare_axis(struct ctprof_comparer *x, const struct ctprof_axis *axis)
{
	struct ctprof_groups g;
	int ret = ctprof_groups__make(&g, axis, x->c->side[CTPROF_A], x->c->side[CTPROF_B], &x->group);
	struct rank *r = ret ? NULL : rank_groups(x, &g);
	bool *alone = r ? calloc(g.nr + 1, sizeof(*alone)) : NULL;
	size_t first;

	for (size_t i = 0; alone && i < g.nr; i++)
		alone[i] = is_alone(x, axis, &g.group[r[i].group]);
	for (int derived = 0; alone && derived < 2; derived++) {
		first = x->c->nr;
		for (size_t i = 0; i < g.nr; i++) {
			const struct ctprof_group *group = &g.group[r[i].group];

			if (!alone[i])
				(derived ? add_derived : add_metrics)(x, group, new_row(x, axis, group));
		}
		ctprof_comparer__end_table(x, first);
	}
	ret = alone ? x->c->error : -ENOMEM;
	free(alone);
	free(r);
	ctprof_groups__free(&g);
	if (!ret && axis->kind == CTPROF_PATHS)
		ctprof_comparer__cgroups(x, axis);
	return ret;
}

static int choose_join(struct ctprof_comparer *x, struct ktstr_err *err)
{
	const struct ctprof_snapshot *a = x->c->side[CTPROF_A], *b = x->c->side[CTPROF_B];
	bool one_boot = a && *a->boot_id && !strcmp(a->boot_id, b->boot_id);

	if (!a)
		return 0;
	if (one_boot && b->boot_ns < a->boot_ns)
		return ktstr_err(err, EINVAL, "the second snapshot is older than the first: they are of one boot, name the older one first");
	if (x->opts->join == CTPROF_JOIN_THREADS && !one_boot)
		return ktstr_err(err, EINVAL, "the snapshots are of different boots, so no thread is in both: use --join groups");
	x->c->joined = one_boot && x->opts->join != CTPROF_JOIN_GROUPS;
	x->c->elapsed_ns = one_boot ? b->boot_ns - a->boot_ns : 0;
	x->group.join_threads = x->c->joined;
	return 0;
}

int ctprof_compare(struct ctprof_comparison *c, const struct ctprof_snapshot *a,
		   const struct ctprof_snapshot *b, const struct ctprof_compare_opts *opts,
		   struct ktstr_err *err)
{
	struct ctprof_comparer x = { .c = c, .opts = opts, .group = opts->group };
	int ret;

	*c = (struct ctprof_comparison){ .side = { a, b } };
	ktstr_jtree__init(&c->text, TEXT_MAX);
	ret = choose_join(&x, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < ctprof_nr_axes && !ret; i++)
		if (opts->axis ? opts->axis == &ctprof_axes[i] : ctprof_axes[i].of_all)
			ret = compare_axis(&x, &ctprof_axes[i]);
	if (!ret)
		ctprof_comparer__host(&x);
	return ret || c->error ? ktstr_err(err, ENOMEM, "no memory for the tables") : 0;
}

void ctprof_comparison__free(struct ctprof_comparison *c)
{
	free(c->row);
	free(c->alone);
	ktstr_jtree__free(&c->text);
	c->row = NULL;
	c->alone = NULL;
	c->nr = c->nr_alone = 0;
}
