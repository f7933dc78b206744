// SPDX-License-Identifier: GPL-2.0
/*
 * Asks git about a repository: see git.h. The child inherits no descriptor but the pipe of its
 * answer, and is killed when it takes too long: a folder of the user's may be anything.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "git.h"

#define PATIENCE_MS	3000
#define DIGITS		7
#define MAX_ARGS	8

static void __attribute__((noreturn))
child(const char *dir, bool upward, const char * const *args, int out)
{
	const char *argv[MAX_ARGS + 4] = { "git", "-C", dir };
	char up[PATH_MAX], top[PATH_MAX];
	sigset_t none;
	size_t i;

	for (i = 0; i < MAX_ARGS && args[i]; i++)
		argv[3 + i] = args[i];
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* not above @dir: its parent is where git stops looking */
	if (!upward && snprintf(up, sizeof(up), "%s/..", dir) < (int)sizeof(up) &&
	    realpath(up, top))
		setenv("GIT_CEILING_DIRECTORIES", top, 1);
	setenv("GIT_OPTIONAL_LOCKS", "0", 1);
	if (dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(STDIN_FILENO, STDERR_FILENO) >= 0 &&
	    !close_range(STDERR_FILENO + 1, ~0U, 0))
		execvp("git", (char * const *)argv);
	_exit(127);
}

/* What it prints on one line, into @line; its exit status, or -1 when there is none. */
static int ask(const char *dir, bool upward, const char * const *args, char *line, size_t size)
{
	int fds[2], status = -1;
	struct pollfd p;
	ssize_t n = 0;
	pid_t pid;

	line[0] = '\0';
	if (pipe2(fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		child(dir, upward, args, fds[1]);
	close(fds[1]);
	p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	/* the answer, or the end of a child that has none */
	if (pid > 0 && poll(&p, 1, PATIENCE_MS) == 1)
		n = read(fds[0], line, size - 1);
	else if (pid > 0)
		kill(pid, SIGKILL);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	close(fds[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool ktstr_git__commit(const char *dir, bool upward, char *buf, size_t size)
{
	static const char * const head[] = { "rev-parse", "--verify", "HEAD", NULL };
	static const char * const differs[] = {
		"diff-index", "--quiet", "--ignore-submodules", "HEAD", "--", NULL,
	};
	char line[128], unused[16];
	bool dirty;

	if (ask(dir, upward, head, line, sizeof(line)) || strlen(line) < DIGITS)
		return false;
	/* 1: it differs; anything else is no answer */
	dirty = ask(dir, upward, differs, unused, sizeof(unused)) == 1;
	snprintf(buf, size, "%.*s%s", DIGITS, line, dirty ? "-dirty" : "");
	return true;
}
