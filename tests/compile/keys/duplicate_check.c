// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: initialize[dr].*overr|overwritten */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .max_gap_ms = 1, .max_gap_ms = 2)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
