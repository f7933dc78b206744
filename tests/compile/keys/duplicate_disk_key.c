// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: initialize[dr].*overr|overwritten */
#include <ktstr.h>

KTSTR_DISK(disk, .size_mib = 1, .size_mib = 2);

KTSTR_TEST(t, .disk = &disk)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
