/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A made guest with BPF maps: one of each type, of an object that is a sched_ext scheduler, and one
 * of another object. IDs are 1, 2 and so on.
 */
#ifndef MADE_MAPS_H
#define MADE_MAPS_H

#include <linux/kernel.h>

#include "harness/monitor/bpf/map.h"
#include "made_x86.h"

#define AT_MAP_IDR	0x2020
#define AT_PROG_IDR	0x2040
#define AT_STATS_KEY	0x2060	/* bpf_stats_enabled_key */
#define AT_VMEMMAP	0x2078	/* vmemmap_base */
#define VMEMMAP		0xffffea0000000000ull
#define HEAP		0x400000ull	/* gpa of what tests put into the guest */
#define SLOTS		4		/* of a made xa_node */

/* Offsets of the made structures. */
enum { BM_TYPE = 0, BM_KEY = 4, BM_VALUE = 8, BM_MAX = 12, BM_ID = 16, BM_VTYPE = 20,
	BM_KTYPE = 24, BM_FROZEN = 28, BM_BTF = 32, BM_NAME = 40, BM_SIZE = 56 };
enum { ARRAY_VALUE = 64, HTAB_BUCKETS = 64, HTAB_N = 72, ELEM_HASH = 8, ELEM_KEY = 24,
	BUCKET_SIZE = 16, SMAP_BUCKETS = 64, SMAP_LOG = 72, SELEM_NODE = 16, SELEM_DATA = 40,
	ARENA_START = 64, ARENA_VM = 72, ARENA_SCRATCH = 80, VM_ADDR = 8, PAGE_STRUCT = 64,
	OPS_STATE = 64, OPS_DATA = 72, OPS_TIMEOUT = 0, OPS_NAME = 8 };
enum { NODE_SHIFT = 0, NODE_SLOTS = 8 };
/* The arena of 8 pages: the loader's address, and the kernel's of the guard before it. */
#define ARENA_USER	0x7f0012340000ull
#define ARENA_AREA	0xffffc90000000000ull
#define ARENA_PAGES	8
#define ARENA_KVA	(ARENA_AREA + 0x8000 + (uint32_t)ARENA_USER)

enum { PROG_LEN = 0, PROG_JITED = 4, PROG_STATS = 8, PROG_AUX = 16, PROG_INSNS = 24,
	AUX_ID = 0, AUX_VERIFIED = 4, AUX_BTF = 8, AUX_NAME = 16, AUX_ARENA = 32, STATS_CNT = 0, STATS_NS = 8 };

/* Of maps that no made guest has unless a test makes one. */
enum { TRIE_ROOT = 64, TRIE_SIZE = 72, TNODE_CHILD = 0, TNODE_PREFIX = 16, TNODE_FLAGS = 20,
	TNODE_DATA = 24, QS_HEAD = 64, QS_TAIL = 68, QS_SIZE = 72, QS_ELEMENTS = 80, RB_PTR = 64,
	RB_MASK = 0, RB_CONSUMER = 8, RB_PRODUCER = 16, RB_PENDING = 24, ST_N = 64, ST_BUCKETS = 72,
	STB_NR = 4, STB_DATA = 8, ARRAY_PTRS = 64, SELEM_OF = 32, STORAGE_OWNER = 8 };

/* Types of the object's BTF. */
static uint32_t bss_type, cpu_ctx_type, u64_type;

struct made_maps {
	struct made_guest g;
	struct ktstr_kimage *img;
	struct ktstr_kview v;
	struct ktstr_map_layout l;
	struct ktstr_maps *maps;
	struct ktstr_err err;
	uint64_t heap;			/* gpa of the next free byte */
	uint64_t node;			/* of the IDR, gpa */
	uint32_t nr_maps;
	uint64_t object, other;		/* struct btf of the scheduler's object, and of another */
	uint64_t other_bss;
	uint64_t bss, pcpu, htab, smap, ops, pchash, arena;	/* gpa of struct bpf_map */
	uint64_t prog, scratch;		/* gpa of the program, and of the page for what is unallocated */
};

