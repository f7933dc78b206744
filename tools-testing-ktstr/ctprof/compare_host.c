// SPDX-License-Identifier: GPL-2.0
/* Rows of a comparison that are not of threads: cgroups, the host's pressure, the host and sched_ext. */
#include <errno.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_priv.h"
#include "figures.h"

#define LEAF_DEPTH	4	/* of a host context; what is deeper is nothing that we write */
#define LEAF_NAME	256

/* One figure of one cgroup. */
struct item {
	const char *key, *path, *name;
	enum ctprof_side side;
	int64_t value;
	enum ctprof_section section;
	enum ctprof_unit unit;
	enum ctprof_rule rule;
};

static size_t count_figures(const struct ctprof_snapshot *s)
{
	size_t nr = 0;

	for (size_t i = 0; s && i < s->nr_cgroups; i++)
		nr += s->cgroup[i].figures.nr;
	return nr;
}

static void add_items(struct ctprof_comparer *x, const struct ctprof_axis *axis,
		      enum ctprof_side side, struct item *item, size_t *nr)
{
	const struct ctprof_snapshot *s = x->c->side[side];

	for (size_t i = 0; s && i < s->nr_cgroups; i++) {
		const struct ctprof_figures *f = &s->cgroup[i].figures;
		const char *path = s->string[s->cgroup[i].path];
		const char *key = ctprof_axis__key(axis, path, &x->group, &x->c->text);

		if (!key) {
			x->c->error = -ENOMEM;
			return;
		}
		path = ctprof_axis__shown(axis, path, &x->group);
		for (size_t k = 0; k < f->nr; k++) {
			struct item *n = &item[*nr];

			*n = (struct item){ .key = key, .path = path, .side = side,
					    .name = s->string[f->figure[k].name],
					    .value = f->figure[k].value };
			ctprof_figure__describe(n->name, &n->section, &n->unit, &n->rule);
			*nr += ctprof_comparer__wants(x, n->section);
		}
	}
}

static int by_item(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int diff = strcmp(x->key, y->key);

	if (!diff)
		diff = (int)x->section - (int)y->section;
	if (!diff)
		diff = strcmp(x->name, y->name);
	if (!diff)
		diff = strcmp(x->path, y->path);
	return diff ?: (int)x->side - (int)y->side;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char * const *)a, *(const char * const *)b);
}

/* What the group of @nr items is called. @members: room for so many. */
static const char *label_of(struct ctprof_comparer *x, const struct ctprof_axis *axis,
			    const struct item *item, size_t nr, const char **members, bool *one)
{
	size_t distinct = 0;
	const char *label;

	for (size_t i = 0; i < nr; i++)
		members[i] = item[i].path;
	qsort(members, nr, sizeof(*members), by_text);
	for (size_t i = 0; i < nr; i++)
		if (!distinct || strcmp(members[i], members[distinct - 1]))
			members[distinct++] = members[i];
	*one = distinct == 1;
	if (*one)
		return ctprof_comparer__copy(x, members[0]);
	label = ctprof_axis__label(axis, item->key, members, distinct, &x->group, &x->c->text);
	if (!label)
		x->c->error = -ENOMEM;
	return label ?: "";
}

/* A nice value of -1 is none. */
static bool can_be_max(const struct item *i)
{
	return i->section == CTPROF_CGROUP_LIMITS && strcmp(i->name, "cpu.weight.nice");
}

/* "max" is larger than any limit. */
static double add_up(double sum, const struct item *i, bool first)
{
	double v = (double)i->value;

	if (i->rule == CTPROF_SUM)
		return first ? v : sum + v;
	if (first)
		return v;
	if (can_be_max(i) && (i->value == CTPROF_NO_LIMIT || sum == CTPROF_NO_LIMIT))
		return CTPROF_NO_LIMIT;
	return fmax(sum, v);
}

