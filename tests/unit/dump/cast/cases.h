/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small BPF objects for the cast analysis, one per CASE of found.bpf.c and not_found.bpf.c. The line
 * above each says what has to be found in it, and that nothing else is: STRUCTURE+OFFSET=TARGET/SPACE.
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
