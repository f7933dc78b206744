// SPDX-License-Identifier: GPL-2.0
/*
 * Values of BPF maps, as kernel/bpf/{arraymap,hashtab,bpf_local_storage}.c keep them. The chain of a
 * bucket is followed to its end before anything in it is reported: only then it is known to be one.
 */
#include <linux/kernel.h>
#include <errno.h>
#include <stdlib.h>

#include "value_priv.h"

#define MAX_CHAIN	65536u		/* elements of a bucket; far more than any has */
#define TRIES		3		/* of a chain that changes meanwhile */
#define MAX_LOG		20		/* buckets of a storage, as a power of two */
#define ALIGN8(_x)	(((uint64_t)(_x) + 7) & ~(uint64_t)7)

static int each_of_array(struct ktstr_visit *w);
static int each_of_hash(struct ktstr_visit *w);
static int each_of_storage(struct ktstr_visit *w);
static int each_of_arena(struct ktstr_visit *w);

/* What else is known of the values of a type. */
enum {
	PER_CPU		= 1 << 0,	/* one for each CPU */
	KEYED		= 1 << 1,	/* their keys are in them */
	ELEMENTS	= 1 << 2,	/* at known addresses */
	FIELDS		= 1 << 3,	/* a test may watch them */
	OWNED		= 1 << 4,	/* each belongs to a task, cgroup, inode or socket */
};

static const struct type {
	uint32_t type;
	const char *name;
	int (*each)(struct ktstr_visit *w);
	unsigned int is;
} types[] = {
	{ KTSTR_MAP_ARRAY,	   "array",	     each_of_array,   ELEMENTS | FIELDS },
	{ KTSTR_MAP_PERCPU_ARRAY,  "percpu_array",   each_of_array,   PER_CPU | FIELDS },
	{ KTSTR_MAP_HASH,	   "hash",	     each_of_hash,    KEYED | FIELDS },
	{ KTSTR_MAP_LRU_HASH,	   "lru_hash",	     each_of_hash,    KEYED | FIELDS },
	{ KTSTR_MAP_PERCPU_HASH,   "percpu_hash",    each_of_hash,    KEYED | PER_CPU | FIELDS },
	{ KTSTR_MAP_LRU_PERCPU_HASH, "lru_percpu_hash", each_of_hash, KEYED | PER_CPU | FIELDS },
	{ KTSTR_MAP_TASK_STORAGE,  "task_storage",   each_of_storage, OWNED | FIELDS },
	{ KTSTR_MAP_CGRP_STORAGE,  "cgrp_storage",   each_of_storage, OWNED | FIELDS },
	{ KTSTR_MAP_INODE_STORAGE, "inode_storage",  each_of_storage, OWNED },
	{ KTSTR_MAP_SK_STORAGE,	   "sk_storage",     each_of_storage, OWNED },
	{ KTSTR_MAP_ARENA,	   "arena",	     each_of_arena,   ELEMENTS | FIELDS },
	{ KTSTR_MAP_LPM_TRIE,	   "lpm_trie",	     ktstr_visit__lpm_trie, 0 },
	{ KTSTR_MAP_QUEUE,	   "queue",	     ktstr_visit__queue, 0 },
	{ KTSTR_MAP_STACK,	   "stack",	     ktstr_visit__queue, 0 },
	{ KTSTR_MAP_STRUCT_OPS,	   "struct_ops",     ktstr_visit__struct_ops, 0 },
	/* no values, but see other.h */
	{ KTSTR_MAP_PROG_ARRAY,	   "prog_array",     NULL, 0 },
	{ KTSTR_MAP_PERF_EVENT_ARRAY, "perf_event_array", NULL, 0 },
	{ KTSTR_MAP_STACK_TRACE,   "stack_trace",    NULL, 0 },
	{ KTSTR_MAP_CGROUP_ARRAY,  "cgroup_array",   NULL, 0 },
	{ KTSTR_MAP_ARRAY_OF_MAPS, "array_of_maps",  NULL, 0 },
	{ KTSTR_MAP_RINGBUF,	   "ringbuf",	     NULL, 0 },
	{ KTSTR_MAP_USER_RINGBUF,  "user_ringbuf",   NULL, 0 },
};

