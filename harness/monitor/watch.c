// SPDX-License-Identifier: GPL-2.0
/* Watched fields of BPF maps: see watch.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "series.h"
#include "watch.h"

#define MAX_POINTS	(1u << 20)	/* of one field; a day has 864000 */

int ktstr_watches__init(struct ktstr_watches *w, const struct ktstr_watch_map * const *what,
			const struct ktstr_btf *btf)
{
	memset(w, 0, sizeof(*w));
	while (what && what[w->nr])
		w->nr++;
	if (!w->nr)
		return 0;
	w->watch = calloc(w->nr, sizeof(*w->watch));
	w->maps = calloc(1, sizeof(*w->maps));
	if (!w->watch || !w->maps) {
		ktstr_watches__free(w);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < w->nr; i++) {
		w->watch[i].what = what[i];
		strcpy(w->watch[i].why_not, "no sample was taken");
	}
	ktstr_map_layout__resolve(&w->layout, btf);
	return 0;
}

void ktstr_watches__free(struct ktstr_watches *w)
{
	for (unsigned int i = 0; w->watch && i < w->nr; i++)
		free(w->watch[i].point);
	free(w->watch);
	free(w->maps);
	memset(w, 0, sizeof(*w));
}

static bool has_many(const struct ktstr_watch_map *what)
{
	return what->agg == KTSTR_AGG_PER_CPU || what->agg == KTSTR_AGG_PER_CPU_COUNTER;
}

/* A scalar is one value: an element of an array or of a hash, or a variable of an arena. */
static int check_shape(const struct ktstr_watch *w, struct ktstr_err *err)
{
	const struct ktstr_map *map = &w->target.map;

	if (has_many(w->what) || ktstr_map__has_elements(map) ||
	    (ktstr_map__keyed(map) && !ktstr_map__per_cpu(map) && w->target.indexed))
		return 0;
	return ktstr_err(err, EINVAL,
			 "%s is a %s with many values: PER_CPU or PER_CPU_COUNTER take them together",
			 map->name, ktstr_map__type_name(map));
}

static void find(struct ktstr_watches *ws, struct ktstr_watch *w, struct ktstr_kview *v,
		 const struct ktstr_sample *s)
{
	struct ktstr_err err = { .msg = "" };
	char prefix[KTSTR_WATCH_PREFIX_MAX];

	w->looked_for = true;
	w->found = !ktstr_map_target__find(&w->target, v, &ws->layout, ws->maps, s->ops,
					   w->what->map, w->what->field, &err) &&
		   !check_shape(w, &err);
	if (!w->found) {
		snprintf(w->why_not, sizeof(w->why_not), "%.255s", err.msg);
		return;
	}
	snprintf(prefix, sizeof(prefix), "%.23s", w->target.object[0] ? w->target.object : s->ops);
	if (strcmp(prefix, w->prefix))
		w->nr = 0;		/* what was watched before was another scheduler's */
	strcpy(w->prefix, prefix);
	w->sched_kva = s->sched_kva;
}

struct reading {
	const struct ktstr_map_target *t;
	struct ktstr_kview *v;
	struct ktstr_watch_point p;
};

static int add_value(void *arg, const struct ktstr_map_value *value)
{
	struct reading *r = arg;
	uint64_t word;
	double number;
	int ret;

	ret = ktstr_map_target__takes(r->t, r->v, value);
	if (ret <= 0)
		return ret;
	ret = ktstr_map_target__load(r->t, r->v, value->kva, &word);
	if (ret)
		return ret;
	number = r->t->field.class == KTSTR_BTF_SIGNED ? (double)(int64_t)word : (double)word;
	r->p.sum += number;
	r->p.max = r->p.nr++ && r->p.max > number ? r->p.max : number;
	return 0;
}

