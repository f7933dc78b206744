// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: initialize[dr].*overr|overwritten */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr", .binary = "scx_simple");

KTSTR_TEST(t, .scheduler = &sched)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
