// SPDX-License-Identifier: GPL-2.0
/* What sdt_alloc has handed out in the arena: see slots.h. */
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "cast/cast.h"
#include "slots.h"

#define LEVELS		3		/* SDT_TASK_LEVELS */
#define CHILDREN	512u		/* SDT_TASK_ENTS_PER_CHUNK */
#define MIN_LEAF	16u
#define MAX_LEAF	4096u		/* the library gives out no more than a page */
#define MAX_NODES	2048u		/* of a tree that are walked */
#define NAMES		128		/* of structures that it may be */

struct walk {
	struct dump *d;
	struct dump_slots *to;
	struct ktstr_btf_field allocated, chunk, genn, idx;
	struct ktstr_btf_field leaf_bytes, root;
	uint32_t type;			/* of what leaves have */
	uint32_t bytes;			/* of a leaf */
	unsigned int nodes, cut;	/* walked; left out */
	struct ktstr_jnode *entries;
};

/* An address of the arena as the program or its loader has it: its low half is what counts. */
static bool arena_offset(const struct dump *d, uint64_t addr, uint64_t *offset)
{
	*offset = (uint32_t)(addr - d->arena_user);
	return addr && *offset < d->arena_bytes && (!(addr >> 32) || addr >> 32 == d->arena_user >> 32 ||
						    addr >> 32 == d->arena_kva >> 32);
}

static bool load(struct walk *w, uint64_t offset, const struct ktstr_btf_field *f, uint64_t *value)
{
	*value = 0;
	return f->size <= sizeof(*value) &&
	       !ktstr_kview__read(w->d->v, w->d->arena_kva + offset + f->offset, value, f->size);
}

static void put_leaf(struct walk *w, uint64_t offset)
{
	struct ktstr_jtree *t = w->d->tree;
	struct ktstr_jnode *n;
	uint8_t buf[MAX_LEAF];
	uint64_t idx, genn;
	uint32_t behind = w->bytes - DUMP_SLOT_HEADER;

	if (w->to->nr == DUMP_MAX_SLOTS || offset + w->bytes > w->d->arena_bytes ||
	    !load(w, offset, &w->idx, &idx) || !load(w, offset, &w->genn, &genn) ||
	    ktstr_kview__read(w->d->v, w->d->arena_kva + offset + DUMP_SLOT_HEADER, buf, behind)) {
		w->cut++;
		return;
	}
	w->to->slot[w->to->nr++] = (struct dump_slot){ offset, w->bytes, w->type };
	n = ktstr_jtree__object(t, w->entries, NULL);
	ktstr_jtree__u64(t, n, "user_addr", w->d->arena_user + offset);
	ktstr_jtree__u64(t, n, "index", (uint32_t)idx);
	ktstr_jtree__u64(t, n, "genn", (uint32_t)genn);
	if (!n)
		return;
	if (w->type)
		ktstr_render__value(&w->d->render, n, "value", w->to->btf, w->type, buf, behind);
	else
		ktstr_render__bytes(t, n, "value", buf, behind);
}

/*
 * The node whose sdt_desc is at @desc. A child of an inner node is there if there is a pointer to it:
 * the bit says that all below is taken. A leaf is in use if it has both.
 */
static void walk_node(struct walk *w, uint64_t desc, int level)
{
	uint64_t bits[CHILDREN / 64], children[CHILDREN], chunk, child, at;

	/* the pool gives out a chunk as a whole, so all of it is mapped */
	if (w->nodes++ >= MAX_NODES || !load(w, desc, &w->chunk, &chunk) ||
	    !arena_offset(w->d, chunk, &at) ||
	    ktstr_kview__read(w->d->v, w->d->arena_kva + desc + w->allocated.offset, bits,
			      sizeof(bits)) || w->d->arena_bytes - at < sizeof(children) ||
	    ktstr_kview__read(w->d->v, w->d->arena_kva + at, children, sizeof(children))) {
		w->cut++;
		return;
	}
	for (unsigned int i = 0; i < CHILDREN && !dump_expired(w->d); i++) {
		child = children[i];
		if (!child)
			continue;
		if (level == LEVELS - 1 && !(bits[i / 64] >> i % 64 & 1))
			continue;
		if (!arena_offset(w->d, child, &child))
			w->cut++;
		else if (level < LEVELS - 1)
			walk_node(w, child, level + 1);
		else
			put_leaf(w, child);
	}
}

