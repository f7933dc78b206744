// SPDX-License-Identifier: GPL-2.0
/* Finding BPF maps, and what they belong to: see map.h. value.c reads values. */
#include <linux/kernel.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

/* A struct_ops map has its structure in one more of this name; 7.3 has sched_ext_ops_cid as well. */
#define OPS_VALUE	"bpf_struct_ops_"
#define SCX_OPS		"sched_ext_ops"
#define BTF_MAX_BYTES	(32u << 20)

static const char * const map_paths[KTSTR_NR_MAP_FIELDS] = {
	[KTSTR_MAP_ID]		= "id",
	[KTSTR_MAP_TYPE]	= "map_type",
	[KTSTR_MAP_KEY_SIZE]	= "key_size",
	[KTSTR_MAP_VALUE_SIZE]	= "value_size",
	[KTSTR_MAP_MAX_ENTRIES]	= "max_entries",
	[KTSTR_MAP_VALUE_TYPE]	= "btf_value_type_id",
	[KTSTR_MAP_KERNEL_TYPE]	= "btf_vmlinux_value_type_id",
	[KTSTR_MAP_BTF]		= "btf",
	[KTSTR_MAP_FROZEN]	= "frozen",
	[KTSTR_MAP_KEY_TYPE]	= "btf_key_type_id",
	[KTSTR_MAP_FLAGS]	= "map_flags",
};

/* The bytes of what pointer @p points to; 0: unknown. */
static uint32_t target_size(const struct ktstr_btf *btf, const struct ktstr_place *p)
{
	struct ktstr_btf_field target;

	if (!p->found || ktstr_btf__pointee(btf, &p->field, &target))
		return 0;
	return target.size;
}

void ktstr_map_layout__resolve(struct ktstr_map_layout *l, const struct ktstr_btf *btf)
{
	const struct {
		struct ktstr_place *place;
		const char *type, *path;
	} fields[] = {
		{ &l->map_name, "bpf_map", "name" },
		{ &l->array_value, "bpf_array", "value" },
		{ &l->array_pptrs, "bpf_array", "pptrs" },
		{ &l->buckets, "bpf_htab", "buckets" },
		{ &l->n_buckets, "bpf_htab", "n_buckets" },
		/* "struct bucket" also is one of bcache, which has no such member */
		{ &l->bucket_head, "bucket", "head.first" },
		{ &l->hash_node, "htab_elem", "hash_node" },
		{ &l->hash_next, "htab_elem", "hash_node.next" },
		{ &l->elem_key, "htab_elem", "key" },
		{ &l->storage_buckets, "bpf_local_storage_map", "buckets" },
		{ &l->storage_log, "bpf_local_storage_map", "bucket_log" },
		{ &l->storage_head, "bpf_local_storage_map_bucket", "list.first" },
		{ &l->storage_node, "bpf_local_storage_elem", "map_node" },
		{ &l->storage_next, "bpf_local_storage_elem", "map_node.next" },
		{ &l->storage_data, "bpf_local_storage_elem", "sdata.data" },
		{ &l->storage_of, "bpf_local_storage_elem", "local_storage" },
		{ &l->storage_owner, "bpf_local_storage", "owner" },
		{ &l->ops_state, "bpf_struct_ops_map", "kvalue.common.state" },
		{ &l->ops_data, "bpf_struct_ops_map", "kvalue.data" },
		{ &l->btf_data, "btf", "data" },
		{ &l->btf_size, "btf", "data_size" },
		{ &l->btf_base, "btf", "base_btf" },
	};

	memset(l, 0, sizeof(*l));
	if (!btf)
		return;
	ktstr_idr_layout__resolve(&l->idr, btf);
	for (int i = 0; i < KTSTR_NR_MAP_FIELDS; i++)
		ktstr_place__find_number(&l->map[i], btf, "bpf_map", map_paths[i]);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		ktstr_place__find(fields[i].place, btf, fields[i].type, fields[i].path);
	ktstr_arena_layout__resolve(&l->arena, btf);
	l->bucket_size = target_size(btf, &l->buckets);
	l->storage_bucket_size = target_size(btf, &l->storage_buckets);
}

