// SPDX-License-Identifier: GPL-2.0
/*
 * What is in one map. Keys and values are copied out of guest memory before they are rendered; a
 * value is at most VALUE_MAX bytes, a map has at most MAX_ENTRIES that are shown.
 */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/bpf/other.h"
#include "dump_priv.h"

#define MAX_ENTRIES	4096	/* with the same value behind each other counted once */
#define VALUE_MAX	(1u << 20)
#define KEY_MAX		512u
#define MAX_STACKS	16384
#define MAX_SLOTS	1024
#define MAX_PAGES	65536u	/* of an arena that are looked at, from its beginning */
#define MAX_BYTES	256	/* pages of which the bytes are shown */
#define PAGE_MAX	65536

/* A list of entries that grows value by value. */
struct entries {
	struct dump_map *m;
	const struct ktstr_btf *btf;
	uint32_t type, size;
	struct ktstr_jnode *list, *entry, *per_cpu;
	uint64_t entry_index;
	uint32_t shown;
	uint8_t *value;
};

static void put_value(struct entries *e, struct ktstr_jnode *n, const char *key, uint64_t kva)
{
	struct dump *d = e->m->d;

	if (ktstr_kview__read(d->v, kva, e->value, e->size))
		ktstr_jtree__null(d->tree, n, key);
	else if (e->btf && e->type)
		ktstr_render__value(&d->render, n, key, e->btf, e->type, e->value, e->size);
	else
		ktstr_render__bytes(d->tree, n, key, e->value, e->size);
}

/* A key: of an array its number, of a storage what it belongs to, else its bytes. */
static void put_key(struct entries *e, const struct ktstr_map_value *v)
{
	const struct ktstr_map *map = e->m->map;
	struct dump *d = e->m->d;
	uint8_t key[KEY_MAX];
	uint32_t prefix = 0, size = map->key_size;
	char name[48];

	if (v->owner_kva) {
		ktstr_jtree__u64(d->tree, e->entry, "owner_kva", v->owner_kva);
		if (dump_task_name(d, v->owner_kva, name, sizeof(name)))
			ktstr_jtree__str(d->tree, e->entry, "owner", name);
		return;
	}
	if (!v->key_kva) {
		ktstr_jtree__u64(d->tree, e->entry, "index", v->index);
		return;
	}
	if (size > KEY_MAX || size < sizeof(prefix) * !!v->prefix_kva)
		return;
	if (v->prefix_kva && ktstr_kview__read(d->v, v->prefix_kva, key, sizeof(prefix)))
		return;
	prefix = v->prefix_kva ? sizeof(prefix) : 0;
	if (ktstr_kview__read(d->v, v->key_kva, key + prefix, size - prefix))
		return;
	if (e->m->btf && map->key_type)
		ktstr_render__value(&d->render, e->entry, "key", e->m->btf, map->key_type, key, size);
	else
		ktstr_render__bytes(d->tree, e->entry, "key", key, size);
}

static int put_entry(void *arg, const struct ktstr_map_value *v)
{
	struct entries *e = arg;
	struct dump *d = e->m->d;
	bool per_cpu = ktstr_map__per_cpu(e->m->map);

	if (d->tree->error || dump_expired(d))
		return 1;
	if (per_cpu && v->cpu && v->index == e->entry_index) {
		put_value(e, e->per_cpu, NULL, v->kva);
		return 0;
	}
	if (e->shown++ == MAX_ENTRIES) {
		ktstr_jtree__str(d->tree, e->m->n, "error", "there are more entries than are shown");
		return 1;
	}
	e->entry = ktstr_jtree__object(d->tree, e->list, NULL);
	e->entry_index = v->index;
	put_key(e, v);
	e->per_cpu = per_cpu ? ktstr_jtree__array(d->tree, e->entry, "per_cpu") : NULL;
	put_value(e, per_cpu ? e->per_cpu : e->entry, per_cpu ? NULL : "value", v->kva);
	return 0;
}

