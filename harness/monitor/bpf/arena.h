/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF arenas (kernel/bpf/arena.c): up to 4 GiB of pages that a scheduler and its loader share. The
 * kernel sees page N at kern_vm_start + the low 32 bits of the loader's address of it; pages that
 * nobody has touched are not there.
 */
#ifndef KTSTR_MONITOR_BPF_ARENA_H
#define KTSTR_MONITOR_BPF_ARENA_H

#include "harness/monitor/view/place.h"

/* The section of a BPF object, and in its BTF, that has the global variables in the arena. */
#define KTSTR_ARENA_SECTION	".addr_space.1"

struct ktstr_arena_layout {
	struct ktstr_place user_start, kern_vm, vm_addr, scratch_page;
	int64_t page_struct;		/* bytes of struct page */
};

/* What the kernel with this BTF has; NULL: nothing. */
void ktstr_arena_layout__resolve(struct ktstr_arena_layout *l, const struct ktstr_btf *btf);

struct ktstr_arena {
	uint64_t kva;			/* of page 0 */
	uint64_t user;			/* the loader's address of it */
	uint64_t pages;			/* at most */
	uint64_t scratch_gpa;		/* of the page that stands for unallocated ones */
	bool has_scratch;		/* since 7.2 */
};

/*
 * The arena whose struct bpf_map is at @kva, of @pages. 0, or -errno with @err: this kernel has no
 * arenas, this one is not mapped yet, or it cannot be read.
 */
int ktstr_arena__open(struct ktstr_arena *a, struct ktstr_kview *v,
		      const struct ktstr_arena_layout *l, uint64_t kva, uint64_t pages,
		      struct ktstr_err *err);

/* Is page @index there? Then its address is in @kva. */
bool ktstr_arena__page(const struct ktstr_arena *a, struct ktstr_kview *v, uint64_t index,
		       uint64_t *kva);

/*
 * Where the global variables begin, in bytes from page 0, of an object whose section has @size
 * bytes and whose struct btf is at @btf_kva: libbpf puts them at the beginning or, where the kernel
 * allows it (7.0), at the end. 0, or -errno with @err: they are not there, or it cannot be told.
 */
int ktstr_arena__globals(const struct ktstr_arena *a, struct ktstr_kview *v, uint64_t btf_kva,
			 uint64_t size, uint64_t *offset, struct ktstr_err *err);

#endif
