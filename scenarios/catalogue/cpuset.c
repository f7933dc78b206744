// SPDX-License-Identifier: GPL-2.0
/*
 * Cpusets that change under running tasks. The kernel moves a task off a CPU that it lost; a
 * sched_ext scheduler has to have noticed by then, or it is ejected for a wrong dispatch.
 */
#include <stdio.h>

#include "catalogue.h"

static int cgroup_cpuset_apply_midrun(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("cg_0"), CGROUP("cg_1"))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(OPS(SET_CPUSET("cg_0", DISJOINT(0, 2)), SET_CPUSET("cg_1", DISJOINT(1, 2))),
		     HOLD_FRAC(0.5)));
}

/* In the end cg_0 is alone, with a worker more than its cpuset had CPUs. */
static int cgroup_cpuset_clear_midrun(struct ktstr_ctx *ctx)
{
	uint32_t had = catalogue_nr_usable(ctx) / 2;
	int r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = DISJOINT(0, 2), .workers = had + 1),
				 CGROUP("cg_1", .cpuset = DISJOINT(1, 2)))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(OPS(CLEAR_CPUSET("cg_0"), CLEAR_CPUSET("cg_1")), HOLD_FRAC(0.25)),
		STEP(OPS(STOP_CGROUP("cg_1")), HOLD_FRAC(0.25)));

	if (!r)
		catalogue_claim_cpus(ctx, 2, "cg_0", had + 1);
	return r;
}

/* The border between two cgroups wanders. A third of three usable CPUs is one; a quarter none. */
static int cgroup_cpuset_resize(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = CPU_RANGE(0, 0.5)),
				 CGROUP("cg_1", .cpuset = CPU_RANGE(0.5, 1)))),
		STEP(HOLD_SETTLED(1.0 / 3)),
		STEP(OPS(SET_CPUSET("cg_0", CPU_RANGE(0, 0.34)),
			 SET_CPUSET("cg_1", CPU_RANGE(0.34, 1))),
		     HOLD_FRAC(1.0 / 3)),
		STEP(OPS(SET_CPUSET("cg_0", CPU_RANGE(0, 0.75)),
			 SET_CPUSET("cg_1", CPU_RANGE(0.75, 1))),
		     HOLD_FRAC(1.0 / 3)));
}

static int cgroup_cpuset_swap_disjoint(struct ktstr_ctx *ctx)
{
	const struct ktstr_cpuset low = CPU_RANGE(0, 0.5), high = CPU_RANGE(0.5, 1);

	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = low), CGROUP("cg_1", .cpuset = high))),
		STEP(HOLD_SETTLED(1.0 / 3)),
		STEP(OPS(SET_CPUSET("cg_0", high), SET_CPUSET("cg_1", low)), HOLD_FRAC(1.0 / 3)),
		STEP(OPS(SET_CPUSET("cg_0", low), SET_CPUSET("cg_1", high)), HOLD_FRAC(1.0 / 3)));
}

static int cgroup_cpuset_workload_imbalance(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .cpuset = DISJOINT(0, 2),
			       .workers = catalogue_nr_usable(ctx) / 2 * 2),
			CGROUP("cg_1", .cpuset = DISJOINT(1, 2), .work = BURSTY_MS(50, 100))),
		HOLD_SETTLED(1.0)));
}

/* cg_1 is squeezed into one CPU and let out again; its tasks are mostly runnable. */
static int cgroup_cpuset_change_imbalance(struct ktstr_ctx *ctx)
{
	uint32_t middle = (ktstr_nr_cpus(ctx) - 1) / 2;
	struct catalogue_cpu one = catalogue_cpu(middle);
	int r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = CPU_RANGE(0, 0.5), .workers = middle * 2),
				 CGROUP("cg_1", .cpuset = CPU_RANGE(0.5, 1), .workers = 2,
					.work = BURSTY_MS(100, 30)))),
		STEP(HOLD_SETTLED(1.0 / 3)),
		STEP(OPS(SET_CPUSET("cg_1", CPUS(one.list))), HOLD_FRAC(1.0 / 3)),
		STEP(OPS(SET_CPUSET("cg_1", CPU_RANGE(0.5, 1))), HOLD_FRAC(1.0 / 3)));

	if (!r)
		catalogue_claim_cpus(ctx, 2, "cg_1", 2);
	return r;
}

