/* SPDX-License-Identifier: GPL-2.0 */
/* BPF maps that have no values for us, but something else to tell. */
#ifndef KTSTR_MONITOR_BPF_OTHER_H
#define KTSTR_MONITOR_BPF_OTHER_H

#include "map.h"

/* How full a ring buffer is (kernel/bpf/ringbuf.c). Positions count bytes since its beginning. */
struct ktstr_ringbuf {
	uint64_t capacity, consumer_pos, producer_pos, pending_pos;
	bool has_pending;		/* since 6.13 */
};

/* 0, -ENOENT: @map is none, or this kernel's BTF lacks it, -EFAULT, -EBADMSG. */
int ktstr_ringbuf__read(struct ktstr_ringbuf *r, struct ktstr_kview *v,
			const struct ktstr_map *map);

#define KTSTR_STACK_MAX	127	/* frames, sysctl perf_event_max_stack */

struct ktstr_stack {
	uint32_t bucket;
	uint32_t nr;
	uint64_t pc[KTSTR_STACK_MAX];
};

/*
 * Call @fn for each stack in a STACK_TRACE map, until it returns non-zero. Returns that, 0, -ENOENT
 * (no such map), -EOPNOTSUPP (of user space, by build ids), -EFAULT or -EBADMSG.
 */
typedef int (*ktstr_stack_fn)(void *arg, const struct ktstr_stack *stack);
int ktstr_stacks__each(struct ktstr_kview *v, const struct ktstr_map *map, ktstr_stack_fn fn,
		       void *arg);

/*
 * Call @fn with the index of each slot of an array of programs, maps, cgroups or events that is
 * taken, until it returns non-zero. Returns that, 0, -ENOENT (no such map), -EFAULT.
 */
typedef int (*ktstr_slot_fn)(void *arg, uint32_t index);
int ktstr_slots__each(struct ktstr_kview *v, const struct ktstr_map *map, ktstr_slot_fn fn,
		      void *arg);

#endif
