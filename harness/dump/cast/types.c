// SPDX-License-Identifier: GPL-2.0
/* What is where in a structure, as far as the cast analysis asks. */
#include "types.h"

#define NEST_MAX	16
#define VISIT_MAX	65536	/* members */
#define ELEMENTS_MAX	4096	/* of an array that are told apart */

uint32_t type_pointee(const struct ktstr_btf *btf, uint32_t pointer, enum ktstr_cast_space *space)
{
	struct ktstr_btf_type p, t;

	ktstr_btf__type(btf, pointer, &p);
	if (p.kind != KTSTR_BTF_PTR)
		return 0;
	ktstr_btf__type(btf, p.target, &t);
	if (!strcmp(t.tag, "arena") || !strncmp(t.tag, "address_space(", 14))
		*space = KTSTR_CAST_ARENA;
	else if (strstr(t.tag, "kptr") || !strcmp(t.tag, "rcu"))
		*space = KTSTR_CAST_KERNEL;
	switch (t.kind) {
	case KTSTR_BTF_STRUCT:
	case KTSTR_BTF_UNION:
	case KTSTR_BTF_FWD:
		return *t.name ? t.id : 0;
	default:
		return 0;
	}
}

bool type_is_plain(const struct ktstr_btf_type *t)
{
	return t->kind == KTSTR_BTF_INT && t->size == sizeof(uint64_t);
}

struct val type_pointer_to(const struct ktstr_btf *btf, uint32_t type, enum ktstr_cast_space space)
{
	struct ktstr_btf_type t, element;

	ktstr_btf__type(btf, type, &t);
	element = t;
	for (int depth = 0; element.kind == KTSTR_BTF_ARRAY && depth < NEST_MAX; depth++)
		ktstr_btf__type(btf, element.target, &element);
	if (element.kind == KTSTR_BTF_STRUCT || element.kind == KTSTR_BTF_UNION)
		return (struct val){ .kind = V_PTR, .space = space, .type = t.id };
	return t.kind == KTSTR_BTF_VOID ? unknown() : (struct val){ .kind = V_OTHER };
}

/* The member of structure @t around byte @off that is no bitfield. */
static bool member_at(const struct ktstr_btf *btf, const struct ktstr_btf_type *t, uint64_t off,
		      struct ktstr_btf_part *part, struct ktstr_btf_type *type)
{
	for (uint32_t i = 0; i < t->nr && !ktstr_btf__part(btf, t, i, part); i++) {
		if (part->bits || part->bit_offset / 8 > off)
			continue;
		ktstr_btf__type(btf, part->type, type);
		if (off - part->bit_offset / 8 < type->size)
			return true;
	}
	return false;
}

struct val type_load(const struct ktstr_btf *btf, uint32_t id, int32_t off, uint32_t size,
		     enum ktstr_cast_space space)
{
	struct ktstr_btf_part part = { .name = "" };
	struct ktstr_btf_type t, element;	/* or member */
	uint32_t around = 0, target, at = 0;

	if (off < 0 || size != sizeof(uint64_t))
		return unknown();
	ktstr_btf__type(btf, id, &t);
	for (int depth = 0; depth < NEST_MAX; depth++) {
		switch (t.kind) {
		case KTSTR_BTF_STRUCT:
			around = t.id;
			if (!member_at(btf, &t, (uint64_t)off, &part, &element))
				return unknown();
			t = element;
			at = (uint32_t)(part.bit_offset / 8);
			off -= (int32_t)at;
			continue;
		case KTSTR_BTF_ARRAY:
			ktstr_btf__type(btf, t.target, &element);
			if (!element.size || element.kind == KTSTR_BTF_INT)
				return unknown();
			off = (int32_t)((uint32_t)off % element.size);
			t = element;
			continue;
		case KTSTR_BTF_PTR:
			target = off ? 0 : type_pointee(btf, t.id, &space);
			if (!target)
				return unknown();
			return (struct val){ .kind = V_PTR, .space = space, .type = target };
		default:
			if (!around || off || !type_is_plain(&t))
				return unknown();
			return (struct val){ .kind = V_MEMBER, .type = around, .off = (int32_t)at };
		}
	}
	return unknown();
}