static int cgroup_cpuset_load_shift(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = DISJOINT(0, 2), .workers = 16),
				 CGROUP("cg_1", .cpuset = DISJOINT(1, 2), .workers = 1,
					.work = YIELD_HEAVY))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(OPS(SPAWN("cg_1", .workers = 16)), HOLD_SETTLED(0.5)));
}

/* Two cpusets have all CPUs, the last one included. Who has no cpuset may use all of them, too. */
static int cpusets_leave_no_cpu(struct ktstr_ctx *ctx)
{
	uint32_t nr = ktstr_nr_cpus(ctx), half = nr / 2;
	char first[16], second[32];

	snprintf(first, sizeof(first), "0-%u", half - 1);
	snprintf(second, sizeof(second), "%u-%u", half, nr - 1);
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = CPUS(first), .workers = 2 * half),
				 CGROUP("cg_1", .cpuset = CPUS(second), .workers = 2 * (nr - half)))),
		STEP(HOLD_SETTLE),
		STEP(OPS(SPAWN_HOST(.workers = 1, .work = BURSTY_MS(5, 5))),
		     CGROUPS(CGROUP("rest", .workers = 1, .work = BURSTY_MS(5, 5))), HOLD_FULL));
}

CANNED_TABLE(catalogue_cpuset,
	CANNED(cgroup_cpuset_overlap_steady,
	       "treats overlapping cpusets as disjoint",
	       .fault = "ignore-cpuset",
	       .isolation = true, .max_spread_pct = CATALOGUE_CHANCE_PCT,
	       STEADY(.cgroups = 3, CPUSETS(OVERLAP, 0.5))),
	CANNED(cpusets_leave_no_cpu,
	       "has no CPU for tasks without a cpuset when the cpusets of others cover all CPUs",
	       .fault = "empty-cell",
	       .min_cpus = 4, .isolation = true, .run = cpusets_leave_no_cpu),
	CANNED(cgroup_cpuset_apply_midrun,
	       "runs tasks on CPUs that their cgroup has just lost",
	       .fault = "home-queue",
	       .isolation = true, .run = cgroup_cpuset_apply_midrun),
	CANNED(cgroup_cpuset_clear_midrun,
	       "does not use CPUs that a cgroup has just gained",
	       .fault = "one-cpu",
	       .isolation = true, .run = cgroup_cpuset_clear_midrun),
	CANNED(cgroup_cpuset_resize,
	       "uses the size that a cpuset had before it changed",
	       .fault = "stale-mask",
	       .min_cpus = 4, .isolation = true, .run = cgroup_cpuset_resize),
	CANNED(cgroup_cpuset_swap_disjoint,
	       "leaves tasks in queues of CPUs that their cgroup no longer has",
	       .fault = "stale-mask",
	       .min_cpus = 8, .threads = 2, .isolation = true,
	       .run = cgroup_cpuset_swap_disjoint),
	CANNED(cgroup_cpuset_workload_imbalance,
	       "lets the load in one cpuset slow down tasks in the other",
	       .fault = "ignore-cpuset",
	       .isolation = true, .run = cgroup_cpuset_workload_imbalance),
	CANNED(cgroup_cpuset_change_imbalance,
	       "does not spread tasks again after their cpuset was a single CPU for a while",
	       .fault = "one-cpu",
	       .min_cpus = 4, .isolation = true, .run = cgroup_cpuset_change_imbalance),
	CANNED(cgroup_cpuset_load_shift,
	       "does not adapt when many tasks appear in the quiet cpuset",
	       .fault = "no-preempt",
	       .isolation = true, .max_spread_pct = CATALOGUE_CHANCE_PCT,
	       .run = cgroup_cpuset_load_shift));
