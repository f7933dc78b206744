// SPDX-License-Identifier: GPL-2.0
/* What a test sets in its scheduler: the timeout of sched_ext's watchdog, and its configuration. */
#include <stdio.h>
#include <string.h>

#include <ktstr.h>

#define TIMEOUT_S	3

/*
 * ---- the watchdog's timeout ----
 *
 * A shorter one ends a stalled scheduler within that time, although the scheduler asks for 20 s.
 */

KTSTR_SCHEDULER(stalls, .binary = "scx_ktstr", .args = KTSTR_STRS("--stall-after-ms", "500"),
		.kernels = KTSTR_NO_KERNELS);

/* "... kworker/1:1[40] failed to run for 3.780s" */
static int stalled_for_the_timeout(struct ktstr_result *r)
{
	static const char words[] = "failed to run for ";
	const struct ktstr_detail *d;
	const char *at = NULL;
	double s = 0;

	for (uint32_t i = 0; !at && (d = ktstr_result__detail(r, i)); i++)
		at = strstr(d->text, words);
	claim_true(r, at && sscanf(at + strlen(words), "%lf", &s) == 1,
		   .because = "a detail says how long a task was not run");
	/* the kernel looks twice in that time */
	claim_between(r, s, TIMEOUT_S, 1.5 * TIMEOUT_S + 0.5);
	return 0;
}

KTSTR_TEST(a_stall_ends_within_the_timeout, .scheduler = &stalls, .duration_s = 12,
	   .watchdog_timeout_s = TIMEOUT_S, .expect_err = true, .expect_kind = KTSTR_SCHED_STALLED,
	   .post_vm_unconditional = stalled_for_the_timeout)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("a", .workers = 4)), HOLD_FULL));
}

/*
 * ---- a file of the scheduler's own ----
 *
 * Its text stands in the test, and the file is in the guest before the scheduler starts. scx_ktstr takes
 * a line for an option without its dashes.
 */

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