static inline void made_kernel_types(struct made_btf *b)
{
	uint32_t u32 = made_int(b, "unsigned int", 4, 0), u64 = made_int(b, "u64", 8, 0);
	uint32_t u8 = made_int(b, "u8", 1, 0), chr = made_int(b, "char", 1, 1);
	uint32_t ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, u64);
	uint32_t name = made_array(b, chr, 16), none = made_array(b, chr, 0);
	uint32_t slots = made_array(b, ptr, SLOTS), ptrs = made_array(b, ptr, 0), in, node, map, bucket;

	made_type(b, "rq", BTF_KIND_STRUCT, 1, 0, 64);
	made_member(b, "cpu", u32, 128, 0);
	in = made_type(b, "xarray", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(b, "xa_head", ptr, 64, 0);
	made_type(b, "idr", BTF_KIND_STRUCT, 1, 0, 24);
	made_member(b, "idr_rt", in, 0, 0);
	made_type(b, "xa_node", BTF_KIND_STRUCT, 2, 0, NODE_SLOTS + 8 * SLOTS);
	made_member(b, "shift", u8, NODE_SHIFT * 8, 0);
	made_member(b, "slots", slots, NODE_SLOTS * 8, 0);
	map = made_type(b, "bpf_map", BTF_KIND_STRUCT, 10, 0, BM_SIZE);
	made_member(b, "map_type", u32, BM_TYPE * 8, 0);
	made_member(b, "key_size", u32, BM_KEY * 8, 0);
	made_member(b, "value_size", u32, BM_VALUE * 8, 0);
	made_member(b, "max_entries", u32, BM_MAX * 8, 0);
	made_member(b, "id", u32, BM_ID * 8, 0);
	made_member(b, "btf_value_type_id", u32, BM_VTYPE * 8, 0);
	made_member(b, "btf_vmlinux_value_type_id", u32, BM_KTYPE * 8, 0);
	made_member(b, "frozen", u8, BM_FROZEN * 8, 0);
	made_member(b, "btf", ptr, BM_BTF * 8, 0);
	made_member(b, "name", name, BM_NAME * 8, 0);
	made_type(b, "bpf_array", BTF_KIND_STRUCT, 4, 0, ARRAY_VALUE);
	made_member(b, "map", map, 0, 0);
	made_member(b, "ptrs", ptrs, ARRAY_PTRS * 8, 0);
	made_member(b, "value", none, ARRAY_VALUE * 8, 0);
	made_member(b, "pptrs", ptrs, ARRAY_VALUE * 8, 0);
	in = made_type(b, "hlist_head", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "first", ptr, 0, 0);
	node = made_type(b, "hlist_node", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(b, "next", ptr, 0, 0);
	made_type(b, "bucket", BTF_KIND_STRUCT, 1, 0, 999);	/* bcache's */
	made_member(b, "pin", u32, 0, 0);
	bucket = made_type(b, "bucket", BTF_KIND_STRUCT, 1, 0, BUCKET_SIZE);
	made_member(b, "head", in, 0, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, bucket);
	made_type(b, "bpf_htab", BTF_KIND_STRUCT, 2, 0, 96);
	made_member(b, "buckets", ptr, HTAB_BUCKETS * 8, 0);
	made_member(b, "n_buckets", u32, HTAB_N * 8, 0);
	made_type(b, "htab_elem", BTF_KIND_STRUCT, 2, 0, 32);
	made_member(b, "hash_node", node, ELEM_HASH * 8, 0);
	made_member(b, "key", none, ELEM_KEY * 8, 0);
	bucket = made_type(b, "bpf_local_storage_map_bucket", BTF_KIND_STRUCT, 1, 0, BUCKET_SIZE);
	made_member(b, "list", in, 0, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, bucket);
	made_type(b, "bpf_local_storage_map", BTF_KIND_STRUCT, 2, 0, 96);
	made_member(b, "buckets", ptr, SMAP_BUCKETS * 8, 0);
	made_member(b, "bucket_log", u32, SMAP_LOG * 8, 0);
	in = made_type(b, "bpf_local_storage_data", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "data", none, 64, 0);
	made_type(b, "bpf_local_storage_elem", BTF_KIND_STRUCT, 3, 0, 48);
	made_member(b, "map_node", node, SELEM_NODE * 8, 0);
	made_member(b, "local_storage", u64, SELEM_OF * 8, 0);
	made_member(b, "sdata", in, (SELEM_DATA - 8) * 8, 0);
	made_type(b, "btf", BTF_KIND_STRUCT, 3, 0, 24);
	made_member(b, "data", u64, 0, 0);
	made_member(b, "data_size", u32, 64, 0);
	made_member(b, "base_btf", u64, 128, 0);
}

static inline void made_prog_types(struct made_btf *b, uint32_t u32, uint32_t u64)
{
	uint32_t chr = made_int(b, "char", 1, 1), name = made_array(b, chr, 16), in;
	uint32_t insns = made_array(b, u64, 0);

	made_type(b, "bpf_prog", BTF_KIND_STRUCT, 5, 0, PROG_INSNS);
	made_member(b, "len", u32, PROG_LEN * 8, 0);
	made_member(b, "jited_len", u32, PROG_JITED * 8, 0);
	made_member(b, "stats", u64, PROG_STATS * 8, 0);
	made_member(b, "aux", u64, PROG_AUX * 8, 0);
	made_member(b, "insnsi", insns, PROG_INSNS * 8, 0);
	made_type(b, "bpf_prog_aux", BTF_KIND_STRUCT, 5, 0, 40);
	made_member(b, "id", u32, AUX_ID * 8, 0);
	made_member(b, "verified_insns", u32, AUX_VERIFIED * 8, 0);
	made_member(b, "btf", u64, AUX_BTF * 8, 0);
	made_member(b, "name", name, AUX_NAME * 8, 0);
	made_member(b, "arena", u64, AUX_ARENA * 8, 0);
	in = made_type(b, "u64_stats_t", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "v", u64, 0, 0);
	made_type(b, "bpf_prog_stats", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(b, "cnt", in, STATS_CNT * 8, 0);
	made_member(b, "nsecs", in, STATS_NS * 8, 0);
	in = made_type(b, "atomic_t", BTF_KIND_STRUCT, 1, 0, 4);
	made_member(b, "counter", u32, 0, 0);
	made_type(b, "static_key", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "enabled", in, 0, 0);
}

static inline void made_arena_types(struct made_btf *b, uint32_t u64)
{
	uint32_t in = made_type(b, "vm_struct", BTF_KIND_STRUCT, 1, 0, 16), ptr, page;

	made_member(b, "addr", u64, VM_ADDR * 8, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, in);
	in = made_type(b, "page", BTF_KIND_STRUCT, 1, 0, PAGE_STRUCT);
	made_member(b, "flags", u64, 0, 0);
	page = made_type(b, "", BTF_KIND_PTR, 0, 0, in);
	made_type(b, "bpf_arena", BTF_KIND_STRUCT, 3, 0, 96);
	made_member(b, "user_vm_start", u64, ARENA_START * 8, 0);
	made_member(b, "kern_vm", ptr, ARENA_VM * 8, 0);
	made_member(b, "scratch_page", page, ARENA_SCRATCH * 8, 0);
}

static inline void made_more_types(struct made_btf *b, uint32_t u32, uint32_t u64)
{
	uint32_t none = made_array(b, u64, 0), two = made_array(b, u64, 2);

	made_type(b, "lpm_trie", BTF_KIND_STRUCT, 2, 0, 80);
	made_member(b, "root", u64, TRIE_ROOT * 8, 0);
	made_member(b, "data_size", u64, TRIE_SIZE * 8, 0);
	made_type(b, "lpm_trie_node", BTF_KIND_STRUCT, 4, 0, TNODE_DATA);
	made_member(b, "child", two, TNODE_CHILD * 8, 0);
	made_member(b, "prefixlen", u32, TNODE_PREFIX * 8, 0);
	made_member(b, "flags", u32, TNODE_FLAGS * 8, 0);
	made_member(b, "data", none, TNODE_DATA * 8, 0);
	made_type(b, "bpf_queue_stack", BTF_KIND_STRUCT, 4, 0, QS_ELEMENTS);
	made_member(b, "head", u32, QS_HEAD * 8, 0);
	made_member(b, "tail", u32, QS_TAIL * 8, 0);
	made_member(b, "size", u32, QS_SIZE * 8, 0);
	made_member(b, "elements", none, QS_ELEMENTS * 8, 0);
	made_type(b, "bpf_ringbuf_map", BTF_KIND_STRUCT, 1, 0, 72);
	made_member(b, "rb", u64, RB_PTR * 8, 0);
	made_type(b, "bpf_ringbuf", BTF_KIND_STRUCT, 4, 0, 32);
	made_member(b, "mask", u64, RB_MASK * 8, 0);
	made_member(b, "consumer_pos", u64, RB_CONSUMER * 8, 0);
	made_member(b, "producer_pos", u64, RB_PRODUCER * 8, 0);
	made_member(b, "pending_pos", u64, RB_PENDING * 8, 0);
	made_type(b, "bpf_stack_map", BTF_KIND_STRUCT, 2, 0, ST_BUCKETS);
	made_member(b, "n_buckets", u32, ST_N * 8, 0);
	made_member(b, "buckets", none, ST_BUCKETS * 8, 0);
	made_type(b, "stack_map_bucket", BTF_KIND_STRUCT, 2, 0, STB_DATA);
	made_member(b, "nr", u32, STB_NR * 8, 0);
	made_member(b, "data", none, STB_DATA * 8, 0);
	made_type(b, "bpf_local_storage", BTF_KIND_STRUCT, 1, 0, 16);
	made_member(b, "owner", u64, STORAGE_OWNER * 8, 0);
}

static inline size_t made_kernel_btf(struct made_btf *b)
{
	uint32_t u32 = 1, u64 = 2, common, value;

	made_kernel_types(b);
	made_prog_types(b, u32, u64);
	made_arena_types(b, u64);
	made_more_types(b, u32, u64);
	common = made_type(b, "bpf_struct_ops_common_value", BTF_KIND_STRUCT, 1, 0, 8);
	made_member(b, "state", u32, 0, 0);
	value = made_type(b, "bpf_struct_ops_value", BTF_KIND_STRUCT, 2, 0, 8);
	made_member(b, "common", common, 0, 0);
	made_member(b, "data", u64, (OPS_DATA - OPS_STATE) * 8, 0);
	made_type(b, "bpf_struct_ops_map", BTF_KIND_STRUCT, 1, 0, 128);
	made_member(b, "kvalue", value, OPS_STATE * 8, 0);
	made_type(b, "sched_ext_ops", BTF_KIND_STRUCT, 2, 0, 64);
	made_member(b, "timeout_ms", u32, OPS_TIMEOUT * 8, 0);
	made_member(b, "name", u64, OPS_NAME * 8, 0);
	made_type(b, "bpf_struct_ops_sched_ext_ops", BTF_KIND_STRUCT, 1, 0, 64);
	made_member(b, "common", common, 0, 0);
	return made_finish(b);
}

/* .bss: int crash; u64 nr; struct { s8 small; u16 bits:3; } in; in the arena: such a one, shared. */
static inline size_t made_object_btf(struct made_btf *b)
{
	struct btf_var_secinfo si[3] = { { .offset = 0, .size = 4 }, { .offset = 8, .size = 8 },
					 { .offset = 16, .size = 4 } };
	struct btf_var_secinfo in_arena = { .offset = 16, .size = 4 };
	uint32_t s32 = made_int(b, "int", 4, 1), in, global = 1;
	uint32_t s8 = made_int(b, "s8", 1, 1), u16 = made_int(b, "u16", 2, 0);

	u64_type = made_int(b, "u64", 8, 0);
	in = made_type(b, "inner", BTF_KIND_STRUCT, 2, 1, 4);
	made_member(b, "small", s8, 0, 0);
	made_member(b, "bits", u16, 16, 3);
	si[0].type = made_type(b, "crash", BTF_KIND_VAR, 0, 0, s32);
	made_put(b, &global, sizeof(global));
	si[1].type = made_type(b, "nr", BTF_KIND_VAR, 0, 0, u64_type);
	made_put(b, &global, sizeof(global));
	si[2].type = made_type(b, "in", BTF_KIND_VAR, 0, 0, in);
	made_put(b, &global, sizeof(global));
	bss_type = made_type(b, ".bss", BTF_KIND_DATASEC, 3, 0, 24);
	made_put(b, si, sizeof(si));
	in_arena.type = made_type(b, "shared", BTF_KIND_VAR, 0, 0, in);
	made_put(b, &global, sizeof(global));
	made_type(b, ".addr_space.1", BTF_KIND_DATASEC, 1, 0, 32);
	made_put(b, &in_arena, sizeof(in_arena));
	cpu_ctx_type = made_type(b, "cpu_ctx", BTF_KIND_STRUCT, 2, 0, 16);
	made_member(b, "load", u64_type, 0, 0);
	made_member(b, "delta", s32, 64, 0);
	return made_finish(b);
}

static inline int made_open_image(struct made_maps *m)
{
	const struct made_symbol sym[] = {
		{ "dmap_idr", MADE_TEXT + AT_MAP_IDR },
		{ "dprog_idr", MADE_TEXT + AT_PROG_IDR },
		{ "dbpf_stats_enabled_key", MADE_TEXT + AT_STATS_KEY },
		{ "Dvmemmap_base", MADE_TEXT + AT_VMEMMAP },
	};
	struct made_btf *b = calloc(1, sizeof(*b));
	size_t len = made_kernel_btf(b);

	return made_open_x86(&m->img, sym, ARRAY_SIZE(sym), b, len, &m->err);
}

static inline uint64_t made_room(struct made_maps *m, uint64_t bytes)
{
	uint64_t gpa = m->heap;

	m->heap += (bytes + 63) / 64 * 64;
	return gpa;
}

static inline void made_put_u32(struct made_maps *m, uint64_t gpa, uint32_t v)
{
	memcpy(m->g.ram + gpa, &v, sizeof(v));
}

static inline uint64_t made_put_object(struct made_maps *m)
{
	struct made_btf *b = calloc(1, sizeof(*b));
	size_t len = made_object_btf(b);
	uint64_t data = made_room(m, len), btf = made_room(m, 24);

	memcpy(m->g.ram + data, b->out, len);
	free(b);
	made_store(&m->g, btf, DIRECT + data);
	made_store(&m->g, btf + 8, len);
	return btf;
}

/* A map in the IDR: IDs are 1, 2 and so on, in two levels of nodes. */
static inline uint64_t made_put_map(struct made_maps *m, const char *name, uint32_t type, uint32_t value,
			uint32_t max, uint32_t value_type, uint64_t object)
{
	uint32_t id = ++m->nr_maps, values = type == KTSTR_MAP_PERCPU_ARRAY ? 8 : value;
	uint64_t gpa = made_room(m, 128 + (uint64_t)values * max), slot, node;

	made_put_u32(m, gpa + BM_TYPE, type);
	made_put_u32(m, gpa + BM_KEY, 4);
	made_put_u32(m, gpa + BM_VALUE, value);
	made_put_u32(m, gpa + BM_MAX, max);
	made_put_u32(m, gpa + BM_ID, id);
	made_put_u32(m, gpa + BM_VTYPE, value_type);
	made_store(&m->g, gpa + BM_BTF, DIRECT + object);
	strcpy((char *)m->g.ram + gpa + BM_NAME, name);
	slot = m->node + NODE_SLOTS + id / SLOTS * 8;
	if (!made_load(&m->g, slot)) {
		node = made_room(m, NODE_SLOTS + 8 * SLOTS);
		made_store(&m->g, slot, (DIRECT + node) | 2);
	}
	node = (made_load(&m->g, slot) & ~3ull) - DIRECT;
	made_store(&m->g, node + NODE_SLOTS + id % SLOTS * 8, DIRECT + gpa);
	return gpa;
}

static inline uint64_t made_put_scheduler(struct made_maps *m, const char *ops, uint64_t object)
{
	uint64_t gpa = made_put_map(m, "ops", KTSTR_MAP_STRUCT_OPS, 64, 1, 0, object);
	uint32_t id = 0;

	for (uint32_t i = 1; i < ktstr_btf__nr_types(m->img->btf); i++)
		if (!strcmp(ktstr_btf__type_name(m->img->btf, i), "bpf_struct_ops_sched_ext_ops"))
			id = i;
	made_put_u32(m, gpa + BM_KTYPE, id);
	made_put_u32(m, gpa + OPS_STATE, 1);
	strcpy((char *)m->g.ram + gpa + OPS_DATA + OPS_NAME, ops);
	return gpa;
}

/* The link at @link becomes the first of the list at @head. */
static inline void made_push(struct made_maps *m, uint64_t head, uint64_t link)
{
	made_store(&m->g, link, made_load(&m->g, head));
	made_store(&m->g, head, DIRECT + link);
}

static inline uint64_t made_number(struct made_maps *m, uint32_t key)
{
	(void)m;
	return 10 * key;
}

/* Values of a per-CPU map: struct cpu_ctx, 100 * key and the CPU's number. */
static inline uint64_t made_cpu_values(struct made_maps *m, uint32_t key)
{
	uint64_t at = AREA + 0x1c00 + key * 16;

	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++)
		made_store(&m->g, at + cpu * AREA_STRIDE, 100 * key + cpu);
	return MADE_TEXT + AT_RUNQUEUES + at - AREA;
}

/* @nr elements with keys from 1 on, in 2 buckets; @value: what is behind the key. */
static inline void made_fill_hash(struct made_maps *m, uint64_t map, uint32_t nr,
				  uint64_t (*value)(struct made_maps *m, uint32_t key))
{
	uint64_t buckets = made_room(m, 2 * BUCKET_SIZE);

	made_store(&m->g, map + HTAB_BUCKETS, DIRECT + buckets);
	made_put_u32(m, map + HTAB_N, 2);
	for (uint32_t i = 0; i < 2; i++)
		made_store(&m->g, buckets + i * BUCKET_SIZE, i << 1 | 1);
	for (uint32_t key = 1; key <= nr; key++) {
		uint64_t head = buckets + key % 2 * BUCKET_SIZE, elem = made_room(m, 64);

		made_put_u32(m, elem + ELEM_KEY, key);
		made_store(&m->g, elem + ELEM_KEY + 8, value(m, key));
		made_push(m, head, elem + ELEM_HASH);
	}
}

static inline void made_fill_storage(struct made_maps *m, uint64_t map, uint32_t nr)
{
	uint64_t buckets = made_room(m, 4 * BUCKET_SIZE);

	made_store(&m->g, map + SMAP_BUCKETS, DIRECT + buckets);
	made_put_u32(m, map + SMAP_LOG, 2);
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t head = buckets + i % 4 * BUCKET_SIZE, elem = made_room(m, 64);

		made_store(&m->g, elem + SELEM_DATA, 100 + i);
		made_push(m, head, elem + SELEM_NODE);
	}
}

