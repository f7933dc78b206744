// SPDX-License-Identifier: GPL-2.0
/*
 * Starting an external program so that nothing of it can outlive us and nothing of ours leaks
 * into it: the kernel kills it with the thread that started it, and every descriptor that is
 * not handed over on purpose is closed by its exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../fd.h"
#include "qemu.h"

/* In the child, between fork and exec: system calls only. Returns on failure, errno set. */
static void child_exec(pid_t parent, char *const argv[], char *const envp[], int stdout_fd,
		       int stderr_fd, const int *keep, size_t nr_keep)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;
	int null;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		return;
	/* the parent may have died before prctl(); then no signal will ever come */
	if (getppid() != parent)
		_exit(1);
	/* own session: a ^C at the terminal is for the host process, which cleans up */
	setsid();
	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	if (dup2(null, STDIN_FILENO) < 0 ||
	    dup2(stdout_fd >= 0 ? stdout_fd : null, STDOUT_FILENO) < 0 ||
	    dup2(stderr_fd >= 0 ? stderr_fd : null, STDERR_FILENO) < 0)
		return;
	/* descriptors that others opened without O_CLOEXEC; kernels before 5.11 lack this */
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) &&
	    errno != ENOSYS && errno != EINVAL)
		return;
	for (size_t i = 0; i < nr_keep; i++)
		if (keep[i] >= 0 && fcntl(keep[i], F_SETFD, 0))
			return;
	execve(argv[0], argv, envp);
}

int qemu_spawn(struct qemu_proc *p, char *const argv[], char *const envp[], int stdout_fd,
	       int stderr_fd, const int *keep, size_t nr_keep)
{
	int report[2] = { -1, -1 }, e = 0;
	pid_t parent = getpid();
	ssize_t n;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	report[0] = fd_high(report[0]);
	report[1] = fd_high(report[1]);
	p->pid = report[0] < 0 || report[1] < 0 ? -1 : fork();
	if (!p->pid) {
		child_exec(parent, argv, envp, stdout_fd, stderr_fd, keep, nr_keep);
		e = errno;
		n = write(report[1], &e, sizeof(e));
		_exit(n == sizeof(e) ? 127 : 126);
	}
	if (p->pid < 0) {
		e = errno;
		p->pid = 0;
		fd_close(&report[0]);
		fd_close(&report[1]);
		return -e;
	}
	fd_close(&report[1]);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd < 0)
		e = errno;
	/* end of file: exec closed the pipe; four bytes: why it failed */
	do {
		n = read(report[0], &e, sizeof(e));
	} while (n < 0 && errno == EINTR);
	fd_close(&report[0]);
	if (e)
		qemu_kill(p);
	return -e;
}

int qemu_reap(struct qemu_proc *p, int *status)
{
	pid_t r;

	do {
		r = waitpid(p->pid, status, 0);
	} while (r < 0 && errno == EINTR);
	fd_close(&p->pidfd);
	p->pid = 0;
	return r < 0 ? -errno : 0;
}

void qemu_kill(struct qemu_proc *p)
{
	int status;

	if (!p->pid)
		return;
	/* by pidfd: if somebody else reaped it, its number may be another process by now */
	if (p->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
	else
		kill(p->pid, SIGKILL);
	qemu_reap(p, &status);
}

char **qemu_env(const struct qemu_bin *bin)
{
	static const char key[] = "LD_LIBRARY_PATH=";
	const char *old = NULL;
	size_t n = 0, out = 0;
	char **envp;

	while (environ[n])
		n++;
	envp = calloc(n + 2, sizeof(*envp));
	if (!envp)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (*bin->root && !strncmp(environ[i], key, sizeof(key) - 1)) {
			old = environ[i] + sizeof(key) - 1;
			continue;
		}
		envp[out] = strdup(environ[i]);
		if (!envp[out++])
			goto fail;
	}
	if (*bin->root &&
	    asprintf(&envp[out], "%s%s/usr/lib/x86_64-linux-gnu:%s/lib/x86_64-linux-gnu%s%s", key,
		     bin->root, bin->root, old && *old ? ":" : "", old ? old : "") < 0) {
		envp[out] = NULL;
		goto fail;
	}
	return envp;
fail:
	qemu_env_free(envp);
	return NULL;
}

void qemu_env_free(char **envp)
{
	for (char **e = envp; e && *e; e++)
		free(*e);
	free(envp);
}
