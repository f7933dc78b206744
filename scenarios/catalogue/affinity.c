// SPDX-License-Identifier: GPL-2.0
/* Workers that choose their own CPUs, within what their cgroup has. */
#include <stdio.h>

#include <ktstr/claim.h>

#include "catalogue.h"

static int cgroup_affinity_change(struct ktstr_ctx *ctx)
{
	const struct ktstr_affinity some = AFFINITY(RANDOM_SUBSET);
	const struct ktstr_step again = STEP(OPS(SET_AFFINITY("cg_0", some),
						 SET_AFFINITY("cg_1", some)), HOLD_FRAC(0.2));

	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("cg_0"), CGROUP("cg_1"))),
				  STEP(HOLD_SETTLED(0.2)), again, again, again, again);
}

static int cgroup_multicpu_pin(struct ktstr_ctx *ctx)
{
	int r = ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("cg_0"), CGROUP("cg_1"))),
		STEP(HOLD_SETTLE),
		STEP(OPS(SET_AFFINITY("cg_0", PINNED("0-1")), SET_AFFINITY("cg_1", PINNED("0-1"))),
		     HOLD_FULL));

	if (!r)
		catalogue_claim_cpus(ctx, 1, NULL, 2);
	return r;
}

/* Each cgroup's workers on the first two CPUs of its own half. */
static int cgroup_cpuset_multicpu_pin(struct ktstr_ctx *ctx)
{
	uint32_t second = catalogue_nr_usable(ctx) / 2;
	struct catalogue_cpu a = catalogue_cpu(second), b = catalogue_cpu(second + 1);
	char pair[32];
	int r;

	snprintf(pair, sizeof(pair), "%s,%s", a.list, b.list);
	r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = DISJOINT(0, 2)),
				 CGROUP("cg_1", .cpuset = DISJOINT(1, 2)))),
		STEP(HOLD_SETTLE),
		STEP(OPS(SET_AFFINITY("cg_0", PINNED(second > 1 ? "0-1" : "0")),
			 SET_AFFINITY("cg_1", PINNED(pair))),
		     HOLD_FULL));
	if (!r)
		catalogue_claim_cpus(ctx, 1, "cg_1", 2);
	return r;
}

/* Three tasks on one CPU may use two more from now on, which are idle. */
static int affinity_beside_idle_cpus(struct ktstr_ctx *ctx)
{
	int r = ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .workers = 3, .affinity = PINNED("0")))),
		STEP(HOLD_SETTLE),
		STEP(OPS(SET_AFFINITY("cg_0", PINNED("0-2"))), HOLD_FULL));

	if (!r)
		claim_at_most(ctx, phase_cgroup(ctx, 1, "cg_0").avg_off_cpu_pct, 20,
			      .because = "each of them may have a CPU to itself");
	return r;
}

CANNED_TABLE(catalogue_affinity,
	CANNED(cgroup_affinity_inherit,
	       "loses tasks that yield all the time",
	       .fault = "drop",
	       EVEN, STEADY(.works = WORKS(WORKSPEC(DOES(MIXED))))),
	CANNED(cgroup_affinity_random,
	       "puts a task into a queue that none of its allowed CPUs consumes",
	       .fault = "choke-on-affinity",
	       .isolation = true,
	       STEADY(CPUSETS(SPLIT_HALF), .works = WORKS(WORKSPEC(.affinity = AFFINITY(RANDOM_SUBSET))))),
	CANNED(cgroup_affinity_spanning,
	       "trusts an affinity mask that is wider than the cpuset",
	       .fault = "ignore-cpuset",
	       .isolation = true,
	       STEADY(CPUSETS(SPLIT_HALF), .works = WORKS(WORKSPEC(.affinity = AFFINITY(CROSS_CGROUP))))),
	CANNED(cgroup_affinity_pinned,
	       "does not share one CPU among the tasks that are pinned to it",
	       .fault = "no-preempt",
	       .isolation = true,
	       STEADY(CPUSETS(SPLIT_HALF), .works = WORKS(WORKSPEC(.affinity = AFFINITY(SINGLE_CPU))))),
	CANNED(cgroup_cpuset_llc_affinity,
	       "places tasks by LLC without regard to their affinity mask",
	       .fault = "ignore-cpuset",
	       .min_llcs = 2, .isolation = true,
	       STEADY(CPUSETS(LLC_ALIGNED),
		      .works = WORKS(WORKSPEC(.affinity = AFFINITY(LLC_ALIGNED))))),
	CANNED(cgroup_affinity_change,
	       "keeps a stale copy of the CPU mask after sched_setaffinity()",
	       .fault = "stale-mask",
	       .run = cgroup_affinity_change),
	CANNED(affinity_beside_idle_cpus,
	       "lets a task with a restricted affinity wait although another of its CPUs is idle",
	       .fault = "affinity-queue",
	       .min_cpus = 4, .run = affinity_beside_idle_cpus),
	CANNED(cgroup_multicpu_pin,
	       "leaves one of two allowed CPUs idle while the other one has all the tasks",
	       .fault = "one-cpu",
	       .min_cpus = 2, .max_spread_pct = 75, .run = cgroup_multicpu_pin),
	CANNED(cgroup_cpuset_multicpu_pin,
	       "confuses the CPUs of the cpuset with those of the task's own mask",
	       .fault = "one-cpu",
	       .min_cpus = 4, .isolation = true, .max_spread_pct = 75,
	       .run = cgroup_cpuset_multicpu_pin));
