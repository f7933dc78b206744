// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots, their maps and variables: the first steps of ktstr/snapshot.h. All is read from the
 * tree that a dump makes (dump/render.h has its values).
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "harness/result/result.h"
#include "part.h"
#include "place.h"

const char *ktstr_snap_error__name(enum ktstr_snap_error e)
{
	static const char * const names[KTSTR_NR_SNAP_ERRORS] = {
		[KTSTR_SNAP_OK] = "Ok",
		[KTSTR_SNAP_NO_SNAPSHOT] = "SnapshotNotFound",
		[KTSTR_SNAP_PLACEHOLDER_SAMPLE] = "PlaceholderSample",
		[KTSTR_SNAP_NO_ACTIVE_SCHEDULER] = "NoActiveScheduler",
		[KTSTR_SNAP_MAP_NOT_FOUND] = "MapNotFound",
		[KTSTR_SNAP_VAR_NOT_FOUND] = "VarNotFound",
		[KTSTR_SNAP_AMBIGUOUS_VAR] = "AmbiguousVar",
		[KTSTR_SNAP_FIELD_NOT_FOUND] = "FieldNotFound",
		[KTSTR_SNAP_TYPE_MISMATCH] = "TypeMismatch",
		[KTSTR_SNAP_NO_MATCH] = "NoMatch",
		[KTSTR_SNAP_NOT_NARROWED] = "PerCpuNotNarrowed",
		[KTSTR_SNAP_MISSING_STATS] = "MissingStats",
	};

	return (unsigned int)e < KTSTR_NR_SNAP_ERRORS ? names[e] : "?";
}

struct ktstr_snap snap_fail(struct ktstr_snap s, enum ktstr_snap_error error, const char *fmt, ...)
{
	char what[192], where[92];
	va_list ap;

	if (s.error)
		return s;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(where, sizeof(where), "%.91s", s.text);
	snprintf(s.text, sizeof(s.text), "%.20s: %s%s%s", ktstr_snap_error__name(error), where,
		 *where ? ": " : "", what);
	s.error = error;
	s.node = NULL;
	return s;
}

struct ktstr_snap snap_go(struct ktstr_snap s, enum ktstr_snap_place place, const void *node,
			  const char *fmt, ...)
{
	size_t len = strlen(s.text);
	va_list ap;

	s.place = place;
	s.node = node;
	va_start(ap, fmt);
	vsnprintf(s.text + len, sizeof(s.text) - len, fmt, ap);
	va_end(ap);
	return s;
}

struct ktstr_snap snap_of(const struct ktstr_result *r, const struct ktstr_snapshot *n)
{
	struct ktstr_snap s = { .result = r, .taken = n, .node = n->report };

	snprintf(s.text, sizeof(s.text), "%s", n->name);
	if (n->placeholder || !n->report)
		return snap_fail(s, KTSTR_SNAP_PLACEHOLDER_SAMPLE, "%s",
				 ktstr_jnode__str(n->report, "reason", "no memory"));
	return s;
}

static const struct ktstr_bridge *bridge(const struct ktstr_result *r)
{
	const struct ktstr_snapshot_state *s = ktstr_snapshots__of(r->run);

	return s ? &s->bridge : NULL;
}

struct ktstr_snap ktstr_snapshot(const struct ktstr_result *r, const char *name)
{
	const struct ktstr_bridge *b = bridge(r);
	const struct ktstr_snapshot *n = b ? ktstr_bridge__find(b, name) : NULL;
	char names[200] = "";
	size_t len = 0;

	if (n)
		return snap_of(r, n);
	for (unsigned int i = 0; b && i < b->nr && len + 4 < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					b->list[i]->name);
	return snap_fail((struct ktstr_snap){ .result = r }, KTSTR_SNAP_NO_SNAPSHOT,
			 "there is no snapshot %s; there are: %s", name, *names ? names : "none");
}

unsigned int ktstr_nr_snapshots(const struct ktstr_result *r)
{
	const struct ktstr_bridge *b = bridge(r);

	return b ? b->nr : 0;
}

struct ktstr_snap ktstr_snapshot_nr(const struct ktstr_result *r, unsigned int i)
{
	const struct ktstr_bridge *b = bridge(r);