/* Page @index of the arena is at @gpa. */
static inline void made_arena_page(struct made_maps *m, uint32_t index, uint64_t gpa)
{
	made_map_x86(&m->g, TEXT + AT_TOP, 4, 12, ARENA_KVA + index * 4096ull, gpa);
}

/* Its variables are in the last page, and the page before is the one for what is unallocated. */
static inline void made_put_arena(struct made_maps *m)
{
	uint64_t vm = made_room(m, 64), page = 0x300000;

	m->arena = made_put_map(m, "arena", KTSTR_MAP_ARENA, 0, ARENA_PAGES, 0, 0);
	made_store(&m->g, m->arena + BM_BTF, 0);
	m->scratch = 0x304000;
	made_store(&m->g, m->arena + ARENA_START, ARENA_USER);
	made_store(&m->g, m->arena + ARENA_VM, DIRECT + vm);
	made_store(&m->g, m->arena + ARENA_SCRATCH, VMEMMAP + (m->scratch >> 12) * PAGE_STRUCT);
	made_store(&m->g, TEXT + AT_VMEMMAP, VMEMMAP);
	made_store(&m->g, vm + VM_ADDR, ARENA_AREA);
	made_arena_page(m, ARENA_PAGES - 1, page);
	made_arena_page(m, ARENA_PAGES - 2, m->scratch);
	m->g.ram[page + 16] = 0x85;		/* shared.small */
}

