// SPDX-License-Identifier: GPL-2.0
/* Members that hold pointers, and must be recovered. */
#include "cases.h"

/* CASE argument: ctx+8=task_struct/kernel */
#ifdef CASE_argument
INIT(c->task = (u64)p)
#define ONLY_INIT
#endif

/* CASE kfunc_returns: ctx+16=cgroup/kernel */
#ifdef CASE_kfunc_returns
INIT(c->other = (u64)bpf_cgroup_from_id(number))
#define ONLY_INIT
#endif

/* CASE current_task: ctx+8=task_struct/kernel */
#ifdef CASE_current_task
INIT(c->task = bpf_get_current_task())
#define ONLY_INIT
#endif

/* CASE current_task_btf: ctx+8=task_struct/kernel */
#ifdef CASE_current_task_btf
INIT(c->task = (u64)bpf_get_current_task_btf())
#define ONLY_INIT
#endif

/* CASE member_pointer: ctx+16=cgroup/kernel */
#ifdef CASE_member_pointer
INIT(c->other = (u64)p->cgrp)
#define ONLY_INIT
#endif

/* CASE forward_declared: ctx+16=opaque/kernel */
#ifdef CASE_forward_declared
INIT(c->other = (u64)p->opaque)
#define ONLY_INIT
#endif

/* CASE two_members: ctx+8=task_struct/kernel ctx+16=cgroup/kernel */
#ifdef CASE_two_members
INIT(c->task = (u64)p)
MOVE(c->other = (u64)from)
#endif

/* CASE spilled: ctx+8=task_struct/kernel */
#ifdef CASE_spilled
INIT(
	asm volatile("" ::: "r6", "r7", "r8", "r9", "memory");
	number += bpf_get_prandom_u32();
	asm volatile("" ::: "r6", "r7", "r8", "r9", "memory");
	c->task = (u64)p;
)
#define ONLY_INIT
#endif

/* CASE null_or_pointer: ctx+8=task_struct/kernel */
#ifdef CASE_null_or_pointer
INIT(
	u64 v = 0;

	if (number & 1) {
		v = (u64)p;
		bpf_printk("%d", p->pid);
	}
	c->task = v;
)
#define ONLY_INIT
#endif

/* CASE same_type_on_both_paths: ctx+8=task_struct/kernel */
#ifdef CASE_same_type_on_both_paths
INIT(
	u64 v;

	if (number & 1) {
		v = (u64)p;
		bpf_printk("%d", p->pid);
	} else {
		v = bpf_get_current_task();
	}
	c->task = v;
)
#define ONLY_INIT
#endif

/* CASE in_a_loop: ctx+8=task_struct/kernel */
#ifdef CASE_in_a_loop
INIT(
	for (int i = 0; i < 100; i++) {
		if (bpf_get_prandom_u32() & 1)
			c->task = (u64)p;
		number++;
	}
)
#define ONLY_INIT
#endif

/* CASE core_read: ctx+8=task_struct/any */
#ifdef CASE_core_read
INIT(
	int pid = BPF_CORE_READ((struct task_struct *)c->task, pid);

	number += pid;
)
#define ONLY_INIT
#endif

/* CASE core_read_of_a_chain: ctx+8=task_struct/any */
#ifdef CASE_core_read_of_a_chain
INIT(number += BPF_CORE_READ((struct task_struct *)c->task, parent, cgrp, level))
#define ONLY_INIT
#endif

/* CASE rdonly_cast: ctx+8=task_struct/kernel */
#ifdef CASE_rdonly_cast
INIT(
	struct task_struct *t = bpf_rdonly_cast((void *)c->task,
						bpf_core_type_id_kernel(struct task_struct));

	if (t)
		number += t->pid;
)
#define ONLY_INIT
#endif

/* CASE argument_of_a_global_function: ctx+8=task_struct/any */
#ifdef CASE_argument_of_a_global_function
noinline int pid_of(struct task_struct *t)
{
	return t ? t->pid : 0;
}
INIT(number += pid_of((struct task_struct *)c->task))
#define ONLY_INIT
#endif

/* CASE argument_of_a_kfunc: ctx+8=task_struct/any */
#ifdef CASE_argument_of_a_kfunc
INIT(number += !bpf_task_acquire((struct task_struct *)c->task))
#define ONLY_INIT
#endif

/* CASE copied: ctx+8=task_struct/kernel ctx+16=task_struct/kernel */
#ifdef CASE_copied
INIT(c->task = (u64)p)
MOVE(c->other = c->task)
#endif

