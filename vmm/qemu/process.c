// SPDX-License-Identifier: GPL-2.0
/*
 * Starts an external program that cannot outlive us and inherits only what it needs: the kernel
 * kills it when the thread that started it ends, and exec closes every descriptor that is not
 * passed on purpose.
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
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fd.h"
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

int qemu_process_spawn(struct qemu_process *p, char *const argv[], char *const envp[], int stdout_fd,
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
		qemu_process_kill(p);
	return -e;
}

int qemu_process_reap(struct qemu_process *p, int *status)
{
	pid_t r;

	do {
		r = waitpid(p->pid, status, 0);
	} while (r < 0 && errno == EINTR);
	fd_close(&p->pidfd);
	p->pid = 0;
	return r < 0 ? -errno : 0;
}

void qemu_process_kill(struct qemu_process *p)
{
	int status;

	if (!p->pid)
		return;
	/* by pidfd: if another thread has reaped it, its pid may belong to another process */
	if (p->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
	else
		kill(p->pid, SIGKILL);
	qemu_process_reap(p, &status);
}

char **qemu_process_env(const struct qemu_bin *bin, int preload_fd)
{
	static const char key[] = "LD_LIBRARY_PATH=", preload[] = "LD_PRELOAD=";
	const char *old = NULL;
	size_t n = 0, out = 0;
	char **envp;

	while (environ[n])
		n++;
	envp = calloc(n + 3, sizeof(*envp));
	if (!envp)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (*bin->root && !strncmp(environ[i], key, sizeof(key) - 1)) {
			old = environ[i] + sizeof(key) - 1;
			continue;
		}
		if (preload_fd >= 0 && !strncmp(environ[i], preload, sizeof(preload) - 1))
			continue;
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
	out += *bin->root != 0;
	/* by descriptor: a path in that list cannot have blanks or colons */
	if (preload_fd >= 0 && asprintf(&envp[out], "%s/proc/self/fd/%d", preload, preload_fd) < 0) {
		envp[out] = NULL;
		goto fail;
	}
	return envp;
fail:
	qemu_process_env_free(envp);
	return NULL;
}

void qemu_process_env_free(char **envp)
{
	for (char **e = envp; e && *e; e++)
		free(*e);
	free(envp);
}

int qemu_process_socketpair(int type, int *ours, int *theirs, struct ktstr_err *err)
{
	int sv[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sv))
		return ktstr_err(err, errno, "socketpair: %s", strerror(errno));
	*ours = fd_high(sv[0]);
	*theirs = fd_high(sv[1]);
	if (*ours < 0 || *theirs < 0)
		return ktstr_err(err, errno, "socketpair: %s", strerror(errno));
	return 0;
}
