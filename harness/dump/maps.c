// SPDX-License-Identifier: GPL-2.0
/*
 * The BPF maps of the scheduler: those that share the BTF of its struct_ops map, and the arenas that
 * its programs use. Of other objects the names are listed, and their variables are shown.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/bpf/target.h"
#include "dump_priv.h"
#include "slots.h"

#define MAX_MAPS	256	/* of a scheduler that are shown, and of all others */
#define MAX_OBJECTS	32	/* others of which variables are shown */

/* What is read of a map, by its kind; a map type without a row has values (each_value()). */
static const struct {
	uint32_t type;
	int (*put)(struct dump_map *m);
} kinds[] = {
	{ KTSTR_MAP_RINGBUF, dump_map__ringbuf },
	{ KTSTR_MAP_USER_RINGBUF, dump_map__ringbuf },
	{ KTSTR_MAP_STACK_TRACE, dump_map__stacks },
	{ KTSTR_MAP_PROG_ARRAY, dump_map__slots },
	{ KTSTR_MAP_PERF_EVENT_ARRAY, dump_map__slots },
	{ KTSTR_MAP_CGROUP_ARRAY, dump_map__slots },
	{ KTSTR_MAP_ARRAY_OF_MAPS, dump_map__slots },
	{ KTSTR_MAP_ARENA, dump_map__arena },
};

static const char *type_name(const struct dump *d, const struct ktstr_map *map, char *buf,
			     size_t size)
{
	const char *name = ktstr_map__kind(map);

	if (!name && d->btf)
		name = ktstr_btf__enum_name(d->btf, "bpf_map_type", map->type);
	if (!name)
		snprintf(buf, size, "type %u", map->type);
	return name ?: buf;
}

static struct ktstr_jnode *put_head(struct dump *d, const struct ktstr_map *map,
				    struct ktstr_jnode *list)
{
	struct ktstr_jnode *n = ktstr_jtree__object(d->tree, list, NULL);
	char type[32];

	ktstr_jtree__str(d->tree, n, "name", map->name);
	ktstr_jtree__u64(d->tree, n, "id", map->id);
	ktstr_jtree__str(d->tree, n, "map_type", type_name(d, map, type, sizeof(type)));
	ktstr_jtree__u64(d->tree, n, "map_kva", map->kva);
	ktstr_jtree__u64(d->tree, n, "key_size", map->key_size);
	ktstr_jtree__u64(d->tree, n, "value_size", map->value_size);
	ktstr_jtree__u64(d->tree, n, "max_entries", map->max_entries);
	return n;
}

static void put_map(struct dump_map *m, struct ktstr_jnode *list)
{
	int (*put)(struct dump_map *m) = dump_map__values;
	struct dump *d = m->d;
	int ret;

	m->n = put_head(d, m->map, list);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].type == m->map->type)
			put = kinds[i].put;
	if (!ktstr_map__kind(m->map)) {
		ktstr_jtree__str(d->tree, m->n, "error", "maps of this type are not read");
		return;
	}
	ret = put(m);
	if (ret && !ktstr_jnode__get(m->n, "error"))
		ktstr_jtree__str(d->tree, m->n, "error", ret == -ENOENT ?
				 "this kernel's BTF does not say where its values are" :
				 ret == -EBADMSG ? "damaged, or it changed while it was read" :
				 strerror(-ret));
}

/* The arena of the object, into which pointers of other maps lead. */
static void find_arena(struct dump *d, const struct ktstr_maps *maps,
		       const struct ktstr_map_layout *l, uint64_t object)
{
	struct ktstr_arena a;
	struct ktstr_err err;

	for (unsigned int i = 0; i < maps->nr && !d->arena_bytes; i++) {
		const struct ktstr_map *map = &maps->map[i];

		if (map->type != KTSTR_MAP_ARENA || map->btf_kva != object ||
		    ktstr_arena__open(&a, d->v, &l->arena, map->kva, map->max_entries, &err))
			continue;
		d->arena_user = a.user;
		d->arena_kva = a.kva;
		d->arena_bytes = a.pages << d->v->page_shift;
	}
}

