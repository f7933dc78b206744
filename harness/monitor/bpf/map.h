/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF maps of a running kernel: which there are (map_idr), whose they are, and their values.
 * Layouts come from the kernel's BTF, types of values from the BTF of the BPF object, which is in
 * guest memory too. Nothing that is read is trusted: lengths and counts are bounded.
 */
#ifndef KTSTR_MONITOR_BPF_MAP_H
#define KTSTR_MONITOR_BPF_MAP_H

#include "arena.h"
#include "idr.h"

#define KTSTR_MAX_MAP_VALUES	(1u << 20)	/* of one map; more are not visited */

/* enum bpf_map_type, of which something can be read. */
enum ktstr_map_type {
	KTSTR_MAP_HASH			= 1,
	KTSTR_MAP_ARRAY			= 2,
	KTSTR_MAP_PROG_ARRAY		= 3,
	KTSTR_MAP_PERF_EVENT_ARRAY	= 4,
	KTSTR_MAP_PERCPU_HASH		= 5,
	KTSTR_MAP_PERCPU_ARRAY		= 6,
	KTSTR_MAP_STACK_TRACE		= 7,
	KTSTR_MAP_CGROUP_ARRAY		= 8,
	KTSTR_MAP_LRU_HASH		= 9,
	KTSTR_MAP_LRU_PERCPU_HASH	= 10,
	KTSTR_MAP_LPM_TRIE		= 11,
	KTSTR_MAP_ARRAY_OF_MAPS		= 12,
	KTSTR_MAP_QUEUE			= 22,
	KTSTR_MAP_STACK			= 23,
	KTSTR_MAP_SK_STORAGE		= 24,
	KTSTR_MAP_STRUCT_OPS		= 26,
	KTSTR_MAP_RINGBUF		= 27,
	KTSTR_MAP_INODE_STORAGE		= 28,
	KTSTR_MAP_TASK_STORAGE		= 29,
	KTSTR_MAP_USER_RINGBUF		= 31,
	KTSTR_MAP_CGRP_STORAGE		= 32,
	KTSTR_MAP_ARENA			= 33,
};

struct ktstr_map {
	uint64_t kva;			/* of struct bpf_map */
	uint32_t id, type, key_size, value_size, max_entries;
	uint32_t key_type;		/* in the object's BTF; 0: it has none */
	uint32_t flags;
	uint32_t value_type;		/* in the object's BTF; 0: it has none */
	uint32_t kernel_type;		/* of a struct_ops map, in the kernel's BTF */
	uint64_t btf_kva;		/* struct btf of its object; 0: none, or an arena: see target.c */
	bool frozen;			/* user space cannot write to it any more: .rodata */
	char name[KTSTR_BPF_NAME_MAX];
};

/* The numbers of struct bpf_map, in the order of the table in map.c. */
enum ktstr_map_field {
	KTSTR_MAP_ID, KTSTR_MAP_TYPE, KTSTR_MAP_KEY_SIZE, KTSTR_MAP_VALUE_SIZE,
	KTSTR_MAP_MAX_ENTRIES, KTSTR_MAP_VALUE_TYPE, KTSTR_MAP_KERNEL_TYPE, KTSTR_MAP_BTF,
	KTSTR_MAP_FROZEN, KTSTR_MAP_KEY_TYPE, KTSTR_MAP_FLAGS, KTSTR_NR_MAP_FIELDS,
};

struct ktstr_map_layout {
	struct ktstr_idr_layout idr;
	struct ktstr_place map[KTSTR_NR_MAP_FIELDS], map_name;
	struct ktstr_place array_value, array_pptrs;
	struct ktstr_place buckets, n_buckets, bucket_head, hash_node, hash_next, elem_key;
	uint32_t bucket_size;
	struct ktstr_place storage_buckets, storage_log, storage_head, storage_node, storage_next;
	struct ktstr_place storage_data, storage_of, storage_owner;
	uint32_t storage_bucket_size;
	struct ktstr_place ops_state, ops_data;
	struct ktstr_place btf_data, btf_size, btf_base;
	struct ktstr_arena_layout arena;
};

/* What the kernel with this BTF has; NULL: nothing. */
void ktstr_map_layout__resolve(struct ktstr_map_layout *l, const struct ktstr_btf *btf);

struct ktstr_maps {
	unsigned int nr;
	bool complete;			/* false: there are more, or the walk was cut short */
	struct ktstr_map map[KTSTR_MAX_BPF_OBJECTS];
};

