// SPDX-License-Identifier: GPL-2.0
/*
 * What speaks for and against members that could hold pointers. A member is the innermost structure
 * around it and its offset there: what is true of it in one place, it has to be in all.
 */
#include <errno.h>

#include "types.h"

#define MAX_MEMBERS	8192
#define EMBED_DEPTH	4	/* structures in structures, for stores of unknown base */
#define PLACES_MAX	4096	/* of structures in others, in all; more are taken for hit */

struct member {
	uint32_t type, off;
	uint32_t target;	/* 0: nothing speaks for it yet */
	uint8_t space;
	bool spoiled;
};

struct copy {
	uint32_t to, from;	/* indices of members */
};

struct wild {
	int32_t off;		/* below 0: anywhere */
	uint32_t size;
};

/* A store through a pointer to @type that is not into that, but into what is around it. */
struct around {
	uint32_t type, size;
	int64_t at;
};

struct evidence {
	const struct ktstr_btf *btf;
	struct member *member;
	uint32_t nr, room;
	struct copy *copy;
	uint32_t nr_copies, copies_room;
	struct wild *wild;	/* stores through pointers of unknown type */
	uint32_t nr_wild, wild_room;
	struct around *around;
	uint32_t nr_around, around_room;
	uint32_t places;	/* looked at so far */
	bool all_spoiled;	/* a store that could have gone to any member */
	bool failed;		/* no memory */
};

struct evidence *evidence_new(const struct ktstr_btf *btf)
{
	struct evidence *e = calloc(1, sizeof(*e));

	if (e)
		e->btf = btf;
	return e;
}

void evidence_free(struct evidence *e)
{
	if (!e)
		return;
	free(e->member);
	free(e->copy);
	free(e->wild);
	free(e->around);
	free(e);
}

/* Room for one more of @size bytes in the array *@p. */
static bool grow(struct evidence *e, void *p, uint32_t nr, uint32_t *room, size_t size)
{
	uint32_t more = *room ? 2 * *room : 64;
	void *bigger;

	if (nr < *room)
		return true;
	bigger = realloc(*(void **)p, more * size);
	if (!bigger) {
		e->failed = true;
		return false;
	}
	*(void **)p = bigger;
	*room = more;
	return true;
}

/* Its index, or UINT32_MAX: it cannot be kept, and nothing will be said. */
static uint32_t member_of(struct evidence *e, uint32_t type, uint32_t off)
{
	for (uint32_t i = 0; i < e->nr; i++)
		if (e->member[i].type == type && e->member[i].off == off)
			return i;
	if (e->nr == MAX_MEMBERS) {
		e->all_spoiled = true;
		return UINT32_MAX;
	}
	if (!grow(e, &e->member, e->nr, &e->room, sizeof(*e->member)))
		return UINT32_MAX;
	e->member[e->nr] = (struct member){ .type = type, .off = off };
	return e->nr++;
}

static void spoil(struct evidence *e, uint32_t type, uint32_t off)
{
	uint32_t i = member_of(e, type, off);

	if (i != UINT32_MAX)
		e->member[i].spoiled = true;
}

static void support(struct member *m, uint32_t target, uint8_t space)
{
	if (m->target && m->target != target)
		m->spoiled = true;
	if (m->space && space && m->space != space)
		m->spoiled = true;
	m->target = target;
	if (space)
		m->space = space;
}

/* A store of @v into the member: it supports the member, or speaks against it. */
static void store_into(struct evidence *e, uint32_t type, uint32_t off, const struct val *v)
{
	uint32_t i = member_of(e, type, off), from;

	if (i == UINT32_MAX || v->kind == V_ZERO)
		return;
	if (v->kind == V_PTR && !v->off && v->type) {
		support(&e->member[i], v->type, v->space);
	} else if (v->kind == V_MEMBER) {
		from = member_of(e, v->type, (uint32_t)v->off);
		if (from == i || from == UINT32_MAX ||
		    !grow(e, &e->copy, e->nr_copies, &e->copies_room, sizeof(*e->copy)))
			return;
		e->copy[e->nr_copies++] = (struct copy){ i, from };
	} else {
		e->member[i].spoiled = true;
	}
}

struct store {
	struct evidence *e;
	uint64_t at;
	uint32_t size;
	const struct val *v;
};

static void store_member(void *arg, uint32_t type, uint32_t off, uint64_t at, bool in_union)
{
	struct store *s = arg;

	if (in_union || at != s->at || s->size != sizeof(uint64_t))
		spoil(s->e, type, off);
	else
		store_into(s->e, type, off, s->v);
}