/* Two objects with a .bss each, the first of which is no scheduler's. */
static inline void made_put_maps(struct made_maps *m)
{
	uint64_t pptr = MADE_TEXT + AT_RUNQUEUES + 0x1000;

	m->other = made_put_object(m);
	m->object = made_put_object(m);
	m->other_bss = made_put_map(m, "probe.bss", KTSTR_MAP_ARRAY, 24, 1, bss_type, m->other);
	m->ops = made_put_scheduler(m, "mine", m->object);
	m->bss = made_put_map(m, "scx_mine.bss", KTSTR_MAP_ARRAY, 24, 1, bss_type, m->object);
	made_put_u32(m, m->bss + ARRAY_VALUE, (uint32_t)-7);
	made_store(&m->g, m->bss + ARRAY_VALUE + 8, 1ull << 40);
	made_put_map(m, "scx_mine.rodata", KTSTR_MAP_ARRAY, 24, 1, bss_type, m->object);
	m->pcpu = made_put_map(m, "cpu_ctx_stor", KTSTR_MAP_PERCPU_ARRAY, 16, 1, cpu_ctx_type,
			     m->object);
	made_store(&m->g, m->pcpu + ARRAY_VALUE, pptr);
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++)
		made_store(&m->g, AREA + cpu * AREA_STRIDE + 0x1000, 5 + 2 * cpu);
	m->htab = made_put_map(m, "by_pid", KTSTR_MAP_HASH, 8, 16, u64_type, m->object);
	made_fill_hash(m, m->htab, 5, made_number);
	m->smap = made_put_map(m, "task_ctx", KTSTR_MAP_TASK_STORAGE, 8, 0, u64_type, m->object);
	made_fill_storage(m, m->smap, 9);
	m->pchash = made_put_map(m, "by_cpu_pid", KTSTR_MAP_PERCPU_HASH, 16, 16, cpu_ctx_type,
				 m->object);
	made_fill_hash(m, m->pchash, 3, made_cpu_values);
	made_put_arena(m);
}