/* Items of one group and name are one row. */
static void add_figure(struct ctprof_comparer *x, struct ctprof_row row, const struct item *item,
		       size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		enum ctprof_side s = item[i].side;

		row.value[s] = add_up(row.value[s], &item[i], !row.has[s]);
		row.has[s] = true;
		row.threads[s]++;
	}
	/* a cgroup that is new, or gone, is in the list of those */
	if (x->c->side[CTPROF_A] && !x->opts->all && (!row.has[CTPROF_A] || !row.has[CTPROF_B]))
		return;
	for (int s = 0; s < CTPROF_SIDES; s++)
		if (row.has[s] && can_be_max(item) && row.value[s] == CTPROF_NO_LIMIT)
			row.text[s] = "max";
	row.metric = ctprof_comparer__copy(x, item->name);
	row.section = item->section;
	row.unit = item->unit;
	row.delta = row.value[CTPROF_B] - row.value[CTPROF_A];
	if (row.text[CTPROF_A] || row.text[CTPROF_B])
		row.delta = row.text[CTPROF_A] && row.text[CTPROF_B] ? 0 : NAN;
	if (item->rule == CTPROF_SUM && x->c->elapsed_ns)
		row.per_s = row.delta / ((double)x->c->elapsed_ns / 1e9);
	ctprof_comparer__add(x, &row);
}

static struct ctprof_row empty_row(const char *by, const char *group, const char *label)
{
	return (struct ctprof_row){ .by = by, .group = group, .label = label, .delta = NAN,
				    .percent = NAN, .per_s = NAN, .interval = NAN };
}

void ctprof_comparer__cgroups(struct ctprof_comparer *x, const struct ctprof_axis *axis)
{
	size_t room = count_figures(x->c->side[CTPROF_A]) + count_figures(x->c->side[CTPROF_B]) + 1;
	struct item *item = calloc(room, sizeof(*item));
	const char **members = calloc(room, sizeof(*members));
	size_t nr = 0, first = x->c->nr, len, run;

	if (!item || !members) {
		x->c->error = -ENOMEM;
		goto out;
	}
	for (int s = 0; s < CTPROF_SIDES && !x->c->error; s++)
		add_items(x, axis, s, item, &nr);
	qsort(item, nr, sizeof(*item), by_item);
	for (size_t i = 0; i < nr && !x->c->error; i += len) {
		const char *label;
		bool one;

		for (len = 1; i + len < nr && !strcmp(item[i].key, item[i + len].key); len++)
			;
		label = label_of(x, axis, item + i, len, members, &one);
		for (size_t k = i; k < i + len; k += run) {
			for (run = 1; k + run < i + len && !strcmp(item[k].name, item[k + run].name); run++)
				;
			add_figure(x, empty_row(axis->name, one ? label : item[i].key, label),
				   item + k, run);
		}
	}
	ctprof_comparer__end_table(x, first);
out:
	free(item);
	free(members);
}

static const struct ctprof_figure *find_figure(const struct ctprof_snapshot *s, const char *name)
{
	for (size_t i = 0; s && i < s->pressure.nr; i++)
		if (!strcmp(s->string[s->pressure.figure[i].name], name))
			return &s->pressure.figure[i];
	return NULL;
}

static void add_pressure(struct ctprof_comparer *x)
{
	const struct ctprof_snapshot *a = x->c->side[CTPROF_A], *b = x->c->side[CTPROF_B];

	for (size_t i = 0; i < b->pressure.nr; i++) {
		struct ctprof_row row = empty_row("host", "host", "host");
		const char *name = b->string[b->pressure.figure[i].name];
		const struct ctprof_figure *old = find_figure(a, name);
		enum ctprof_rule rule;

		ctprof_figure__describe(name, &row.section, &row.unit, &rule);
		row.section = CTPROF_HOST_PRESSURE;
		row.metric = ctprof_comparer__copy(x, name);
		row.has[CTPROF_B] = true;
		row.value[CTPROF_B] = (double)b->pressure.figure[i].value;
		if (old) {
			row.has[CTPROF_A] = true;
			row.value[CTPROF_A] = (double)old->value;
			row.delta = row.value[CTPROF_B] - row.value[CTPROF_A];
		}
		if (rule == CTPROF_SUM && x->c->elapsed_ns)
			row.per_s = row.delta / ((double)x->c->elapsed_ns / 1e9);
		ctprof_comparer__add(x, &row);
	}
}

