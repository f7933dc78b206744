/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Starts test programs, and ensures that nothing of them outlives the tool.
 *
 * A process group is not enough for that: kselftest_harness.h moves each test into a group of its
 * own, which the processes of the test (an emulator) inherit. So every program gets its own
 * session, which a new group does not leave, and the tool is the subreaper of orphans. The members
 * of the session and the orphans are found in /proc.
 */
#ifndef KTSTR_TOOL_RUN_CHILD_H
#define KTSTR_TOOL_RUN_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "lib/err.h"

struct child {
	pid_t pid;	/* also its session */
	int out;	/* read ends, non-blocking; -1: not wanted or closed */
	int err;
};

/* Orphaned descendants become ours. Call once, before the first child. */
void child__become_subreaper(void);

/*
 * Run @argv[0] (a path) with @envp in a new session: stdin from and, without
 * @want_out, stdout to /dev/null, stderr to a pipe, signals at their defaults, SIGKILL when
 * this process dies. Returns 0, or -errno with @err, also when exec itself failed.
 */
int child__spawn(struct child *c, char * const argv[], char * const envp[], bool want_out,
		 struct ktstr_err *err);
void child__close(struct child *c);

/* SIGKILL all processes of session @sid. Returns how many there were (zombies not counted). */
int child__kill_session(pid_t sid);

/* SIGKILL and reap every descendant of this process; returns when there is none left. */
void child__kill_all(void);

/*
 * Run @argv, collect at most @max bytes of its stderr (terminated), and wait for it,
 * at most @timeout_ms. Returns its waitpid() status, or -errno with @err.
 */
int child__capture_stderr(char * const argv[], char *buf, size_t max, size_t *len,
			  int timeout_ms, struct ktstr_err *err);

#endif