static void spoil_member(void *arg, uint32_t type, uint32_t off, uint64_t at, bool in_union)
{
	(void)at;
	(void)in_union;
	spoil(arg, type, off);
}

static void add_wild(struct evidence *e, int32_t off, uint32_t size)
{
	for (uint32_t i = 0; i < e->nr_wild; i++)
		if (e->wild[i].off == off && e->wild[i].size == size)
			return;
	if (grow(e, &e->wild, e->nr_wild, &e->wild_room, sizeof(*e->wild)))
		e->wild[e->nr_wild++] = (struct wild){ off, size };
}

static void store_to_pointer(struct evidence *e, const struct val *base, int32_t off, uint32_t size,
			     const struct val *v)
{
	struct store s = { .e = e, .size = size, .v = v };
	struct ktstr_btf_type t;
	int64_t at = (int64_t)base->off + off;

	ktstr_btf__type(e->btf, base->type, &t);
	if (t.kind == KTSTR_BTF_FWD)
		return;
	if (at < 0 || at + size > t.size) {
		if (v->kind != V_ZERO &&
		    grow(e, &e->around, e->nr_around, &e->around_room, sizeof(*e->around)))
			e->around[e->nr_around++] = (struct around){ base->type, size, at };
		return;
	}
	s.at = (uint64_t)at;
	type_members(e->btf, base->type, s.at, s.at + size, store_member, &s);
}

/* It may have gone there: that is no proof, but it speaks against anything else. */
static void store_maybe(struct evidence *e, const struct val *maybe, int32_t off, uint32_t size)
{
	const struct val number = { .kind = V_UNKNOWN };
	struct val base = *maybe;

	base.kind = maybe->base;
	evidence_store(e, &base, off, size, &number);
	if (maybe->or_unknown)
		add_wild(e, off, size);
}

void evidence_store(struct evidence *e, const struct val *base, int32_t off, uint32_t size,
		    const struct val *v)
{
	switch (base->kind) {
	case V_PTR:
		store_to_pointer(e, base, off, size, v);
		break;
	case V_VAR:
		if (off || size != sizeof(uint64_t))
			spoil(e, base->type, (uint32_t)base->off);
		else
			store_into(e, base->type, (uint32_t)base->off, v);
		break;
	case V_PTRVAR:
		if (v->kind != V_ZERO)
			evidence_spoil(e, base, true);
		break;
	case V_MAYBE:
		if (v->kind != V_ZERO)
			store_maybe(e, base, off, size);
		break;
	case V_MIXED:
		if (v->kind != V_ZERO)
			e->all_spoiled = true;
		break;
	case V_UNKNOWN:
	case V_MEMBER:
		if (v->kind != V_ZERO)
			add_wild(e, base->kind != V_UNKNOWN ? off :
				 base->off == ANYWHERE ? ANYWHERE : base->off + off, size);
		break;
	default:
		break;
	}
}

void evidence_spoil(struct evidence *e, const struct val *base, bool all)
{
	struct val certain = *base;

	switch (base->kind) {
	case V_PTR:
		if (all)
			type_members(e->btf, base->type, 0, UINT32_MAX, spoil_member, e);
		else if (base->off >= 0)
			type_members(e->btf, base->type, (uint32_t)base->off,
				     (uint32_t)base->off + 1ull, spoil_member, e);
		break;
	case V_PTRVAR:
		type_members(e->btf, base->type, 0, UINT32_MAX, spoil_member, e);
		break;
	case V_VAR:
		spoil(e, base->type, (uint32_t)base->off);
		break;
	case V_MAYBE:
		certain.kind = base->base;
		evidence_spoil(e, &certain, all);
		break;
	case V_MIXED:
		e->all_spoiled = true;
		break;
	default:
		break;
	}
}

void evidence_is(struct evidence *e, const struct val *v, uint32_t target,
		 enum ktstr_cast_space space)
{
	struct ktstr_btf_type t;
	uint32_t i;

	ktstr_btf__type(e->btf, target, &t);
	if (v->kind != V_MEMBER || !*t.name ||
	    (t.kind != KTSTR_BTF_STRUCT && t.kind != KTSTR_BTF_UNION && t.kind != KTSTR_BTF_FWD))
		return;
	i = member_of(e, v->type, (uint32_t)v->off);
	if (i != UINT32_MAX)
		support(&e->member[i], t.id, space ? space : v->space);
}

