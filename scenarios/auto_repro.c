// SPDX-License-Identifier: GPL-2.0
/*
 * Auto-repro shows crashes of all kinds. Each scheduler is ejected for another mistake, and each test
 * fails unless the second run has shown it. tests/long/auto_repro.sh runs them and checks that what
 * explains the mistake is in the report; by themselves they would only add to the time of a batch.
 */
#include <ktstr.h>

#define CRASHES(_name, ...)							\
	KTSTR_SCHEDULER(_name##_sched, .binary = "scx_ktstr", .args = KTSTR_STRS(__VA_ARGS__)); \
	KTSTR_TEST(repro_##_name, .scheduler = &_name##_sched, .duration_s = 2, .ignore = true, \
		   .expect_auto_repro = true)					\
	{									\
		return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .workers = 2),	\
						   CGROUP("cg_b", .workers = 2)), HOLD_FULL)); \
	}

CRASHES(error, "--crash-after", "300")
CRASHES(stall, "--stall-after-ms", "300", "--timeout-ms", "600")
CRASHES(bad_dsq, "--eject-with", "bad-dsq")
CRASHES(bad_cpu, "--eject-with", "bad-cpu")
CRASHES(double_insert, "--eject-with", "double-insert")
CRASHES(null_kptr, "--eject-with", "null-kptr")
CRASHES(init_task, "--eject-with", "init-task")
/* fails: nothing of a scheduler that was rejected has run, so there is nothing to repeat */
CRASHES(rejected, "--fail-verify")
