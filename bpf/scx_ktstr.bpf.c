// SPDX-License-Identifier: GPL-2.0
/*
 * The fixture scheduler: one shared FIFO, and a switch for every way in which a scheduler
 * can go wrong.
 *
 * Without a fault it is a plain global FIFO: a wakeup that finds an idle CPU goes straight
 * there, everything else waits in one DSQ that all CPUs consume from. The faults exist so
 * that the framework can be shown a scheduler that stalls, crashes, wanders or does not load
 * and be held to noticing it. Two kinds of switches: .rodata ones are constants for the
 * verifier, so that a fault which must not load costs nothing while it is off; .bss ones
 * change while the scheduler runs, by the loader or by a host that writes to guest memory.
 *
 * Kernel threads never take part in a fault. The work items that detect and report a stall
 * run in them, and a scheduler that stalls its own watchdog would hang instead of being
 * ejected.
 */
#include <scx/common.bpf.h>

#include "scx_ktstr.h"

char _license[] SEC("license") = "GPL";

/*
 * The host writes to these by offset, without asking BTF: stall at 0 and crash at 4. They
 * have to stay the first definitions of this file that land in .bss; the loader asserts
 * their offsets at compile time.
 */
int stall;
int crash;
int degrade_rt;

u64 degrade_cnt;
u64 slow_cnt;

u64 nr_select_cpu;
u64 nr_enqueued;
/* A struct task_struct *, of which BTF knows only that it is a number. */
u64 last_enqueued;
u64 nr_dispatched;
u64 nr_yielded;
u64 nr_task_ctx_allocs;
u64 nr_task_ctx_frees;
u64 nr_cgroups_missed;		/* enqueues not counted: more than KTSTR_MAX_CGROUPS cgroups */

struct ktstr_bss_holder bss_holder;
/* Of a pointer in a structure, clang leaves only the target's name in the BTF; of this one, all. */
struct ktstr_target __arena *bss_target;

/* Beside the counters for whoever finds them by scanning; not const: .data, not .rodata. */
u64 stats_magic = KTSTR_STATS_MAGIC;

const volatile bool degrade;
const volatile bool scattershot;
const volatile bool slow;
const volatile bool tax;
const volatile bool fail_verify;
const volatile bool verify_loop;
const volatile bool eject_at_start;
const volatile bool have_arena = true;

UEI_DEFINE(uei);

#include "scx_ktstr_eject.bpf.h"

/* A user DSQ: the built-in global one cannot be held back by ops.dispatch(). */
#define SHARED_DSQ		0
#define SLOW_RETRY_NS		(4 * 1000 * 1000ULL)

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << 10);		/* pages; at 64 contexts a page 65536 tasks */
} arena SEC(".maps");

struct task_slot {
	struct ktstr_task_ctx __arena *ctx;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_slot);
} ktstr_task_slot SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ktstr_cross_value);
} ktstr_cross_btf_map SEC(".maps");

/* Enqueues per cgroup, by the cgroup2 id (the inode number of its directory). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, KTSTR_MAX_CGROUPS);
	__type(key, u64);
	__type(value, u64);
} ktstr_cgroup_dispatch_count SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KTSTR_ARRAY_ENTRIES);
	__type(key, u32);
	__type(value, struct ktstr_array_value);
} ktstr_array_fixture SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ktstr_pcpu_value);
} ktstr_pcpu_fix SEC(".maps");

/*
 * Becomes readable when ops.exit() has filled in the exit record: the loader sleeps on it
 * instead of looking at the record again and again. (The struct_ops link reports only
 * a detach from user space, not an ejection.)
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);		/* a page multiple with any page size */
} ktstr_exit_ring SEC(".maps");

struct slow_timer {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct slow_timer);
} ktstr_slow_tick SEC(".maps");

/*
 * Task contexts: a free list in the arena, refilled a page at a time. exit_task() runs with
 * the runqueue lock held and can neither free nor allocate pages, so slots are recycled and
 * pages stay until the arena goes. Only the first 4096 bytes of larger pages are used.
 */
