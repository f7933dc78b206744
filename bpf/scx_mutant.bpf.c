// SPDX-License-Identifier: GPL-2.0
/*
 * A sound little scheduler that can be told to make one mistake: what the scenarios of the
 * suite are measured by. A scenario is worth its time if some mistake fails it; a mistake
 * that no scenario notices is a hole.
 *
 * Without a mistake it orders tasks by weighted virtual time in one queue for all CPUs, and
 * a task that wakes up while a CPU is idle goes there at once. Each mistake is what somebody
 * could really write; it is a constant for the verifier, so that the others cost nothing.
 *
 * Only tasks in cgroups of cgroups (the workers of a test) meet with a mistake. All others
 * preempt them on their CPU: who starts, stops and judges the workers must not become
 * a victim, or every mistake would look like a hang. The exception is STARVE_KTHREAD.
 */
#include <scx/common.bpf.h>

#include "scx_mutant.h"

char _license[] SEC("license") = "GPL";

#define MSEC		(1000 * 1000ULL)
#define SHARED_DSQ	0	/* by virtual time */
#define BACK_DSQ	1	/* FIFO, only when the others are empty */
#define FIFO_DSQ	2	/* for what goes to the head */
#define HOME_DSQ	16	/* + CPU */

/* When LATE_WAKEUP lets them go: for LATE_OPEN out of each LATE_PERIOD. */
#define LATE_PERIOD	(500 * MSEC)
#define LATE_OPEN	(20 * MSEC)
#define RETRY_NS	(4 * MSEC)
#define NEW_CGROUP_NS	(1000 * MSEC)
#define LONG_NS		(1000 * MSEC)
#define HEARTBEAT_NS	(100 * MSEC)	/* the loader beats ten times as often */
#define LIMIT_SLICE	(1 * MSEC)
#define USUAL		4	/* a worker yields or sleeps so often before it begins */

#define SCHED_BATCH	3		/* include/uapi/linux/sched.h */
#define DEFAULT_PRIO	120		/* static_prio of nice 0, include/linux/sched/prio.h */

const volatile u32 fault;
const volatile u8 node_of_cpu[MUTANT_MAX_CPUS];

#define IS(_id)		(fault == MUTANT_##_id)

UEI_DEFINE(uei);

static u64 vtime_now;
static u64 first_cgroup, first_cgroup_at;	/* id and time of the first worker's */
static u32 nr_homes;				/* OFFLINE_QUEUE: given so far */
static u64 nr_new_tasks, nr_dispatches, turn;
static u64 claimed[MUTANT_MAX_CPUS / 64];	/* EMPTY_CELL: CPUs of somebody's mask */

u64 heartbeat;		/* HEARTBEAT: when the loader was last seen */

struct task_ctx {
	u64 nr_enqueued;
	u64 runs_since;		/* when it was last put on a CPU */
	u64 keeps_until;	/* NO_PREEMPT, LONG_SLICE: end of its slice */
	u64 cgroup;		/* when it was last queued */
	u64 mask[MUTANT_MAX_CPUS / 64];	/* affinity when it was first queued */
	s32 home;		/* CPU then */
	u32 nr_yields;
	u32 nr_sleeps;
	u32 nr_enabled;		/* DROP_RETURNED: how often it came to sched_ext */
	u32 weight;		/* WEIGHT_CACHE: the first one */
	bool moved;
	bool woken_by_kthread;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_ctx);
} mutant_task_ctx SEC(".maps");

/* Readable when ops.exit() has filled in the exit record: the loader sleeps on it. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} mutant_exit_ring SEC(".maps");

#include "scx_mutant_cgroup.bpf.h"

static bool is_worker(const struct task_struct *p)
{
	return !(p->flags & PF_KTHREAD) && BPF_CORE_READ(p, cgroups, dfl_cgrp, level) >= 2;
}

static u64 cgroup_id(const struct task_struct *p)
{
	return BPF_CORE_READ(p, cgroups, dfl_cgrp, kn, id);
}

static bool is_starved_kthread(const struct task_struct *p)
{
	return IS(STARVE_KTHREAD) && (p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1;
}

static bool may_run_on(const struct task_struct *p, s32 cpu)
{
	return bpf_cpumask_test_cpu(cpu, p->cpus_ptr);
}

/* A CPU that @p may not use, or -1. */
static s32 forbidden_cpu(const struct task_struct *p)
{
	s32 cpu;

	bpf_for(cpu, 0, scx_bpf_nr_cpu_ids())
		if (!may_run_on(p, cpu))
			return cpu;
	return -1;
}

