/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A made guest whose scheduler has an allocator of sdt_alloc in its .bss, with two leaves in use and
 * one that is free, and a pointer "current" to the second.
 */
#ifndef MADE_SLOTS_H
#define MADE_SLOTS_H

#include <stdlib.h>

#include "tests/unit/monitor/made_maps.h"

#define PAGES_GPA	0x310000u	/* of the arena's first pages */
#define LEAF_BYTES	32u		/* header and a task_ctx of 20 bytes, rounded up */
#define AT_ALLOCATOR	8u		/* in .bss, behind the pointer "current" */
#define BSS_BYTES	48u

/* Where things are in the arena. */
enum { DESC0 = 0, DESC1 = 128, DESC2 = 256, CHUNK0 = 4096, CHUNK1 = 8192, CHUNK2 = 12288, LEAVES = 16384 };

struct made_slots {
	struct made_maps m;
	bool two_types;			/* another structure has the same size */
	uint32_t bss_type;
};

static inline size_t made_slots_btf(struct made_slots *s, struct made_btf *b)
{
	struct btf_var_secinfo si[2] = { { .offset = 0, .size = 8 },
					 { .offset = AT_ALLOCATOR, .size = 40 } };
	uint32_t u32 = made_int(b, "u32", 4, 0), u64 = made_int(b, "u64", 8, 0), global = 1;
	uint32_t bits = made_array(b, u64, 8), four = made_array(b, u32, 4), fwd, ptr, in, pool;

	fwd = made_type(b, "sdt_chunk", BTF_KIND_FWD, 0, 0, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, fwd);
	in = made_type(b, "sdt_desc", BTF_KIND_STRUCT, 3, 0, 80);
	made_member(b, "allocated", bits, 0, 0);
	made_member(b, "nr_free", u64, 512, 0);
	made_member(b, "chunk", ptr, 576, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, in);
	pool = made_type(b, "sdt_pool", BTF_KIND_STRUCT, 2, 0, 32);
	made_member(b, "slab", ptr, 0, 0);
	made_member(b, "elem_size", u64, 64, 0);
	in = made_type(b, "scx_allocator", BTF_KIND_STRUCT, 2, 0, 40);
	made_member(b, "pool", pool, 0, 0);
	made_member(b, "root", ptr, 256, 0);
	si[1].type = made_type(b, "allocator", BTF_KIND_VAR, 0, 0, in);
	made_put(b, &global, sizeof(global));
	fwd = made_type(b, "sdt_data", BTF_KIND_FWD, 0, 0, 0);
	ptr = made_type(b, "", BTF_KIND_PTR, 0, 0, fwd);
	si[0].type = made_type(b, "current", BTF_KIND_VAR, 0, 0, ptr);
	made_put(b, &global, sizeof(global));
	s->bss_type = made_type(b, ".bss", BTF_KIND_DATASEC, 2, 0, BSS_BYTES);
	made_put(b, si, sizeof(si));
	made_type(b, "task_ctx", BTF_KIND_STRUCT, 2, 0, 20);
	made_member(b, "pid", u32, 0, 0);
	made_member(b, "rest", four, 32, 0);
	if (s->two_types) {
		made_type(b, "other_ctx", BTF_KIND_STRUCT, 1, 0, 24);
		made_member(b, "x", u64, 0, 0);
	}
	return made_finish(b);
}

static inline void made_slots_object(struct made_slots *s)
{
	struct made_btf *b = calloc(1, sizeof(*b));
	size_t len = made_slots_btf(s, b);
	uint64_t data = made_room(&s->m, len);

	memcpy(s->m.g.ram + data, b->out, len);
	free(b);
	made_store(&s->m.g, s->m.object, DIRECT + data);
	made_store(&s->m.g, s->m.object + 8, len);
	made_put_u32(&s->m, s->m.bss + BM_VTYPE, s->bss_type);
	made_put_u32(&s->m, s->m.bss + BM_VALUE, BSS_BYTES);
}

static inline void made_slots_put(struct made_slots *s, uint32_t at, uint64_t value)
{
	made_store(&s->m.g, PAGES_GPA + at, value);
}

static inline void made_slots_leaf(struct made_slots *s, uint32_t nr, uint32_t pid, bool allocated)
{
	uint32_t at = LEAVES + nr * LEAF_BYTES;

	made_slots_put(s, CHUNK2 + 8 * nr, ARENA_USER + at);
	if (allocated)
		s->m.g.ram[PAGES_GPA + DESC2 + nr / 8] |= (uint8_t)(1u << nr % 8);
	made_slots_put(s, at, (uint64_t)7 << 32 | nr);
	made_put_u32(&s->m, PAGES_GPA + at + 8, pid);
}

/* 0 or -errno, with s->m.err */
static inline int made_slots_init(struct made_slots *s)
{
	struct made_maps *m = &s->m;
	int ret = made_maps_init(m);

	if (ret)
		return ret;
	made_slots_object(s);
	for (uint32_t i = 0; i < 5; i++)
		made_arena_page(m, i, PAGES_GPA + i * 4096);
	made_store(&m->g, m->bss + ARRAY_VALUE, ARENA_USER + LEAVES + LEAF_BYTES);
	made_store(&m->g, m->bss + ARRAY_VALUE + AT_ALLOCATOR + 8, LEAF_BYTES);
	made_store(&m->g, m->bss + ARRAY_VALUE + AT_ALLOCATOR + 32, ARENA_USER + DESC0);
	made_slots_put(s, DESC0 + 72, ARENA_USER + CHUNK0);
	/* the same as a program has it that did not cast it */
	made_slots_put(s, DESC1 + 72, (uint32_t)(ARENA_USER + CHUNK1));
	made_slots_put(s, DESC2 + 72, ARENA_USER + CHUNK2);
	/* inner bits say that all is taken, so they are 0 */
	made_slots_put(s, CHUNK0, ARENA_USER + DESC1);
	made_slots_put(s, CHUNK1, ARENA_USER + DESC2);
	made_slots_leaf(s, 0, 100, true);
	made_slots_leaf(s, 1, 101, true);
	made_slots_leaf(s, 2, 102, false);
	return 0;
}

#endif