	if (b && i < b->nr)
		return snap_of(r, b->list[i]);
	return snap_fail((struct ktstr_snap){ .result = r }, KTSTR_SNAP_NO_SNAPSHOT,
			 "there is no snapshot number %u, there are %u", i, b ? b->nr : 0);
}

const char *ktstr_snapshot_name(struct ktstr_snap s)
{
	const struct ktstr_snapshot *n = s.taken;

	return n ? n->name : "";
}

double ktstr_snapshot_ms(struct ktstr_snap s)
{
	const struct ktstr_snapshot *n = s.taken;

	return n ? (double)n->elapsed_ns / NSEC_PER_MSEC : NAN;
}

unsigned int ktstr_periodic_target(const struct ktstr_result *r)
{
	const struct ktstr_snapshot_state *s = ktstr_snapshots__of(r->run);

	return s ? s->target : 0;
}

unsigned int ktstr_periodic_fired(const struct ktstr_result *r)
{
	const struct ktstr_snapshot_state *s = ktstr_snapshots__of(r->run);

	return s ? s->fired : 0;
}

void snap_list(const struct ktstr_jnode *list, const char *key, char *buf, size_t size)
{
	size_t len = 0;

	snprintf(buf, size, "none");
	for (; list; list = list->next) {
		if (len + 32 >= size) {
			snprintf(buf + len, size - len, ", ...");
			return;
		}
		len += (size_t)snprintf(buf + len, size - len, "%s%.24s", len ? ", " : "",
					ktstr_jnode__str(list, key, "?"));
	}
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), want = strlen(end);

	return len >= want && !strcmp(name + len - want, end);
}

/* The kernel keeps 15 bytes of a map's name. */
static bool is_called(const char *name, const char *want)
{
	return ends_with(name, want) || (strlen(name) == 15 && !strncmp(name, want, 15));
}

static struct ktstr_snap no_maps(struct ktstr_snap s)
{
	return snap_fail(s, KTSTR_SNAP_NO_ACTIVE_SCHEDULER, "%s",
			 ktstr_jnode__str(s.node, "maps_unavailable",
					  "no sched_ext scheduler was attached"));
}

static bool is_all(struct ktstr_snap *s)
{
	if (!s->error && s->place != KTSTR_SNAP_ALL)
		*s = snap_fail(*s, KTSTR_SNAP_TYPE_MISMATCH, "this is no snapshot, but a part of one");
	return !s->error;
}

struct ktstr_snap ktstr_snap_map(struct ktstr_snap s, const char *name)
{
	static const char * const lists[] = { "maps", "other_maps" };
	const struct ktstr_jnode *list, *m;
	char names[200];

	if (!is_all(&s))
		return s;
	for (int i = 0; i < 2; i++)
		for (m = ktstr_jnode__list(s.node, lists[i]); m; m = m->next)
			if (is_called(ktstr_jnode__str(m, "name", ""), name))
				return snap_go(s, KTSTR_SNAP_MAP, m, " %s", name);
	if (!ktstr_jnode__get(s.node, "maps"))
		return no_maps(s);
	list = ktstr_jnode__list(s.node, "maps");
	snap_list(list, "name", names, sizeof(names));
	return snap_fail(s, KTSTR_SNAP_MAP_NOT_FOUND, "no map is called %s; there are: %s", name,
			 names);
}

/* "scx_mine.bss", ".data.cache": what has variables. */
static bool is_section(const char *name)
{
	static const char * const sections[] = { ".bss", ".data", ".rodata" };
	const char *dot = strchr(name, '.');
	size_t len;

	for (int i = 0; dot && i < 3; i++) {
		len = strlen(sections[i]);
		if (!strncmp(dot, sections[i], len) && (!dot[len] || dot[len] == '.'))
			return true;
	}
	return false;
}

static const struct ktstr_jnode *variable(const struct ktstr_jnode *map, const char *name,
					  size_t len)
{
	const struct ktstr_jnode *v = ktstr_jnode__list(ktstr_jnode__get(map, "value"), "members");
	const char *its;

	for (; v; v = v->next) {
		its = ktstr_jnode__str(v, "name", "");
		if (strlen(its) == len && !memcmp(its, name, len))
			return ktstr_jnode__get(v, "value");
	}
	return NULL;
}

