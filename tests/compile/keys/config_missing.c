// SPDX-License-Identifier: GPL-2.0
/* Fails to compile: config is missing */
#include <ktstr.h>

KTSTR_SCHEDULER(layered, .binary = "scx_layered", .config_arg = "--config {file}",
		.config_path = "/include-files/layered.json");

KTSTR_TEST(t, .scheduler = &layered)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}
