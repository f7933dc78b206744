// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: config needs a scheduler with config_arg */
#include <ktstr.h>

KTSTR_TEST(t, .config = "{}")
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