struct ctx_slot {
	struct ktstr_task_ctx ctx;
	struct ctx_slot __arena *next;
	u64 pad[3];
};
_Static_assert(sizeof(struct ctx_slot) == KTSTR_SLOT_SIZE, "a slot is 64 bytes");

#define SLOTS_PER_PAGE		(4096 / KTSTR_SLOT_SIZE)

private(CTX_POOL) struct bpf_spin_lock ctx_lock;	/* guards the three below */
static struct ctx_slot __arena *ctx_free;
static struct ctx_slot __arena *ctx_page;
static u64 ctx_left;					/* slots of ctx_page never used */

/*
 * Before an arena pointer may be dereferenced, the verifier wants to have seen the program
 * name the arena map; a pointer that was loaded from memory does not tell it which arena.
 */
#define USES_ARENA()		asm volatile("" :: "r"(&arena))

static struct ctx_slot __arena *ctx_slot_get(void)
{
	struct ctx_slot __arena *slot, *page;

	bpf_spin_lock(&ctx_lock);
	slot = ctx_free;
	if (slot) {
		ctx_free = slot->next;
	} else if (ctx_left) {
		slot = ctx_page++;
		ctx_left--;
	}
	bpf_spin_unlock(&ctx_lock);
	if (slot)
		return slot;

	page = bpf_arena_alloc_pages(&arena, NULL, 1, NUMA_NO_NODE, 0);
	if (!page)
		return NULL;

	bpf_spin_lock(&ctx_lock);
	if (!ctx_left) {
		ctx_page = page;
		ctx_left = SLOTS_PER_PAGE;
		page = NULL;
	}
	slot = ctx_page++;
	ctx_left--;
	bpf_spin_unlock(&ctx_lock);

	if (page)	/* a concurrent fork has brought one */
		bpf_arena_free_pages(&arena, page, 1);
	return slot;
}

static void ctx_slot_put(struct ctx_slot __arena *slot)
{
	bpf_spin_lock(&ctx_lock);
	slot->next = ctx_free;
	ctx_free = slot;
	bpf_spin_unlock(&ctx_lock);
}

static bool is_kthread(const struct task_struct *p)
{
	return p->flags & PF_KTHREAD;
}

static bool places_at_random(void)
{
	return !stall && (scattershot || degrade || degrade_rt);
}

/*
 * Kernels that know SCX_OPS_ENQ_MIGRATION_DISABLED (6.14) do not call enqueue() with such
 * a task unless the scheduler asks for it. Older ones do, and there the BPF trampoline
 * itself disables migration of the current task once. (The header's is_migration_disabled()
 * needs the kernel's .config, which a guest of a distribution kernel cannot be asked for.)
 */
static bool migration_disabled(const struct task_struct *p)
{
	if (bpf_core_enum_value_exists(enum scx_ops_flags, SCX_OPS_ENQ_MIGRATION_DISABLED))
		return false;
	return p->migration_disabled > (p == bpf_get_current_task_btf() ? 1 : 0);
}

/*
 * Any CPU the task may run on, or -1 when it has no choice. SCX_DSQ_LOCAL_ON with a CPU
 * outside of the affinity mask ejects the scheduler, and that is not the fault wanted here.
 */
static s32 random_cpu(const struct task_struct *p)
{
	u32 nr_cpu_ids = scx_bpf_nr_cpu_ids(), cpu;
	const struct cpumask *online;

	if (p->nr_cpus_allowed == 1 || migration_disabled(p))
		return -1;

	online = scx_bpf_get_online_cpumask();
	cpu = bpf_get_prandom_u32() % nr_cpu_ids;
	if (!bpf_cpumask_test_cpu(cpu, p->cpus_ptr) || !bpf_cpumask_test_cpu(cpu, online))
		cpu = bpf_cpumask_any_and_distribute(p->cpus_ptr, online);
	scx_bpf_put_cpumask(online);

	return cpu < nr_cpu_ids ? cpu : -1;
}

