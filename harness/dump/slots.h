/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the allocator of the scheduler's library (sdt_alloc: tools/sched_ext/scx_sdt.bpf.c, and
 * lib/sdt_alloc.bpf.c of the scx repository) has handed out in the arena. A struct scx_allocator
 * among the variables is the root of a tree of three levels with 512 children each. A leaf has a
 * header, union sdt_id, and behind it what the scheduler keeps there, of a type that no pointer has.
 *
 * That type is a named structure of the object whose size, rounded up to 8 bytes, is that of a leaf
 * without its header. Structures of the kernel and of the library itself are left out. If several
 * remain, those to which the cast analysis has found a pointer are preferred. If it still is not one,
 * bytes are shown and the report says which structures it may be.
 */
#ifndef KTSTR_DUMP_SLOTS_H
#define KTSTR_DUMP_SLOTS_H

#include "dump_priv.h"

#define DUMP_MAX_SLOTS	4096		/* of all allocators */
#define DUMP_SLOT_HEADER 8u		/* union sdt_id: idx, genn */

struct dump_slot {
	uint64_t offset;		/* of the leaf in the arena */
	uint32_t bytes;			/* with its header */
	uint32_t type;			/* of what is behind the header; 0: not known */
};

struct dump_slots {
	unsigned int nr;
	struct dump_slot slot[DUMP_MAX_SLOTS];	/* by offset */
	const struct ktstr_btf *btf;	/* of the types */
};

/*
 * Walk the allocators of the scheduler, whose variables are in its .bss, and put them in the report
 * ("sdt_allocations", or "sdt_alloc_unavailable": why not). Leaves d->slots for pointers, NULL: none.
 */
void dump_slots__find(struct dump *d, const struct ktstr_maps *maps,
		      const struct ktstr_map_layout *l, uint64_t object);
void dump_slots__free(struct dump *d);

/*
 * An address in the arena leads to a leaf or to what is behind its header: where that is in memory and
 * its type go to @t. False: it does not, or the type is not known.
 */
bool dump_slots__target(const struct dump *d, uint64_t offset, struct ktstr_render_target *t);

#endif
