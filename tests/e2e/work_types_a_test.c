// SPDX-License-Identifier: GPL-2.0
/*
 * Work types in the guest for which they are made: each leaves the signature there that it is
 * named for. Once through the engine, a step a type, judged by what a test can see of a
 * cgroup; once with the workers' own reports, which say more.
 * Long: each_type_in_a_step
 */
#include <errno.h>
#include <linux/kernel.h>
#include <string.h>
#include <time.h>

#include <ktstr.h>

#include "lib/clock.h"
#include "harness/model/ctx.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workers.h"

#define MS		NSEC_PER_MSEC
#define HOLD_NS		(100 * MS)
static const struct ktstr_work_phase phases[] = {
	{ KTSTR_PHASE_SPIN, 5 * MS }, { KTSTR_PHASE_SLEEP, 5 * MS },
	{ KTSTR_PHASE_YIELD, 5 * MS }, { KTSTR_PHASE_IO, 5 * MS }, { 0, 0 },
};

/* What one type does on two vCPUs; percentages are of the time on the clock. */
static const struct signature {
	struct ktstr_work work;
	uint32_t workers;
	uint32_t min_pct, max_pct;	/* blocked on purpose, each worker but messengers */
	bool cost, timer;		/* has such samples */
	uint32_t max_off_pct;		/* off the CPU, for whatever reason */
} signatures[] = {
#define TYPE(_TYPE, ...)	{ { .type = KTSTR_WORK_##_TYPE }, __VA_ARGS__ }
#define WITH(_TYPE, _member, _values, ...)					\
	{ { .type = KTSTR_WORK_##_TYPE, ._member = _values }, __VA_ARGS__ }
#define VALUES(...)		{ __VA_ARGS__ }
	TYPE(SPIN_WAIT, 2, 0, 0, .max_off_pct = 40),
	TYPE(YIELD_HEAVY, 4, 0, 0, .max_off_pct = 95),
	TYPE(MIXED, 2, 0, 0, .max_off_pct = 40),
	TYPE(ALU_HOT, 2, 0, 0, .max_off_pct = 40, .cost = true),
	WITH(ALU_HOT, alu_hot, VALUES(KTSTR_ALU_VEC128), 2, 0, 0, .max_off_pct = 40, .cost = true),
	TYPE(SMT_SIBLING_SPIN, 2, 0, 0, .max_off_pct = 40, .cost = true),
	WITH(IPC_VARIANCE, ipc_variance, VALUES(1000, 100, 8), 2, 0, 0, .max_off_pct = 40,
	     .cost = true),
	/* on the guest's tmpfs these do not block */
	TYPE(IO_SYNC_WRITE, 2, 0, 0, .max_off_pct = 40),
	TYPE(IO_RAND_READ, 2, 0, 0, .max_off_pct = 40),
	TYPE(IO_CONVOY, 2, 0, 0, .max_off_pct = 40),
	WITH(BURSTY, bursty, VALUES(5 * MS, 10 * MS), 2, 55, 75, .max_off_pct = 80),
	TYPE(IDLE_CHURN, 2, 70, 90, .max_off_pct = 95),
	TYPE(PIPE_IO, 4, 5, 95, .max_off_pct = 100),
	TYPE(FUTEX_PING_PONG, 2, 30, 70, .max_off_pct = 70),
	WITH(FUTEX_FAN_OUT, futex_fan_out, VALUES(.fan = 2), 3, 5, 95, .max_off_pct = 100),
	TYPE(CACHE_PRESSURE, 2, 0, 0, .max_off_pct = 40),
	TYPE(CACHE_YIELD, 2, 0, 0, .max_off_pct = 40),
	TYPE(CACHE_PIPE, 2, 5, 95, .max_off_pct = 100),
	WITH(SEQUENCE, sequence, VALUES(phases), 2, 15, 75, .max_off_pct = 80),
	TYPE(TIMER_LATENCY, 2, 75, 100, .max_off_pct = 100, .timer = true),
};

static void judge_cgroup(struct ktstr_ctx *ctx, const struct signature *s,
			 const struct ktstr_cgroup_stats *c)
{
	const char *name = ktstr_work__row(s->work.type)->name;

	if (c->workers != s->workers || !c->work_units || !c->iterations)
		ktstr_fail(ctx, "%s: %u workers, %llu units, %llu iterations", name, c->workers,
			   (unsigned long long)c->work_units, (unsigned long long)c->iterations);
	if (c->max_off_cpu_pct < s->min_pct || c->max_off_cpu_pct > s->max_off_pct)
		ktstr_fail(ctx, "%s: off the CPU for %.1f to %.1f %%, not %u to %u", name,
			   c->min_off_cpu_pct, c->max_off_cpu_pct, s->min_pct, s->max_off_pct);
	/* Neither a burst nor a sleep is a gap. */
	if (c->max_gap_ms > 50)
		ktstr_fail(ctx, "%s: a gap of %.1f ms", name, c->max_gap_ms);
}

static int each_in_a_step(struct ktstr_ctx *ctx)
{
	struct ktstr_cgroup cgroups[ARRAY_SIZE(signatures)][2];
	struct ktstr_step steps[ARRAY_SIZE(signatures)];
	uint32_t i;
	int ret;

	memset(cgroups, 0, sizeof(cgroups));
	memset(steps, 0, sizeof(steps));
	for (i = 0; i < ARRAY_SIZE(signatures); i++) {
		cgroups[i][0].name = ktstr_work__row(signatures[i].work.type)->name;
		cgroups[i][0].work = signatures[i].work;
		cgroups[i][0].workers = signatures[i].workers;
		steps[i].cgroups = cgroups[i];
		steps[i].hold.fixed_ns = HOLD_NS;
	}
	ret = ktstr_run_steps(ctx, steps, ARRAY_SIZE(signatures));
	if (ret)
		return ret;
	if (ctx->result->nr_cgroups != ARRAY_SIZE(signatures)) {
		ktstr_fail(ctx, "statistics of %u cgroups", ctx->result->nr_cgroups);
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(signatures); i++)
		judge_cgroup(ctx, &signatures[i], &ctx->result->cgroups[i]);
	return 0;
}

KTSTR_TEST(each_type_in_a_step, .cores = 1, .threads = 2, .duration_s = 3, .max_spread_pct = 100)
{
	return each_in_a_step(ctx);
}

KTSTR_SCHEDULER(simple, .binary = "scx_simple");

/* The signature is the type's, not the scheduler's. */
KTSTR_TEST(each_type_under_scx_simple, .scheduler = &simple, .cores = 1, .threads = 2,
	   .duration_s = 3, .max_spread_pct = 100)
{
	return each_in_a_step(ctx);
}

/* ---- with the workers' own reports ---- */

static bool outside(uint64_t part, uint64_t whole, uint32_t min_pct, uint32_t max_pct)
{
	return part * 100 < whole * min_pct || part * 100 > whole * max_pct;
}

static void judge_worker(struct ktstr_ctx *ctx, const struct signature *s, uint32_t i,
			 const struct ktstr_worker_report *r, const struct ktstr_worker_samples *m)
{
	const struct ktstr_work_row *row = ktstr_work__row(s->work.type);
	bool messenger = r->flags & KTSTR_WORKER_MESSENGER;
	bool wakes = (row->flags & KTSTR_WORK_SAMPLES_WAKE) && !messenger;

	if (messenger != (s->work.type == KTSTR_WORK_FUTEX_FAN_OUT && !i))
		ktstr_fail(ctx, "%s: worker %u is %sa messenger", row->name, i,
			   messenger ? "" : "not ");
	if (!r->completed || !r->work_units)
		ktstr_fail(ctx, "%s: worker %u has %llu units, setup error %d", row->name, i,
			   (unsigned long long)r->work_units, r->setup_error);
	if (!messenger && outside(r->blocked_ns, r->wall_ns, s->min_pct, s->max_pct))
		ktstr_fail(ctx, "%s: worker %u blocked for %llu of %llu ns", row->name, i,
			   (unsigned long long)r->blocked_ns, (unsigned long long)r->wall_ns);
	if (wakes != (m->kind[KTSTR_SAMPLES_WAKE].total > 0) ||
	    s->cost != (m->kind[KTSTR_SAMPLES_COST].total > 0) ||
	    s->timer != (m->kind[KTSTR_SAMPLES_TIMER].total > 0))
		ktstr_fail(ctx, "%s: worker %u has %llu wake, %llu cost, %llu timer samples",
			   row->name, i,
			   (unsigned long long)m->kind[KTSTR_SAMPLES_WAKE].total,
			   (unsigned long long)m->kind[KTSTR_SAMPLES_COST].total,
			   (unsigned long long)m->kind[KTSTR_SAMPLES_TIMER].total);
	if ((messenger || !s->max_pct) && r->voluntary_switches > 2)
		ktstr_fail(ctx, "%s: worker %u slept %llu times", row->name, i,
			   (unsigned long long)r->voluntary_switches);
	/* the longest rhythm, of Bursty, is 15 ms */
	if (s->min_pct && !messenger && r->voluntary_switches < HOLD_NS / MS / 20)
		ktstr_fail(ctx, "%s: worker %u slept only %llu times", row->name, i,
			   (unsigned long long)r->voluntary_switches);
}

/* Four on two CPUs, in whatever way: most yields find somebody to yield to. */
static void judge_yields(struct ktstr_ctx *ctx, const struct ktstr_worker_report *r, uint32_t nr)
{
	uint64_t switches = 0, yields = 0;

	for (uint32_t i = 0; i < nr; i++) {
		switches += r[i].involuntary_switches;
		yields += r[i].iterations;
	}
	if (switches < yields / 10 || !yields)
		ktstr_fail(ctx, "YieldHeavy: %llu switches in %llu yields",
			   (unsigned long long)switches, (unsigned long long)yields);
}

static int run_one(struct ktstr_ctx *ctx, const struct signature *s)
{
	const struct timespec t = { .tv_nsec = HOLD_NS };
	const struct ktstr_placement nowhere = { .cgroup_fd = -1 };
	struct ktstr_workers *ws = ktstr_workers__new(s->workers);
	uint64_t before, took;
	int ret;

	if (!ws)
		return -errno;
	ktstr_workers__seed(ws, ctx->seed);
	ret = ktstr_workers__fork(ws, 0, &s->work, s->workers, &nowhere);
	if (ret)
		goto out_free;
	ktstr_workers__start(ws, 5 * NSEC_PER_SEC);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	before = ktstr_now_ns();
	ret = ktstr_workers__stop(ws, 5 * NSEC_PER_SEC, NSEC_PER_SEC);
	took = ktstr_now_ns() - before;
	if (ret)
		goto out_free;
	if (took > NSEC_PER_SEC)
		ktstr_fail(ctx, "%s: %llu ns until all had stopped",
			   ktstr_work__row(s->work.type)->name, (unsigned long long)took);
	for (uint32_t i = 0; i < s->workers; i++)
		judge_worker(ctx, s, i, &ktstr_workers__reports(ws)[i],
			     &ktstr_workers__samples(ws)[i]);
	if (s->work.type == KTSTR_WORK_YIELD_HEAVY)
		judge_yields(ctx, ktstr_workers__reports(ws), s->workers);
out_free:
	ktstr_workers__free(ws, NSEC_PER_SEC);
	return ret;
}

KTSTR_TEST(each_type_has_its_signature, .duration_s = 3)
{
	int ret = 0;

	for (uint32_t i = 0; i < ARRAY_SIZE(signatures) && !ret; i++)
		ret = run_one(ctx, &signatures[i]);
	ktstr_pass(ctx);
	return ret;
}