static void count_cgroup(const struct task_struct *p)
{
	u64 id = BPF_CORE_READ(p, cgroups, dfl_cgrp, kn, id), one = 1, *cnt;

	cnt = bpf_map_lookup_elem(&ktstr_cgroup_dispatch_count, &id);
	if (cnt)
		__sync_fetch_and_add(cnt, 1);
	else if (bpf_map_update_elem(&ktstr_cgroup_dispatch_count, &id, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&nr_cgroups_missed, 1);
}

s32 BPF_STRUCT_OPS(ktstr_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	bool is_idle = false;
	s32 cpu;

	__sync_fetch_and_add(&nr_select_cpu, 1);
	if (places_at_random() && !is_kthread(p))
		return prev_cpu;	/* enqueue() decides */

	cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &is_idle);
	if (is_idle && (!stall || is_kthread(p)))
		scx_bpf_dsq_insert(p, SCX_DSQ_LOCAL, SCX_SLICE_DFL, 0);
	return cpu;
}

void BPF_STRUCT_OPS(ktstr_enqueue, struct task_struct *p, u64 enq_flags)
{
	u64 dsq_id = SHARED_DSQ;

	__sync_fetch_and_add(&nr_enqueued, 1);
	last_enqueued = (u64)p;
	count_cgroup(p);

	if (is_kthread(p)) {
		dsq_id = SCX_DSQ_LOCAL;
	} else if (places_at_random()) {
		s32 cpu = random_cpu(p);

		dsq_id = cpu < 0 ? SCX_DSQ_LOCAL : SCX_DSQ_LOCAL_ON | cpu;
	} else if (eject_with && nr_enqueued > EJECT_AFTER) {
		dsq_id = make_mistake(p, dsq_id, enq_flags);
	}
	scx_bpf_dsq_insert(p, dsq_id, SCX_SLICE_DFL, enq_flags);
}

/* A store that no verifier accepts; the asm keeps the compiler from seeing the NULL. */
static void store_through_null(void)
{
	u64 *p;

	asm volatile("%0 = 0" : "=r"(p));
	*p = 1;
}

/*
 * Eight times the same instructions, a loop whose inner loop has 3, 4, ... 8 rounds, then a
 * rejection: the log of it is long and repeats itself. An endless loop would do too, but can
 * take the verifier longer to see through than anybody waits for a scheduler to attach.
 */
static void bore_the_verifier(void)
{
	u64 acc = 0;
	int i, j;

#pragma clang loop unroll(full)
	for (i = 0; i < 8; i++) {
		acc += bpf_ktime_get_ns();
		acc ^= acc << 7;
		acc += 3;
		acc ^= acc >> 9;
		asm volatile("" : "+r"(acc));
	}
#pragma clang loop unroll(disable)
	for (i = 0; i < 6; i++) {
		acc += bpf_get_smp_processor_id();
#pragma clang loop unroll(disable)
		for (j = 0; j < i + 3; j++) {
			acc ^= acc << 5;
			asm volatile("" : "+r"(acc));
		}
	}
	store_through_null();
}

void BPF_STRUCT_OPS(ktstr_dispatch, s32 cpu, struct task_struct *prev)
{
	/* One instruction, 2 % of a dispatch. */
	if (tax)
		asm volatile("r0 = 0" : : : "r0");
	if (crash)
		scx_bpf_error("ktstr: host-triggered crash");
	if (stall)
		return;
	if ((degrade || degrade_rt) && (__sync_fetch_and_add(&degrade_cnt, 1) & 1) == 0) {
		/* What waited here when the fault began must not wait for the next wakeup. */
		if (scx_bpf_dsq_nr_queued(SHARED_DSQ) > 0)
			scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
		return;
	}
	if (verify_loop)
		bore_the_verifier();
	if (fail_verify)
		store_through_null();
	if (slow && (__sync_fetch_and_add(&slow_cnt, 1) & 3) != 3)
		return;

	if (scx_bpf_dsq_move_to_local(SHARED_DSQ, 0))
		__sync_fetch_and_add(&nr_dispatched, 1);
}

