// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: duration_s does not lie in 1\.\.86400 */
#include <ktstr.h>

KTSTR_TEST(t, .duration_s = 4000000000)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
