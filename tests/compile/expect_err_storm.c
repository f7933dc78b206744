// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: expect_err excludes survives_storm */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .expect_err = true, .survives_storm = true)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
