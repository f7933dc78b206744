// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: performance_mode excludes no_perf_mode */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .performance_mode = true, .no_perf_mode = true)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
