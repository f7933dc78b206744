// SPDX-License-Identifier: GPL-2.0
/* See child.h. Everything runs in the tool's only thread. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tools-testing-ktstr/util/util.h"
#include "child.h"

void child__become_subreaper(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* In the child: only async-signal-safe calls. Reports exec's errno through @status_fd. */
static void __attribute__((noreturn))
become(char * const argv[], char * const envp[], const int fds[3], int status_fd, pid_t parent)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int sig, i;

	sigemptyset(&none);
	for (sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	for (i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			goto fail;
	execve(argv[0], argv, envp);
fail:
	i = errno;
	if (write(status_fd, &i, sizeof(i)) < 0)
		_exit(126);
	_exit(127);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void child__close(struct child *c)
{
	close_fd(&c->out);
	close_fd(&c->err);
}

/* Wait for the exec: the status pipe closes on success and delivers errno otherwise. */
static int exec_result(int fd)
{
	int error = 0;
	ssize_t n;

	do {
		n = read(fd, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(error) ? error : 0;
}

int child__spawn(struct child *c, char * const argv[], char * const envp[], bool want_out,
		 struct ktstr_err *err)
{
	int null = -1, out[2] = { -1, -1 }, errs[2] = { -1, -1 }, status[2] = { -1, -1 };
	pid_t parent = getpid();
	int error = 0;

	c->pid = -1;
	c->out = c->err = -1;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || (want_out && pipe2(out, O_CLOEXEC)) || pipe2(errs, O_CLOEXEC) ||
	    pipe2(status, O_CLOEXEC)) {
		error = errno;
		goto out_close;
	}
	c->pid = fork();
	if (!c->pid)
		become(argv, envp, (int []){ null, want_out ? out[1] : null, errs[1] },
		       status[1], parent);
	if (c->pid < 0) {
		error = errno;
		goto out_close;
	}
	close_fd(&status[1]);
	error = exec_result(status[0]);
	if (error) {
		waitpid(c->pid, NULL, 0);
		goto out_close;
	}
	if (want_out) {
		c->out = out[0];
		fcntl(c->out, F_SETFL, O_NONBLOCK);
		out[0] = -1;
	}
	c->err = errs[0];
	fcntl(c->err, F_SETFL, O_NONBLOCK);
	errs[0] = -1;
out_close:
	close_fd(&null);
	close_fd(&out[0]);
	close_fd(&out[1]);
	close_fd(&errs[0]);
	close_fd(&errs[1]);
	close_fd(&status[0]);
	close_fd(&status[1]);
	return error ? ktstr_err(err, error, "starting %s: %s", argv[0], strerror(error)) : 0;
}

struct proc {
	pid_t pid, ppid, sid;
	bool dead;
	bool ours;
};

/* "pid (comm) state ppid pgrp session ...": comm may contain anything, even ')'. */
static bool read_proc(pid_t pid, struct proc *p)
{
	char path[32], buf[512], state, *close_paren;
	int fd, ppid, sid;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	close_paren = strrchr(buf, ')');
	if (!close_paren || sscanf(close_paren + 1, " %c %d %*d %d", &state, &ppid, &sid) != 3)
		return false;
	*p = (struct proc){ .pid = pid, .ppid = ppid, .sid = sid,
			    .dead = state == 'Z' || state == 'X' };
	return true;
}

/* All processes of the system; malloc()ed. Returns their number. */
static size_t read_procs(struct proc **procs)
{
	size_t nr = 0, alloc = 0;
	struct dirent *de;
	struct proc *grown;
	DIR *dir;

	*procs = NULL;
	dir = opendir("/proc");
	if (!dir)
		return 0;
	while ((de = readdir(dir))) {
		if (!isdigit((unsigned char)de->d_name[0]))
			continue;
		if (nr == alloc) {
			alloc = alloc ? 2 * alloc : 256;
			grown = realloc(*procs, alloc * sizeof(*grown));
			if (!grown)
				break;
			*procs = grown;
		}
		if (read_proc(atoi(de->d_name), *procs + nr))
			nr++;
	}
	closedir(dir);
	return nr;
}

/*
 * Kill one process if it is (still) of session @sid and wait for it to be dead, 2 s at most: a
 * process in an uninterruptible sleep must not hang us. The pidfd pins the identity
 * before the session is read again, so a recycled pid is never hit.
 */
static bool kill_member(pid_t pid, pid_t sid)
{
	struct pollfd p = { .events = POLLIN };
	bool killed = false;
	struct proc now;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0)
		return false;
	if (read_proc(pid, &now) && now.sid == sid && !now.dead &&
	    !syscall(SYS_pidfd_send_signal, p.fd, SIGKILL, NULL, 0)) {
		killed = true;
		while (poll(&p, 1, 2000) < 0 && errno == EINTR)
			;
	}
	close(p.fd);
	return killed;
}

/*
 * No process has us for parent. The orphans of a child would have, where we are their reaper; then this
 * is far cheaper than reading all of /proc.
 */
static bool childless(void)
{
	siginfo_t info;
	int reaper = 0;

	return !prctl(PR_GET_CHILD_SUBREAPER, &reaper) && reaper &&
	       waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

/* One pass is not enough while a process forks: repeat until a pass finds none. */
int child__kill_session(pid_t sid)
{
	int killed, total = 0, rounds = 0;
	struct proc *procs;
	size_t nr, i;

	if (childless())
		return 0;
	do {
		killed = 0;
		nr = read_procs(&procs);
		for (i = 0; i < nr; i++)
			if (procs[i].sid == sid && !procs[i].dead)
				killed += kill_member(procs[i].pid, sid);
		free(procs);
		total += killed;
	} while (killed && ++rounds < 100);
	return total;
}

/*
 * Mark the descendants of this process: every process with a marked parent, until nothing changes.
 */
static void mark_ours(struct proc *procs, size_t nr)
{
	pid_t self = getpid();
	bool changed;
	size_t i, j;

	do {
		changed = false;
		for (i = 0; i < nr; i++) {
			if (procs[i].ours)
				continue;
			procs[i].ours = procs[i].ppid == self;
			for (j = 0; j < nr && !procs[i].ours; j++)
				procs[i].ours = procs[j].ours && procs[j].pid == procs[i].ppid;
			changed |= procs[i].ours;
		}
	} while (changed);
}

/*
 * Kill, then reap one: its children are reparented to us and found by the next round. This ends
 * because every round reaps at least one process, and a process that got SIGKILL does not fork.
 */
void child__kill_all(void)
{
	struct proc *procs;
	size_t nr, i;
	pid_t pid;

	do {
		nr = read_procs(&procs);
		mark_ours(procs, nr);
		for (i = 0; i < nr; i++)
			if (procs[i].ours && !procs[i].dead)
				kill(procs[i].pid, SIGKILL);
		free(procs);
		do {
			pid = waitpid(-1, NULL, 0);
		} while (pid < 0 && errno == EINTR);
	} while (pid > 0);
}

static int wait_child(pid_t pid, int timeout_ms, int *status)
{
	struct pollfd p = { .events = POLLIN };
	int ret;

	p.fd = syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0)
		return -errno;
	do {
		ret = poll(&p, 1, timeout_ms);
	} while (ret < 0 && errno == EINTR);
	close(p.fd);
	if (!ret)
		return -ETIMEDOUT;
	return waitpid(pid, status, 0) == pid ? 0 : -errno;
}

/* Read until end of file, @max bytes (the rest is thrown away) or the deadline. */
static int read_all(int fd, char *buf, size_t max, size_t *len, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char waste[4096];
	ssize_t n;
	int left;

	*len = 0;
	for (;;) {
		left = ktstr_left_ms(deadline_ms);
		if (!left || !poll(&p, 1, left))
			return -ETIMEDOUT;
		if (*len < max)
			n = read(fd, buf + *len, max - *len);
		else
			n = read(fd, waste, sizeof(waste));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		if (*len < max)
			*len += n;
	}
}

int child__capture_stderr(char * const argv[], char *buf, size_t max, size_t *len,
			  int timeout_ms, struct ktstr_err *err)
{
	int64_t deadline_ms = ktstr_deadline_ms(timeout_ms);
	struct child c;
	int status = 0, ret;

	ret = child__spawn(&c, argv, environ, false, err);
	if (ret)
		return ret;
	ret = read_all(c.err, buf, max - 1, len, deadline_ms);
	buf[*len] = '\0';
	if (!ret)
		ret = wait_child(c.pid, ktstr_left_ms(deadline_ms), &status);
	child__close(&c);
	child__kill_session(c.pid);
	if (ret)
		waitpid(c.pid, NULL, 0);
	if (ret == -ETIMEDOUT)
		return ktstr_err(err, ETIMEDOUT, "%s: no answer within %d s", argv[0],
				 timeout_ms / 1000);
	if (ret)
		return ktstr_err(err, -ret, "%s: %s", argv[0], strerror(-ret));
	return status;
}