/* Read the map at @kva; it needs a type and a size at least. */
static int read_map(struct ktstr_map *map, struct ktstr_kview *v, const struct ktstr_map_layout *l,
		    uint64_t kva)
{
	uint64_t value[KTSTR_NR_MAP_FIELDS];
	int ret;

	for (int i = 0; i < KTSTR_NR_MAP_FIELDS; i++) {
		value[i] = 0;
		ret = ktstr_place__load(v, &l->map[i], kva, &value[i]);
		if (ret && ret != -ENOENT)
			return ret;
	}
	*map = (struct ktstr_map) {
		.kva = kva,
		.id = (uint32_t)value[KTSTR_MAP_ID],
		.type = (uint32_t)value[KTSTR_MAP_TYPE],
		.key_size = (uint32_t)value[KTSTR_MAP_KEY_SIZE],
		.value_size = (uint32_t)value[KTSTR_MAP_VALUE_SIZE],
		.max_entries = (uint32_t)value[KTSTR_MAP_MAX_ENTRIES],
		.value_type = (uint32_t)value[KTSTR_MAP_VALUE_TYPE],
		.kernel_type = (uint32_t)value[KTSTR_MAP_KERNEL_TYPE],
		.btf_kva = value[KTSTR_MAP_BTF],
		.frozen = value[KTSTR_MAP_FROZEN],
		.key_type = (uint32_t)value[KTSTR_MAP_KEY_TYPE],
		.flags = (uint32_t)value[KTSTR_MAP_FLAGS],
	};
	return ktstr_kview__string(v, kva + l->map_name.field.offset, map->name, sizeof(map->name));
}

struct reader {
	struct ktstr_maps *maps;
	struct ktstr_kview *v;
	const struct ktstr_map_layout *l;
};

static int add_map(void *arg, uint64_t id, uint64_t entry)
{
	struct reader *r = arg;
	struct ktstr_maps *m = r->maps;

	if (m->nr == KTSTR_MAX_BPF_OBJECTS)
		return 1;
	/* one that is being made or freed is no map yet, or no longer */
	if (!read_map(&m->map[m->nr], r->v, r->l, entry) && m->map[m->nr].id == id)
		m->nr++;
	return 0;
}

int ktstr_maps__read(struct ktstr_maps *m, struct ktstr_kview *v,
		     const struct ktstr_map_layout *l)
{
	struct reader r = { .maps = m, .v = v, .l = l };

	m->nr = 0;
	m->complete = false;
	for (int i = 0; i <= KTSTR_MAP_MAX_ENTRIES; i++)
		if (!l->map[i].found)
			return -ENOENT;
	if (!l->map_name.found)
		return -ENOENT;
	return ktstr_idr__list(v, &l->idr, "map_idr", add_map, &r, &m->nr, &m->complete);
}

const char *ktstr_map__scx_ops(const struct ktstr_map *map, const struct ktstr_btf *kernel)
{
	const char *type = ktstr_btf__type_name(kernel, map->kernel_type);

	if (map->type != KTSTR_MAP_STRUCT_OPS || strncmp(type, OPS_VALUE, strlen(OPS_VALUE)))
		return NULL;
	type += strlen(OPS_VALUE);
	return strncmp(type, SCX_OPS, strlen(SCX_OPS)) ? NULL : type;
}

/* Is @map the struct_ops map of a loaded sched_ext scheduler, and called @ops? */
static bool is_scheduler(const struct ktstr_map *map, struct ktstr_kview *v,
			 const struct ktstr_map_layout *l, const char *ops)
{
	const char *type = ktstr_map__scx_ops(map, v->img->btf);
	struct ktstr_place name;
	char text[128];
	uint64_t state;

	if (!type || ktstr_place__load(v, &l->ops_state, map->kva, &state) || !state)
		return false;
	if (!*ops)
		return true;
	ktstr_place__find(&name, v->img->btf, type, "name");
	return l->ops_data.found && name.found &&
	       !ktstr_kview__string(v, map->kva + l->ops_data.field.offset + name.field.offset, text,
				    sizeof(text)) && !strcmp(text, ops);
}

