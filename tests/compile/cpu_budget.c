// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: cpu_budget needs no_perf_mode */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .cpu_budget = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