/* A structure of the library, or one that the kernel has too. */
static bool is_foreign(const struct walk *w, const struct ktstr_btf_type *t)
{
	return !strncmp(t->name, "sdt_", 4) || !strncmp(t->name, "scx_alloc", 9) ||
	       (w->d->btf && ktstr_btf__composite(w->d->btf, t->name));
}

static bool is_cast_to(const struct walk *w, const struct ktstr_btf_type *t)
{
	for (unsigned int i = 0; i < w->d->in->nr_casts; i++) {
		const struct ktstr_casts *c = &w->d->in->casts[i];

		for (uint32_t k = 0; k < c->nr; k++)
			if (c->cast[k].space != KTSTR_CAST_KERNEL && c->cast[k].target == t->id &&
			    !strcmp(ktstr_btf__type_name(c->btf, t->id), t->name))
				return true;
	}
	return false;
}

/* The type of what leaves have; 0: @names says what it may be. */
static uint32_t find_type(const struct walk *w, char names[NAMES])
{
	uint32_t nr = ktstr_btf__nr_types(w->to->btf), one = 0, cast = 0;
	unsigned int ones = 0, casts = 0;
	struct ktstr_btf_type t;
	size_t len = 0;

	names[0] = '\0';
	for (uint32_t id = 1; id <= nr; id++) {
		ktstr_btf__type(w->to->btf, id, &t);
		/* typedefs and qualifiers lead to it again */
		if (t.id != id || t.kind != KTSTR_BTF_STRUCT || !*t.name ||
		    ((t.size + 7) & ~7u) != w->bytes - DUMP_SLOT_HEADER || is_foreign(w, &t))
			continue;
		one = id;
		if (is_cast_to(w, &t)) {
			cast = id;
			casts++;
		}
		if (len < NAMES - 1)
			len += (size_t)snprintf(names + len, NAMES - len, "%s%s", ones ? ", " : "", t.name);
		ones++;
	}
	return casts == 1 ? cast : ones == 1 ? one : 0;
}

static void put_allocator(struct walk *w, struct ktstr_jnode *list, const char *name, uint64_t kva)
{
	struct ktstr_jtree *t = w->d->tree;
	struct ktstr_jnode *n = ktstr_jtree__object(t, list, NULL);
	uint64_t bytes = 0, root = 0, desc;
	char names[NAMES];

	ktstr_jtree__str(t, n, "name", name);
	if (ktstr_kview__read(w->d->v, kva + w->leaf_bytes.offset, &bytes, 8) ||
	    ktstr_kview__read(w->d->v, kva + w->root.offset, &root, 8) || !root) {
		ktstr_jtree__str(t, n, "error", "not initialised, or it cannot be read");
		return;
	}
	ktstr_jtree__u64(t, n, "elem_size", bytes);
	if (bytes < MIN_LEAF || bytes > MAX_LEAF || bytes <= DUMP_SLOT_HEADER ||
	    !arena_offset(w->d, root, &desc)) {
		ktstr_jtree__str(t, n, "error", "damaged");
		return;
	}
	w->bytes = (uint32_t)bytes;
	w->type = find_type(w, names);
	w->nodes = w->cut = 0;
	ktstr_jtree__str(t, n, "payload_type",
			 w->type ? ktstr_btf__type_name(w->to->btf, w->type) : NULL);
	if (!w->type)
		ktstr_jtree__str(t, n, "payload_may_be", *names ? names :
				 "no structure of the scheduler has this size");
	w->entries = ktstr_jtree__array(t, n, "entries");
	if (w->entries)
		walk_node(w, desc, 0);
	ktstr_jtree__u64(t, n, "skipped", w->cut);
}

