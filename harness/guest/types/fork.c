// SPDX-License-Identifier: GPL-2.0
/*
 * ForkExit: task creation and destruction as fast as it goes. The scheduler sees nothing but
 * new tasks: enqueued once, with no history to place them by, run for a few microseconds,
 * gone. Per-task state that is not freed, or that is expected to exist earlier than it does,
 * shows here first.
 *
 * The parent waits on a pidfd and not in waitpid(), which nothing but the child could end: a
 * child that the scheduler never runs must not keep its parent from stopping.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pieces.h"
#include "types.h"

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
	before = work_now_ns();
	ended = work_child_ended(w, pidfd);
	now = work_now_ns();
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
	.description = "forks a child that exits at once and waits for it",
	.parameters = "",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.iterate = fork_exit,
};