static const struct type *type_of(const struct ktstr_map *map)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == map->type)
			return &types[i];
	return NULL;
}

static bool map_is(const struct ktstr_map *map, unsigned int what)
{
	const struct type *t = type_of(map);

	return t && (t->is & what) == what;
}

bool ktstr_map__keyed(const struct ktstr_map *map)
{
	return map_is(map, KEYED);
}

bool ktstr_map__has_elements(const struct ktstr_map *map)
{
	return map_is(map, ELEMENTS);
}

bool ktstr_map__per_cpu(const struct ktstr_map *map)
{
	return map_is(map, PER_CPU);
}

bool ktstr_map__owned(const struct ktstr_map *map)
{
	return map_is(map, OWNED);
}

const char *ktstr_map__type_name(const struct ktstr_map *map)
{
	return map_is(map, FIELDS) ? type_of(map)->name : NULL;
}

const char *ktstr_map__kind(const struct ktstr_map *map)
{
	const struct type *t = type_of(map);

	return t ? t->name : NULL;
}

int ktstr_map__element(const struct ktstr_map *map, struct ktstr_kview *v,
		       const struct ktstr_map_layout *l, uint64_t index, uint64_t *kva)
{
	struct ktstr_err err;
	struct ktstr_arena a;

	if (map->type == KTSTR_MAP_ARENA && !index) {
		if (ktstr_arena__open(&a, v, &l->arena, map->kva, map->max_entries, &err))
			return -ENOENT;
		*kva = a.kva;
		return 0;
	}
	if (map->type != KTSTR_MAP_ARRAY || !l->array_value.found || index >= map->max_entries)
		return -ENOENT;
	*kva = map->kva + l->array_value.field.offset + index * ALIGN8(map->value_size);
	return 0;
}

int ktstr_visit(struct ktstr_visit *w, struct ktstr_map_value value)
{
	uint64_t pptr, kva = value.kva;
	int ret;

	value.index = w->index;
	if (w->index++ >= KTSTR_MAX_MAP_VALUES)
		return -EBADMSG;
	if (!ktstr_map__per_cpu(w->map))
		return w->fn(w->arg, &value);
	ret = ktstr_kview__load(w->v, kva, sizeof(pptr), &pptr);
	if (!ret && !pptr)
		ret = -EFAULT;
	for (; value.cpu < w->v->nr_cpus && !ret; value.cpu++) {
		ret = ktstr_kview__per_cpu(w->v, pptr, value.cpu, &value.kva);
		if (!ret)
			ret = w->fn(w->arg, &value);
	}
	return ret;
}

static int each_of_array(struct ktstr_visit *w)
{
	const struct ktstr_place *p = ktstr_map__per_cpu(w->map) ? &w->l->array_pptrs :
				      &w->l->array_value;
	uint64_t step = ktstr_map__per_cpu(w->map) ? sizeof(uint64_t) : ALIGN8(w->map->value_size);
	uint64_t at = w->map->kva + p->field.offset;
	int ret = p->found ? 0 : -ENOENT;

	for (uint32_t i = 0; i < w->map->max_entries && !ret; i++)
		ret = ktstr_visit(w, (struct ktstr_map_value){ .kva = at + i * step });
	return ret;
}

static int add_to_chain(struct ktstr_visit *w, uint64_t kva)
{
	uint64_t *more;

	if (w->nr == MAX_CHAIN)
		return -EBADMSG;
	if (w->nr == w->room) {
		more = reallocarray(w->chain, w->room ? w->room * 2 : 64, sizeof(*more));
		if (!more)
			return -ENOMEM;
		w->chain = more;
		w->room = w->room ? w->room * 2 : 64;
	}
	w->chain[w->nr++] = kva;
	return 0;
}

/* From a link to the next one in it, in an element with @node and @next. */
static uint32_t next_in_link(const struct ktstr_place *node, const struct ktstr_place *next)
{
	return next->field.offset - node->field.offset;
}

/*
 * Read the chain of links that begins with the pointer at @head; @next: where a link has the pointer
 * to the next. @end: what it must end with. -EAGAIN: it ended as another bucket's, an element has
 * moved there.
 */
