// SPDX-License-Identifier: GPL-2.0
/* CPUs and memory of several NUMA nodes. */
#include <ktstr/claim.h>

#include "catalogue.h"

static int cgroup_cpuset_numa_swap(struct ktstr_ctx *ctx)
{
	return ktstr_run_scenario(ctx,
		BACKDROP(CGROUPS(CGROUP("cg_0", .cpuset = NUMA_NODE(0)),
				 CGROUP("cg_1", .cpuset = NUMA_NODE(1)))),
		STEP(HOLD_SETTLED(0.5)),
		STEP(OPS(SET_CPUSET("cg_0", NUMA_NODE(1)), SET_CPUSET("cg_1", NUMA_NODE(0))),
		     HOLD_FRAC(0.5)));
}

#define MIGRATIONS_PER_S	20	/* of a task that wakes up a hundred times a second */

/* Fewer tasks than CPUs that sleep and wake up: all may stay where their memory is. */
static int numa_sleepers_stay(struct ktstr_ctx *ctx)
{
	int r = ktstr_run(ctx, STEP(
		CGROUPS(CGROUP("cg_0", .workers = ktstr_nr_cpus(ctx) / 2, .work = BURSTY_MS(5, 5))),
		HOLD_SETTLED(1.0)));
	struct ktstr_stats s = phase_cgroup(ctx, 0, "cg_0");

	if (!r)
		claim_at_most(ctx, s.migrations, MIGRATIONS_PER_S * s.wall_s,
			      .because = "each finds its own CPU idle when it wakes up");
	return r;
}

CANNED_TABLE(catalogue_numa,
	CANNED(cgroup_cpuset_numa_swap,
	       "leaves tasks in queues of a node that they may no longer use",
	       .fault = "stale-mask",
	       .min_cpus = 4, .min_llcs = 2, .min_nodes = 2, .isolation = true,
	       .run = cgroup_cpuset_numa_swap),
	CANNED(numa_sleepers_stay,
	       "moves tasks away from the node that has their memory when they wake up",
	       .fault = "wrong-node",
	       .min_cpus = 4, .min_llcs = 2, .min_nodes = 2, .run = numa_sleepers_stay));
