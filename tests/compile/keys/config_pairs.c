// SPDX-License-Identifier: GPL-2.0
/* Compiles: a config and a scheduler that reads it, also one of another file or a staged one */
#include <ktstr.h>

extern const struct ktstr_scheduler elsewhere;

KTSTR_SCHEDULER(layered, .binary = "scx_layered", .config_arg = "--config {file}",
		.config_path = "/include-files/layered.json");

KTSTR_SCHEDULER(simple, .binary = "scx_simple");

static int body(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}

KTSTR_TEST(with, .scheduler = &layered, .config = "{}")
{
	return body(ctx);
}

KTSTR_TEST(of_another_file, .scheduler = &elsewhere)
{
	return body(ctx);
}

KTSTR_TEST(of_a_staged_one, .scheduler = &simple, .config = "{}",
	   .staged_schedulers = (const struct ktstr_scheduler * const[]){ &layered, NULL })
{
	return body(ctx);
}

KTSTR_TEST(without, .scheduler = &simple)
{
	return body(ctx);
}