static bool is_wild(const struct evidence *e, uint64_t at)
{
	for (uint32_t i = 0; i < e->nr_wild; i++) {
		const struct wild *w = &e->wild[i];

		if (w->off < 0 || ((uint64_t)w->off < at + 8 && (uint64_t)w->off + w->size > at))
			return true;
	}
	return false;
}

struct reach {
	struct evidence *e;
	uint64_t at;
	int depth;
};

static bool hit_by_wild(struct evidence *e, uint32_t type, uint64_t at, int depth);

static bool hit_in_place(void *arg, uint32_t around, uint64_t at)
{
	const struct reach *r = arg;

	return r->e->places++ >= PLACES_MAX || hit_by_wild(r->e, around, at + r->at, r->depth);
}

/* Could a store of unknown base have gone to offset @at of a @type, or of what one is part of? */
static bool hit_by_wild(struct evidence *e, uint32_t type, uint64_t at, int depth)
{
	struct reach r = { e, at, depth - 1 };

	return is_wild(e, at) || (depth && type_places(e->btf, type, hit_in_place, &r));
}

/* A copy has the target of what is copied. */
static void carry_targets(struct evidence *e)
{
	bool again = true;

	while (again) {
		again = false;
		for (uint32_t i = 0; i < e->nr_copies; i++) {
			struct member *to = &e->member[e->copy[i].to];
			const struct member *from = &e->member[e->copy[i].from];

			if (!from->target || to->target == from->target || to->spoiled)
				continue;
			support(to, from->target, from->space);
			again = true;
		}
	}
}

/* What was copied from something in doubt is in doubt. */
static void carry_doubts(struct evidence *e)
{
	bool again = true;

	while (again) {
		again = false;
		for (uint32_t i = 0; i < e->nr_copies; i++) {
			struct member *to = &e->member[e->copy[i].to];
			const struct member *from = &e->member[e->copy[i].from];

			if (to->spoiled || (from->target && !from->spoiled))
				continue;
			to->spoiled = true;
			again = true;
		}
	}
}

struct spread {
	struct evidence *e;
	const struct around *a;
	bool found;
};

static bool spoil_place(void *arg, uint32_t around, uint64_t at)
{
	struct spread *s = arg;
	int64_t from = (int64_t)at + s->a->at;

	s->found = true;
	if (from >= 0)
		type_members(s->e->btf, around, (uint64_t)from, (uint64_t)from + s->a->size,
			     spoil_member, s->e);
	return false;
}

/* In all structures that have a member of the type of @a. */
static void spoil_around(struct evidence *e, const struct around *a)
{
	struct spread s = { .e = e, .a = a };

	type_places(e->btf, a->type, spoil_place, &s);
	if (a->at >= 0 && a->at <= INT32_MAX)
		add_wild(e, (int32_t)a->at, a->size);	/* one that looks like it */
	else if (!s.found)
		e->all_spoiled = true;
}

static int by_place(const void *a, const void *b)
{
	const struct ktstr_cast *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

int evidence_decide(struct evidence *e, struct ktstr_casts *out)
{
	struct ktstr_btf_type t;

	if (e->failed)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->nr_around; i++)
		spoil_around(e, &e->around[i]);
	carry_targets(e);
	for (uint32_t i = 0; i < e->nr && e->nr_wild; i++) {
		struct member *m = &e->member[i];

		ktstr_btf__type(e->btf, m->type, &t);
		if (m->target && !m->spoiled && t.kind != KTSTR_BTF_SECTION &&
		    hit_by_wild(e, m->type, m->off, EMBED_DEPTH))
			m->spoiled = true;
	}
	carry_doubts(e);
	out->cast = calloc(e->nr ?: 1, sizeof(*out->cast));
	if (!out->cast)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->nr && !e->all_spoiled; i++) {
		const struct member *m = &e->member[i];

		if (m->target && !m->spoiled)
			out->cast[out->nr++] = (struct ktstr_cast){ m->type, m->off, m->target,
								    m->space };
	}
	qsort(out->cast, out->nr, sizeof(*out->cast), by_place);
	return 0;
}

const struct ktstr_cast *ktstr_casts__find(const struct ktstr_casts *casts, uint32_t type,
					   uint32_t offset)
{
	struct ktstr_cast key = { .type = type, .offset = offset };

	return casts->nr ? bsearch(&key, casts->cast, casts->nr, sizeof(key), by_place) : NULL;
}
