// SPDX-License-Identifier: GPL-2.0
/* Members that hold no pointers, or not always, or nobody can know: nothing may be recovered. */
#include "cases.h"

/* CASE two_types: none */
#ifdef CASE_two_types
INIT(c->task = (u64)p)
MOVE(c->task = (u64)from)
#endif

/* CASE pointer_and_number: none */
#ifdef CASE_pointer_and_number
INIT(c->task = (u64)p)
MOVE(c->task = bpf_ktime_get_ns())
#endif

/* CASE pointer_and_constant: none */
#ifdef CASE_pointer_and_constant
INIT(c->task = (u64)p)
MOVE(c->task = 1)
#endif

/* CASE only_a_number: none */
#ifdef CASE_only_a_number
INIT(c->task = number)
#define ONLY_INIT
#endif

/* CASE only_zero: none */
#ifdef CASE_only_zero
INIT(c->task = 0)
#define ONLY_INIT
#endif

/* CASE tagged: none */
#ifdef CASE_tagged
INIT(c->task = (u64)p | 1)
#define ONLY_INIT
#endif

/* CASE hashed: none */
#ifdef CASE_hashed
INIT(c->task = (u64)p * 0x9e3779b97f4a7c15ull)
#define ONLY_INIT
#endif

/* CASE difference: none */
#ifdef CASE_difference
INIT(c->task = (u64)p - number)
#define ONLY_INIT
#endif

/* CASE truncated: none */
#ifdef CASE_truncated
INIT(c->task = (u32)(u64)p)
#define ONLY_INIT
#endif

/* CASE in_a_union: none */
#ifdef CASE_in_a_union
INIT(c->either = (u64)p)
#define ONLY_INIT
#endif

/* CASE half_overwritten: none */
#ifdef CASE_half_overwritten
INIT(c->task = (u64)p)
MOVE(*(volatile u32 *)&c->task = 1)
#endif

/* CASE into_the_middle: none */
#ifdef CASE_into_the_middle
INIT(c->task = (u64)&c->other)
#define ONLY_INIT
#endif

/* CASE address_to_a_helper: none */
#ifdef CASE_address_to_a_helper
INIT(c->task = (u64)p)
MOVE(bpf_probe_read_kernel(&c->task, 8, from))
#endif

/* CASE whole_overwritten_by_a_helper: none */
#ifdef CASE_whole_overwritten_by_a_helper
INIT(c->task = (u64)p)
MOVE(bpf_probe_read_kernel(c, sizeof(*c), from))
#endif

/* CASE pointer_or_number: none */
#ifdef CASE_pointer_or_number
INIT(
	u64 v = number;

	if (number & 1) {
		v = (u64)p;
		bpf_printk("%d", p->pid);
	}
	c->task = v;
)
#define ONLY_INIT
#endif

/* CASE one_of_two_types: none */
#ifdef CASE_one_of_two_types
INIT(
	u64 v = (u64)p->cgrp;

	if (number & 1) {
		v = (u64)p;
		bpf_printk("%d", p->pid);
	}
	c->task = v;
)
#define ONLY_INIT
#endif

/* CASE number_after_the_first_round: none */
#ifdef CASE_number_after_the_first_round
INIT(
	u64 v = (u64)p;

	for (int i = 0; i < 100; i++) {
		if (bpf_get_prandom_u32() & 1)
			c->task = v;
		v = bpf_ktime_get_ns();
	}
)
#define ONLY_INIT
#endif

/* CASE counted: none */
#ifdef CASE_counted
INIT(c->task = (u64)p)
MOVE(__sync_fetch_and_add(&c->task, 1))
#endif

/* CASE exchanged_for_a_number: none */
#ifdef CASE_exchanged_for_a_number
INIT(c->task = (u64)p)
MOVE(__sync_val_compare_and_swap(&c->task, c->flags, c->flags + 1))
#endif

/* CASE copied_from_a_number: none */
#ifdef CASE_copied_from_a_number
INIT(c->other = number)
MOVE(c->task = c->other)
#endif

/* CASE pointer_and_copy_of_a_number: none */
#ifdef CASE_pointer_and_copy_of_a_number
INIT(
	c->task = (u64)p;
	c->other = number;
)
MOVE(c->task = c->other)
#endif