/* May it use some CPUs only? */
static bool is_restricted(const struct task_struct *p)
{
	return p->nr_cpus_allowed < scx_bpf_nr_cpu_ids();
}

static struct task_ctx *ctx_of(struct task_struct *p)
{
	return bpf_task_storage_get(&mutant_task_ctx, p, NULL, 0);
}

static bool has_home_queues(void)
{
	return IS(HOME_QUEUE) || IS(AFFINITY_QUEUE) || IS(OFFLINE_QUEUE);
}

/* The mistakes that decide in enqueue() where a task goes, idle CPU or not. */
static bool decides_in_enqueue(void)
{
	return IS(DROP) || IS(DROP_MOVED) || IS(HOME_QUEUE) || IS(LATE_WAKEUP) ||
	       IS(IGNORE_CPUSET) || IS(STALE_MASK) || IS(BAD_CPU) || IS(STICKY) ||
	       IS(ONE_CPU) || IS(NO_IDLE) || IS(WAKE_LOCAL) || IS(WRONG_NODE) ||
	       IS(CGROUP_LEAK) || IS(SLOW_ENQUEUE) || IS(OFFLINE_QUEUE) ||
	       IS(EMPTY_CELL) || IS(DROP_RETURNED);
}

/* Is it a kthread that wakes @p up? */
static bool note_waker(struct task_struct *p)
{
	struct task_ctx *tc = ctx_of(p);

	if (tc)
		tc->woken_by_kthread = bpf_get_current_task_btf()->flags & PF_KTHREAD;
	return tc && tc->woken_by_kthread;
}

s32 BPF_STRUCT_OPS(mutant_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu;

	if ((decides_in_enqueue() && is_worker(p)) || is_starved_kthread(p))
		return prev_cpu;
	if (IS(AFFINITY_QUEUE) && is_worker(p) && is_restricted(p))
		return prev_cpu;
	if (IS(KTHREAD_WAKES_LAST) && is_worker(p) && note_waker(p))
		return prev_cpu;
	if (IS(WRONG_SELECT) && is_worker(p)) {
		cpu = forbidden_cpu(p);
		if (cpu >= 0)
			return cpu;
	}

	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);
	if (is_idle && !(is_worker(p) && limit_of(cgroup_id(p)) >= 0))
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, 0);
	return cpu;
}

/* What a task looked like when it was first queued. */
static void remember(struct task_ctx *tc, const struct task_struct *p, u64 cgroup)
{
	s32 cpu, nr = scx_bpf_nr_cpu_ids();

	if (tc->nr_enqueued++) {
		if (tc->cgroup != cgroup)
			tc->moved = true;
		tc->cgroup = cgroup;
		return;
	}
	tc->cgroup = cgroup;
	tc->home = scx_bpf_task_cpu(p);
	if (IS(OFFLINE_QUEUE) && may_run_on(p, nr_homes % nr))
		tc->home = nr_homes++ % nr;
	bpf_for(cpu, 0, nr) {
		u32 word = (u32)cpu / 64;

		if (word < MUTANT_MAX_CPUS / 64 && may_run_on(p, cpu))
			tc->mask[word] |= 1ULL << (cpu % 64);
	}
}

/* EMPTY_CELL: a CPU that is in no restricted task's mask, or -1. */
static s32 unclaimed_cpu(void)
{
	s32 cpu;

	bpf_for(cpu, 0, scx_bpf_nr_cpu_ids()) {
		u32 word = (u32)cpu / 64;

		if (word < MUTANT_MAX_CPUS / 64 && !(claimed[word] & 1ULL << (cpu % 64)))
			return cpu;
	}
	return -1;
}

