// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: expect_auto_repro needs a scheduler and excludes auto_repro = false */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .auto_repro = false, .expect_auto_repro = true)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
