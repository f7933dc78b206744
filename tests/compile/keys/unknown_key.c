// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: no_such_key */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .no_such_key = 1)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
