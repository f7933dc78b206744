// SPDX-License-Identifier: GPL-2.0
/*
 * A scheduler that reads a file of its own: its text stands in the test, and the file is in the
 * guest before the scheduler starts. scx_ktstr takes a line for an option without its dashes.
 */
#include <ktstr.h>

KTSTR_SCHEDULER(configured, .binary = "scx_ktstr",
		.config_arg = "--config {file}", .config_path = "/etc/scx/ktstr.conf");

/* The constant that the loader sets before the verifier sees it, and what the fault then counts. */
static int slow_is_on(struct ktstr_result *r)
{
	claim_equals(r, run_metric(r, "bpf_bpf_slow"), 1);
	claim_at_least(r, run_metric(r, "bpf_bpf_skipped"), 1);
	claim_equals(r, run_metric(r, "bpf_bpf_degrade"), 0, .because = "the text leaves it alone");
	return 0;
}

KTSTR_TEST(config_reaches_the_scheduler, .scheduler = &configured, .duration_s = 1,
	   .config = "# three of four dispatches are skipped\n"
		     "slow\n"
		     "timeout-ms 10000\n",
	   .max_spread_pct = KTSTR_NO_LIMIT,
	   .watch_bpf_maps = WATCH_MAPS(
		WATCH_MAP(".rodata", "slow", SCALAR, "slow"),
		WATCH_MAP(".rodata", "degrade", SCALAR, "degrade"),
		WATCH_MAP(".bss", "slow_cnt", SCALAR_COUNTER, "skipped")),
	   .post_vm = slow_is_on)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a"), CGROUP("b")), HOLD_FULL));
}

/* The line is wrong, not the test: the scheduler says where. */
KTSTR_TEST(config_that_the_scheduler_refuses, .scheduler = &configured, .duration_s = 1,
	   .config = "slow\n"
		     "timeout-ms soon\n",
	   .expect_err = true, .expect_kind = KTSTR_SCHED_NOT_LOADED,
	   .expect_text = "/etc/scx/ktstr.conf:2: timeout-ms soon: need a number from 1 to 30000")
{
	ktstr_fail(ctx, "the body ran although the scheduler had refused its configuration");
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a")), HOLD_FULL));
}
