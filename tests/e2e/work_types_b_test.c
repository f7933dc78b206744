// SPDX-License-Identifier: GPL-2.0
/*
 * What the types that churn, wake, lock, signal and starve do to a scheduler, in a guest of two vCPUs
 * on two NUMA nodes. Once through the engine, a step a type, judged by the statistics; once with the
 * workers' own reports and a look from outside: whether the type did what it is named for.
 * Long: each_type_in_a_step
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ktstr.h>
#include <ktstr/custom.h>

#include "lib/clock.h"
#include "harness/model/ctx.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"

#define MS		NSEC_PER_MSEC
#define LOOK_NS		(3 * MS)	/* between two looks from outside */
static void spin_and_nap(struct ktstr_work_ctx *w)
{
	ktstr_work_spin(w, ktstr_work_arg(w, 0));
	ktstr_work_sleep(w, MS);
}

/* ---- a step a type ---- */

static const struct in_step {
	struct ktstr_work work;
	uint32_t workers;
	uint32_t messengers;
	uint32_t min_samples;	/* wake samples, half of what eight seeds had; 0: has none */
} in_steps[] = {
#define PLAIN(_TYPE)			{ .type = KTSTR_WORK_##_TYPE }
#define WITH(_TYPE, _member, ...)					\
	{ .type = KTSTR_WORK_##_TYPE, ._member = { __VA_ARGS__ } }
	{ PLAIN(FORK_EXIT), 2, 0, 20 },
	{ PLAIN(NICE_SWEEP), 2, 0, 50 },
	{ PLAIN(AFFINITY_CHURN), 2, 0, 50 },
	{ PLAIN(POLICY_CHURN), 2, 0, 50 },
	{ WITH(NUMA_MIGRATION_CHURN, numa_migration_churn, 10 * MS), 2, 0, 10 },
	{ WITH(CGROUP_CHURN, cgroup_churn, 2, 10 * MS), 2, 0, 10 },
	{ WITH(FAN_OUT_COMPUTE, fan_out_compute, 2, 16, 1), 3, 1, 20 },
	{ PLAIN(ASYMMETRIC_WAKER), 2, 1, 50 },
	{ PLAIN(WAKE_CHAIN), 4, 0, 50 },
	{ PLAIN(EPOLL_STORM), 3, 1, 50 },
	{ PLAIN(THUNDERING_HERD), 8, 1, 7 * 10 },
	{ PLAIN(PAGE_FAULT_CHURN), 2, 0, 0 },
	{ WITH(NUMA_WORKING_SET_SWEEP, numa_working_set_sweep, 256, 10 * MS), 2, 0, 10 },
	{ PLAIN(MUTEX_CONTENTION), 4, 0, 8 },
	{ WITH(PRIORITY_INVERSION, priority_inversion, 2, 1, 1), 4, 0, 1 },
	{ WITH(PRODUCER_CONSUMER_IMBALANCE, producer_consumer, .depth = 4), 3, 0, 10 },
	{ PLAIN(SIGNAL_STORM), 2, 0, 0 },
	{ PLAIN(PREEMPT_STORM), 3, 1, 20 },
	{ PLAIN(RT_STARVATION), 2, 0, 0 },
	{ WITH(CUSTOM, custom, "spin_and_nap", spin_and_nap, { 256 }), 1, 0, 0 },
};

static void judge_cgroup(struct ktstr_ctx *ctx, const struct in_step *s,
			 const struct ktstr_cgroup_stats *c)
{
	const char *name = ktstr_work__row(s->work.type)->name;
	uint64_t samples = c->samples[KTSTR_SAMPLES_WAKE].total;

	if (c->workers != s->workers || c->messengers != s->messengers || !c->work_units)
		ktstr_fail(ctx, "%s: %u workers, %u messengers, %" PRIu64 " units", name,
			   c->workers, c->messengers, c->work_units);
	if (samples < s->min_samples || (!s->min_samples && samples))
		ktstr_fail(ctx, "%s: %" PRIu64 " wake samples, at least %u were expected", name,
			   samples, s->min_samples);
}

static int each_in_a_step(struct ktstr_ctx *ctx)
{
	struct ktstr_cgroup cgroups[ARRAY_SIZE(in_steps)][2];
	struct ktstr_step steps[ARRAY_SIZE(in_steps)];
	uint32_t i;
	int ret;

	memset(cgroups, 0, sizeof(cgroups));
	memset(steps, 0, sizeof(steps));
	for (i = 0; i < ARRAY_SIZE(in_steps); i++) {
		cgroups[i][0].name = ktstr_work__row(in_steps[i].work.type)->name;
		cgroups[i][0].work = in_steps[i].work;
		cgroups[i][0].workers = in_steps[i].workers;
		steps[i].cgroups = cgroups[i];
		steps[i].hold.fixed_ns = 150 * MS;
	}
	ret = ktstr_run_steps(ctx, steps, ARRAY_SIZE(in_steps));
	if (ret)
		return ret;
	if (ctx->result->nr_cgroups != ARRAY_SIZE(in_steps)) {
		ktstr_fail(ctx, "statistics of %u cgroups", ctx->result->nr_cgroups);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(in_steps); i++)
		judge_cgroup(ctx, &in_steps[i], &ctx->result->cgroups[i]);
	return 0;
}

#define IN_STEPS	.duration_s = 4, .numa_nodes = 2, .llcs = 2, .cores = 1, .max_spread_pct = 100
KTSTR_TEST(each_type_in_a_step, IN_STEPS)
{
	return each_in_a_step(ctx);
}

KTSTR_SCHEDULER(simple, .binary = "scx_simple");
/* Without not_starved: RtStarvation starves whom it should, which only EEVDF helps in time. */
KTSTR_TEST(each_type_under_scx_simple, .scheduler = &simple, .not_starved = false, IN_STEPS)
{
	return each_in_a_step(ctx);
}

/* ---- with the workers' own reports, and looked at from outside ---- */

struct watch {
	struct ktstr_ctx *ctx;
	const char *name;
	struct ktstr_workers *ws;
	const struct ktstr_worker_report *r;
	uint32_t looks;
	uint64_t seen;			/* bits, by what look() sees */
	uint64_t value;			/* likewise a number */
};

struct experiment {
	struct ktstr_work work;
	uint32_t workers;
	uint32_t ms;
	bool one_cpu;			/* all of them on CPU 0 */
	void (*look)(struct watch *w);	/* every LOOK_NS, may be NULL */
	void (*judge)(struct watch *w);
};

#define CHECK(_w, _cond, _fmt, ...)						\
	do {									\
		if (!(_cond))							\
			ktstr_fail((_w)->ctx, "%s: not (" #_cond "): " _fmt,	\
				   (_w)->name, ##__VA_ARGS__);			\
	} while (0)

static const struct ktstr_samples *wakes(struct watch *w, uint32_t i)
{
	return &ktstr_workers__samples(w->ws)[i].kind[KTSTR_SAMPLES_WAKE];
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of the wake samples of worker @i; 0 without any. */
static uint64_t median_ns(struct watch *w, uint32_t i)
{
	const struct ktstr_samples *s = wakes(w, i);
	uint64_t *sorted = calloc(s->nr + 1, sizeof(*sorted)), median;

	if (!sorted)
		return 0;
	if (s->nr)
		memcpy(sorted, s->ns, s->nr * sizeof(*sorted));
	qsort(sorted, s->nr, sizeof(*sorted), compare);
	median = sorted[s->nr / 2];
	free(sorted);
	return median;
}

static uint64_t max_ns(struct watch *w, uint32_t i)
{
	const struct ktstr_samples *s = wakes(w, i);
	uint64_t max = 0;
	uint32_t k;

	for (k = 0; k < s->nr; k++)
		max = s->ns[k] > max ? s->ns[k] : max;
	return max;
}

static FILE *open_proc(struct watch *w, uint32_t i, const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", ktstr_workers__pid(w->ws, i), file);
	return fopen(path, "re");
}

static void judge_fork_exit(struct watch *w)
{
	uint32_t i;

	for (i = 0; i < 2; i++) {
		/* A fork takes milliseconds in an emulated guest. */
		CHECK(w, w->r[i].work_units >= 20, "%" PRIu64 " children", w->r[i].work_units);
		CHECK(w, w->r[i].voluntary_switches >= 15, "%" PRIu64 " switches",
		      w->r[i].voluntary_switches);
		CHECK(w, wakes(w, i)->total == w->r[i].work_units, "%" PRIu64 " samples",
		      wakes(w, i)->total);
	}
}

static void look_nice(struct watch *w)
{
	w->seen |= 1ULL << (20 + getpriority(PRIO_PROCESS, ktstr_workers__pid(w->ws, 0)));
}

static void judge_nice(struct watch *w)
{
	CHECK(w, __builtin_popcountll(w->seen) >= 8, "nice values seen (bit 0: -20): %" PRIx64,
	      w->seen);
	CHECK(w, w->seen & 0xfffff, "never below 0: %" PRIx64, w->seen);
}

static void judge_both_cpus(struct watch *w)
{
	CHECK(w, ktstr_cpumask__weight(&w->r[0].cpus_used) == 2, "%u CPUs",
	      ktstr_cpumask__weight(&w->r[0].cpus_used));
	CHECK(w, w->r[0].migrations >= 10, "%" PRIu64 " migrations in %" PRIu64 " rounds",
	      w->r[0].migrations, w->r[0].iterations);
}

static void look_policy(struct watch *w)
{
	int policy = sched_getscheduler(ktstr_workers__pid(w->ws, 0));

	if (policy >= 0)
		w->seen |= 1ULL << policy;
}

static void judge_policy(struct watch *w)
{
	CHECK(w, w->seen == (1 << SCHED_OTHER | 1 << SCHED_BATCH | 1 << SCHED_IDLE |
			     1 << SCHED_FIFO | 1 << SCHED_RR), "policies seen: %" PRIx64, w->seen);
}

static void look_cgroup(struct watch *w)
{
	FILE *f = open_proc(w, 0, "cgroup");
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, "/wt-cgroup-churn-0"))
			w->seen |= 1;
		if (strstr(line, "/wt-cgroup-churn-1"))
			w->seen |= 2;
	}
	if (f)
		fclose(f);
}

