// SPDX-License-Identifier: GPL-2.0
/* Maps and their entries: by number, by key, by CPU, by what is in them. See ktstr/snapshot.h. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

const struct ktstr_jnode *snap_entries(const struct ktstr_jnode *n)
{
	static const char * const keys[] = {
		"array_entries", "entries", "percpu_entries", "percpu_hash_entries",
	};
	const struct ktstr_jnode *list = NULL;

	for (int i = 0; i < 4 && !list; i++)
		list = ktstr_jnode__get(n, keys[i]);
	return list;
}

static bool is_map(struct ktstr_snap *s)
{
	if (!s->error && s->place != KTSTR_SNAP_MAP)
		*s = snap_fail(*s, KTSTR_SNAP_TYPE_MISMATCH, "this is no map");
	return !s->error;
}

/* What there is of an array with one element, which has no entries. */
static struct ktstr_snap only_value(struct ktstr_snap map)
{
	const struct ktstr_jnode *v = ktstr_jnode__get(map.node, "value");

	if (v)
		return snap_go(map, KTSTR_SNAP_VALUE, v, "%s", "");
	return snap_fail(map, KTSTR_SNAP_FIELD_NOT_FOUND, "a map of type %s has no values here%s%s",
			 ktstr_jnode__str(map.node, "map_type", "?"),
			 ktstr_jnode__str(map.node, "error", NULL) ? ": " : "",
			 ktstr_jnode__str(map.node, "error", ""));
}

unsigned int ktstr_snap_nr(struct ktstr_snap map)
{
	const struct ktstr_jnode *list;

	if (!is_map(&map))
		return 0;
	list = snap_entries(map.node);
	return list ? list->nr : !!ktstr_jnode__get(map.node, "value");
}

struct ktstr_snap ktstr_snap_at(struct ktstr_snap map, uint64_t i)
{
	const struct ktstr_jnode *list, *e;
	uint64_t nr = 0;

	if (!is_map(&map))
		return map;
	list = snap_entries(map.node);
	if (!list && !i)
		return only_value(map);
	for (e = ktstr_jnode__first(list); e; e = e->next, nr++)
		if (ktstr_jnode__u64(e, "index", nr) == i)
			return snap_go(map, KTSTR_SNAP_ENTRY, e, "[%" PRIu64 "]", i);
	return snap_fail(map, KTSTR_SNAP_NO_MATCH, "there is no entry %" PRIu64 ", there are %" PRIu64,
			 i, nr);
}

/* "0a000000": a number of up to 8 bytes, lowest first. */
static bool parse_hex(const char *hex, int64_t *key)
{
	size_t len = strlen(hex) / 2;
	uint64_t v = 0;

	if (!len || len > 8 || strspn(hex, "0123456789abcdef") != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		v |= strtoull(byte, NULL, 16) << 8 * i;
	}
	*key = (int64_t)v;
	return true;
}

/* The key of an entry as a number: its own, its index, or the pid of its owner, "comm[12]". */
static bool key_of(const struct ktstr_jnode *e, int64_t *key)
{
	const struct ktstr_jnode *k = ktstr_jnode__get(e, "key"), *v = ktstr_jnode__get(k, "value");
	const char *owner = ktstr_jnode__str(e, "owner", ""), *pid = strrchr(owner, '[');

	if (v && (v->type == KTSTR_J_UINT || v->type == KTSTR_J_INT))
		*key = v->type == KTSTR_J_UINT ? (int64_t)v->u : v->i;
	else if (k)
		return parse_hex(ktstr_jnode__str(k, "hex", ""), key);
	else if (pid)
		*key = strtoll(pid + 1, NULL, 10);
	else if (ktstr_jnode__get(e, "index"))
		*key = (int64_t)ktstr_jnode__u64(e, "index", 0);
	else
		return false;
	return true;
}

static struct ktstr_snap no_match(struct ktstr_snap map, const char *what)
{
	const struct ktstr_jnode *e = ktstr_jnode__first(snap_entries(map.node));
	char keys[160] = "none";
	size_t len = 0;
	int64_t key;

	for (; e && len + 32 < sizeof(keys); e = e->next)
		if (key_of(e, &key))
			len += (size_t)snprintf(keys + len, sizeof(keys) - len, "%s%" PRId64,
						len ? ", " : "", key);
	return snap_fail(map, KTSTR_SNAP_NO_MATCH, "no entry has %s; keys: %s%s", what, keys,
			 e ? ", ..." : "");
}

struct ktstr_snap ktstr_snap_key(struct ktstr_snap map, int64_t key)
{
	const struct ktstr_jnode *e;
	char what[40];
	int64_t its;

	if (!is_map(&map))
		return map;
	for (e = ktstr_jnode__first(snap_entries(map.node)); e; e = e->next)
		if (key_of(e, &its) && its == key)
			return snap_go(map, KTSTR_SNAP_ENTRY, e, "{%" PRId64 "}", key);
	snprintf(what, sizeof(what), "the key %" PRId64, key);
	return no_match(map, what);
}

struct ktstr_snap ktstr_snap_cpu(struct ktstr_snap place, uint32_t cpu)
{
	const struct ktstr_jnode *list, *v;
	uint32_t i = cpu;