/* CASE stored_through_an_unknown_pointer: none */
#ifdef CASE_stored_through_an_unknown_pointer
noinline void arena *get(u64 number)
{
	return (void arena *)number;
}
INIT(c->task = (u64)p)
MOVE(((struct ctx arena *)get(c->flags))->task = bpf_ktime_get_ns())
#endif

/* CASE stored_by_a_callback: none */
#ifdef CASE_stored_by_a_callback
static long set(u32 i, void *arg)
{
	((struct ctx *)arg)->task = i;
	return 0;
}
INIT(c->task = (u64)p)
MOVE(bpf_loop(4, set, c, 0))
#endif

/* CASE stored_by_an_untyped_function: none */
#ifdef CASE_stored_by_an_untyped_function
noinline int set(void *arg)
{
	if (arg)
		((u64 *)arg)[1] = 7;
	return 0;
}
INIT(c->task = (u64)p)
MOVE(set(c))
#endif

/* CASE number_from_the_stack: none */
#ifdef CASE_number_from_the_stack
INIT(c->task = (u64)p)
MOVE(
	struct ctx v = { .task = bpf_ktime_get_ns() };
	u32 key = 1;

	bpf_map_update_elem(&contexts, &key, &v, 0);
)
#endif

/* CASE looks_alike: none */
#ifdef CASE_looks_alike
struct shadow { u64 weight; u64 where; };
INIT(
	struct shadow arena *s = (struct shadow arena *)c->other;

	number += s->weight + s->where;
)
#define ONLY_INIT
#endif

/* CASE static_function_of_two_minds: none */
#ifdef CASE_static_function_of_two_minds
static noinline void put(struct ctx *c, u64 v, u64 number)
{
	if (number & 1)
		c->task = v;
}
INIT(put(c, (u64)p, number))
MOVE(put(c, bpf_ktime_get_ns(), 3))
#endif

/* CASE overwritten_on_the_stack: none */
#ifdef CASE_overwritten_on_the_stack
INIT(
	u64 v = (u64)p;

	bpf_probe_read_kernel(&v, 8, (void *)number);
	c->task = v;
)
#define ONLY_INIT
#endif

/* CASE variable_index: none */
#ifdef CASE_variable_index
INIT(
	c->more[number & 3].task = bpf_ktime_get_ns();
	c->in.task = (u64)p;
)
#define ONLY_INIT
#endif

/* CASE around_it: none */
#ifdef CASE_around_it
INIT(c->task = (u64)p)
MOVE(
	struct inner *in = &c->in;

	*(volatile u64 *)((char *)in - 32) = 5;
)
#endif

/* CASE address_in_memory: none */
#ifdef CASE_address_in_memory
u64 *where;
INIT(
	c->task = (u64)p;
	where = &c->task;
)
#define ONLY_INIT
#endif

/* CASE number_in_a_variable: none */
#ifdef CASE_number_in_a_variable
u64 last;
INIT(last = (u64)p)
MOVE(last = bpf_ktime_get_ns())
#endif

/* CASE maybe_a_number: none */
#ifdef CASE_maybe_a_number
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");
u64 last;
INIT(
	u32 key = 1;
	u64 *n = bpf_map_lookup_elem(&counts, &key);

	last = (u64)p;
	if (!n)
		n = &last;
	*(volatile u64 *)n = number;
)
#define ONLY_INIT
#endif

/* CASE stored_somewhere_behind_an_unknown_pointer: none */
#ifdef CASE_stored_somewhere_behind_an_unknown_pointer
noinline void arena *get(u64 number)
{
	return (void arena *)number;
}
INIT(c->task = (u64)p)
MOVE(
	u64 arena *to = get(c->flags);

	if (c->other & 1) {
		bpf_printk("%d", p->pid);
		to += 2;
	} else {
		to += 1;
	}
	*(volatile u64 arena *)(to) = bpf_ktime_get_ns();
)
#endif

/* CASE field_exists: none */
#ifdef CASE_field_exists
INIT(
	if (bpf_core_field_exists(struct task_struct, stamp))
		c->task = bpf_core_type_size(struct cgroup)
)
#define ONLY_INIT
#endif

/* CASE type_number: none */
#ifdef CASE_type_number
INIT(c->task = bpf_core_type_id_local(struct cgroup))
#define ONLY_INIT
#endif

/* CASE enough_for_two: none */
#ifdef CASE_enough_for_two
INIT(
	c->task = (u64)p;
	number += BPF_CORE_READ((struct cgroup *)c->task, level);
)
#define ONLY_INIT
#endif

#include "programs.h"