struct walk {
	const struct ktstr_btf *btf;
	uint64_t from, to;
	member_fn fn;
	void *arg;
	uint32_t left;
};

static void walk(struct walk *w, uint32_t id, uint64_t base, bool in_union, int depth);

/* All elements look alike: of three or more, one whole one has all the members of the others. */
static void walk_array(struct walk *w, const struct ktstr_btf_type *t, uint64_t base,
		       bool in_union, int depth)
{
	struct ktstr_btf_type element;
	uint64_t first, last;

	ktstr_btf__type(w->btf, t->target, &element);
	if (!element.size || !t->nr)
		return;
	first = w->from > base ? (w->from - base) / element.size : 0;
	last = (w->to - 1 - base) / element.size;
	if (last >= t->nr)
		last = t->nr - 1;
	if (first > last)
		return;
	if (last - first >= 2)
		first = last = first + 1;
	for (uint64_t i = first; i <= last; i++)
		walk(w, t->target, base + i * element.size, in_union, depth - 1);
}

static void walk(struct walk *w, uint32_t id, uint64_t base, bool in_union, int depth)
{
	struct ktstr_btf_part part;
	struct ktstr_btf_type t, m;

	if (!depth)
		return;
	ktstr_btf__type(w->btf, id, &t);
	if (t.kind == KTSTR_BTF_ARRAY) {
		walk_array(w, &t, base, in_union, depth);
		return;
	}
	if (t.kind != KTSTR_BTF_STRUCT && t.kind != KTSTR_BTF_UNION)
		return;
	in_union |= t.kind == KTSTR_BTF_UNION;
	for (uint32_t i = 0; w->left && !ktstr_btf__part(w->btf, &t, i, &part); i++) {
		uint64_t at = base + part.bit_offset / 8;

		w->left--;
		ktstr_btf__type(w->btf, part.type, &m);
		if (part.bits || at >= w->to || at + m.size <= w->from)
			continue;
		if (type_is_plain(&m))
			w->fn(w->arg, t.id, (uint32_t)(part.bit_offset / 8), at, in_union);
		else
			walk(w, part.type, at, in_union, depth - 1);
	}
}

void type_members(const struct ktstr_btf *btf, uint32_t id, uint64_t from, uint64_t to,
		  member_fn fn, void *arg)
{
	struct walk w = { btf, from, to, fn, arg, VISIT_MAX };

	if (from < to)
		walk(&w, id, 0, false, NEST_MAX);
}

static bool places_in(const struct ktstr_btf *btf, const struct ktstr_btf_type *around,
		      uint32_t type, place_fn fn, void *arg)
{
	struct ktstr_btf_part part;
	struct ktstr_btf_type m;

	for (uint32_t i = 0; !ktstr_btf__part(btf, around, i, &part); i++) {
		uint32_t elements = 1;

		ktstr_btf__type(btf, part.type, &m);
		if (m.kind == KTSTR_BTF_ARRAY) {
			elements = m.nr < ELEMENTS_MAX ? m.nr : ELEMENTS_MAX;
			ktstr_btf__type(btf, m.target, &m);
		}
		for (uint32_t k = 0; m.id == type && k < elements; k++)
			if (fn(arg, around->id, part.bit_offset / 8 + (uint64_t)k * m.size))
				return true;
	}
	return false;
}

bool type_places(const struct ktstr_btf *btf, uint32_t type, place_fn fn, void *arg)
{
	uint32_t nr = ktstr_btf__nr_types(btf);
	struct ktstr_btf_type t;

	for (uint32_t id = 1; id < nr; id++) {
		ktstr_btf__type(btf, id, &t);
		if (t.id == id && (t.kind == KTSTR_BTF_STRUCT || t.kind == KTSTR_BTF_UNION) &&
		    places_in(btf, &t, type, fn, arg))
			return true;
	}
	return false;
}
