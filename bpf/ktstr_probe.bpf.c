// SPDX-License-Identifier: GPL-2.0
/*
 * Probes inside the guest: harness/model/probe.h says what they are for.
 *
 * One program for the entry of functions, one for their return and one for kprobes. Each is loaded
 * once per function; which point it is comes with the attachment, as a cookie. What they do is data:
 * the point has a list of values, each a chain of offsets from an argument.
 *
 * A trace has other programs, for the entry of functions, kprobes and tracepoints: they put what they
 * see into the ring buffer of their CPU, and wake nobody.
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

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

/* By CPU. The loader makes them, and knows how many there are. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

/* By CPU: records for which its ring had no room. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

struct rq {
	__u64 nr_switches;
} __attribute__((preserve_access_index));

extern const struct rq runqueues __ksym __weak;

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

/*
 * All values of @p into @to, which has @nr_words words and KTSTR_PROBE_SLACK more. A bit is set for each
 * that could be read.
 */
static __always_inline __u32 fetch_all(const struct ktstr_probe_point *p, const struct regs *regs, int exit,
				       __u64 *to, const __u64 nr_words)
{
	__u32 have = 0;
	int i;

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
		if (word >= nr_words || end >= nr_words || !f->size)
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
		to[end] = 0;
		if (!load(f, v, &to[word]))
			have |= 1u << at;
	}
	return have;
}

static __always_inline void record(struct regs *regs, __u32 index, int exit)
{
	struct ktstr_probe_point *p = bpf_map_lookup_elem(&points, &index);
	struct ktstr_probe_record *r;
	__u32 slot, have;
	__u64 seq, kind;

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
	have = fetch_all(p, regs, exit, r->word, VM_PROBE_WORDS);
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

/* What the ring of this CPU gets. A record is reserved first: the host sees that one is on its way. */
static __always_inline void put(const struct ktstr_probe_point *p, const struct regs *regs, __u32 index)
{
	__u32 cpu = bpf_get_smp_processor_id();
	void *ring = bpf_map_lookup_elem(&rings, &cpu);
	__u64 *lost = bpf_map_lookup_elem(&losses, &cpu);
	struct ktstr_ring_record *r;
	const struct rq *rq;

	if (!ring || !lost)
		return;
	r = bpf_ringbuf_reserve(ring, sizeof(*r), 0);
	if (!r) {
		__sync_fetch_and_add(lost, 1);
		return;
	}
	r->time_ns = bpf_ktime_get_ns();
	r->switches = 0;
	if (bpf_ksym_exists(&runqueues)) {
		rq = bpf_this_cpu_ptr(&runqueues);
		r->switches = rq->nr_switches;
	}
	r->probe = index;
	r->cpu = cpu;
	r->pid = (__u32)bpf_get_current_pid_tgid();
	r->lost = *lost;
	r->have = fetch_all(p, regs, 0, r->word, KTSTR_RING_WORDS);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
}

static __always_inline const struct ktstr_probe_point *point_of(void *ctx, __u32 *index)
{
	*index = bpf_get_attach_cookie(ctx);
	return bpf_map_lookup_elem(&points, index);
}

SEC("fentry")
int trace_entry(void *ctx)
{
	const struct ktstr_probe_point *p;
	struct regs regs = {};
	__u32 index;

	p = point_of(ctx, &index);
	if (!p)
		return 0;
	arguments(ctx, &regs);
	put(p, &regs, index);
	return 0;
}

SEC("kprobe")
int trace_kprobe(struct pt_regs *ctx)
{
	const struct ktstr_probe_point *p;
	struct regs regs = {
		.arg = { PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx),
			 PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx), PT_REGS_PARM6(ctx) },
	};
	__u32 index;

	p = point_of(ctx, &index);
	if (p)
		put(p, &regs, index);
	return 0;
}

static __always_inline void tracepoint(struct bpf_raw_tracepoint_args *ctx, const int nr)
{
	const struct ktstr_probe_point *p;
	struct regs regs = {};
	__u32 index;

	p = point_of(ctx, &index);
	if (!p)
		return;
#pragma unroll
	for (int i = 0; i < nr; i++)
		regs.arg[i] = ctx->args[i];
	put(p, &regs, index);
}

/* A program that reads more arguments than a tracepoint has is not attached to it. */
#define TRACE_TRACEPOINT(_nr)							\
SEC("raw_tp")									\
int trace_tracepoint##_nr(struct bpf_raw_tracepoint_args *ctx)			\
{										\
	tracepoint(ctx, _nr);							\
	return 0;								\
}
TRACE_TRACEPOINT(1)
TRACE_TRACEPOINT(2)
TRACE_TRACEPOINT(3)
TRACE_TRACEPOINT(4)
