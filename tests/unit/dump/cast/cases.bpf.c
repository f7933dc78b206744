// SPDX-License-Identifier: GPL-2.0
/*
 * Small BPF objects for the cast analysis, one per CASE. The line above each says what has to be
 * found in it, and that nothing else is: STRUCTURE+OFFSET=TARGET/SPACE. The first part has what must
 * be recovered, the second what must not.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

typedef unsigned int u32;
typedef unsigned long long u64;
#define arena __attribute__((address_space(1)))
#define noinline __attribute__((noinline))
#define indexed __attribute__((preserve_access_index))

struct opaque;
struct cgroup {
	int level;
	u64 id;
} indexed;
struct task_struct {
	int pid, tgid;
	struct cgroup *cgrp;
	struct opaque *opaque;
	u64 stamp;
	struct task_struct *parent;
} indexed;

struct node {
	u64 weight;
	u64 where;
};

struct inner {
	u32 nr;
	u64 task;
};

struct ctx {
	u64 flags;
	u64 task;
	u64 other;
	struct cgroup *cg;
	struct node arena *node;
	struct inner in, more[4];
	union {
		u64 either;
		u32 halves[2];
	};
};

struct ops {
	int (*init)(struct task_struct *p, u64 number);
	int (*move)(struct task_struct *p, struct cgroup *from);
};

struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
void *bpf_rdonly_cast(const void *obj, u32 id) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, struct ctx);
} contexts SEC(".maps");

/* keeps the types in the BTF */
struct node *unused_node;
u32 zero;

static struct ctx *find(void)
{
	u32 key = zero;

	return bpf_map_lookup_elem(&contexts, &key);
}

/* The programs: the body of init() is that of the case, move() is there for a second one. */
#define INIT(...)								\
	static __always_inline void do_init(struct task_struct *p, u64 number,	\
					    struct ctx *c, u64 *out)		\
	{									\
		__VA_ARGS__;							\
		*out = number;							\
	}
#define MOVE(...)								\
	static __always_inline void do_move(struct task_struct *p, struct cgroup *from, \
					    struct ctx *c)			\
	{									\
		__VA_ARGS__;							\
	}

char _license[] SEC("license") = "GPL";

/* ---- to be recovered ---- */

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

/* CASE key_beside_it: ctx+8=task_struct/kernel */
#ifdef CASE_key_beside_it
INIT(c->task = (u64)p)
MOVE(
	u32 key = (u32)c->flags;

	c->flags = !bpf_map_lookup_elem(&contexts, &key);
)
#endif

/* ---- not to be recovered ---- */

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

SEC("struct_ops/init") int init(u64 *args)
{
	struct task_struct *p = (void *)args[0];
	struct ctx *c = find();
	u64 out = 0;

	if (c && p)
		do_init(p, args[1], c, &out);
	return (int)out;
}

#ifdef ONLY_INIT
SEC(".struct_ops.link") struct ops ops = { .init = (void *)init };
#else
SEC("struct_ops/move") int move(u64 *args)
{
	struct task_struct *p = (void *)args[0];
	struct cgroup *from = (void *)args[1];
	struct ctx *c = find();

	if (c && p && from)
		do_move(p, from, c);
	return 0;
}

SEC(".struct_ops.link") struct ops ops = { .init = (void *)init, .move = (void *)move };
#endif
