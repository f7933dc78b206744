// SPDX-License-Identifier: GPL-2.0
/* Cgroups that share a machine: whoever fails here need not read on. */
#include <linux/kernel.h>

#include <ktstr/claim.h>

#include "catalogue.h"

/* Workers beside the cgroups, one for each CPU: the cgroups get less, not nothing. */
static int host_cgroup_contention(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(
		OPS(SPAWN_HOST(.workers = ktstr_nr_cpus(ctx))),
		CGROUPS(CGROUP("cg_0", .swappable = true), CGROUP("cg_1", .swappable = true)),
		HOLD_SETTLED(1.0)));
}

/*
 * Beside normal tasks SCHED_IDLE ones get 3/1024 of a share: EEVDF was seen to leave one
 * without a CPU for 2.9 s.
 */
KTSTR_CHECKS(idle_tasks, .not_starved = false, .max_gap_ms = 60000, .max_spread_pct = 100);

static int sched_mixed(struct ktstr_ctx *ctx)
{
	const struct ktstr_workspec specs[] = {
		WORKSPEC(.workers = 2),
		WORKSPEC(.workers = 2, .policy = POLICY(BATCH)),
		WORKSPEC(.workers = 2, .policy = POLICY(IDLE), .checks = &idle_tasks),
		WORKSPEC(.workers = 2, .policy = FIFO(1), .work = BURSTY_MS(500, 250)),
	};
	const struct ktstr_works works = { specs, ARRAY_SIZE(specs) };

	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .works = works),
					   CGROUP("cg_1", .works = works)),
				   HOLD_SETTLED(1.0)));
}

static int cgroup_pipe_io(struct ktstr_ctx *ctx)
{
	const struct ktstr_workspec specs[] = {
		WORKSPEC(.workers = 2, .work = PIPE_IO(), .checks = &catalogue_take_turns),
		WORKSPEC(),
	};
	const struct ktstr_works works = { specs, ARRAY_SIZE(specs) };

	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .works = works),
					   CGROUP("cg_1", .works = works)),
				   HOLD_SETTLED(1.0)));
}

/* As many spinners as CPUs: nobody has to wait, if every CPU takes one. */
static int idle_cpus_take_tasks(struct ktstr_ctx *ctx)
{
	int r = ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_0", .workers = ktstr_nr_cpus(ctx))),
				    HOLD_SETTLED(1.0)));

	if (!r)
		claim_at_most(ctx, phase_cgroup(ctx, 0, "cg_0").avg_off_cpu_pct, 15,
			      .because = "there is a CPU for each worker");
	return r;
}

CANNED_TABLE(catalogue_basic,
	CANNED(cgroup_steady,
	       "favours one of two equal cgroups, or starves a worker",
	       .fault = "leak-last",
	       EVEN, STEADY()),
	CANNED(cgroup_cpuset_llc_steady,
	       "moves tasks out of the LLC to which their cpuset confines them",
	       .fault = "ignore-cpuset",
	       EVEN, .min_llcs = 2, .isolation = true, STEADY(CPUSETS(LLC_ALIGNED))),
	CANNED(cgroup_cpuset_cross_llc_steady,
	       "places tasks by LLC although the cpuset covers a part of each LLC only",
	       .fault = "ignore-cpuset",
	       EVEN, .isolation = true, STEADY(CPUSETS(SPLIT_MISALIGNED))),
	CANNED(host_cgroup_contention,
	       "gives tasks outside the cgroups under test all of the CPU time, or none",
	       .fault = "no-preempt",
	       .run = host_cgroup_contention),
	CANNED(sched_mixed,
	       "loses normal and batch tasks while SCHED_IDLE and realtime tasks run",
	       .fault = "starve-batch",
	       /* four realtime workers at two thirds of a CPU each leave nothing of two CPUs */
	       .min_cpus = 4, .max_spread_pct = CATALOGUE_CHANCE_PCT, .run = sched_mixed),
	CANNED(cgroup_pipe_io,
	       "loses or delays synchronous wake-ups while spinners keep all CPUs busy",
	       .fault = "no-preempt",
	       .run = cgroup_pipe_io),
	CANNED(idle_cpus_take_tasks,
	       "leaves CPUs idle while runnable tasks wait",
	       .fault = "sticky",
	       .run = idle_cpus_take_tasks));