static void put_maps(struct dump *d, const struct ktstr_maps *maps,
		     const struct ktstr_map_layout *l, uint64_t object)
{
	struct ktstr_map_btf btf = { .btf = NULL };
	char name[KTSTR_BPF_NAME_MAX];
	struct ktstr_jnode *list;
	struct ktstr_err err;
	unsigned int shown = 0;

	if (ktstr_maps__object_name(maps, object, name))
		ktstr_jtree__str(d->tree, d->report, "active_obj_name", name);
	if (ktstr_map_btf__open(&btf, d->v, l, object, &err))
		dump_missing(d, "maps_without_types", err.msg);
	find_arena(d, maps, l, object);
	d->object_btf = btf.btf;
	dump_slots__find(d, maps, l, object);
	list = ktstr_jtree__array(d->tree, d->report, "active_map_kvas");
	for (unsigned int i = 0; i < maps->nr; i++)
		if (maps->map[i].btf_kva == object)
			ktstr_jtree__u64(d->tree, list, NULL, maps->map[i].kva);
	list = ktstr_jtree__array(d->tree, d->report, "maps");
	for (unsigned int i = 0; i < maps->nr && shown < MAX_MAPS && !dump_expired(d); i++) {
		struct dump_map m = { .d = d, .map = &maps->map[i], .l = l, .btf = btf.btf };

		if (maps->map[i].btf_kva != object)
			continue;
		put_map(&m, list);
		shown++;
	}
	dump_slots__free(d);
	d->object_btf = NULL;
	/* an address in this arena is one for the scheduler only */
	d->arena_bytes = 0;
	ktstr_map_btf__close(&btf);
}

/* The BTF of the object that was looked at last. */
struct other {
	uint64_t kva;
	struct ktstr_map_btf btf;	/* btf NULL: it cannot be read */
	unsigned int opened;
};

static const struct ktstr_btf *btf_of(struct other *o, struct dump *d,
				      const struct ktstr_map_layout *l, uint64_t kva)
{
	struct ktstr_err err;

	if (kva == o->kva)
		return o->btf.btf;
	if (o->opened == MAX_OBJECTS)
		return NULL;
	o->opened++;
	ktstr_map_btf__close(&o->btf);
	o->kva = kva;
	o->btf = (struct ktstr_map_btf){ .btf = NULL };
	ktstr_map_btf__open(&o->btf, d->v, l, kva, &err);
	return o->btf.btf;
}

/* .bss, .data, .rodata: an array with one value, whose type is a section. */
static bool has_variables(const struct ktstr_map *map, const struct ktstr_btf *btf)
{
	struct ktstr_btf_type t;

	if (!btf || !map->value_type)
		return false;
	ktstr_btf__type(btf, map->value_type, &t);
	return t.kind == KTSTR_BTF_SECTION;
}

static void put_others(struct dump *d, const struct ktstr_maps *maps,
		       const struct ktstr_map_layout *l, uint64_t object)
{
	struct ktstr_jnode *list = ktstr_jtree__array(d->tree, d->report, "other_maps");
	struct other o = { .kva = 0 };
	unsigned int shown = 0;

	for (unsigned int i = 0; i < maps->nr && shown < MAX_MAPS && !dump_expired(d); i++) {
		const struct ktstr_map *map = &maps->map[i];
		struct dump_map m = { .d = d, .map = map, .l = l };

		if (object && map->btf_kva == object)
			continue;
		shown++;
		if (map->type == KTSTR_MAP_ARRAY && map->max_entries == 1 && map->btf_kva)
			m.btf = btf_of(&o, d, l, map->btf_kva);
		if (has_variables(map, m.btf))
			put_map(&m, list);
		else
			put_head(d, map, list);
	}
	ktstr_map_btf__close(&o.btf);
}

void dump_maps__put(struct dump *d)
{
	struct ktstr_maps *maps = calloc(1, sizeof(*maps));
	struct ktstr_map_layout layout;
	uint64_t object = 0;
	int ret;

	ktstr_map_layout__resolve(&layout, d->btf);
	ret = maps ? ktstr_maps__read(maps, d->v, &layout) : -ENOMEM;
	if (!ret) {
		ktstr_maps__join(maps, d->v);
		object = ktstr_maps__object(maps, d->v, &layout, d->in->ops);
		if (!object)
			object = ktstr_maps__object(maps, d->v, &layout, "");
	}
	if (!object)
		dump_missing(d, "maps_unavailable", ret ? "the list of BPF maps cannot be read" :
			     "no struct_ops map of a sched_ext scheduler is in use");
	else
		put_maps(d, maps, &layout, object);
	dump_progs__put(d, object);
	if (!ret)
		put_others(d, maps, &layout, object);
	free(maps);
}
