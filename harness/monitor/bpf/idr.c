// SPDX-License-Identifier: GPL-2.0
/*
 * An IDR is an XArray (include/linux/xarray.h). An entry whose lowest bits are 10 is internal: the
 * address of a node, or one of a few small numbers. A tree of one entry with index 0 has no node.
 */
#include <errno.h>

#include "idr.h"

#define INTERNAL_MASK	3u
#define INTERNAL	2u
#define MAX_SMALL	4096u		/* internal entries up to here are no nodes */
#define MAX_NODES	4096u		/* 262144 objects where a node has 64 slots */

struct walk {
	struct ktstr_kview *v;
	const struct ktstr_idr_layout *l;
	ktstr_idr_fn fn;
	void *arg;
	unsigned int nodes;		/* left */
};

void ktstr_idr_layout__resolve(struct ktstr_idr_layout *l, const struct ktstr_btf *btf)
{
	ktstr_place__find_number(&l->head, btf, "idr", "idr_rt.xa_head");
	ktstr_place__find_number(&l->shift, btf, "xa_node", "shift");
	ktstr_place__find(&l->slots, btf, "xa_node", "slots");
	l->nr_slots = l->slots.found ? l->slots.field.size / sizeof(uint64_t) : 0;
}

static bool is_node(uint64_t entry)
{
	return (entry & INTERNAL_MASK) == INTERNAL && entry > MAX_SMALL;
}

/* @shift: below that of the parent. */
static int walk_node(struct walk *w, uint64_t node, uint64_t base, uint64_t above)
{
	uint64_t shift, entry;
	int ret;

	if (!w->nodes)
		return -EBADMSG;
	w->nodes--;
	ret = ktstr_place__load(w->v, &w->l->shift, node, &shift);
	if (ret || shift >= above)
		return ret ?: -EBADMSG;
	for (uint32_t i = 0; i < w->l->nr_slots && !ret; i++) {
		uint64_t id = base + ((uint64_t)i << shift);

		ret = ktstr_kview__load(w->v, node + w->l->slots.field.offset + i * sizeof(entry),
					sizeof(entry), &entry);
		if (ret || !entry)
			continue;
		if (is_node(entry))
			ret = walk_node(w, entry - INTERNAL, id, shift);
		else if (!shift && !(entry & INTERNAL_MASK))
			ret = w->fn(w->arg, id, entry);
	}
	return ret;
}

int ktstr_idr__each(struct ktstr_kview *v, const struct ktstr_idr_layout *l, uint64_t kva,
		    ktstr_idr_fn fn, void *arg)
{
	struct walk w = { .v = v, .l = l, .fn = fn, .arg = arg, .nodes = MAX_NODES };
	uint64_t head;
	int ret;

	if (!l->nr_slots)
		return -ENOENT;
	ret = ktstr_place__load(v, &l->head, kva, &head);
	if (ret || !head)
		return ret;
	if (is_node(head))
		return walk_node(&w, head - INTERNAL, 0, 64);
	return head & INTERNAL_MASK ? 0 : fn(arg, 0, head);
}

int ktstr_idr__list(struct ktstr_kview *v, const struct ktstr_idr_layout *l, const char *symbol,
		    ktstr_idr_fn add, void *arg, unsigned int *nr, bool *complete)
{
	uint64_t kva;
	int ret;

	*nr = 0;
	*complete = false;
	if (ktstr_kview__symbol(v, symbol, &kva))
		return -ENOENT;
	ret = ktstr_idr__each(v, l, kva, add, arg);
	*complete = !ret;
	return *nr ? 0 : ret;
}
