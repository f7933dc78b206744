// SPDX-License-Identifier: GPL-2.0
/*
 * Paths in values: "a.b[2].c", or "a[\"b\"][2].c" for a name that has one of ".[" in it. A value is an
 * object whose "kind" says what it has (dump/render.h); what the kernel's part of a report has besides
 * them, and what a scheduler serves, is JSON as it is. Steps are bounded by the path, pointers by
 * SNAP_HOPS.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"

static const char *kind_of(const struct ktstr_jnode *n)
{
	return ktstr_jnode__str(n, "kind", "");
}

/* A member of @n, or of a member of it that has no name. */
static const struct ktstr_jnode *member(const struct ktstr_jnode *n, const char *name, size_t len,
					int depth)
{
	const struct ktstr_jnode *m = ktstr_jnode__list(n, "members"), *v;
	const char *its;

	for (; m && depth; m = m->next) {
		its = ktstr_jnode__str(m, "name", "");
		v = ktstr_jnode__get(m, "value");
		if (strlen(its) == len && !memcmp(its, name, len))
			return v;
		v = *its ? NULL : member(v, name, len, depth - 1);
		if (v)
			return v;
	}
	return NULL;
}

/* Element @i of a value: equal neighbours are one node. */
static const struct ktstr_jnode *element(const struct ktstr_jnode *n, uint64_t i)
{
	const struct ktstr_jnode *e = ktstr_jnode__list(n, "elements");
	uint64_t from, count;

	for (; e; e = e->next) {
		from = ktstr_jnode__u64(e, "index", UINT64_MAX);
		count = ktstr_jnode__u64(e, "count", 1);
		if (i >= from && i - from < count)
			return ktstr_jnode__get(e, "value");
	}
	return NULL;
}

static const struct ktstr_jnode *child(const struct ktstr_jnode *n, uint64_t i)
{
	const struct ktstr_jnode *c = n->type == KTSTR_J_ARRAY ? ktstr_jnode__first(n) : NULL;

	while (c && i--)
		c = c->next;
	return c;
}

/* What pointers lead to. */
static struct ktstr_snap follow(struct ktstr_snap s)
{
	for (int hops = 0; !s.error && !strcmp(kind_of(s.node), "ptr"); hops++) {
		const struct ktstr_jnode *to = ktstr_jnode__get(s.node, "deref");

		if (hops == SNAP_HOPS)
			return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND,
					 "more than %d pointers one behind the other", SNAP_HOPS);
		if (!to)
			return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND, "the pointer is not followed: %s",
					 ktstr_jnode__str(s.node, "deref_skipped_reason",
							  "what it leads to is not in the snapshot"));
		s.node = to;
	}
	return s;
}

static struct ktstr_snap no_member(struct ktstr_snap s, const char *name, int len)
{
	const struct ktstr_jnode *n = s.node, *c;
	char names[160];
	size_t at = 0;

	if (s.place == KTSTR_SNAP_VALUE) {
		c = ktstr_jnode__list(n, "members");
		if (!c)
			return snap_fail(s, KTSTR_SNAP_TYPE_MISMATCH,
					 "has no members, it is a %s; asked for .%.*s", kind_of(n), len,
					 name);
		snap_list(c, "name", names, sizeof(names));
	} else if (s.place == KTSTR_SNAP_STATS && n->type != KTSTR_J_OBJECT) {
		return snap_fail(s, KTSTR_SNAP_TYPE_MISMATCH,
				 "has no members, it is a %s; asked for .%.*s", snap_json_type(n),
				 len, name);
	} else {
		snprintf(names, sizeof(names), "none");
		for (c = n->type == KTSTR_J_OBJECT ? ktstr_jnode__first(n) : NULL;
		     c && at + 32 < sizeof(names); c = c->next)
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%.24s",
					       at ? ", " : "", c->key ?: "?");
	}
	return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND, "no member is called %.*s; there are: %s", len,
			 name, names);
}

static struct ktstr_snap step_name(struct ktstr_snap s, const char *name, size_t len)
{
	const struct ktstr_jnode *n = s.node, *to = NULL, *c;

	if (s.place != KTSTR_SNAP_VALUE && n->type == KTSTR_J_OBJECT)
		for (c = ktstr_jnode__first(n); c && !to; c = c->next)
			if (c->key && strlen(c->key) == len && !memcmp(c->key, name, len))
				to = c;
	if (!to && s.place != KTSTR_SNAP_STATS && *kind_of(n)) {
		s.place = KTSTR_SNAP_VALUE;
		s = follow(s);
		if (s.error)
			return s;
		to = member(s.node, name, len, 8);
	}
	return to ? snap_go(s, s.place, to, ".%.*s", (int)len, name) :
	       no_member(s, name, (int)len);
}

static struct ktstr_snap step_index(struct ktstr_snap s, uint64_t i)
{
	const struct ktstr_jnode *to, *n;

	s = s.place != KTSTR_SNAP_STATS && *kind_of(s.node) ? follow(s) : s;
	if (s.error)
		return s;
	n = s.node;
	if (s.place == KTSTR_SNAP_VALUE && strcmp(kind_of(n), "array"))
		return snap_fail(s, KTSTR_SNAP_TYPE_MISMATCH, "has no elements, it is a %s",
				 kind_of(n));
	if (s.place == KTSTR_SNAP_STATS && n->type != KTSTR_J_ARRAY)
		return snap_fail(s, KTSTR_SNAP_TYPE_MISMATCH, "has no elements, it is a %s",
				 snap_json_type(n));
	to = s.place == KTSTR_SNAP_VALUE ? element(n, i) : child(n, i);
	if (!to)
		return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND, "there is no element %llu of %llu",
				 (unsigned long long)i, (unsigned long long)
				 (s.place == KTSTR_SNAP_VALUE ? ktstr_jnode__u64(n, "len", 0) : n->nr));
	return snap_go(s, s.place, to, "[%llu]", (unsigned long long)i);
}

/* "[3]" or "[\"name\"]" at *@p, which goes on behind it. */
static struct ktstr_snap step_bracket(struct ktstr_snap s, const char **p)
{
	const char *at = *p, *quote = at[1] == '"' ? strstr(at + 2, "\"]") : NULL;
	uint64_t i;
	char *end;

	if (quote) {
		*p = quote + 2;
		return step_name(s, at + 2, (size_t)(quote - (at + 2)));
	}
	errno = 0;
	i = strtoull(at + 1, &end, 10);
	if (end == at + 1 || *end != ']' || errno || at[1] == '-')
		return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND,
				 "%s: an index is a number in [ ], a name is in [\" \"]", at);
	*p = end + 1;
	return step_index(s, i);
}

struct ktstr_snap snap_walk(struct ktstr_snap s, const char *path)
{
	const char *p = path;
	size_t len;

	while (!s.error && *p) {
		if (*p == '[') {
			s = step_bracket(s, &p);
		} else {
			len = strcspn(p, ".[");
			if (!len)
				return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND,
						 "\"%s\": a name is missing in the path", path);
			s = step_name(s, p, len);
			p += len;
		}
		if (*p == '.' && !*++p)
			return snap_fail(s, KTSTR_SNAP_FIELD_NOT_FOUND,
					 "\"%s\": a name is missing in the path", path);
	}
	return s;
}