/* The only program of the guest has ID 0, so that its IDR has no node. */
static inline void made_put_prog(struct made_maps *m, const char *name)
{
	uint64_t prog = made_room(m, PROG_INSNS + 50 * 8), aux = made_room(m, 40);

	m->prog = prog;
	made_put_u32(m, prog + PROG_LEN, 50);
	made_put_u32(m, prog + PROG_JITED, 400);
	made_store(&m->g, prog + PROG_STATS, MADE_TEXT + AT_RUNQUEUES + 0x1800);
	made_store(&m->g, prog + PROG_AUX, DIRECT + aux);
	made_put_u32(m, aux + AUX_VERIFIED, 1234);
	made_store(&m->g, aux + AUX_BTF, DIRECT + m->object);
	made_store(&m->g, aux + AUX_ARENA, DIRECT + m->arena);
	strcpy((char *)m->g.ram + aux + AUX_NAME, name);
	for (uint32_t cpu = 0; cpu < MADE_CPUS; cpu++) {
		made_store(&m->g, AREA + cpu * AREA_STRIDE + 0x1800 + STATS_CNT, 10 + cpu);
		made_store(&m->g, AREA + cpu * AREA_STRIDE + 0x1800 + STATS_NS, 1000);
	}
	made_store(&m->g, TEXT + AT_PROG_IDR + 8, DIRECT + prog);
}

static inline void *made_writable(void *arg, uint64_t gpa, size_t len)
{
	return (void *)made_at(arg, gpa, len);
}

/* 0, or -1 with m->err. */
static inline int made_maps_init(struct made_maps *m)
{
	memset(m, 0, sizeof(*m));
	if (made_open_image(m) || made_boot_x86(&m->g, m->img))
		return -1;
	m->g.mem.writable = made_writable;
	m->heap = HEAP;
	m->node = made_room(m, NODE_SLOTS + 8 * SLOTS);
	m->g.ram[m->node + NODE_SHIFT] = 2;
	made_store(&m->g, TEXT + AT_MAP_IDR + 8, (DIRECT + m->node) | 2);
	made_put_maps(m);
	made_put_prog(m, "mine_dispatch");
	m->maps = calloc(1, sizeof(*m->maps));
	ktstr_map_layout__resolve(&m->l, m->img->btf);
	return ktstr_kview__init(&m->v, m->img, &m->g.mem, MADE_CPUS, &m->err) ||
	       ktstr_kview__attach(&m->v) ? -1 : 0;
}

static inline void made_maps_free(struct made_maps *m)
{
	ktstr_kimage__free(m->img);
	free(m->g.ram);
	free(m->maps);
}

#endif