static void claim_cpus(const struct task_struct *p)
{
	s32 cpu;

	bpf_for(cpu, 0, scx_bpf_nr_cpu_ids()) {
		u32 word = (u32)cpu / 64;

		if (word < MUTANT_MAX_CPUS / 64 && may_run_on(p, cpu))
			claimed[word] |= 1ULL << (cpu % 64);
	}
}

/* Shall the task wait until nobody else wants to run? */
static bool is_starved(const struct task_struct *p, const struct task_ctx *tc, u64 cgroup)
{
	switch (fault) {
	case MUTANT_STARVE_CGROUP:
		return cgroup == first_cgroup;
	case MUTANT_STARVE_NEW:
		return p->start_time > first_cgroup_at + NEW_CGROUP_NS;
	case MUTANT_STARVE_NESTED:
		return BPF_CORE_READ(p, cgroups, dfl_cgrp, level) >= 4;
	case MUTANT_STARVE_PINNED:
		return p->nr_cpus_allowed == 1;
	case MUTANT_STARVE_BATCH:
		return p->policy == SCHED_BATCH;
	case MUTANT_STARVE_NICE:
		return p->static_prio > DEFAULT_PRIO;
	case MUTANT_STARVE_YIELD:
		return tc->nr_yields > USUAL;
	case MUTANT_STARVE_SLEEPER:
		return tc->nr_sleeps > USUAL;
	case MUTANT_KTHREAD_WAKES_LAST:
		return tc->woken_by_kthread;
	case MUTANT_EMPTY_CELL:
		return !is_restricted(p) && unclaimed_cpu() < 0;
	}
	return false;
}

/* The CPU that a mistake sends the task to, or -1 when it goes to a queue. */
static s32 wrong_cpu(struct task_struct *p, struct task_ctx *tc, u64 enq_flags)
{
	s32 nr = scx_bpf_nr_cpu_ids(), here = scx_bpf_task_cpu(p), cpu;

	switch (fault) {
	case MUTANT_BAD_CPU:
		return nr;
	case MUTANT_STICKY:
		return here;
	case MUTANT_ONE_CPU:
		return bpf_cpumask_first(p->cpus_ptr);
	case MUTANT_EMPTY_CELL:
		return is_restricted(p) ? -1 : unclaimed_cpu();
	case MUTANT_WAKE_LOCAL:
		cpu = bpf_get_smp_processor_id();
		return (enq_flags & SCX_ENQ_WAKEUP) && may_run_on(p, cpu) ? cpu : -1;
	case MUTANT_IGNORE_CPUSET:
		return forbidden_cpu(p);
	case MUTANT_STALE_MASK:
		bpf_for(cpu, 0, nr) {
			u32 word = (u32)cpu / 64;

			if (word < MUTANT_MAX_CPUS / 64 && !may_run_on(p, cpu) &&
			    (tc->mask[word] & 1ULL << (cpu % 64)))
				return cpu;
		}
		return -1;
	case MUTANT_WRONG_NODE:
		if ((u32)here >= MUTANT_MAX_CPUS)
			return -1;
		bpf_for(cpu, 0, nr)
			if ((u32)cpu < MUTANT_MAX_CPUS && may_run_on(p, cpu) &&
			    node_of_cpu[cpu] != node_of_cpu[here])
				return cpu;
		return -1;
	}
	return -1;
}

static void waste_time(u64 ns)
{
	u64 end = bpf_ktime_get_ns() + ns;
	int i;

	bpf_for(i, 0, 1 << 23)
		if (bpf_ktime_get_ns() >= end)
			break;
}

static void insert_by_vtime(struct task_struct *p, u64 dsq, u64 slice, u64 enq_flags)
{
	u64 vtime = p->scx.dsq_vtime;

	/* Sleeping earns one slice at most. */
	if (!IS(NEW_FIRST) && time_before(vtime, vtime_now - SCX_SLICE_DFL))
		vtime = vtime_now - SCX_SLICE_DFL;
	scx_bpf_dsq_insert_vtime(p, dsq, slice, vtime, enq_flags);
}