uint64_t ktstr_maps__object(const struct ktstr_maps *m, struct ktstr_kview *v,
			    const struct ktstr_map_layout *l, const char *ops)
{
	for (unsigned int i = 0; i < m->nr; i++)
		if (is_scheduler(&m->map[i], v, l, ops))
			return m->map[i].btf_kva;
	return 0;
}

/* The kernel keeps 15 bytes of a name; a longer one that a test writes is cut the same way. */
static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	if (s >= KTSTR_BPF_NAME_MAX)
		return n == KTSTR_BPF_NAME_MAX - 1 && !strncmp(name, suffix, n);
	return s <= n && !strcmp(name + n - s, suffix);
}

const struct ktstr_map *ktstr_maps__find(const struct ktstr_maps *m, uint64_t object,
					 const char *suffix)
{
	const struct ktstr_map *other = NULL;

	for (unsigned int i = 0; i < m->nr; i++) {
		if (!ends_with(m->map[i].name, suffix))
			continue;
		if (!object || m->map[i].btf_kva == object)
			return &m->map[i];
		if (!other)
			other = &m->map[i];
	}
	return other;
}

bool ktstr_maps__object_name(const struct ktstr_maps *m, uint64_t object,
			     char name[KTSTR_BPF_NAME_MAX])
{
	for (unsigned int i = 0; object && i < m->nr; i++) {
		size_t len = strcspn(m->map[i].name, ".");

		if (m->map[i].btf_kva != object || !len || !m->map[i].name[len])
			continue;
		memcpy(name, m->map[i].name, len);
		name[len] = '\0';
		return true;
	}
	return false;
}

bool ktstr_map__alive(const struct ktstr_map *map, struct ktstr_kview *v,
		      const struct ktstr_map_layout *l)
{
	struct ktstr_map now;

	return !read_map(&now, v, l, map->kva) && now.id == map->id && now.type == map->type &&
	       now.value_size == map->value_size && now.max_entries == map->max_entries &&
	       (now.btf_kva == map->btf_kva || !now.btf_kva) && !strcmp(now.name, map->name);
}

int ktstr_map_btf__open(struct ktstr_map_btf *b, struct ktstr_kview *v,
			const struct ktstr_map_layout *l, uint64_t btf_kva, struct ktstr_err *err)
{
	uint64_t data, size, base = 0;
	int ret;

	*b = (struct ktstr_map_btf){ .btf = NULL };
	if (!btf_kva)
		return ktstr_err(err, ENOENT, "the BPF object has no BTF");
	if (ktstr_place__load(v, &l->btf_data, btf_kva, &data) ||
	    ktstr_place__load(v, &l->btf_size, btf_kva, &size))
		return ktstr_err(err, EFAULT, "the BTF of the BPF object cannot be read");
	ktstr_place__load(v, &l->btf_base, btf_kva, &base);
	if (base || !size || size > BTF_MAX_BYTES)
		return ktstr_err(err, EOPNOTSUPP, base ? "the BTF of the BPF object is a split one" :
				 "the BTF of the BPF object has an impossible size");
	b->data = malloc(size);
	if (!b->data)
		return ktstr_err(err, ENOMEM, "no memory for the BTF of the BPF object");
	ret = ktstr_kview__read(v, data, b->data, size);
	ret = ret ? ktstr_err(err, EFAULT, "the BTF of the BPF object cannot be read") :
		    ktstr_btf__open(&b->btf, b->data, size, err);
	if (ret)
		ktstr_map_btf__close(b);
	return ret;
}

void ktstr_map_btf__close(struct ktstr_map_btf *b)
{
	ktstr_btf__free(b->btf);
	free(b->data);
	*b = (struct ktstr_map_btf){ .btf = NULL };
}
