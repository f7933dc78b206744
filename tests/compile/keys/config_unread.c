// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: config needs a scheduler with config_arg */
#include <ktstr.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");

KTSTR_TEST(t, .scheduler = &simple, .config = "{}")
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