static u64 slice_of(void)
{
	return IS(NO_PREEMPT) ? SCX_SLICE_INF : IS(LONG_SLICE) ? LONG_NS : SCX_SLICE_DFL;
}

/* Others than workers preempt; with these mistakes that does not end a worker's slice. */
static bool keeps_cpu(const struct task_ctx *tc, u64 enq_flags)
{
	return (IS(NO_PREEMPT) || IS(LONG_SLICE)) && !(enq_flags & SCX_ENQ_WAKEUP) &&
	       bpf_ktime_get_ns() < tc->keeps_until;
}

static void enqueue_worker(struct task_struct *p, struct task_ctx *tc, u64 enq_flags)
{
	u64 cgroup = cgroup_id(p);
	s32 cpu, slot;

	if (!first_cgroup) {
		first_cgroup = cgroup;
		first_cgroup_at = bpf_ktime_get_ns();
	}
	remember(tc, p, cgroup);
	if (IS(SLOW_ENQUEUE))
		waste_time(5 * MSEC);
	if (IS(CGROUP_LEAK))
		take_cgroup_slot(cgroup);
	if ((IS(DROP) && tc->nr_enqueued % 16 == 0) || (IS(DROP_MOVED) && tc->moved) ||
	    (IS(DROP_RETURNED) && tc->nr_enabled > 1))
		return;
	if (keeps_cpu(tc, enq_flags)) {
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, slice_of(), enq_flags | SCX_ENQ_HEAD);
		return;
	}
	if (IS(HOME_QUEUE) || IS(OFFLINE_QUEUE)) {
		scx_bpf_dsq_insert(p, HOME_DSQ + tc->home, slice_of(), enq_flags);
		scx_bpf_kick_cpu(tc->home, SCX_KICK_IDLE);
		return;
	}
	if (is_starved(p, tc, cgroup) || (IS(LATE_WAKEUP) && (enq_flags & SCX_ENQ_WAKEUP))) {
		scx_bpf_dsq_insert(p, BACK_DSQ, slice_of(), enq_flags);
		return;
	}
	if (IS(LIFO)) {
		scx_bpf_dsq_insert(p, FIFO_DSQ, slice_of(), enq_flags | SCX_ENQ_HEAD);
		return;
	}
	cpu = wrong_cpu(p, tc, enq_flags);
	if (cpu >= 0) {
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL_ON | cpu, slice_of(), enq_flags);
		return;
	}
	if (IS(AFFINITY_QUEUE) && is_restricted(p)) {
		cpu = scx_bpf_task_cpu(p);
		insert_by_vtime(p, HOME_DSQ + cpu, slice_of(), enq_flags);
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
		return;
	}
	slot = limit_of(cgroup);
	if (slot >= 0)
		insert_by_vtime(p, LIMIT_DSQ + slot, LIMIT_SLICE, enq_flags);
	else
		insert_by_vtime(p, SHARED_DSQ, slice_of(), enq_flags);
}

void BPF_STRUCT_OPS(mutant_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct task_ctx *tc;

	if (is_starved_kthread(p)) {
		scx_bpf_dsq_insert(p, BACK_DSQ, SCX_SLICE_DFL, enq_flags);
		scx_bpf_kick_cpu(scx_bpf_task_cpu(p), SCX_KICK_IDLE);
		return;
	}
	if (!is_worker(p)) {
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, enq_flags | SCX_ENQ_PREEMPT);
		return;
	}
	tc = ctx_of(p);
	if (!tc) {
		scx_bpf_error("mutant: a task without a context");
		return;
	}
	enqueue_worker(p, tc, enq_flags);
}

