// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: llcs must be divisible by numa_nodes */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .numa_nodes = 2, .llcs = 3)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
