// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: size_mib does not lie in */
#include <ktstr.h>

KTSTR_DISK(none, .size_mib = -1);

KTSTR_TEST(t, .disk = &none)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