/*
 * List the maps, lowest ID first. 0 (also if only some could be read), -ENOENT: this kernel has no
 * map_idr or its BTF no struct bpf_map, -EFAULT.
 */
int ktstr_maps__read(struct ktstr_maps *m, struct ktstr_kview *v,
		     const struct ktstr_map_layout *l);

/*
 * The structure that a struct_ops map of sched_ext has at ops_data, "sched_ext_ops", as the kernel
 * with the BTF @kernel calls it. NULL: it is no such map.
 */
const char *ktstr_map__scx_ops(const struct ktstr_map *map, const struct ktstr_btf *kernel);

/*
 * The struct btf that the maps of an object share, whose struct_ops map is in use and, unless @ops
 * is empty, has this sched_ext name. 0: there is none.
 */
uint64_t ktstr_maps__object(const struct ktstr_maps *m, struct ktstr_kview *v,
			    const struct ktstr_map_layout *l, const char *ops);

/*
 * The first map whose name ends with @suffix (or is its beginning, cut by the kernel) and that belongs to @object; where the object has
 * none, or @object is 0, the first one of any object. NULL: there is none.
 */
const struct ktstr_map *ktstr_maps__find(const struct ktstr_maps *m, uint64_t object,
					 const char *suffix);

/*
 * libbpf's name of @object: what stands before the dot in the name of one of its sections' maps.
 * False: it has no section.
 */
bool ktstr_maps__object_name(const struct ktstr_maps *m, uint64_t object,
			     char name[KTSTR_BPF_NAME_MAX]);

/* Is the map still there? Its memory may have become something else. */
bool ktstr_map__alive(const struct ktstr_map *map, struct ktstr_kview *v,
		      const struct ktstr_map_layout *l);

/*
 * A copy of the object's BTF from guest memory, to be freed with ktstr_map_btf__close(). 0, or
 * -errno with @err.
 */
struct ktstr_map_btf {
	struct ktstr_btf *btf;
	void *data;
};

int ktstr_map_btf__open(struct ktstr_map_btf *b, struct ktstr_kview *v,
			const struct ktstr_map_layout *l, uint64_t btf_kva, struct ktstr_err *err);
void ktstr_map_btf__close(struct ktstr_map_btf *b);

/* Does @map have its values by a key, which is in each of them? */
bool ktstr_map__keyed(const struct ktstr_map *map);
/* Does @map have one value per CPU for each key? */
bool ktstr_map__per_cpu(const struct ktstr_map *map);
/* Does each of its values belong to a task, cgroup, inode or socket? */
bool ktstr_map__owned(const struct ktstr_map *map);
/* The name of its type, "array"; NULL: one of which nothing is read. */
const char *ktstr_map__kind(const struct ktstr_map *map);
/* The same; NULL also for one whose values are not for tests: they have no fields to watch. */
const char *ktstr_map__type_name(const struct ktstr_map *map);

/* Is it one value at a known address: an element of an array, or the variables of an arena? */
bool ktstr_map__has_elements(const struct ktstr_map *map);

/*
 * The address of value @index of an array, or of page 0 of an arena. 0, -ENOENT: it is neither, or
 * has no such value.
 */
int ktstr_map__element(const struct ktstr_map *map, struct ktstr_kview *v,
		       const struct ktstr_map_layout *l, uint64_t index, uint64_t *kva);

/*
 * Call @fn with the address of each value until it returns non-zero: elements of an array, page 0 of
 * an arena, or those that a hash or storage has at present; of a per-CPU map one for each CPU. Returns that, 0,
 * -ENOENT (not such a map, or fields are missing), -EFAULT or -EBADMSG (damaged, or it changed too
 * fast to be followed).
 */
struct ktstr_map_value {
	uint64_t kva;
	uint64_t key_kva;		/* of a hash or trie; 0: none */
	uint64_t prefix_kva;		/* of a trie: the u32 that its key begins with stands there */
	uint64_t owner_kva;		/* of a storage: the task or cgroup; 0: unknown */
	uint64_t index;			/* of an array, else the number of the element */
	uint32_t cpu;			/* of a per-CPU map, else 0 */
};

typedef int (*ktstr_map_value_fn)(void *arg, const struct ktstr_map_value *value);
int ktstr_map__each_value(const struct ktstr_map *map, struct ktstr_kview *v,
			  const struct ktstr_map_layout *l, ktstr_map_value_fn fn, void *arg);

#endif