static int read_values(struct ktstr_watch *w, struct ktstr_kview *v,
		       const struct ktstr_map_layout *l, struct ktstr_watch_point *p)
{
	struct reading r = { .t = &w->target, .v = v, .p.time_ns = p->time_ns };
	struct ktstr_map_value one = { .index = w->target.index };
	int ret;

	if (has_many(w->what) || !ktstr_map__has_elements(&w->target.map)) {
		ret = ktstr_map__each_value(&w->target.map, v, l, add_value, &r);
	} else {
		ret = ktstr_map__element(&w->target.map, v, l, one.index, &one.kva);
		if (!ret)
			ret = add_value(&r, &one);
	}
	*p = r.p;
	return ret;
}

static int keep(struct ktstr_watch *w, const struct ktstr_watch_point *p)
{
	uint32_t room = w->room ? w->room * 2 : 64;
	struct ktstr_watch_point *more;

	if (w->nr == w->room) {
		more = w->nr < MAX_POINTS ? reallocarray(w->point, room, sizeof(*more)) : NULL;
		if (!more)
			return -ENOMEM;
		w->point = more;
		w->room = room;
	}
	w->point[w->nr++] = *p;
	return 0;
}

static void read_one(struct ktstr_watches *ws, struct ktstr_watch *w, struct ktstr_kview *v,
		     const struct ktstr_sample *s, uint64_t time_ns)
{
	struct ktstr_watch_point p = { .time_ns = time_ns };
	int ret;

	if (!ktstr_sample__scx_enabled(s)) {
		w->found = false;
		if (!w->looked_for)
			strcpy(w->why_not, "no scheduler was attached at any sample");
		return;
	}
	if (!w->found || w->sched_kva != s->sched_kva ||
	    !ktstr_map__alive(&w->target.map, v, &ws->layout))
		find(ws, w, v, s);
	if (!w->found)
		return;
	ret = read_values(w, v, &ws->layout, &p);
	/* the guest runs: what was read may have been freed meanwhile */
	if (!ret && !ktstr_map__alive(&w->target.map, v, &ws->layout))
		ret = -ESTALE;
	if (!ret && p.nr)
		ret = keep(w, &p);
	if (ret)
		snprintf(w->why_not, sizeof(w->why_not), "the values of %s cannot be read: %s",
			 w->target.map.name, strerror(-ret));
	else if (!p.nr)
		snprintf(w->why_not, sizeof(w->why_not), "%s has no value", w->target.map.name);
}

void ktstr_watches__read(struct ktstr_watches *w, struct ktstr_kview *v,
			 const struct ktstr_sample *s, uint64_t time_ns)
{
	for (unsigned int i = 0; i < w->nr; i++)
		read_one(w, &w->watch[i], v, s, time_ns);
}

bool ktstr_watch__fold(const struct ktstr_watch *w, uint64_t from_ns, uint64_t to_ns,
		       ktstr_watch_fn fn, void *arg)
{
	const struct ktstr_watch_point *last = NULL;
	double sum = 0, max = 0;
	uint64_t nr = 0;
	char key[KTSTR_WATCH_PREFIX_MAX + KTSTR_WATCH_LABEL_MAX + sizeof("_avg")];
	int len;

	for (uint32_t i = 0; i < w->nr; i++) {
		const struct ktstr_watch_point *p = &w->point[i];

		if (p->time_ns < from_ns || p->time_ns >= to_ns)
			continue;
		max = nr && max > p->max ? max : p->max;
		sum += p->sum;
		nr += p->nr;
		last = p;
	}
	if (!last)
		return false;
	len = snprintf(key, sizeof(key), "%s_%.32s", w->prefix, w->what->label);
	if (w->what->agg != KTSTR_AGG_PER_CPU) {
		fn(arg, key, w->what->agg == KTSTR_AGG_SCALAR ? sum / (double)nr : last->sum);
		return true;
	}
	memcpy(key + len, "_avg", sizeof("_avg"));
	fn(arg, key, sum / (double)nr);
	memcpy(key + len, "_max", sizeof("_max"));
	fn(arg, key, max);
	return true;
}