/* A plain value as text; NULL: it is none, or null. */
static const char *leaf_text(struct ctprof_comparer *x, const struct ktstr_jnode *n)
{
	char buf[64];

	if (!n)
		return NULL;
	switch (n->type) {
	case KTSTR_J_STR:
		return n->s;
	case KTSTR_J_BOOL:
		return n->b ? "true" : "false";
	case KTSTR_J_UINT:
		snprintf(buf, sizeof(buf), "%llu", (unsigned long long)n->u);
		return ctprof_comparer__copy(x, buf);
	case KTSTR_J_INT:
		snprintf(buf, sizeof(buf), "%lld", (long long)n->i);
		return ctprof_comparer__copy(x, buf);
	case KTSTR_J_REAL:
		snprintf(buf, sizeof(buf), "%g", n->d);
		return ctprof_comparer__copy(x, buf);
	default:
		return NULL;
	}
}

/* Keys of A, then those that only B has. */
static void add_leaves(struct ctprof_comparer *x, enum ctprof_section section, const char *prefix,
		       const struct ktstr_jnode *a, const struct ktstr_jnode *b, int depth)
{
	const struct ktstr_jnode *side[CTPROF_SIDES] = { a, b };
	char name[LEAF_NAME];

	for (int s = 0; s < CTPROF_SIDES && depth; s++)
		for (const struct ktstr_jnode *n = ktstr_jnode__first(side[s]); n; n = n->next) {
			const struct ktstr_jnode *other = n->key ? ktstr_jnode__get(side[!s], n->key) : NULL;
			struct ctprof_row row = empty_row("host", "host", "host");

			if (!n->key || (s == CTPROF_B && other))
				continue;
			snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "/" : "", n->key);
			if (n->type == KTSTR_J_OBJECT || (other && other->type == KTSTR_J_OBJECT)) {
				add_leaves(x, section, name, s ? other : n, s ? n : other, depth - 1);
				continue;
			}
			row.text[s] = leaf_text(x, n);
			row.text[!s] = leaf_text(x, other);
			for (int k = 0; k < CTPROF_SIDES; k++) {
				/* one that is null or not there differs from one that is there */
				row.has[k] = x->c->side[k] && (row.text[CTPROF_A] || row.text[CTPROF_B]);
				if (row.has[k] && !row.text[k])
					row.text[k] = "none";
			}
			if (!row.has[CTPROF_B])
				continue;
			row.section = section;
			row.metric = ctprof_comparer__copy(x, name);
			row.unit = CTPROF_PLAIN;
			ctprof_comparer__add(x, &row);
		}
}

void ctprof_comparer__host(struct ctprof_comparer *x)
{
	const struct ctprof_snapshot *a = x->c->side[CTPROF_A], *b = x->c->side[CTPROF_B];
	size_t first = x->c->nr;

	if (ctprof_comparer__wants(x, CTPROF_HOST_PRESSURE))
		add_pressure(x);
	if (ctprof_comparer__wants(x, CTPROF_SCHED_EXT))
		add_leaves(x, CTPROF_SCHED_EXT, "sched_ext", a ? a->sched_ext : NULL, b->sched_ext,
			   LEAF_DEPTH);
	if (ctprof_comparer__wants(x, CTPROF_HOST))
		add_leaves(x, CTPROF_HOST, "", a ? a->host : NULL, b->host, LEAF_DEPTH);
	ctprof_comparer__end_table(x, first);
}
