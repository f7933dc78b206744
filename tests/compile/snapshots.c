// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: num_snapshots does not lie in 0\.\.64 */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .num_snapshots = 65)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