static void judge_cgroup_churn(struct watch *w)
{
	char path[PATH_MAX];

	CHECK(w, w->seen == 3, "leaves seen: %" PRIx64, w->seen);
	CHECK(w, w->r[0].work_units == 256 * w->r[0].iterations ||
	      w->r[0].work_units == 256 * (w->r[0].iterations - 1),
	      "%" PRIu64 " units in %" PRIu64 " rounds", w->r[0].work_units, w->r[0].iterations);
	snprintf(path, sizeof(path), "%s/wt-cgroup-churn-0", w->ctx->cgroup_root);
	CHECK(w, access(path, F_OK), "%s is still there", path);
}

/* Receivers are sampled, the messenger never waits. */
static void judge_fan_out(struct watch *w)
{
	uint32_t i;

	CHECK(w, w->r[0].flags & KTSTR_WORKER_MESSENGER, "flags %x", w->r[0].flags);
	CHECK(w, !w->r[0].blocked_ns && !wakes(w, 0)->total, "%" PRIu64 " samples",
	      wakes(w, 0)->total);
	for (i = 1; i < 3; i++) {
		CHECK(w, wakes(w, i)->total > 20, "%" PRIu64 " samples", wakes(w, i)->total);
		CHECK(w, w->r[i].blocked_ns > 0, "receiver %u never waits", i);
	}
}