void BPF_STRUCT_OPS(mutant_dispatch, s32 cpu, struct task_struct *prev)
{
	if (IS(STUCK_DISPATCH) && !cpu && prev && is_worker(prev) && ++nr_dispatches % 20 == 0)
		waste_time(1000 * MSEC);
	if (IS(HEARTBEAT) && heartbeat && bpf_ktime_get_ns() - heartbeat > HEARTBEAT_NS)
		return;
	if (has_home_queues() && scx_bpf_dsq_move_to_local(HOME_DSQ + cpu, 0))
		return;
	if (IS(LIFO) && scx_bpf_dsq_move_to_local(FIFO_DSQ, 0))
		return;
	/* Limited cgroups and the others come first in turn. */
	if (++turn % 2 && dispatch_limited())
		return;
	if (!(IS(LEAK_LAST) && scx_bpf_dsq_nr_queued(SHARED_DSQ) < 2) &&
	    scx_bpf_dsq_move_to_local(SHARED_DSQ, 0))
		return;
	if (dispatch_limited())
		return;
	if (!IS(LATE_WAKEUP) || bpf_ktime_get_ns() % LATE_PERIOD < LATE_OPEN)
		scx_bpf_dsq_move_to_local(BACK_DSQ, 0);
}

void BPF_STRUCT_OPS(mutant_running, struct task_struct *p)
{
	struct task_ctx *tc = ctx_of(p);

	if (tc) {
		tc->runs_since = bpf_ktime_get_ns();
		if (tc->keeps_until < tc->runs_since)
			tc->keeps_until = IS(NO_PREEMPT) ? ~0ULL : tc->runs_since + LONG_NS;
	}
	if (IS(EMPTY_CELL) && is_worker(p) && is_restricted(p))
		claim_cpus(p);
	if (time_before(vtime_now, p->scx.dsq_vtime))
		vtime_now = p->scx.dsq_vtime;
}

/* Virtual time for @ran nanoseconds of CPU time. */
static u64 weighted(const struct task_struct *p, struct task_ctx *tc, u64 ran)
{
	if (IS(INVERT_WEIGHT))
		return scale_by_task_weight(p, ran);
	if (IS(NICE_IGNORED))
		return ran;
	if (IS(WEIGHT_CACHE)) {
		if (!tc->weight)
			tc->weight = p->scx.weight;
		return ran * 100 / (tc->weight ?: 1);
	}
	return scale_by_task_weight_inverse(p, ran);
}

void BPF_STRUCT_OPS(mutant_stopping, struct task_struct *p, bool runnable)
{
	struct task_ctx *tc = ctx_of(p);
	u64 ran;

	if (!tc)
		return;
	ran = bpf_ktime_get_ns() - tc->runs_since;
	if (nr_limited && is_worker(p))
		charge(cgroup_id(p), ran);
	scx_bpf_task_set_dsq_vtime(p, p->scx.dsq_vtime + weighted(p, tc, ran));
}

void BPF_STRUCT_OPS(mutant_quiescent, struct task_struct *p, u64 deq_flags)
{
	struct task_ctx *tc;

	if (!IS(STARVE_SLEEPER) || !(deq_flags & SCX_DEQ_SLEEP))
		return;
	tc = ctx_of(p);
	if (tc)
		tc->nr_sleeps++;
}

bool BPF_STRUCT_OPS(mutant_yield, struct task_struct *from, struct task_struct *to)
{
	struct task_ctx *tc = ctx_of(from);

	scx_bpf_task_set_slice(from, 0);
	if (tc)
		tc->nr_yields++;
	return false;
}

void BPF_STRUCT_OPS(mutant_set_cpumask, struct task_struct *p, const struct cpumask *mask)
{
	if (IS(CHOKE_ON_AFFINITY) && is_worker(p) && bpf_cpumask_weight(mask) == 1)
		scx_bpf_error("mutant: no queue for a task of one CPU");
}

/* To have it is enough to make the kernel follow each task from cgroup to cgroup. */
void BPF_STRUCT_OPS(mutant_cgroup_move, struct task_struct *p, struct cgroup *from,
		    struct cgroup *to)
{
}

bool BPF_STRUCT_OPS(mutant_core_sched_before, struct task_struct *a, struct task_struct *b)
{
	return is_worker(b) && cgroup_id(a) == first_cgroup && cgroup_id(b) != first_cgroup;
}

