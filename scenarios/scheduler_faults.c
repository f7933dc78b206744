// SPDX-License-Identifier: GPL-2.0
/*
 * A scheduler that misbehaves must be caught, and for the right reason: each test here breaks
 * the fixture scheduler in one way and passes only when the failure is of exactly that kind.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ktstr.h>

KTSTR_SCHEDULER(ktstr, .binary = "scx_ktstr");

/* What readers of scx_stats ask, while the fixture schedules: one line each way. */
KTSTR_TEST(scheduler_serves_its_counters, .scheduler = &ktstr, .duration_s = 1)
{
	static const char request[] = "{\"req\":\"stats\",\"args\":{\"target\":\"top\"}}\n";
	struct sockaddr_un addr = {
		.sun_family = AF_UNIX, .sun_path = "/var/run/scx/root/stats",
	};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char reply[512] = "";

	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    send(fd, request, sizeof(request) - 1, 0) < 0 ||
	    recv(fd, reply, sizeof(reply) - 1, 0) < 0)
		ktstr_fail(ctx, "%s: %s", addr.sun_path, strerror(errno));
	else if (strncmp(reply, "{\"errno\":0,", 11) || !strstr(reply, "\"nr_dispatched\":") ||
		 !strstr(reply, "\"stats_magic\":6004496034161779060}"))
		ktstr_fail(ctx, "not the counters: %s", reply);
	close(fd);
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_MS(200)));
}

static int two_cgroups(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a"), CGROUP("cg_b")), HOLD_FULL));
}

/* Dispatches nothing any more: the kernel's watchdog ejects it. */
KTSTR_TEST(scheduler_stalls, .scheduler = &ktstr, .duration_s = 10,
	   .extra_sched_args = KTSTR_STRS("--stall-after-ms", "500", "--timeout-ms", "1000"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_STALLED,
	   .expect_scx_bpf_error_contains = "failed to run for")
{
	return two_cgroups(ctx);
}

/* Calls scx_bpf_error() in the middle of the workload. */
KTSTR_TEST(scheduler_calls_scx_bpf_error, .scheduler = &ktstr, .duration_s = 5,
	   .extra_sched_args = KTSTR_STRS("--crash-after", "500"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_ERROR,
	   .expect_scx_bpf_error_contains = "ktstr: host-triggered crash")
{
	return two_cgroups(ctx);
}

/* Detaches and leaves with status 0 while it is needed. */
KTSTR_TEST(scheduler_exits_early, .scheduler = &ktstr, .duration_s = 5,
	   .extra_sched_args = KTSTR_STRS("--exit-after-ms", "500"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_EXITED)
{
	return two_cgroups(ctx);
}

/* A BPF program that the verifier rejects; the body must not run. */
KTSTR_TEST(scheduler_fails_verification, .scheduler = &ktstr, .duration_s = 3,
	   .extra_sched_args = KTSTR_STRS("--fail-verify"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_NOT_LOADED)
{
	ktstr_fail(ctx, "the body ran although the scheduler could not be loaded");
	return two_cgroups(ctx);
}

/* Loads, stays alive, and never becomes the scheduler. */
KTSTR_TEST(scheduler_never_attaches, .scheduler = &ktstr, .duration_s = 3,
	   .extra_sched_args = KTSTR_STRS("--no-attach"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_NOT_ATTACHED)
{
	ktstr_fail(ctx, "the body ran although the scheduler never attached");
	return two_cgroups(ctx);
}

static int four_workers(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a", .workers = 2),
					   CGROUP("cg_b", .workers = 2)), HOLD_FULL));
}

/*
 * Auto-repro shows crashes of all kinds: each of these fails unless the second run has shown the mistake.
 * tests/long/auto_repro.sh runs them and checks that what explains it is in the report.
 */
#define CRASH_SCHED(_name, ...)							\
	KTSTR_SCHEDULER(_name##_sched, .binary = "scx_ktstr", .args = KTSTR_STRS(__VA_ARGS__))
#define CRASH_TEST(_name)							\
	KTSTR_TEST(repro_##_name, .scheduler = &_name##_sched, .duration_s = 2, .ignore = true, \
		   .expect_auto_repro = true)					\
	{									\
		return four_workers(ctx);					\
	}

CRASH_SCHED(error, "--crash-after", "300");
CRASH_TEST(error)
CRASH_SCHED(stall, "--stall-after-ms", "300", "--timeout-ms", "600");
CRASH_TEST(stall)
CRASH_SCHED(bad_dsq, "--eject-with", "bad-dsq");
CRASH_TEST(bad_dsq)
CRASH_SCHED(bad_cpu, "--eject-with", "bad-cpu");
CRASH_TEST(bad_cpu)
CRASH_SCHED(double_insert, "--eject-with", "double-insert");
CRASH_TEST(double_insert)
CRASH_SCHED(null_kptr, "--eject-with", "null-kptr");
CRASH_TEST(null_kptr)
CRASH_SCHED(init_task, "--eject-with", "init-task");
CRASH_TEST(init_task)
/* fails: nothing of a scheduler that was rejected has run, so there is nothing to repeat */
CRASH_SCHED(rejected, "--fail-verify");
CRASH_TEST(rejected)