/* The wakee's median latency, to be compared with that of another class. */
static uint64_t rt_wakee_ns;

static void judge_rt_wakee(struct watch *w)
{
	rt_wakee_ns = median_ns(w, 1);
	CHECK(w, rt_wakee_ns && rt_wakee_ns < 200 * NSEC_PER_USEC, "median %" PRIu64 " ns",
	      rt_wakee_ns);
	CHECK(w, w->r[0].involuntary_switches > 50, "the waker was preempted %" PRIu64 " times",
	      w->r[0].involuntary_switches);
}

/* The waker never blocks, so an idle-class wakee waits for what is left over. */
static void judge_idle_wakee(struct watch *w)
{
	uint64_t n = wakes(w, 1)->total;

	CHECK(w, !n || median_ns(w, 1) > 10 * rt_wakee_ns, "median %" PRIu64 " ns of %" PRIu64,
	      median_ns(w, 1), n);
	CHECK(w, w->r[1].cpu_ns * 5 < w->r[0].cpu_ns, "%" PRIu64 " against %" PRIu64 " ns",
	      w->r[1].cpu_ns, w->r[0].cpu_ns);
}

/* One at a time: together they use one CPU at the most. */
static void judge_chain(struct watch *w)
{
	uint64_t cpu = 0;
	uint32_t i;

	for (i = 0; i < 4; i++) {
		cpu += w->r[i].cpu_ns;
		CHECK(w, wakes(w, i)->total > 20, "stage %u: %" PRIu64 " samples", i,
		      wakes(w, i)->total);
		CHECK(w, w->r[0].iterations - w->r[i].iterations + 2 <= 4,
		      "stage %u: %" PRIu64 " hops, stage 0: %" PRIu64, i, w->r[i].iterations,
		      w->r[0].iterations);
	}
	CHECK(w, cpu < w->r[0].wall_ns * 11 / 10, "%" PRIu64 " ns of CPU in %" PRIu64, cpu,
	      w->r[0].wall_ns);
}