/*
 * A CPU that goes idle after a skipped dispatch is not asked again before something wakes
 * it, which can take longer than the watchdog allows. Slow is not stalled: ask again soon.
 */
static int slow_retry(void *map, int *key, struct slow_timer *t)
{
	s32 cpu;

	if (scx_bpf_dsq_nr_queued(SHARED_DSQ) > 0) {
		bpf_for(cpu, 0, scx_bpf_nr_cpu_ids())
			scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	}
	bpf_timer_start(&t->timer, SLOW_RETRY_NS, 0);
	return 0;
}

bool BPF_STRUCT_OPS(ktstr_yield, struct task_struct *from, struct task_struct *to)
{
	__sync_fetch_and_add(&nr_yielded, 1);
	scx_bpf_task_set_slice(from, 0);
	return false;
}

s32 BPF_STRUCT_OPS_SLEEPABLE(ktstr_init_task, struct task_struct *p,
			     struct scx_init_task_args *args)
{
	struct ctx_slot __arena *slot;
	struct task_slot *ts;

	if (eject_with == KTSTR_EJECT_INIT_TASK && args->fork && !is_kthread(p))
		scx_bpf_error("ktstr: no context for %s[%d]", p->comm, p->pid);
	if (!have_arena)
		return 0;

	ts = bpf_task_storage_get(&ktstr_task_slot, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!ts)
		return -ENOMEM;
	slot = ctx_slot_get();
	if (!slot)
		return -ENOMEM;

	slot->ctx.magic = KTSTR_TASK_MAGIC;
	slot->ctx.counter = KTSTR_TASK_COUNTER;
	slot->ctx.task = p;
	slot->ctx.stash = bss_holder.target;
	ts->ctx = &slot->ctx;
	__sync_fetch_and_add(&nr_task_ctx_allocs, 1);
	return 0;
}

void BPF_STRUCT_OPS(ktstr_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	struct ctx_slot __arena *slot;
	struct task_slot *ts;

	if (!have_arena)
		return;
	USES_ARENA();

	ts = bpf_task_storage_get(&ktstr_task_slot, p, NULL, 0);
	if (!ts || !ts->ctx)
		return;

	slot = (struct ctx_slot __arena *)ts->ctx;
	ts->ctx = NULL;
	slot->ctx.magic = 0;
	ctx_slot_put(slot);
	__sync_fetch_and_add(&nr_task_ctx_frees, 1);
}

void BPF_STRUCT_OPS(ktstr_dump, struct scx_dump_ctx *dctx)
{
	scx_bpf_dump("ktstr: stall=%d crash=%d degrade_rt=%d degrade_cnt=%llu slow_cnt=%llu",
		     stall, crash, degrade_rt, degrade_cnt, slow_cnt);
	scx_bpf_dump("ktstr: select_cpu=%llu enqueued=%llu dispatched=%llu yielded=%llu",
		     nr_select_cpu, nr_enqueued, nr_dispatched, nr_yielded);
}

void BPF_STRUCT_OPS(ktstr_dump_cpu, struct scx_dump_ctx *dctx, s32 cpu, bool idle)
{
	if (!idle)	/* idle CPUs are dumped only if an operation says something */
		scx_bpf_dump("ktstr: cpu=%d shared_dsq=%d", cpu,
			     scx_bpf_dsq_nr_queued(SHARED_DSQ));
}

void BPF_STRUCT_OPS(ktstr_dump_task, struct scx_dump_ctx *dctx, struct task_struct *p)
{
	struct task_slot *ts;

	if (!have_arena)
		return;
	USES_ARENA();

	ts = bpf_task_storage_get(&ktstr_task_slot, p, NULL, 0);
	if (ts && ts->ctx)
		scx_bpf_dump("ktstr: ctx magic=%llx counter=%llu", ts->ctx->magic,
			     ts->ctx->counter);
}

