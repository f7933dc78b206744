// SPDX-License-Identifier: GPL-2.0
/*
 * The last moments of a scheduler: one that the body kills before it returns was not there to the
 * end, and one that is asked to stop has to stop in good order and in time. How long it worked
 * before does not matter: it has scheduled workers.
 */
#include <signal.h>
#include <unistd.h>

#include <ktstr.h>

KTSTR_SCHEDULER(ktstr, .binary = "scx_ktstr");
KTSTR_SCHEDULER(userland, .binary = "scx_userland");
KTSTR_SCHEDULER(careless, .binary = "scx_ktstr", .args = KTSTR_STRS("--stop-with", "3"),
		.allow_unclean_exit = true);

static int works(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_MS(200)));
}

/* Until the scheduler has ended, if it does as it should. */
static int works_on(struct ktstr_ctx *ctx)
{
	return ktstr_run(ctx, STEP(CGROUPS(CGROUP("cg_a")), HOLD_FULL));
}

static int sends(struct ktstr_ctx *ctx, int sig)
{
	int ret = works(ctx);

	kill(ktstr_sched_pid(ctx), sig);
	return ret;
}

#define UNEXPECTED(_words)							\
	.expect_err = true, .expect_kind = KTSTR_SCHED_EXITED, .expect_text = _words

KTSTR_TEST(killed_at_the_end, .scheduler = &ktstr, .duration_s = 1,
	   UNEXPECTED("died unexpectedly during workload"))
{
	return sends(ctx, SIGKILL);
}

/* It leaves with status 0, but nobody had asked it to. */
KTSTR_TEST(terminated_at_the_end, .scheduler = &ktstr, .duration_s = 1,
	   UNEXPECTED("exited with status 0"))
{
	return sends(ctx, SIGTERM);
}

/* It stops later than the body ends. */
KTSTR_TEST(stopped_and_killed_at_the_end, .scheduler = &ktstr, .duration_s = 1,
	   UNEXPECTED("killed by SIGKILL"))
{
	int ret = sends(ctx, SIGSTOP);

	kill(ktstr_sched_pid(ctx), SIGKILL);
	return ret;
}

/* Its process is the scheduler no more, and goes on: our own SIGINT is not what happened. */
KTSTR_TEST(leaves_and_stays, .scheduler = &ktstr, .duration_s = 4,
	   .extra_sched_args = KTSTR_STRS("--exit-after-ms", "300", "--stay"),
	   UNEXPECTED("unregistered from user space; its process went on and had to be asked to end"))
{
	return works_on(ctx);
}

/* Nobody waits for it to attach. */
KTSTR_TEST(is_ejected_while_it_attaches, .scheduler = &ktstr, .duration_s = 1,
	   .extra_sched_args = KTSTR_STRS("--eject-at-start", "--stay"),
	   .expect_err = true, .expect_kind = KTSTR_SCHED_ERROR,
	   .expect_text = "scheduler was ejected before it attached: ")
{
	return works(ctx);
}

/* Its other thread is a task that only the main thread could have scheduled: it cannot even die. */
KTSTR_TEST(loses_its_main_thread, .scheduler = &userland, .duration_s = 10,
	   UNEXPECTED("its main thread was killed by SIGKILL, other threads of it could not end"))
{
	if (!fork()) {
		usleep(300000);
		kill(ktstr_sched_pid(ctx), SIGKILL);
		_exit(0);
	}
	return works_on(ctx);
}

#define UNCLEAN(_how, _words)							\
	.extra_sched_args = KTSTR_STRS("--stop-with", _how), .expect_err = true, \
	.expect_kind = KTSTR_SCHED_UNCLEAN_EXIT, .expect_text = _words

KTSTR_TEST(crashes_when_it_is_stopped, .scheduler = &ktstr, .duration_s = 1,
	   UNCLEAN("segv", "was asked to end by SIGINT and was killed by SIGSEGV"))
{
	return works(ctx);
}

KTSTR_TEST(hangs_when_it_is_stopped, .scheduler = &ktstr, .duration_s = 1,
	   UNCLEAN("hang", "did not end within 5.0 s of SIGINT and had to be killed"))
{
	return works(ctx);
}

KTSTR_TEST(hangs_when_it_is_detached, .scheduler = &ktstr, .duration_s = 1,
	   UNCLEAN("hang", "of SIGTERM and had to be killed"))
{
	return ktstr_run_scenario(ctx, BACKDROP(CGROUPS(CGROUP("cg_a"))), STEP(HOLD_MS(200)),
				  STEP(OPS(DETACH_SCHEDULER), HOLD_MS(200)));
}

KTSTR_TEST(may_end_as_it_likes, .scheduler = &careless, .duration_s = 1)
{
	return works(ctx);
}

/* What a test says about it beats what the scheduler says: it fails when it is stopped. */
KTSTR_TEST(may_not_in_this_test, .scheduler = &careless, .duration_s = 1,
	   .allow_unclean_exit = false,
	   UNCLEAN("3", "was asked to end by SIGINT and exited with status 3"))
{
	return works(ctx);
}