/* Values of struct_ops maps have a type of the kernel's. */
static int prepare(struct entries *e, struct dump_map *m)
{
	struct ktstr_btf_type t;

	*e = (struct entries) {
		.m = m, .btf = m->btf, .type = m->map->value_type, .size = m->map->value_size,
	};
	if (m->map->type == KTSTR_MAP_STRUCT_OPS) {
		e->btf = m->d->btf;
		e->type = m->map->kernel_type;
		ktstr_btf__type(e->btf, e->type, &t);
		e->size = t.size;
	}
	if (!e->size || e->size > VALUE_MAX) {
		ktstr_jtree__str(m->d->tree, m->n, "error", "a value has an impossible size");
		return -EBADMSG;
	}
	e->value = malloc(e->size);
	return e->value ? 0 : -ENOMEM;
}

static const char *entries_key(const struct ktstr_map *map)
{
	if (ktstr_map__per_cpu(map))
		return ktstr_map__keyed(map) ? "percpu_hash_entries" : "percpu_entries";
	return map->type == KTSTR_MAP_ARRAY ? "array_entries" : "entries";
}

int dump_map__values(struct dump_map *m)
{
	struct entries e;
	uint64_t kva;
	int ret = prepare(&e, m);

	if (ret)
		return ret;
	if (m->map->type == KTSTR_MAP_ARRAY && m->map->max_entries == 1) {
		ret = ktstr_map__element(m->map, m->d->v, m->l, 0, &kva);
		if (!ret)
			put_value(&e, m->n, "value", kva);
	} else {
		e.list = ktstr_jtree__array(m->d->tree, m->n, entries_key(m->map));
		ret = ktstr_map__each_value(m->map, m->d->v, m->l, put_entry, &e);
	}
	free(e.value);
	return ret > 0 ? 0 : ret;
}

int dump_map__ringbuf(struct dump_map *m)
{
	struct ktstr_jtree *t = m->d->tree;
	struct ktstr_ringbuf r;
	struct ktstr_jnode *n;
	int ret = ktstr_ringbuf__read(&r, m->d->v, m->map);

	if (ret)
		return ret;
	n = ktstr_jtree__object(t, m->n, "ringbuf");
	ktstr_jtree__u64(t, n, "capacity", r.capacity);
	ktstr_jtree__u64(t, n, "consumer_pos", r.consumer_pos);
	ktstr_jtree__u64(t, n, "producer_pos", r.producer_pos);
	if (r.has_pending)
		ktstr_jtree__u64(t, n, "pending_pos", r.pending_pos);
	ktstr_jtree__u64(t, n, "pending_bytes", r.producer_pos - r.consumer_pos);
	return 0;
}

struct stacks {
	struct dump_map *m;
	struct ktstr_jnode *list;
	uint32_t shown;
};

static int put_stack(void *arg, const struct ktstr_stack *stack)
{
	struct stacks *s = arg;
	struct ktstr_jtree *t = s->m->d->tree;
	struct ktstr_jnode *n, *pcs;
	char text[160];

	if (s->shown++ == MAX_STACKS || t->error)
		return 1;
	n = ktstr_jtree__object(t, s->list, NULL);
	ktstr_jtree__u64(t, n, "bucket_id", stack->bucket);
	ktstr_jtree__u64(t, n, "nr", stack->nr);
	pcs = ktstr_jtree__array(t, n, "pcs");
	for (uint32_t i = 0; i < stack->nr; i++) {
		dump_symbol(s->m->d, stack->pc[i], text, sizeof(text));
		ktstr_jtree__str(t, pcs, NULL, text);
	}
	return 0;
}

int dump_map__stacks(struct dump_map *m)
{
	struct ktstr_jtree *t = m->d->tree;
	struct ktstr_jnode *n = ktstr_jtree__object(t, m->n, "stack_trace");
	struct stacks s = { .m = m, .list = ktstr_jtree__array(t, n, "entries") };
	int ret = ktstr_stacks__each(m->d->v, m->map, put_stack, &s);

	ktstr_jtree__u64(t, n, "n_buckets", m->map->max_entries);
	ktstr_jtree__bool(t, n, "truncated", ret > 0);
	return ret > 0 ? 0 : ret;
}

struct slots {
	struct ktstr_jtree *tree;
	struct ktstr_jnode *list;
	uint32_t populated;
};

static int put_slot(void *arg, uint32_t index)
{
	struct slots *s = arg;

	if (s->populated++ < MAX_SLOTS)
		ktstr_jtree__u64(s->tree, s->list, NULL, index);
	return 0;
}

