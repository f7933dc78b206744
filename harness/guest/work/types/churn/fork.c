// SPDX-License-Identifier: GPL-2.0
/*
 * ForkExit: task creation and exit as fast as possible. The scheduler sees only new tasks: each is
 * enqueued once, without history, runs for a few microseconds and exits. This exposes per-task
 * state that is not freed or that is used before it exists.
 *
 * The parent waits on a pidfd and not in waitpid(), which only the child could end: a child that
 * the scheduler never runs must not keep its parent from stopping.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"

#define RETRY_NS	NSEC_PER_MSEC

static void fork_exit(struct ktstr_work_ctx *w)
{
	uint64_t before, now;
	int pidfd = -1;
	bool ended;
	pid_t pid;

	pid = work_clone(&pidfd);
	if (!pid)
		syscall(SYS_exit_group, 0);
	if (pid < 0) {		/* pids.max, most likely: not the worker's fault */
		work_sleep(w, RETRY_NS);
		return;
	}
	before = ktstr_now_ns();
	ended = work_child_ended(w, pidfd);
	now = ktstr_now_ns();
	work_blocked(w, before, now);
	if (ended) {
		work_sample_wake(w, now - before);
		waitpid(pid, NULL, 0);		/* a zombie: returns at once */
		w->units++;
	} else {
		kill(pid, SIGKILL);		/* whoever reaps us reaps it */
		waitpid(pid, NULL, WNOHANG);
	}
	close(pidfd);
}

const struct ktstr_work_row ktstr_work_fork_exit = {
	.name = "ForkExit",
	.description = "Forks a child that exits at once, and waits for its end: new tasks without "
		"a history that run for a few microseconds. Unit: a child. Wake sample: the "
		"wait for a child.",
	.parameters = "",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.iterate = fork_exit,
};
