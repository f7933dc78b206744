// SPDX-License-Identifier: GPL-2.0
/*
 * Values of the less common maps, as kernel/bpf/{lpm_trie,queue_stack_maps,bpf_struct_ops}.c keep
 * them. Their layouts are looked up when such a map is read: few objects have one.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>

#include "value_priv.h"

#define TRIE_DEPTH	2050	/* bits of the longest key, and the root */
#define INTERMEDIATE	1u	/* LPM_TREE_NODE_FLAG_IM: it has no value */

struct field {
	struct ktstr_place place;
	const char *type, *path;
};

static int find_all(struct field *f, size_t nr, const struct ktstr_btf *btf)
{
	for (size_t i = 0; i < nr; i++) {
		ktstr_place__find(&f[i].place, btf, f[i].type, f[i].path);
		if (!f[i].place.found)
			return -ENOENT;
	}
	return 0;
}

int ktstr_visit__lpm_trie(struct ktstr_visit *w)
{
	enum { ROOT, SIZE, CHILD, PREFIX, FLAGS, DATA };
	struct field f[] = {
		[ROOT]	 = { .type = "lpm_trie", .path = "root" },
		[SIZE]	 = { .type = "lpm_trie", .path = "data_size" },
		[CHILD]	 = { .type = "lpm_trie_node", .path = "child" },
		[PREFIX] = { .type = "lpm_trie_node", .path = "prefixlen" },
		[FLAGS]	 = { .type = "lpm_trie_node", .path = "flags" },
		[DATA]	 = { .type = "lpm_trie_node", .path = "data" },
	};
	uint64_t stack[TRIE_DEPTH + 2], size, flags;
	unsigned int depth = 1, nodes = 0;
	int ret = find_all(f, ARRAY_SIZE(f), w->v->img->btf);

	if (!ret)
		ret = ktstr_place__load(w->v, &f[ROOT].place, w->map->kva, &stack[0]);
	if (!ret)
		ret = ktstr_place__load(w->v, &f[SIZE].place, w->map->kva, &size);
	if (!ret && size != (uint64_t)w->map->key_size - sizeof(uint32_t))
		ret = -EBADMSG;
	while (depth && !ret) {
		uint64_t node = stack[--depth];

		if (!node)
			continue;
		if (depth > TRIE_DEPTH - 2 || ++nodes > KTSTR_MAX_MAP_VALUES)
			return -EBADMSG;
		ret = ktstr_place__load(w->v, &f[FLAGS].place, node, &flags);
		for (int i = 1; i >= 0 && !ret; i--)
			ret = ktstr_kview__load(w->v, node + f[CHILD].place.field.offset +
						(unsigned int)i * sizeof(*stack), sizeof(*stack),
						&stack[depth++]);
		if (!ret && !(flags & INTERMEDIATE))
			ret = ktstr_visit(w, (struct ktstr_map_value) {
				.kva = node + f[DATA].place.field.offset + size,
				.key_kva = node + f[DATA].place.field.offset,
				.prefix_kva = node + f[PREFIX].place.field.offset,
			});
	}
	return ret;
}

int ktstr_visit__queue(struct ktstr_visit *w)
{
	enum { HEAD, TAIL, SIZE, ELEMENTS };
	struct field f[] = {
		[HEAD]	   = { .type = "bpf_queue_stack", .path = "head" },
		[TAIL]	   = { .type = "bpf_queue_stack", .path = "tail" },
		[SIZE]	   = { .type = "bpf_queue_stack", .path = "size" },
		[ELEMENTS] = { .type = "bpf_queue_stack", .path = "elements" },
	};
	uint64_t n[ELEMENTS], nr, at;
	int ret = find_all(f, ARRAY_SIZE(f), w->v->img->btf);

	for (int i = 0; i < ELEMENTS && !ret; i++)
		ret = ktstr_place__load(w->v, &f[i].place, w->map->kva, &n[i]);
	if (ret)
		return ret;
	/* one place more than there can be elements, so that full and empty differ */
	if (n[SIZE] != (uint64_t)w->map->max_entries + 1 || n[HEAD] >= n[SIZE] ||
	    n[TAIL] >= n[SIZE])
		return -EBADMSG;
	nr = n[HEAD] >= n[TAIL] ? n[HEAD] - n[TAIL] : n[SIZE] - n[TAIL] + n[HEAD];
	for (uint64_t i = 0; i < nr && !ret; i++) {
		/* a queue gives the oldest, a stack the newest */
		at = w->map->type == KTSTR_MAP_QUEUE ? n[TAIL] + i : n[HEAD] + n[SIZE] - 1 - i;
		at = at % n[SIZE] * w->map->value_size;
		ret = ktstr_visit(w, (struct ktstr_map_value) {
			.kva = w->map->kva + f[ELEMENTS].place.field.offset + at });
	}
	return ret;
}

int ktstr_visit__struct_ops(struct ktstr_visit *w)
{
	struct field f = { .type = "bpf_struct_ops_map", .path = "kvalue" };
	int ret = find_all(&f, 1, w->v->img->btf);

	return ret ?: ktstr_visit(w, (struct ktstr_map_value) {
		.kva = w->map->kva + f.place.field.offset });
}
