// SPDX-License-Identifier: GPL-2.0
/*
 * Schedulers that come and go under a running workload. What the test asks for is no crash;
 * what goes wrong on the way is found as it would be at the start of a test.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ktstr.h>

KTSTR_SCHEDULER(simple, .binary = "scx_simple");
KTSTR_SCHEDULER(flatcg, .binary = "scx_flatcg");
KTSTR_SCHEDULER(unloadable, .binary = "scx_ktstr", .args = KTSTR_STRS("--fail-verify"),
		.kernels = KTSTR_NO_KERNELS);
KTSTR_SCHEDULER(stalling, .binary = "scx_ktstr",
		.args = KTSTR_STRS("--stall-after-ms", "200", "--timeout-ms", "1000"),
		.kernels = KTSTR_NO_KERNELS);

static void expect_file(struct ktstr_ctx *ctx, const char *when, const char *path,
			const char *want)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, buf, sizeof(buf) - 1) < 0)
			buf[0] = '\0';
		close(fd);
	}
	buf[strcspn(buf, "\n")] = '\0';
	if (strcmp(buf, want))
		ktstr_fail(ctx, "%s: %s holds \"%s\" and not \"%s\"", when, path, buf, want);
}

static void expect_ops(struct ktstr_ctx *ctx, const char *when, const char *name)
{
	expect_file(ctx, when, "/sys/kernel/sched_ext/state", "enabled");
	expect_file(ctx, when, "/sys/kernel/sched_ext/root/ops", name);
}

/* Its own, none, another, a third by replacement, its own again; the workers stay. */
KTSTR_TEST(schedulers_are_exchanged_under_load, .scheduler = &simple,
	   .staged_schedulers = (const struct ktstr_scheduler *const []){ &flatcg, &simple, NULL },
	   .duration_s = 2, .max_spread_pct = 90)
{
	const struct ktstr_backdrop both = {
		CGROUPS(CGROUP("a", .workers = 2), CGROUP("b", .workers = 2)),
	};
	int first = ktstr_sched_pid(ctx), ret;

	expect_ops(ctx, "at first", "simple");
	ret = ktstr_run_scenario(ctx, &both, STEP(HOLD_FRAC(0.3)),
				 STEP(OPS(PIN_BPF_MAP("stats"), DETACH_SCHEDULER),
				      HOLD_FRAC(0.7)));
	if (ret)
		return ret;
	if (access("/sys/fs/bpf/ktstr/stats", F_OK))
		ktstr_fail(ctx, "the pinned map went with its scheduler");
	expect_file(ctx, "detached", "/sys/kernel/sched_ext/state", "disabled");
	if (ktstr_sched_pid(ctx))
		ktstr_fail(ctx, "a detached scheduler still has pid %d", ktstr_sched_pid(ctx));
	ret = ktstr_run_scenario(ctx, &both,
				 STEP(OPS(ATTACH_SCHEDULER(&flatcg)), HOLD_FRAC(0.3)));
	if (ret)
		return ret;
	expect_ops(ctx, "attached", "flatcg");
	ret = ktstr_run_scenario(ctx, &both,
				 STEP(OPS(REPLACE_SCHEDULER(&simple)), HOLD_FRAC(0.3)));
	if (ret)
		return ret;
	expect_ops(ctx, "replaced", "simple");
	ret = ktstr_run_scenario(ctx, &both, STEP(OPS(RESTART_SCHEDULER), HOLD_FRAC(0.3)));
	if (ret)
		return ret;
	expect_ops(ctx, "restarted", "simple");
	if (ktstr_sched_pid(ctx) == first)
		ktstr_fail(ctx, "the restarted scheduler is the first one, pid %d", first);
	return 0;
}

KTSTR_TEST(replacement_fails_verification, .scheduler = &simple,
	   .staged_schedulers = (const struct ktstr_scheduler *const []){ &unloadable, NULL },
	   .duration_s = 2, .expect_err = true, .expect_kind = KTSTR_SCHED_NOT_LOADED)
{
	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("a"))), STEP(HOLD_FRAC(0.2)),
				  STEP(OPS(REPLACE_SCHEDULER(&unloadable)), HOLD_FRAC(0.4)));
}

/* The death of the second scheduler is found as that of the first would be. */
KTSTR_TEST(replacement_stalls, .scheduler = &simple,
	   .staged_schedulers = (const struct ktstr_scheduler *const []){ &stalling, NULL },
	   .duration_s = 10, .expect_err = true, .expect_kind = KTSTR_SCHED_STALLED)
{
	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("a", .workers = 4))),
				  STEP(HOLD_MS(200)),
				  STEP(OPS(REPLACE_SCHEDULER(&stalling)), HOLD_FRAC(0.9)));
}