/* CASE exchanged: ctx+8=task_struct/kernel */
#ifdef CASE_exchanged
INIT(number += __sync_lock_test_and_set(&c->task, (u64)p))
#define ONLY_INIT
#endif

/* CASE variable: .bss.last=task_struct/kernel */
#ifdef CASE_variable
u64 last;
INIT(last = (u64)p)
#define ONLY_INIT
#endif

/* CASE member_of_a_variable: inner+8=task_struct/kernel */
#ifdef CASE_member_of_a_variable
struct inner lasts;
INIT(lasts.task = (u64)p)
#define ONLY_INIT
#endif

/* CASE nested: inner+8=task_struct/kernel */
#ifdef CASE_nested
INIT(c->in.task = (u64)p)
#define ONLY_INIT
#endif

/* CASE element: inner+8=task_struct/kernel */
#ifdef CASE_element
INIT(c->more[2].task = (u64)p)
#define ONLY_INIT
#endif

/* CASE value_from_the_stack: ctx+8=task_struct/kernel */
#ifdef CASE_value_from_the_stack
INIT(
	struct ctx v = { .task = (u64)p };
	u32 key = 1;

	bpf_map_update_elem(&contexts, &key, &v, 0);
)
#define ONLY_INIT
#endif

/* CASE static_function_stores: ctx+8=task_struct/kernel */
#ifdef CASE_static_function_stores
static noinline void put(struct ctx *c, struct task_struct *p, u64 number)
{
	if (number & 1)
		c->task = (u64)p;
}
INIT(put(c, p, number))
MOVE(put(c, p, 3))
#endif

/* CASE static_function_returns: ctx+8=task_struct/kernel */
#ifdef CASE_static_function_returns
static noinline struct task_struct *first(struct task_struct *p, u64 number)
{
	bpf_printk("%d", p->pid);
	return number & 1 ? p->parent : p;
}
INIT(c->task = (u64)first(p, number))
#define ONLY_INIT
#endif

/* CASE arena_pointer: ctx+16=node/arena */
#ifdef CASE_arena_pointer
noinline struct node arena *take(u64 number)
{
	return (struct node arena *)number;
}
INIT(c->other = (u64)(struct node *)take(number))
#define ONLY_INIT
#endif

/*
 * A structure that one object knows by name only: here it is, in the arena and in the kernel's memory,
 * and in the objects below it has members.
 */
/* CASE forward_in_arena: ctx+16=cell/arena */
#ifdef CASE_forward_in_arena
struct cell;
#define CELL struct cell
#define TAKES_CELL
#endif

/* CASE cell: ctx+16=cell/arena */
#ifdef CASE_cell
struct cell {
	u64 load;
	u32 cpu, nr;
};
#define CELL struct cell
#define TAKES_CELL
#endif

/* CASE cell_of_another: ctx+16=cell/arena */
#ifdef CASE_cell_of_another
struct cell {
	u64 load;
	u64 nr;
};
#define CELL struct cell
#define TAKES_CELL
#endif

/* CASE cell_as_a_union: ctx+16=cell/arena */
#ifdef CASE_cell_as_a_union
union cell {
	u64 load;
	u32 halves[4];
};
#define CELL union cell
#define TAKES_CELL
#endif

#ifdef TAKES_CELL
noinline CELL arena *take(u64 number)
{
	return (CELL arena *)number;
}
INIT(c->other = (u64)(CELL *)take(number))
#define ONLY_INIT
#endif

/* CASE list_of_its_own_kind: node+8=node/any */
#ifdef CASE_list_of_its_own_kind
struct node head, tail;
noinline int link(struct node *a)
{
	if (a)
		tail.where = (u64)a;
	return 0;
}
INIT(link(&head))
#define ONLY_INIT
#endif

/* CASE cleared_again: ctx+8=task_struct/kernel */
#ifdef CASE_cleared_again
INIT(c->task = (u64)p)
MOVE(
	if (c->task == (u64)p)
		c->task = 0
)
#endif

/* CASE maybe_a_number_elsewhere: ctx+8=task_struct/kernel */
#ifdef CASE_maybe_a_number_elsewhere
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");
u64 missed;
INIT(
	u32 key = 1;
	u64 *n = bpf_map_lookup_elem(&counts, &key);

	c->task = (u64)p;
	if (!n)
		n = &missed;
	__sync_fetch_and_add(n, number);
)
#define ONLY_INIT
#endif

/* CASE key_beside_it: ctx+8=task_struct/kernel */
#ifdef CASE_key_beside_it
INIT(c->task = (u64)p)
MOVE(
	u32 key = (u32)c->flags;

	c->flags = !bpf_map_lookup_elem(&contexts, &key);
)
#endif

#include "programs.h"
