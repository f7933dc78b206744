// SPDX-License-Identifier: GPL-2.0
/* See group.h. Each thread is an entry; entries are sorted by key, and a run of equal keys is a group. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"

#define LITERAL_MAX	512
#define TEXT_MAX	((size_t)1 << 30)

struct entry {
	const char *key, *literal;
	enum ctprof_side side;
	bool counts;			/* false: it has ended, and only its number counts */
	const struct ctprof_snapshot *s;
	const struct ctprof_thread *t;
	const struct ctprof_thread *twin;	/* the same thread on the other side */
};

struct maker {
	struct ctprof_groups *g;
	const struct ctprof_axis *axis;
	const struct ctprof_snapshot *snapshot[CTPROF_SIDES];
	const struct ctprof_group_opts *opts;
	struct entry *entry;
	size_t nr;
	const struct ctprof_thread **by_id;	/* of side A, joined */
	const char **members;			/* room for the literals, or texts, of a group */
	/* Keys of strings that were seen, by their number; literals are strings on three axes. */
	const char **known[CTPROF_SIDES];
};

static int by_id(const void *a, const void *b)
{
	const struct ctprof_thread *x = *(const struct ctprof_thread * const *)a;
	const struct ctprof_thread *y = *(const struct ctprof_thread * const *)b;

	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->start_ticks < y->start_ticks ? -1 : x->start_ticks > y->start_ticks;
}

static const struct ctprof_thread *find_twin(const struct maker *m, const struct ctprof_thread *t)
{
	const struct ctprof_thread **hit = NULL;

	if (m->by_id)
		hit = bsearch(&t, m->by_id, m->snapshot[CTPROF_A]->nr_threads, sizeof(t), by_id);
	return hit ? *hit : NULL;
}

/* The key and the literal of a thread. The same name is not looked at twice. */
static bool name_entry(struct maker *m, struct entry *e)
{
	char buf[LITERAL_MAX];
	const char *literal = m->axis->literal(e->s, e->t, buf, sizeof(buf));
	const char **known = NULL;

	if (literal != buf) {
		uint32_t id = m->axis->kind == CTPROF_PATHS ? e->t->cgroup :
			      literal == e->s->string[e->t->pcomm] ? e->t->pcomm : e->t->comm;

		known = &m->known[e->side][id];
		e->literal = ctprof_axis__shown(m->axis, literal, m->opts);
	} else {
		e->literal = ktstr_jtree__copy(&m->g->text, buf);
	}
	e->key = known ? *known : NULL;
	if (!e->key)
		e->key = ctprof_axis__key(m->axis, literal, m->opts, &m->g->text);
	if (known)
		*known = e->key;
	return e->key && e->literal;
}

static int add_entries(struct maker *m)
{
	const struct ctprof_snapshot *a = m->snapshot[CTPROF_A], *b = m->snapshot[CTPROF_B];
	bool *found = calloc((a ? a->nr_threads : 0) + 1, sizeof(*found));

	if (!found)
		return -ENOMEM;
	for (size_t i = 0; i < b->nr_threads; i++) {
		struct entry *e = &m->entry[m->nr++];
		const struct ctprof_thread *twin = find_twin(m, &b->thread[i]);

		*e = (struct entry){ .side = CTPROF_B, .counts = true, .s = b, .t = &b->thread[i],
				     .twin = twin };
		if (!name_entry(m, e))
			break;
		/* twice in a damaged file: counts once */
		if (!twin || found[twin - a->thread])
			continue;
		found[twin - a->thread] = true;
		m->entry[m->nr++] = (struct entry){ e->key, e->literal, CTPROF_A, true, a, twin, e->t };
	}
	for (size_t i = 0; a && i < a->nr_threads && !m->g->text.error; i++) {
		struct entry *e = &m->entry[m->nr];

		if (found[i])
			continue;
		*e = (struct entry){ .side = CTPROF_A, .counts = !m->by_id, .s = a, .t = &a->thread[i] };
		m->nr += name_entry(m, e);
	}
	free(found);
	return m->g->text.error;
}

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int diff = strcmp(x->key, y->key);

	if (!diff)
		diff = strcmp(x->literal, y->literal);
	if (!diff)
		diff = (int)x->side - (int)y->side;
	if (!diff)
		diff = (x->t > y->t) - (x->t < y->t);	/* of one array: by tgid and tid */
	return diff;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char * const *)a, *(const char * const *)b);
}

/* The most frequent text of @nr; of equally frequent ones the first. */
static void find_mode(struct ctprof_aggregate *f, const char **text, uint32_t nr)
{
	qsort(text, nr, sizeof(*text), by_text);
	f->of = nr;
	for (uint32_t i = 0, run; i < nr; i += run) {
		for (run = 1; i + run < nr && !strcmp(text[i], text[i + run]); run++)
			;
		if (run > f->count) {
			f->count = run;
			f->text = text[i];
		}
	}
}

/* After find_mode(): a list that not all have becomes numbers of CPUs. */
static void find_cpus(struct ctprof_aggregate *f, const char **text, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		int64_t cpus = ctprof_cpu_list__count(text[i]);

		f->lo = !i || cpus < f->lo ? cpus : f->lo;
		f->hi = !i || cpus > f->hi ? cpus : f->hi;
	}
	if (f->count < f->of)
		f->text = NULL;
}

