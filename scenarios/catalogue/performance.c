// SPDX-License-Identifier: GPL-2.0
/*
 * Patterns of wake-ups and cache use beside CPU hogs. The limits are wide: they are there for
 * schedulers that are wrong, not for slow ones.
 */
#include <ktstr/claim.h>

#include "catalogue.h"

/*
 * For those workers that take wake-ups; the spinners beside them have none to judge. Pairs take
 * turns: see catalogue_take_turns.
 */
KTSTR_CHECKS(pairs, .max_wake_latency_cv = 15, .max_spread_pct = 100);
KTSTR_CHECKS(fan, .max_wake_latency_cv = 10, .max_spread_pct = 50);

/* Work beside as many spinners as there are CPUs. */
static int beside_spinners(struct ktstr_ctx *ctx, struct ktstr_work work, uint32_t workers,
			   const struct ktstr_checks *checks)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .workers = workers, .work = work, .checks = checks),
			CGROUP("cg_1", .workers = ktstr_nr_cpus(ctx),
			       .checks = &catalogue_beside_modest)),
		HOLD_SETTLED(1.0)));
}

static int cache_pressure_imbalance(struct ktstr_ctx *ctx)
{
	return beside_spinners(ctx, CACHE_PRESSURE(), ktstr_workers_per_cgroup(ctx), NULL);
}

static int cache_yield_wake_affine(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .cpuset = LLC(0), .work = CACHE_YIELD()),
			CGROUP("cg_1", .cpuset = LLC(1), .work = CACHE_YIELD())),
		HOLD_SETTLED(1.0)));
}

/* Pairs. */
static int cache_pipe_io_compute_imbalance(struct ktstr_ctx *ctx)
{
	return beside_spinners(ctx, CACHE_PIPE(), (ktstr_workers_per_cgroup(ctx) + 1) / 2 * 2, &pairs);
}

/* A messenger and four receivers each. */
static uint32_t fans(struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_workers_per_cgroup(ctx) / 5;

	return (nr ? nr : 1) * 5;
}

/* The receivers are woken at once and there are other CPUs: they do not all run on one. */
static int fan_out(struct ktstr_ctx *ctx, struct ktstr_work work)
{
	int r = beside_spinners(ctx, work, fans(ctx), &fan);

	if (!r)
		catalogue_claim_cpus(ctx, 0, "cg_0", 2);
	return r;
}

static int fan_out_wake(struct ktstr_ctx *ctx)
{
	return fan_out(ctx, (struct ktstr_work)FUTEX_FAN_OUT());
}

static int fan_out_compute(struct ktstr_ctx *ctx)
{
	return fan_out(ctx, (struct ktstr_work)FAN_OUT_COMPUTE());
}

/* EEVDF: up to 5.1 ms on 8 emulated CPUs */
KTSTR_CHECKS(prompt, .max_p99_wake_latency_ns = 8 * NSEC_PER_MSEC, .max_spread_pct = 50);

/* One messenger wakes a receiver for each of the other CPUs, and nobody else wants any. */
static int idle_cpus_take_wakeups(struct ktstr_ctx *ctx)
{
	uint32_t fan = ktstr_nr_cpus(ctx) - 1;

	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .workers = fan + 1, .checks = &prompt,
			       .work = FAN_OUT_COMPUTE(.fan = fan))),
		HOLD_SETTLED(1.0)));
}

/* p99 on 4 and 8 emulated CPUs: up to 2.7 ms; who does not look for idle ones, 18 to 23 */
#define PROMPT_US	4000

/*
 * As many that sleep and wake up as there are idle CPUs, every other one. Busy and idle CPUs
 * change places twenty times a second, so the CPU that a task knows is busy again and again.
 */
static int idle_cpus_take_sleepers(struct ktstr_ctx *ctx)
{
	uint32_t half = ktstr_nr_cpus(ctx) / 2, i;
	struct ktstr_cpumask even = { }, odd = { };
	char evens[512], odds[512];
	int r;

	for (i = 0; i < half; i++) {
		ktstr_cpumask__set(&even, 2 * i);
		ktstr_cpumask__set(&odd, 2 * i + 1);
	}
	ktstr_cpumask__format(&even, evens, sizeof(evens));
	ktstr_cpumask__format(&odd, odds, sizeof(odds));
	r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("busy", .cpuset = CPUS(evens), .workers = half),
				 CGROUP("naps", .workers = half, .work = IDLE_CHURN())),
			 OPS(ADD_CGROUP("idle"), SET_CPUSET("idle", CPUS(odds)))),
		STEP(HOLD_SETTLE),
		STEP(OPS(SWAP_CPUSETS("busy", "idle")), HOLD_LOOP_MS(50)));
	if (!r)
		claim_at_most(ctx, phase_cgroup(ctx, 1, "naps").p99_wake_us, PROMPT_US,
			      .because = "half of the CPUs are idle");
	return r;
}

CANNED_TABLE(catalogue_performance,
	CANNED(cache_pressure_imbalance,
	       "moves tasks with a hot cache among CPUs that are all busy",
	       .fault = "drop",
	       .max_throughput_cv = 1.0,
	       .run = cache_pressure_imbalance),
	CANNED(cache_yield_wake_affine,
	       "pulls tasks out of the LLC that has their data whenever they yield",
	       .fault = "leak-last",
	       .min_llcs = 2, .isolation = true, .max_wake_latency_cv = 50,
	       .max_throughput_cv = 1.0, .run = cache_yield_wake_affine),
	CANNED(cache_pipe_io_compute_imbalance,
	       "makes pairs that wake each other wait behind CPU-bound tasks, sometimes for long",
	       .fault = "no-preempt",
	       .run = cache_pipe_io_compute_imbalance),
	CANNED(fan_out_wake,
	       "queues all tasks of one wake-up on one CPU",
	       .fault = "one-cpu",
	       .run = fan_out_wake),
	CANNED(fan_out_compute,
	       "runs woken tasks one after the other instead of in parallel",
	       .fault = "one-cpu",
	       .run = fan_out_compute),
	CANNED(idle_cpus_take_wakeups,
	       "makes woken tasks wait while CPUs are idle",
	       .fault = "wake-local",
	       .min_cpus = 4, .run = idle_cpus_take_wakeups),
	CANNED(idle_cpus_take_sleepers,
	       "wakes tasks on their previous, busy CPU while other CPUs are idle",
	       .fault = "no-idle",
	       .min_cpus = 4, .run = idle_cpus_take_sleepers));