int dump_map__slots(struct dump_map *m)
{
	struct ktstr_jtree *t = m->d->tree;
	struct ktstr_jnode *n = ktstr_jtree__object(t, m->n, "fd_array");
	struct slots s = { .tree = t, .list = ktstr_jtree__array(t, n, "indices") };
	int ret = ktstr_slots__each(m->d->v, m->map, put_slot, &s);

	ktstr_jtree__u64(t, n, "populated", s.populated);
	ktstr_jtree__u64(t, n, "scanned", m->map->max_entries);
	ktstr_jtree__bool(t, n, "indices_truncated", s.populated > MAX_SLOTS);
	return ret;
}

/* The bytes of a page up to the last one that is not 0. */
static void put_page(struct dump_map *m, struct ktstr_jnode *list, uint64_t user, uint64_t kva,
		     bool bytes)
{
	struct ktstr_jtree *t = m->d->tree;
	struct ktstr_jnode *n = ktstr_jtree__object(t, list, NULL);
	size_t size = 1ull << m->d->v->page_shift, used = size;
	char *hex;
	uint8_t *page;

	ktstr_jtree__u64(t, n, "user_addr", user);
	page = bytes && size <= PAGE_MAX ? malloc(size) : NULL;
	if (!page)
		return;
	if (!ktstr_kview__read(m->d->v, kva, page, size)) {
		while (used && !page[used - 1])
			used--;
		ktstr_jtree__u64(t, n, "used", used);
		hex = malloc(2 * used + 1);
		for (size_t i = 0; hex && i < used; i++)
			snprintf(hex + 2 * i, 3, "%02x", page[i]);
		if (hex) {
			hex[2 * used] = '\0';
			ktstr_jtree__str(t, n, "bytes", hex);
		}
		free(hex);
	}
	free(page);
}

static void put_pages(struct dump_map *m, const struct ktstr_arena *a)
{
	uint64_t end = a->pages < MAX_PAGES ? a->pages : MAX_PAGES, kva, nr = 0;
	struct ktstr_jtree *t = m->d->tree;
	struct ktstr_jnode *n = ktstr_jtree__object(t, m->n, "arena"), *list;

	ktstr_jtree__u64(t, n, "user_vm_start", a->user);
	ktstr_jtree__u64(t, n, "kern_vm_start", a->kva - (uint32_t)a->user);
	ktstr_jtree__u64(t, n, "declared_pages", a->pages);
	ktstr_jtree__bool(t, n, "span_capped", end < a->pages);
	list = ktstr_jtree__array(t, n, "pages");
	for (uint64_t i = 0; i < a->pages && !t->error; i++) {
		/* libbpf may put variables at the end */
		if (i == end && a->pages - end > end)
			i = a->pages - end;
		if (ktstr_arena__page(a, m->d->v, i, &kva))
			put_page(m, list, a->user + (i << m->d->v->page_shift), kva,
				 nr++ < MAX_BYTES);
	}
	ktstr_jtree__u64(t, n, "used_pages", nr);
	ktstr_jtree__bool(t, n, "truncated", nr > MAX_BYTES);
}

/* Variables in the arena, by name. */
static void put_globals(struct dump_map *m, const struct ktstr_arena *a)
{
	uint64_t size, offset;
	struct entries e = { .m = m, .btf = m->btf };
	struct ktstr_err err;

	if (!m->btf)
		return;
	e.type = ktstr_btf__section(m->btf, KTSTR_ARENA_SECTION, &size);
	if (!e.type || !size || size > VALUE_MAX)
		return;
	if (ktstr_arena__globals(a, m->d->v, m->map->btf_kva, size, &offset, &err)) {
		ktstr_jtree__str(m->d->tree, m->n, "globals_unavailable", err.msg);
		return;
	}
	e.size = (uint32_t)size;
	e.value = malloc(size);
	if (e.value)
		put_value(&e, m->n, "value", a->kva + offset);
	free(e.value);
}

int dump_map__arena(struct dump_map *m)
{
	struct ktstr_arena a;
	struct ktstr_err err;
	int ret = ktstr_arena__open(&a, m->d->v, &m->l->arena, m->map->kva, m->map->max_entries, &err);

	if (ret) {
		ktstr_jtree__str(m->d->tree, m->n, "error", err.msg);
		return ret;
	}
	put_globals(m, &a);
	put_pages(m, &a);
	return 0;
}
