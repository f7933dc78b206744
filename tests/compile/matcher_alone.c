// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: need expect_err = true */
#include <ktstr.h>

KTSTR_SCHEDULER(sched, .binary = "scx_ktstr");

KTSTR_TEST(t, .scheduler = &sched, .expect_scx_bpf_error_contains = "x")
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