static struct ktstr_snap no_variable(struct ktstr_snap s, const char *name, int len)
{
	const struct ktstr_jnode *m = ktstr_jnode__list(s.node, "maps");
	char names[200];

	for (; m; m = m->next)
		if (ends_with(ktstr_jnode__str(m, "name", ""), ".bss"))
			break;
	snap_list(ktstr_jnode__list(ktstr_jnode__get(m, "value"), "members"), "name", names,
		  sizeof(names));
	return snap_fail(s, KTSTR_SNAP_VAR_NOT_FOUND, "no variable is called %.*s; .bss has: %s",
			 len, name, names);
}

struct ktstr_snap ktstr_snap_var(struct ktstr_snap s, const char *path)
{
	const struct ktstr_jnode *m, *v, *found = NULL;
	size_t len = strcspn(path, ".[");
	char where[120] = "";
	unsigned int nr = 0;

	if (!is_all(&s))
		return s;
	if (!ktstr_jnode__get(s.node, "maps"))
		return no_maps(s);
	for (m = ktstr_jnode__list(s.node, "maps"); m; m = m->next) {
		const char *name = ktstr_jnode__str(m, "name", "");

		v = is_section(name) ? variable(m, path, len) : NULL;
		if (!v)
			continue;
		found = v;
		snprintf(where + strlen(where), sizeof(where) - strlen(where), "%s%.30s",
			 nr++ ? ", " : "", name);
	}
	if (!found)
		return no_variable(s, path, (int)len);
	if (nr > 1)
		return snap_fail(s, KTSTR_SNAP_AMBIGUOUS_VAR,
				 "%.*s is in %s; choose one by snap_get(snap_map())", (int)len,
				 path, where);
	path += len;
	if (*path == '.' && (!path[1] || strchr(".[", path[1])))
		return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND, "\"%s\": a name is missing in the path",
				 path - len);
	return snap_walk(snap_go(s, KTSTR_SNAP_VALUE, found, " %.*s", (int)len, path - len),
			 *path == '.' ? path + 1 : path);
}

struct ktstr_snap ktstr_snap_live_var(struct ktstr_snap s, const char *path)
{
	if (!is_all(&s))
		return s;
	if (!ktstr_jnode__get(s.node, "active_obj_name"))
		return no_maps(s);
	return ktstr_snap_var(s, path);
}

struct ktstr_snap ktstr_snap_kernel(struct ktstr_snap s, const char *path)
{
	if (!is_all(&s))
		return s;
	return snap_walk(snap_go(s, KTSTR_SNAP_PLAIN, s.node, " kernel"), path);
}

struct ktstr_snap ktstr_snap_stats(struct ktstr_snap s, const char *path)
{
	const struct ktstr_jnode *stats;

	if (!is_all(&s))
		return s;
	stats = ktstr_jnode__get(s.node, "scx_stats");
	if (!stats)
		return snap_fail(s, KTSTR_SNAP_MISSING_STATS, "%s",
				 ktstr_jnode__str(s.node, "scx_stats_unavailable", "nobody asked for them"));
	return snap_walk(snap_go(s, KTSTR_SNAP_STATS, stats, " stats"), path);
}

int ktstr_snapshots__default_check(struct ktstr_result *r)
{
	const struct ktstr_bridge *b = bridge(r);
	unsigned int real = 0;

	for (unsigned int i = 0; b && i < b->nr; i++)
		real += b->list[i]->kind == KTSTR_SNAPSHOT_PERIODIC && !b->list[i]->placeholder &&
			ktstr_jnode__list(b->list[i]->report, "maps");
	if (real)
		r->claims_held++;
	else if (!r->run->opts.monitor)
		ktstr_result__add(r, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "no periodic snapshot was taken, as KTSTR_MONITOR is off");
	else
		ktstr_result__add(r, KTSTR_FAILS, KTSTR_TEMPORAL,
				  "none of the %u periodic snapshots has a scheduler's BPF maps; %u were taken",
				  ktstr_periodic_target(r), ktstr_periodic_fired(r));
	return 0;
}
