// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: a min_. bound exceeds its max */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .min_cpus = 8, .max_cpus = 4)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
