// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: memory_mib does not lie in 1\.\.1048576 */
#include <ktstr.h>

KTSTR_TEST(t, .memory_mib = -1)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
