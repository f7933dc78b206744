// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: a limit of a check must not be negative */
#include <ktstr.h>

KTSTR_TEST(t, .max_gap_ms = -1)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