/* NULL: all that is needed is known; else what is missing. */
static const char *resolve(struct walk *w)
{
	const struct {
		const char *type, *path;
		struct ktstr_btf_field *f;
	} need[] = {
		{ "scx_allocator", "pool.elem_size", &w->leaf_bytes },
		{ "scx_allocator", "root", &w->root },
		{ "sdt_desc", "allocated", &w->allocated },
		{ "sdt_desc", "chunk", &w->chunk },
	};

	for (size_t i = 0; i < ARRAY_SIZE(need); i++)
		if (ktstr_btf__field(w->to->btf, need[i].type, need[i].path, need[i].f))
			return need[i].path;
	if (w->allocated.size != CHILDREN / 8)
		return "the size of allocated";
	/* BTF has forward declarations of these, as only pointers to them are used: sdt_chunk, sdt_data */
	w->idx = (struct ktstr_btf_field){ .size = 4 };
	w->genn = (struct ktstr_btf_field){ .offset = 4, .size = 4 };
	return NULL;
}

static int by_offset(const void *a, const void *b)
{
	const struct dump_slot *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* The variables of @section, which begins at @kva, that are allocators. */
static void put_variables(struct walk *w, uint32_t section, uint64_t kva)
{
	struct ktstr_jnode *list = NULL;
	struct ktstr_btf_type s, t;
	struct ktstr_btf_part p;
	const char *why = NULL;

	ktstr_btf__type(w->to->btf, section, &s);
	for (uint32_t i = 0; i < s.nr && !why && !ktstr_btf__part(w->to->btf, &s, i, &p); i++) {
		ktstr_btf__type(w->to->btf, p.type, &t);
		if (t.kind != KTSTR_BTF_STRUCT || strcmp(t.name, "scx_allocator"))
			continue;
		if (!list) {
			why = resolve(w);
			list = why ? NULL : ktstr_jtree__array(w->d->tree, w->d->report,
							       "sdt_allocations");
		}
		if (list)
			put_allocator(w, list, p.name, kva + p.bit_offset / 8);
	}
	if (why)
		dump_missing(w->d, "sdt_alloc_unavailable", why);
}

void dump_slots__find(struct dump *d, const struct ktstr_maps *maps,
		      const struct ktstr_map_layout *l, uint64_t object)
{
	const struct ktstr_map *bss = ktstr_maps__find(maps, object, ".bss");
	struct walk w = { .d = d };
	uint64_t kva, size;
	uint32_t section;

	section = d->object_btf ? ktstr_btf__section(d->object_btf, ".bss", &size) : 0;
	if (!section || !bss || bss->btf_kva != object || !d->arena_bytes ||
	    ktstr_map__element(bss, d->v, l, 0, &kva))
		return;
	w.to = calloc(1, sizeof(*w.to));
	if (!w.to)
		return;
	w.to->btf = d->object_btf;
	put_variables(&w, section, kva);
	qsort(w.to->slot, w.to->nr, sizeof(*w.to->slot), by_offset);
	d->slots = w.to;
}

void dump_slots__free(struct dump *d)
{
	free(d->slots);
	d->slots = NULL;
}

bool dump_slots__target(const struct dump *d, uint64_t offset, struct ktstr_render_target *t)
{
	const struct dump_slots *s = d->slots;
	unsigned int low = 0, high = s ? s->nr : 0, mid;

	/* the first one behind @offset */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (s->slot[mid].offset <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || !s->slot[low - 1].type ||
	    (offset != s->slot[low - 1].offset && offset != s->slot[low - 1].offset + DUMP_SLOT_HEADER))
		return false;
	t->btf = s->btf;
	t->type = s->slot[low - 1].type;
	t->addr = d->arena_kva + s->slot[low - 1].offset + DUMP_SLOT_HEADER;
	return true;
}
