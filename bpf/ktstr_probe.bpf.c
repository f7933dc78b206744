// SPDX-License-Identifier: GPL-2.0
/*
 * Probes inside the guest: harness/model/probe.h says what they are for.
 *
 * One program for the entry of functions, one for their return and one for kprobes. Each is loaded
 * once per function; which point it is comes with the attachment, as a cookie. What they do is data:
 * the point has a list of values, each a chain of offsets from an argument.
 */
#include <linux/bpf.h>
#include <asm/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "harness/model/probe.h"

char _license[] SEC("license") = "GPL";

/*
 * The number that is compared with a bound is the one that is used then. It has 64 bits: verifiers of old
 * kernels do not learn from a comparison of the lower half.
 */
#define barrier_bound(_v)	asm volatile("" : "+r"(_v))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VM_MAX_PROBES);
	__type(key, __u32);
	__type(value, struct ktstr_probe_point);
} points SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KTSTR_PROBE_RECORDS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ktstr_probe_record);
} records SEC(".maps");

/* One byte when an exit is claimed: it wakes the program that reads the records. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} fired SEC(".maps");

struct {
	__u64 next;		/* record */
	__u32 stopped;		/* an exit was claimed for an error: nothing more is recorded */
} probes SEC(".data.probes");

#define NR_ARGS	(VM_REG_ARG5 + 1)

struct regs {
	__u64 arg[NR_ARGS];
	__u64 ret;
};

/* Follow the chain of @f from @v. The first steps load pointers, the last one the value. */
static __always_inline int load(const struct vm_fetch *f, __u64 v, __u64 *to)
{
	__u64 size = f->size, last = f->nr_steps;

	if (!last) {
		*to = size < 8 ? v & ((1ull << 8 * size) - 1) : v;
		return 0;
	}
#pragma unroll
	for (int i = 0; i < VM_FETCH_STEPS; i++) {
		if (i + 1 == last) {
			barrier_bound(size);
			if (size > VM_FETCH_MAX)
				return -1;
			return bpf_probe_read_kernel(to, size, (void *)(v + f->step[i]));
		}
		if (bpf_probe_read_kernel(&v, sizeof(v), (void *)(v + f->step[i])))
			return -1;
	}
	return -1;
}

static __always_inline void record(struct regs *regs, __u32 index, int exit)
{
	struct ktstr_probe_point *p = bpf_map_lookup_elem(&points, &index);
	struct ktstr_probe_record *r;
	__u32 slot, have = 0;
	__u64 seq, kind;
	int i;

	if (!p || probes.stopped)
		return;
	seq = __sync_fetch_and_add(&probes.next, 1) + 1;
	slot = seq % KTSTR_PROBE_RECORDS;
	r = bpf_map_lookup_elem(&records, &slot);
	if (!r)
		return;
	*(volatile __u64 *)&r->seq = 0;
	r->time_ns = bpf_ktime_get_ns();
	r->probe = index;
	r->vcpu = bpf_get_smp_processor_id();
	r->exit = exit;
	bpf_for(i, 0, p->nr_fetches) {
		const struct vm_fetch *f;
		__u64 reg, word, end, at = i, v;

		barrier_bound(at);
		if (at >= VM_MAX_FETCHES)
			break;
		f = &p->fetch[at];
		reg = f->reg;
		word = p->word[at];
		end = word + ((__u64)f->size - 1) / 8;
		barrier_bound(word);
		barrier_bound(end);
		if (word >= VM_PROBE_WORDS || end >= VM_PROBE_WORDS || !f->size)
			continue;
		if (reg == VM_REG_RET) {
			if (!exit)
				continue;
			v = regs->ret;
		} else {
			barrier_bound(reg);
			if (reg >= NR_ARGS)
				continue;
			v = regs->arg[reg];
		}
		/* its last word may be in part of it only */
		r->word[end] = 0;
		if (!load(f, v, &r->word[word]))
			have |= 1u << at;
	}
	r->have = have;
	kind = p->trigger;
	if (kind && !exit) {
		kind--;
		barrier_bound(kind);
		if (kind >= VM_MAX_FETCHES)
			return;
		kind = p->word[kind];
		barrier_bound(kind);
		if (kind < VM_PROBE_WORDS && (__u32)r->word[kind] >= p->min &&
		    !__sync_val_compare_and_swap(&probes.stopped, 0, 1)) {
			*(volatile __u64 *)&r->seq = seq;
			bpf_ringbuf_output(&fired, &index, sizeof(index), 0);
			return;
		}
	}
	*(volatile __u64 *)&r->seq = seq;
}

static __always_inline void arguments(void *ctx, struct regs *regs)
{
	/* of those that the function does not have nothing is read */
#pragma unroll
	for (int i = 0; i < NR_ARGS; i++)
		bpf_get_func_arg(ctx, i, &regs->arg[i]);
}

SEC("fentry")
int on_entry(void *ctx)
{
	struct regs regs = {};

	arguments(ctx, &regs);
	record(&regs, bpf_get_attach_cookie(ctx), 0);
	return 0;
}

SEC("fexit")
int on_return(void *ctx)
{
	struct regs regs = {};

	arguments(ctx, &regs);
	bpf_get_func_ret(ctx, &regs.ret);
	record(&regs, bpf_get_attach_cookie(ctx), 1);
	return 0;
}

SEC("kprobe")
int on_kprobe(struct pt_regs *ctx)
{
	struct regs regs = {
		.arg = { PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),
			 PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx), PT_REGS_PARM6(ctx) },
	};

	record(&regs, bpf_get_attach_cookie(ctx), 0);
	return 0;
}