static void add_number(struct ctprof_aggregate *f, enum ctprof_rule rule, int64_t v)
{
	if (rule == CTPROF_MIN && !v) {
		f->has = true;
		return;
	}
	if (rule == CTPROF_SUM) {
		if (__builtin_add_overflow(f->lo, v, &f->lo))
			f->lo = INT64_MAX;
		f->hi = f->lo;
	} else {
		f->lo = !f->of || v < f->lo ? v : f->lo;
		f->hi = !f->of || v > f->hi ? v : f->hi;
	}
	f->of++;
	f->has = true;
}

static void aggregate(struct maker *m, struct ctprof_aggregate *f, const struct entry *e, size_t nr,
		      enum ctprof_side side, int id)
{
	const struct ctprof_metric *row = &ctprof_metrics[id];
	uint32_t texts = 0;

	for (size_t i = 0; i < nr; i++) {
		if (e[i].side != side || !e[i].counts || !e[i].t->has[id] ||
		    (e[i].twin && !e[i].twin->has[id]))
			continue;
		if (ctprof_form__is_text(row->form))
			m->members[texts++] = e[i].s->string[e[i].t->value[id]];
		else
			add_number(f, row->rule, e[i].t->value[id]);
	}
	if (texts) {
		f->has = true;
		find_mode(f, m->members, texts);
		if (row->rule == CTPROF_CPUS)
			find_cpus(f, m->members, texts);
	} else if (row->rule == CTPROF_MAX) {
		f->lo = f->hi;
	} else if (row->rule == CTPROF_MIN) {
		f->hi = f->lo;
	}
}

static bool make_group(struct maker *m, const struct entry *e, size_t nr)
{
	struct ctprof_group *g = &m->g->group[m->g->nr++];
	size_t members = 0;

	memset(g, 0, sizeof(*g));
	for (size_t i = 0; i < nr; i++) {
		g->threads[e[i].side]++;
		if (!i || strcmp(e[i].literal, e[i - 1].literal))
			m->members[members++] = e[i].literal;
	}
	/* a pattern with one member is that member */
	if (members == 1)
		g->key = g->label = ktstr_jtree__copy(&m->g->text, e->literal);
	else
		g->label = ctprof_axis__label(m->axis, g->key = e->key, m->members, members, m->opts,
					      &m->g->text);
	if (!g->label)
		return false;
	for (int id = 0; id < CTPROF_NR_METRICS; id++) {
		struct ctprof_aggregate *a = &g->figure[CTPROF_A][id], *b = &g->figure[CTPROF_B][id];

		aggregate(m, a, e, nr, CTPROF_A, id);
		aggregate(m, b, e, nr, CTPROF_B, id);
		/* joined, what began in between counts from 0 */
		if (m->by_id && b->has && ctprof_metrics[id].rule == CTPROF_SUM)
			a->has = true;
	}
	return true;
}

static int make_groups(struct maker *m)
{
	size_t runs = 0, len;

	for (size_t i = 0; i < m->nr; i++)
		runs += !i || strcmp(m->entry[i].key, m->entry[i - 1].key);
	m->g->group = reallocarray(NULL, runs + 1, sizeof(*m->g->group));
	if (!m->g->group)
		return -ENOMEM;
	for (size_t i = 0; i < m->nr; i += len) {
		for (len = 1; i + len < m->nr && !strcmp(m->entry[i].key, m->entry[i + len].key); len++)
			;
		if (!make_group(m, &m->entry[i], len))
			return -ENOMEM;
	}
	return 0;
}

static int prepare(struct maker *m)
{
	const struct ctprof_snapshot *a = m->snapshot[CTPROF_A];
	size_t nr = 1;

	for (int side = 0; side < CTPROF_SIDES; side++) {
		const struct ctprof_snapshot *s = m->snapshot[side];

		if (!s)
			continue;
		nr += s->nr_threads;
		m->known[side] = calloc(s->nr_strings + 1, sizeof(*m->known[side]));
		if (!m->known[side])
			return -ENOMEM;
	}
	m->entry = calloc(nr, sizeof(*m->entry));
	m->members = calloc(nr, sizeof(*m->members));
	if (!m->entry || !m->members)
		return -ENOMEM;
	if (!a || !m->opts->join_threads)
		return 0;
	m->by_id = calloc(a->nr_threads + 1, sizeof(*m->by_id));
	if (!m->by_id)
		return -ENOMEM;
	for (size_t i = 0; i < a->nr_threads; i++)
		m->by_id[i] = &a->thread[i];
	qsort(m->by_id, a->nr_threads, sizeof(*m->by_id), by_id);
	return 0;
}

int ctprof_groups__make(struct ctprof_groups *g, const struct ctprof_axis *axis,
			const struct ctprof_snapshot *a, const struct ctprof_snapshot *b,
			const struct ctprof_group_opts *opts)
{
	struct maker m = { .g = g, .axis = axis, .snapshot = { a, b }, .opts = opts };
	int ret;

	*g = (struct ctprof_groups){ .nr = 0 };
	ktstr_jtree__init(&g->text, TEXT_MAX);
	ret = prepare(&m);
	if (!ret)
		ret = add_entries(&m);
	if (!ret) {
		qsort(m.entry, m.nr, sizeof(*m.entry), by_key);
		ret = make_groups(&m);
	}
	for (int side = 0; side < CTPROF_SIDES; side++)
		free(m.known[side]);
	free(m.entry);
	free(m.members);
	free(m.by_id);
	return ret ? -ENOMEM : 0;
}

void ctprof_groups__free(struct ctprof_groups *g)
{
	free(g->group);
	ktstr_jtree__free(&g->text);
	g->group = NULL;
	g->nr = 0;
}