static int read_chain(struct ktstr_visit *w, uint64_t head, uint32_t next, bool nulls, uint64_t end)
{
	uint64_t at;
	int ret;

	w->nr = 0;
	ret = ktstr_kview__load(w->v, head, sizeof(at), &at);
	while (!ret && (nulls ? !(at & 1) : at != 0)) {
		ret = add_to_chain(w, at);
		if (!ret)
			ret = ktstr_kview__load(w->v, at + next, sizeof(at), &at);
	}
	if (!ret && nulls && at != end)
		ret = -EAGAIN;
	return ret;
}

static int each_of_hash(struct ktstr_visit *w)
{
	const struct ktstr_map_layout *l = w->l;
	uint64_t buckets, nr, key;
	int ret, tries;

	if (!l->buckets.found || !l->n_buckets.found || !l->bucket_head.found || !l->bucket_size ||
	    !l->hash_node.found || !l->hash_next.found || !l->elem_key.found)
		return -ENOENT;
	if (ktstr_place__load(w->v, &l->buckets, w->map->kva, &buckets) ||
	    ktstr_place__load(w->v, &l->n_buckets, w->map->kva, &nr))
		return -EFAULT;
	ret = nr > KTSTR_MAX_MAP_VALUES ? -EBADMSG : 0;
	for (uint64_t i = 0; i < nr && !ret; i++) {
		/* the end of a chain is the number of its bucket, with the lowest bit set */
		for (ret = -EAGAIN, tries = TRIES; ret == -EAGAIN && tries; tries--)
			ret = read_chain(w, buckets + i * l->bucket_size + l->bucket_head.field.offset,
					 next_in_link(&l->hash_node, &l->hash_next), true,
					 i << 1 | 1);
		for (uint32_t k = 0; k < w->nr && !ret; k++) {
			key = w->chain[k] - l->hash_node.field.offset + l->elem_key.field.offset;
			ret = ktstr_visit(w, (struct ktstr_map_value) {
				.kva = key + ALIGN8(w->map->key_size), .key_kva = key });
		}
	}
	return ret == -EAGAIN ? -EBADMSG : ret;
}

static int each_of_storage(struct ktstr_visit *w)
{
	const struct ktstr_map_layout *l = w->l;
	uint64_t buckets, log, first;
	int ret;

	if (!l->storage_buckets.found || !l->storage_log.found || !l->storage_head.found ||
	    !l->storage_bucket_size || !l->storage_node.found || !l->storage_next.found ||
	    !l->storage_data.found)
		return -ENOENT;
	if (ktstr_place__load(w->v, &l->storage_buckets, w->map->kva, &buckets) ||
	    ktstr_place__load(w->v, &l->storage_log, w->map->kva, &log))
		return -EFAULT;
	ret = log > MAX_LOG ? -EBADMSG : 0;
	for (uint64_t i = 0; !ret && i < 1ull << log; i++) {
		first = buckets + i * l->storage_bucket_size + l->storage_head.field.offset;
		ret = read_chain(w, first, next_in_link(&l->storage_node, &l->storage_next), false,
				 0);
		for (uint32_t k = 0; k < w->nr && !ret; k++) {
			uint64_t elem = w->chain[k] - l->storage_node.field.offset;
			struct ktstr_map_value value = {
				.kva = elem + l->storage_data.field.offset,
			};
			uint64_t storage;

			/* an owner that is going has no storage any more */
			if (!ktstr_place__load(w->v, &l->storage_of, elem, &storage) && storage)
				ktstr_place__load(w->v, &l->storage_owner, storage,
						  &value.owner_kva);
			ret = ktstr_visit(w, value);
		}
	}
	return ret;
}

static int each_of_arena(struct ktstr_visit *w)
{
	uint64_t kva;
	int ret = ktstr_map__element(w->map, w->v, w->l, 0, &kva);

	return ret ?: ktstr_visit(w, (struct ktstr_map_value){ .kva = kva });
}

int ktstr_map__each_value(const struct ktstr_map *map, struct ktstr_kview *v,
			  const struct ktstr_map_layout *l, ktstr_map_value_fn fn, void *arg)
{
	struct ktstr_visit w = { .map = map, .v = v, .l = l, .fn = fn, .arg = arg };
	const struct type *t = type_of(map);
	int ret;

	if (!t || !t->each)
		return -ENOENT;
	ret = t->each(&w);
	free(w.chain);
	return ret;
}