static void judge_epoll(struct watch *w)
{
	uint64_t pauses = w->r[0].wall_ns / (100 * NSEC_PER_USEC);
	uint32_t i;

	CHECK(w, w->r[0].flags & KTSTR_WORKER_MESSENGER, "flags %x", w->r[0].flags);
	CHECK(w, w->r[0].work_units >= 32 && w->r[0].work_units <= 32 * (pauses + 1),
	      "%" PRIu64 " writes in %" PRIu64 " pauses", w->r[0].work_units, pauses);
	for (i = 1; i < 3; i++)
		CHECK(w, wakes(w, i)->total > 20, "consumer %u: %" PRIu64 " samples", i,
		      wakes(w, i)->total);
}

static void judge_herd(struct watch *w)
{
	uint64_t batches = w->r[0].work_units / 256;
	uint32_t i;

	CHECK(w, batches >= 20, "%" PRIu64 " batches", batches);
	for (i = 1; i < 8; i++)
		CHECK(w, wakes(w, i)->total + 1 >= batches && wakes(w, i)->total <= batches,
		      "waiter %u: %" PRIu64 " samples of %" PRIu64 " batches", i,
		      wakes(w, i)->total, batches);
}

/* Minor faults so far: field 10 of stat, proc_pid_stat(5). */
static void look_faults(struct watch *w)
{
	FILE *f = open_proc(w, 0, "stat");

	if (f && fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %" SCNu64, &w->value) != 1)
		w->value = 0;
	if (f)
		fclose(f);
}

static void judge_faults(struct watch *w)
{
	/* 256 touches hit 192 to 256 different ones of 1024 pages; the last look was earlier. */
	CHECK(w, w->value > 1000 && w->value > w->r[0].iterations * 256 / 2,
	      "%" PRIu64 " faults in %" PRIu64 " rounds", w->value, w->r[0].iterations);
	CHECK(w, w->r[0].voluntary_switches <= 2, "%" PRIu64 " voluntary switches",
	      w->r[0].voluntary_switches);
}

/* Where the 64 pages of the working set lie: one node or the other, all of them. */
static void look_nodes(struct watch *w)
{
	FILE *f = open_proc(w, 0, "numa_maps");
	unsigned int node, pages;
	char line[512], *p;

	while (f && fgets(line, sizeof(line), f))
		for (p = strstr(line, "bind"); p && (p = strstr(p, " N")); p += 2)
			if (sscanf(p, " N%u=%u", &node, &pages) == 2 && node < 64 && pages == 64)
				w->seen |= 1ULL << node;
	if (f)
		fclose(f);
}

static void judge_sweep(struct watch *w)
{
	CHECK(w, w->seen == 3, "nodes with the whole working set: %" PRIx64, w->seen);
	CHECK(w, w->r[0].work_units >= 64 * 10, "%" PRIu64 " touches", w->r[0].work_units);
}

static void judge_mutex(struct watch *w)
{
	uint64_t cpu = 0, waits = 0;
	uint32_t i;

	/* How often each one waits is the scheduler's choice: who is awake may barge in. */
	for (i = 0; i < 4; i++) {
		cpu += w->r[i].cpu_ns;
		waits += wakes(w, i)->total;
		CHECK(w, w->r[i].work_units, "contender %u never had the lock", i);
	}
	CHECK(w, waits >= 10, "%" PRIu64 " waits", waits);
	/* Nearly all of each round is under the lock. */
	CHECK(w, cpu < w->r[0].wall_ns * 14 / 10, "%" PRIu64 " ns of CPU in %" PRIu64, cpu,
	      w->r[0].wall_ns);
}

/* The longest wait of the high task, plain, to be compared with that under PI. */
static uint64_t inverted_ns;

static void judge_plain(struct watch *w)
{
	inverted_ns = max_ns(w, 0);
	CHECK(w, wakes(w, 0)->total > 5, "%" PRIu64 " waits", wakes(w, 0)->total);
	CHECK(w, !wakes(w, 1)->total && !wakes(w, 2)->total, "medium or low has samples");
}

static void judge_pi(struct watch *w)
{
	CHECK(w, wakes(w, 0)->total > 5, "%" PRIu64 " waits", wakes(w, 0)->total);
	CHECK(w, 2 * max_ns(w, 0) < inverted_ns, "%" PRIu64 " ns, plain %" PRIu64 " ns",
	      max_ns(w, 0), inverted_ns);
}

static void judge_slow_consumer(struct watch *w)
{
	uint64_t made = w->r[0].work_units + w->r[1].work_units;
	uint64_t eaten = w->r[2].work_units / 50000;

	CHECK(w, eaten && made <= eaten + 4, "%" PRIu64 " made, %" PRIu64 " eaten", made, eaten);
	CHECK(w, w->r[0].blocked_ns > w->r[0].wall_ns / 2, "producer blocked for %" PRIu64 " ns",
	      w->r[0].blocked_ns);
	CHECK(w, wakes(w, 0)->total, "the producer never waited");
}

static void judge_slow_producers(struct watch *w)
{
	uint64_t made = w->r[0].work_units + w->r[1].work_units;

	CHECK(w, made >= 50 && made <= 2 * (w->r[0].wall_ns / MS + 1), "%" PRIu64 " made", made);
	CHECK(w, !wakes(w, 0)->total && !wakes(w, 1)->total, "a producer found the ring full");
	CHECK(w, wakes(w, 2)->total >= 50, "%" PRIu64 " waits", wakes(w, 2)->total);
}

static void judge_signals(struct watch *w)
{
	uint32_t i;

	for (i = 0; i < 2; i++) {
		CHECK(w, w->r[i].work_units > 1024 * w->r[i].iterations &&
		      w->r[i].work_units <= 1040 * w->r[i].iterations,
		      "%" PRIu64 " units in %" PRIu64 " rounds", w->r[i].work_units,
		      w->r[i].iterations);
	}
}

/* Whoever spins is preempted by each of the timer's expiries. */
static void judge_preempt(struct watch *w)
{
	uint64_t preempted = w->r[1].involuntary_switches + w->r[2].involuntary_switches;

	CHECK(w, wakes(w, 0)->total > 50, "%" PRIu64 " expiries", wakes(w, 0)->total);
	CHECK(w, median_ns(w, 0) < 200 * NSEC_PER_USEC, "late by %" PRIu64 " ns",
	      median_ns(w, 0));
	CHECK(w, preempted * 10 > wakes(w, 0)->total * 8, "%" PRIu64 " of %" PRIu64, preempted,
	      wakes(w, 0)->total);
}

/* What is left for the normal worker is the deadline server's 5 %. */
static void judge_starvation(struct watch *w)
{
	CHECK(w, w->r[0].cpu_ns > w->r[0].wall_ns * 8 / 10, "RT had %" PRIu64 " of %" PRIu64 " ns",
	      w->r[0].cpu_ns, w->r[0].wall_ns);
	CHECK(w, w->r[1].cpu_ns < w->r[0].cpu_ns / 5, "normal had %" PRIu64 " ns", w->r[1].cpu_ns);
	CHECK(w, w->r[1].max_gap_ns > 100 * MS, "a gap of %" PRIu64 " ns", w->r[1].max_gap_ns);
}

static void judge_custom(struct watch *w)
{
	CHECK(w, w->r[0].work_units == 256 * w->r[0].iterations, "%" PRIu64 " units",
	      w->r[0].work_units);
	CHECK(w, w->r[0].blocked_ns > w->r[0].wall_ns / 2, "blocked for %" PRIu64 " ns",
	      w->r[0].blocked_ns);
}

static const struct experiment experiments[] = {
	{ PLAIN(FORK_EXIT), 2, 150, .judge = judge_fork_exit },
	{ PLAIN(NICE_SWEEP), 1, 150, .look = look_nice, .judge = judge_nice },
	{ PLAIN(AFFINITY_CHURN), 1, 100, .judge = judge_both_cpus },
	{ PLAIN(POLICY_CHURN), 1, 150, .look = look_policy, .judge = judge_policy },
	{ WITH(NUMA_MIGRATION_CHURN, numa_migration_churn, 5 * MS), 1, 150,
	  .judge = judge_both_cpus },
	{ WITH(CGROUP_CHURN, cgroup_churn, 2, 5 * MS), 1, 150, .look = look_cgroup,
	  .judge = judge_cgroup_churn },
	{ WITH(FAN_OUT_COMPUTE, fan_out_compute, 2, 16, 1), 3, 150, .judge = judge_fan_out },
	{ WITH(ASYMMETRIC_WAKER, asymmetric_waker, .wakee = KTSTR_CLASS_RT), 2, 150,
	  .one_cpu = true, .judge = judge_rt_wakee },
	{ WITH(ASYMMETRIC_WAKER, asymmetric_waker, .wakee = KTSTR_CLASS_IDLE), 2, 150,
	  .one_cpu = true, .judge = judge_idle_wakee },
	{ PLAIN(WAKE_CHAIN), 4, 150, .judge = judge_chain },
	{ WITH(WAKE_CHAIN, wake_chain, .mechanism = KTSTR_WAKE_FUTEX), 4, 150,
	  .judge = judge_chain },
	{ PLAIN(EPOLL_STORM), 3, 150, .judge = judge_epoll },
	{ PLAIN(THUNDERING_HERD), 8, 200, .judge = judge_herd },
	{ PLAIN(PAGE_FAULT_CHURN), 1, 150, .look = look_faults, .judge = judge_faults },
	{ WITH(NUMA_WORKING_SET_SWEEP, numa_working_set_sweep, 256, 8 * MS), 1, 200,
	  .look = look_nodes, .judge = judge_sweep },
	{ WITH(MUTEX_CONTENTION, mutex_contention, 4, 4096, 64), 4, 200, .judge = judge_mutex },
	{ PLAIN(PRIORITY_INVERSION), 3, 300, .one_cpu = true, .judge = judge_plain },
	{ WITH(PRIORITY_INVERSION, priority_inversion, .mode = KTSTR_LOCK_PI), 3, 300,
	  .one_cpu = true, .judge = judge_pi },
	{ WITH(PRODUCER_CONSUMER_IMBALANCE, producer_consumer, .consume = 50000, .depth = 2), 3,
	  200, .judge = judge_slow_consumer },
	{ WITH(PRODUCER_CONSUMER_IMBALANCE, producer_consumer, .consume = 1), 3, 150,
	  .judge = judge_slow_producers },
	{ PLAIN(SIGNAL_STORM), 2, 100, .judge = judge_signals },
	{ PLAIN(PREEMPT_STORM), 3, 200, .one_cpu = true, .judge = judge_preempt },
	{ PLAIN(RT_STARVATION), 2, 400, .one_cpu = true, .judge = judge_starvation },
	{ WITH(CUSTOM, custom, "spin_and_nap", spin_and_nap, { 256 }), 1, 100,
	  .judge = judge_custom },
};

static int on_cpu_0(void *arg, uint32_t index)
{
	cpu_set_t set;

	(void)arg;
	(void)index;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

/* Until the time is over, with a look now and then. */
static void hold(struct watch *w, const struct experiment *e)
{
	uint64_t end = ktstr_now_ns() + e->ms * MS;
	struct timespec t = { .tv_nsec = e->look ? LOOK_NS : e->ms * MS };

	do {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
		if (e->look)
			e->look(w);
		w->looks++;
	} while (ktstr_now_ns() < end);
}

static int run_one(struct ktstr_ctx *ctx, const struct experiment *e)
{
	struct ktstr_placement where = {
		.cgroup_fd = -1, .enter = e->one_cpu ? on_cpu_0 : NULL,
		.workload_root = ctx->cgroup_root, .cgroup_dir = "/sys/fs/cgroup",
	};
	struct watch w = { .ctx = ctx, .name = ktstr_work__row(e->work.type)->name };
	uint64_t before;
	uint32_t i;
	int ret;

	w.ws = ktstr_workers__new(e->workers);
	if (!w.ws)
		return -errno;
	w.r = ktstr_workers__reports(w.ws);
	ktstr_workers__seed(w.ws, ctx->seed);
	ret = ktstr_workers__fork(w.ws, 0, &e->work, e->workers, &where);
	if (ret)
		goto out_free;
	ktstr_workers__start(w.ws, 5 * NSEC_PER_SEC);
	hold(&w, e);
	before = ktstr_now_ns();
	ret = ktstr_workers__stop(w.ws, 5 * NSEC_PER_SEC, NSEC_PER_SEC);
	if (ret)
		goto out_free;
	CHECK(&w, ktstr_now_ns() - before < NSEC_PER_SEC, "stopping took %" PRIu64 " ns",
	      ktstr_now_ns() - before);
	for (i = 0; i < e->workers; i++)
		CHECK(&w, w.r[i].completed, "worker %u: setup error %d, status %x", i,
		      w.r[i].setup_error, (unsigned int)w.r[i].exit_status);
	e->judge(&w);
out_free:
	ktstr_workers__free(w.ws, NSEC_PER_SEC);
	return ret;
}

KTSTR_TEST(each_type_does_what_it_is_named_for, .duration_s = 6, .numa_nodes = 2, .llcs = 2,
	   .cores = 1)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(experiments) && !ret; i++)
		ret = run_one(ctx, &experiments[i]);
	ktstr_pass(ctx);
	return ret;
}