void BPF_STRUCT_OPS(mutant_cpu_online, s32 cpu)
{
}

void BPF_STRUCT_OPS(mutant_cpu_offline, s32 cpu)
{
	if (IS(OFFLINE_ERROR))
		scx_bpf_error("mutant: CPU %d went offline", cpu);
}

void BPF_STRUCT_OPS(mutant_enable, struct task_struct *p)
{
	struct task_ctx *tc;

	/* CANCELLED_FORK: too late, a fork may be cancelled before */
	tc = bpf_task_storage_get(&mutant_task_ctx, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (tc)
		tc->nr_enabled++;
	scx_bpf_task_set_dsq_vtime(p, IS(NEW_FIRST) ? 0 : vtime_now);
}

void BPF_STRUCT_OPS(mutant_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	if (IS(CANCELLED_FORK) && args->cancelled && !ctx_of(p))
		scx_bpf_error("mutant: a cancelled fork has no context");
}

s32 BPF_STRUCT_OPS(mutant_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	if (IS(CANCELLED_FORK))
		return 0;
	if (!bpf_task_storage_get(&mutant_task_ctx, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE))
		return -ENOMEM;
	/* The child has no cgroup yet. */
	if (IS(TASK_LEAK) && args->fork && is_worker(bpf_get_current_task_btf()) &&
	    __sync_fetch_and_add(&nr_new_tasks, 1) >= MUTANT_TASK_SLOTS)
		return -ENOMEM;
	return 0;
}

s32 BPF_STRUCT_OPS_SLEEPABLE(mutant_init)
{
	s32 ret = 0, i;

	bpf_for(i, SHARED_DSQ, FIFO_DSQ + 1) {
		ret = scx_bpf_create_dsq(i, NUMA_NO_NODE);
		if (ret)
			return ret;
	}
	ret = create_limit_queues();
	if (!ret)
		ret = init_retry_timer();
	if (ret)
		return ret;
	if (has_home_queues()) {
		bpf_for(i, 0, scx_bpf_nr_cpu_ids()) {
			ret = scx_bpf_create_dsq(HOME_DSQ + i, NUMA_NO_NODE);
			if (ret)
				return ret;
		}
	}
	return IS(LATE_WAKEUP) ? start_retry_timer() : 0;
}

void BPF_STRUCT_OPS(mutant_exit, struct scx_exit_info *ei)
{
	u32 kind = ei->kind;

	UEI_RECORD(uei, ei);
	bpf_ringbuf_output(&mutant_exit_ring, &kind, sizeof(kind), BPF_RB_FORCE_WAKEUP);
}

SCX_OPS_DEFINE(mutant_ops,
	       .select_cpu		= (void *)mutant_select_cpu,
	       .enqueue			= (void *)mutant_enqueue,
	       .dispatch		= (void *)mutant_dispatch,
	       .running			= (void *)mutant_running,
	       .stopping		= (void *)mutant_stopping,
	       .quiescent		= (void *)mutant_quiescent,
	       .yield			= (void *)mutant_yield,
	       .set_cpumask		= (void *)mutant_set_cpumask,
	       .cgroup_move		= (void *)mutant_cgroup_move,
	       .core_sched_before	= (void *)mutant_core_sched_before,
	       .cpu_online		= (void *)mutant_cpu_online,
	       .cpu_offline		= (void *)mutant_cpu_offline,
	       .enable			= (void *)mutant_enable,
	       .init_task		= (void *)mutant_init_task,
	       .exit_task		= (void *)mutant_exit_task,
	       .cgroup_init		= (void *)mutant_cgroup_init,
	       .cgroup_exit		= (void *)mutant_cgroup_exit,
	       .cgroup_set_bandwidth	= (void *)mutant_cgroup_set_bandwidth,
	       .init			= (void *)mutant_init,
	       .exit			= (void *)mutant_exit,
	       .timeout_ms		= 20000,
	       .name			= "mutant");