static s32 init_arena_fixtures(void)
{
	struct ktstr_target __arena *target;
	struct ktstr_cross_value val;
	u32 key = 0;

	target = bpf_arena_alloc_pages(&arena, NULL, 1, NUMA_NO_NODE, 0);
	if (!target)
		return -ENOMEM;
	target->magic = KTSTR_TARGET_MAGIC;
	target->marker = KTSTR_TARGET_MARKER;

	bss_holder.target = target;
	bss_target = target;
	bss_holder.counter = KTSTR_TASK_COUNTER;
	val.target = target;
	return bpf_map_update_elem(&ktstr_cross_btf_map, &key, &val, BPF_ANY);
}

static void init_map_fixtures(void)
{
	struct ktstr_array_value *av;
	struct ktstr_pcpu_value *pv;
	u32 i, zero = 0;

	bpf_for(i, 0, KTSTR_ARRAY_ENTRIES) {
		u32 key = i;

		av = bpf_map_lookup_elem(&ktstr_array_fixture, &key);
		if (!av)
			continue;
		av->magic = KTSTR_ARRAY_MAGIC;
		av->key = key;
	}
	bpf_for(i, 0, scx_bpf_nr_cpu_ids()) {
		pv = bpf_map_lookup_percpu_elem(&ktstr_pcpu_fix, &zero, i);
		if (!pv)
			continue;
		pv->magic = KTSTR_PCPU_MAGIC + i;
		pv->cpu = i;
	}
}

static s32 init_slow_timer(void)
{
	struct slow_timer *t;
	u32 key = 0;
	int ret;

	t = bpf_map_lookup_elem(&ktstr_slow_tick, &key);
	if (!t)
		return -ENOENT;
	ret = bpf_timer_init(&t->timer, &ktstr_slow_tick, CLOCK_MONOTONIC);
	if (ret)
		return ret;
	bpf_timer_set_callback(&t->timer, slow_retry);
	return bpf_timer_start(&t->timer, SLOW_RETRY_NS, 0);
}

/*
 * init_task() of the tasks that exist already runs after init(), so every context finds the
 * target in place.
 */
s32 BPF_STRUCT_OPS_SLEEPABLE(ktstr_init)
{
	s32 ret;

	ret = scx_bpf_create_dsq(SHARED_DSQ, NUMA_NO_NODE);
	if (ret) {
		scx_bpf_error("ktstr: cannot create the shared DSQ: %d", ret);
		return ret;
	}
	if (have_arena) {
		ret = init_arena_fixtures();
		if (ret) {
			scx_bpf_error("ktstr: cannot set up the arena: %d", ret);
			return ret;
		}
	}
	init_map_fixtures();
	if (slow && !scattershot) {
		ret = init_slow_timer();
		if (ret)
			scx_bpf_error("ktstr: cannot start the timer: %d", ret);
	}
	if (eject_at_start)
		scx_bpf_error("ktstr: ejected at the start");
	return ret;
}

void BPF_STRUCT_OPS(ktstr_exit, struct scx_exit_info *ei)
{
	u32 kind = ei->kind;

	UEI_RECORD(uei, ei);
	bpf_ringbuf_output(&ktstr_exit_ring, &kind, sizeof(kind), BPF_RB_FORCE_WAKEUP);
}

SCX_OPS_DEFINE(ktstr_ops,
	       .select_cpu		= (void *)ktstr_select_cpu,
	       .enqueue			= (void *)ktstr_enqueue,
	       .dispatch		= (void *)ktstr_dispatch,
	       .yield			= (void *)ktstr_yield,
	       .init_task		= (void *)ktstr_init_task,
	       .exit_task		= (void *)ktstr_exit_task,
	       .dump			= (void *)ktstr_dump,
	       .dump_cpu		= (void *)ktstr_dump_cpu,
	       .dump_task		= (void *)ktstr_dump_task,
	       .init			= (void *)ktstr_init,
	       .exit			= (void *)ktstr_exit,
	       .timeout_ms		= 20000,
	       .name			= "ktstr");
