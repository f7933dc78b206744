/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What scx_mutant knows of cgroups: which there are, and how much CPU time cpu.max gives them.
 *
 * Tasks of a limited cgroup wait in a queue of their own, which is served while the cgroup has not
 * used up what its periods so far have given it. Time that was used beyond that (a slice ends at a
 * tick) is taken off later periods. A CPU that has nobody else goes on with the task it has, limit or
 * not. Limits of cgroups above it do not count.
 */
#ifndef SCX_MUTANT_CGROUP_BPF_H
#define SCX_MUTANT_CGROUP_BPF_H

#define LIMIT_DSQ	1024	/* + slot */
#define MAX_LIMITS	16
#define UNLIMITED	(~0ULL)	/* kernel: RUNTIME_INF */
#define NSEC_PER_USEC	1000ULL

struct limit {
	u64 cgroup;		/* id; 0: the slot is free */
	u64 quota, period;	/* ns */
	u64 since;		/* start of the period */
	s64 used;		/* ns, also of earlier periods */
};

static struct limit limits[MAX_LIMITS];
static u32 nr_limited;		/* slots that were ever taken */

/* CGROUP_LEAK: ids that have a slot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MUTANT_CGROUP_SLOTS);
	__type(key, u64);
	__type(value, u64);
} mutant_cgroup_slots SEC(".maps");

static void take_cgroup_slot(u64 cgroup)
{
	u64 one = 1;

	if (bpf_map_lookup_elem(&mutant_cgroup_slots, &cgroup))
		return;
	if (bpf_map_update_elem(&mutant_cgroup_slots, &cgroup, &one, BPF_NOEXIST))
		scx_bpf_error("mutant: no room for another cgroup");
}

/* CONTROLLERS: ids of the cgroups that have appeared. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} mutant_cgroups_seen SEC(".maps");

struct retry_timer {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct retry_timer);
} mutant_retry SEC(".maps");

/*
 * A mistake that holds tasks back, and a limit, leave CPUs idle that nobody asks again: ask them.
 */
static int ask_again(void *map, int *key, struct retry_timer *t)
{
	s32 cpu;

	bpf_for(cpu, 0, scx_bpf_nr_cpu_ids())
		scx_bpf_kick_cpu(cpu, SCX_KICK_IDLE);
	bpf_timer_start(&t->timer, RETRY_NS, 0);
	return 0;
}

static s32 init_retry_timer(void)
{
	struct retry_timer *t;
	u32 key = 0;
	s32 ret;

	t = bpf_map_lookup_elem(&mutant_retry, &key);
	if (!t)
		return -ENOENT;
	ret = bpf_timer_init(&t->timer, &mutant_retry, CLOCK_MONOTONIC);
	return ret ? ret : bpf_timer_set_callback(&t->timer, ask_again);
}

static s32 start_retry_timer(void)
{
	struct retry_timer *t;
	u32 key = 0;

	t = bpf_map_lookup_elem(&mutant_retry, &key);
	return t ? bpf_timer_start(&t->timer, RETRY_NS, 0) : -ENOENT;
}

static struct limit *limit_at(s32 slot)
{
	return (u32)slot < MAX_LIMITS ? &limits[slot] : NULL;
}

/* The slot of a limited cgroup, or -1. */
static s32 limit_of(u64 cgroup)
{
	struct limit *l;
	s32 i;

	if (IS(CPU_MAX_IGNORED) || !nr_limited)
		return -1;
	bpf_for(i, 0, MAX_LIMITS) {
		l = limit_at(i);
		if (l && l->cgroup == cgroup)
			return i;
	}
	return -1;
}

static void set_limit(u64 cgroup, u64 period_us, u64 quota_us)
{
	s32 i, slot = limit_of(cgroup);
	struct limit *l;

	if (slot < 0 && quota_us == UNLIMITED)
		return;
	bpf_for(i, 0, MAX_LIMITS) {
		l = limit_at(i);
		if (slot < 0 && l && __sync_bool_compare_and_swap(&l->cgroup, 0, cgroup)) {
			slot = i;
			__sync_fetch_and_add(&nr_limited, 1);
		}
	}
	l = limit_at(slot);
	if (!l) {
		if (!IS(CPU_MAX_IGNORED))
			scx_bpf_error("mutant: no room for another limited cgroup");
		return;
	}
	l->period = period_us * NSEC_PER_USEC;
	l->quota = quota_us == UNLIMITED ? UNLIMITED : quota_us * NSEC_PER_USEC;
	l->since = bpf_ktime_get_ns();
	l->used = 0;
}

/* May the tasks of this slot run? */
static bool has_budget(struct limit *l, u64 now)
{
	u64 since = l->since, periods, given;
	s64 used;

	if (l->quota == UNLIMITED || !l->period)
		return true;
	periods = now > since ? (now - since) / l->period : 0;
	if (periods &&
	    __sync_bool_compare_and_swap(&l->since, since, since + periods * l->period)) {
		used = l->used;
		given = periods * l->quota;
		if (used > 0)
			__sync_fetch_and_add(&l->used, -((u64)used < given ? used : (s64)given));
	}
	return l->used < (s64)l->quota;
}

static void charge(u64 cgroup, u64 ran)
{
	struct limit *l = limit_at(limit_of(cgroup));

	if (l)
		__sync_fetch_and_add(&l->used, ran);
}

/* Take a task of a limited cgroup that may run. */
static bool dispatch_limited(void)
{
	u64 now = bpf_ktime_get_ns();
	struct limit *l;
	s32 i;

	if (!nr_limited)
		return false;
	bpf_for(i, 0, MAX_LIMITS) {
		l = limit_at(i);
		if (l && l->cgroup && has_budget(l, now) &&
		    scx_bpf_dsq_move_to_local(LIMIT_DSQ + i, 0))
			return true;
	}
	return false;
}

static s32 create_limit_queues(void)
{
	s32 ret, i;

	bpf_for(i, 0, MAX_LIMITS) {
		ret = scx_bpf_create_dsq(LIMIT_DSQ + i, NUMA_NO_NODE);
		if (ret)
			return ret;
	}
	return 0;
}

s32 BPF_STRUCT_OPS(mutant_cgroup_init, struct cgroup *cgrp, struct scx_cgroup_init_args *args)
{
	u64 id = cgrp->kn->id;

	if (IS(CONTROLLERS) &&
	    bpf_map_update_elem(&mutant_cgroups_seen, &id, &id, BPF_NOEXIST)) {
		scx_bpf_error("mutant: cgroup %llu has appeared a second time", id);
		return -EEXIST;
	}
	set_limit(id, args->bw_period_us, args->bw_quota_us);
	return 0;
}

void BPF_STRUCT_OPS(mutant_cgroup_exit, struct cgroup *cgrp)
{
	struct limit *l = limit_at(limit_of(cgrp->kn->id));

	if (l)
		l->cgroup = 0;
}

void BPF_STRUCT_OPS(mutant_cgroup_set_bandwidth, struct cgroup *cgrp, u64 period_us, u64 quota_us,
		    u64 burst_us)
{
	set_limit(cgrp->kn->id, period_us, quota_us);
	start_retry_timer();
}

#endif