	if (!place.error && place.place == KTSTR_SNAP_MAP)
		place = ktstr_snap_at(place, 0);
	if (place.error)
		return place;
	list = place.place == KTSTR_SNAP_ENTRY ? ktstr_jnode__get(place.node, "per_cpu") : NULL;
	if (!list)
		return snap_fail(place, KTSTR_SNAP_TYPE_MISMATCH, "has no value for each CPU");
	for (v = ktstr_jnode__first(list); v && i; i--)
		v = v->next;
	if (!v || v->type == KTSTR_J_NULL)
		return snap_fail(place, KTSTR_SNAP_FIELD_NOT_FOUND, v ? "CPU %u: its memory is not mapped" :
				 "there is no CPU %u", cpu);
	return snap_go(place, KTSTR_SNAP_VALUE, v, " of CPU %u", cpu);
}

struct ktstr_snap ktstr_snap_get(struct ktstr_snap place, const char *path)
{
	const struct ktstr_jnode *v;

	if (!place.error && place.place == KTSTR_SNAP_ALL)
		return snap_fail(place, KTSTR_SNAP_TYPE_MISMATCH,
				 "%s is a path in what? snap_var(), snap_map() or snap_kernel() say", path);
	if (!place.error && place.place == KTSTR_SNAP_MAP)
		place = snap_entries(place.node) ? ktstr_snap_at(place, 0) : only_value(place);
	if (!place.error && place.place == KTSTR_SNAP_ENTRY) {
		v = ktstr_jnode__get(place.node, "value");
		if (!v && ktstr_jnode__get(place.node, "per_cpu"))
			return snap_fail(place, KTSTR_SNAP_NOT_NARROWED,
					 "there is one value per CPU, snap_cpu() chooses");
		if (!v || v->type == KTSTR_J_NULL)
			return snap_fail(place, KTSTR_SNAP_FIELD_NOT_FOUND, "the value could not be read");
		place = snap_go(place, KTSTR_SNAP_VALUE, v, "%s", *path && *path != '[' ? " " : "");
	}
	return place.error ? place : snap_walk(place, path);
}

/* Is entry @e what @p wants? MAX and MIN: every one that has the number, which goes to @v. */
static bool is_like(struct ktstr_snap entry, const struct ktstr_picker *p, double *v)
{
	if (ktstr_snap_f64(ktstr_snap_get(entry, p->path), v))
		return false;
	switch (p->how) {
	case KTSTR_PICK_EQUALS:
		return *v == p->value;
	case KTSTR_PICK_AT_LEAST:
		return *v >= p->value;
	case KTSTR_PICK_AT_MOST:
		return *v <= p->value;
	case KTSTR_PICK_MAX:
	case KTSTR_PICK_MIN:
		break;
	}
	return true;
}

struct ktstr_snap ktstr_snap_pick(struct ktstr_snap map, struct ktstr_picker p)
{
	struct ktstr_snap best = { .error = KTSTR_SNAP_NO_MATCH };
	const struct ktstr_jnode *e;
	double v, best_v = 0;
	char what[80];

	if (!is_map(&map))
		return map;
	for (e = ktstr_jnode__first(snap_entries(map.node)); e; e = e->next) {
		struct ktstr_snap entry = snap_go(map, KTSTR_SNAP_ENTRY, e, "{...}");

		if (!is_like(entry, &p, &v))
			continue;
		if (p.how != KTSTR_PICK_MAX && p.how != KTSTR_PICK_MIN)
			return entry;
		if (best.error || (p.how == KTSTR_PICK_MAX ? v > best_v : v < best_v)) {
			best = entry;
			best_v = v;
		}
	}
	if (!best.error)
		return best;
	snprintf(what, sizeof(what), "such a number in \"%.40s\"", p.path);
	return no_match(map, what);
}

unsigned int ktstr_snap_count(struct ktstr_snap map, struct ktstr_picker p)
{
	const struct ktstr_jnode *e;
	unsigned int nr = 0;
	double v;

	if (!is_map(&map))
		return 0;
	for (e = ktstr_jnode__first(snap_entries(map.node)); e; e = e->next)
		nr += is_like(snap_go(map, KTSTR_SNAP_ENTRY, e, "{...}"), &p, &v);
	return nr;
}

struct ktstr_snap ktstr_snap_find(struct ktstr_snap map,
				  bool (*fn)(struct ktstr_snap entry, const void *arg),
				  const void *arg)
{
	const struct ktstr_jnode *e;
	struct ktstr_snap entry;

	if (!is_map(&map))
		return map;
	for (e = ktstr_jnode__first(snap_entries(map.node)); e; e = e->next) {
		entry = snap_go(map, KTSTR_SNAP_ENTRY, e, "{...}");
		if (fn(entry, arg))
			return entry;
	}
	return no_match(map, "what the function looks for");
}

double ktstr_snap_cpus(struct ktstr_snap place, const char *path, enum ktstr_snap_fold how)
{
	struct ktstr_snap entry = !place.error && place.place == KTSTR_SNAP_MAP ?
				  ktstr_snap_at(place, 0) : place;
	const struct ktstr_jnode *list = entry.error ? NULL : ktstr_jnode__get(entry.node, "per_cpu");
	double all = 0, v;

	if (!list || !list->nr)
		return ktstr_snap_number(ktstr_snap_cpu(place, 0));
	for (uint32_t cpu = 0; cpu < list->nr; cpu++) {
		v = ktstr_snap_number(ktstr_snap_get(ktstr_snap_cpu(entry, cpu), path));
		if (how == KTSTR_SNAP_SUM || !cpu || isnan(v))
			all = how == KTSTR_SNAP_SUM ? all + v : v;
		else if (how == KTSTR_SNAP_MAX ? v > all : v < all)
			all = v;
		if (isnan(all))
			return all;
	}
	return all;
}
