/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mistakes for which the kernel ejects a scheduler, in the order of enum ktstr_eject; that in
 * ops.init_task() is there. Included by scx_ktstr.bpf.c only.
 */
#ifndef SCX_KTSTR_EJECT_BPF_H
#define SCX_KTSTR_EJECT_BPF_H

#define EJECT_AFTER		50		/* enqueues: when the workload runs */
#define BAD_DSQ			0xbad

const volatile u32 eject_with;	/* enum ktstr_eject */

/* KTSTR_EJECT_NULL_KPTR: nobody has put a mask into it. */
struct held_mask {
	struct bpf_cpumask __kptr *mask;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct held_mask);
} ktstr_held_mask SEC(".maps");

/* A scheduler that takes for granted that there is one. */
static void use_held_mask(const struct task_struct *p)
{
	struct bpf_cpumask *mask = NULL;
	struct held_mask *held;
	u32 key = 0;

	held = bpf_map_lookup_elem(&ktstr_held_mask, &key);
	if (held)
		mask = bpf_kptr_xchg(&held->mask, NULL);
	if (mask)
		bpf_cpumask_release(mask);
	else
		scx_bpf_error("ktstr: NULL kptr: no mask for %s[%d]", p->comm, p->pid);
}

/* One mistake about @p: the queue it is to go to. */
static u64 make_mistake(struct task_struct *p, u64 dsq_id, u64 enq_flags)
{
	switch (eject_with) {
	case KTSTR_EJECT_BAD_DSQ:
		return BAD_DSQ;
	case KTSTR_EJECT_BAD_CPU:
		return SCX_DSQ_LOCAL_ON | scx_bpf_nr_cpu_ids();
	case KTSTR_EJECT_DOUBLE_INSERT:
		scx_bpf_dsq_insert(p, dsq_id, SCX_SLICE_DFL, enq_flags);
		break;
	case KTSTR_EJECT_NULL_KPTR:
		use_held_mask(p);
		break;
	}
	return dsq_id;
}

#endif
