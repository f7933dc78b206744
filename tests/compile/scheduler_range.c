// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: cores does not lie in 1\.\.512 */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr", .cores = -1);

KTSTR_TEST(t, .scheduler = &sched)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
