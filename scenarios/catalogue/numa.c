// SPDX-License-Identifier: GPL-2.0
/* CPUs and memory of several NUMA nodes. */
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

CANNED_TABLE(catalogue_numa,
	CANNED(cgroup_cpuset_numa_swap,
	       "strands tasks in queues of a node that they had to leave",
	       .min_cpus = 4, .min_llcs = 2, .min_nodes = 2, .isolation = true,
	       .run = cgroup_cpuset_numa_swap));
