// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: llcs does not lie in 1\.\.512 */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .llcs = 0)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
