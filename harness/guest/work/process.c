// SPDX-License-Identifier: GPL-2.0
/*
 * The processes of workers: created in their cgroup, killed with their whole process group, reaped
 * once.
 *
 * A leader is a process with workers as threads. It is planned worker by worker, as these may
 * belong to several workspecs, and forked when all are known: a thread cannot be moved into a
 * cgroup by itself, so the process is created there with its threads.
 */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker.h"

struct ktstr_leader {
	struct ktstr_process *process;
	char comm[KTSTR_COMM_LEN];	/* "": the first worker's */
	struct ktstr_worker_args *args;
	uint32_t nr;
};

void ktstr_work_group__close(struct ktstr_work_group *g)
{
	int i;

	for (i = 0; i < KTSTR_WORK_MAX_FDS; i++) {
		if (g->fds[i] >= 0)
			close(g->fds[i]);
		g->fds[i] = -1;
	}
}

struct ktstr_process *ktstr_process__new(void)
{
	struct ktstr_process *p = calloc(1, sizeof(*p));

	if (p) {
		p->pidfd = -1;
		p->refs = 1;
	}
	return p;
}

void ktstr_process__put(struct ktstr_process *p)
{
	if (!p || --p->refs)
		return;
	if (p->pidfd >= 0)
		close(p->pidfd);
	free(p);
}

/* Like fork(), with a pidfd, default signal actions and a cgroup for the child. */
static pid_t clone_worker(int cgroup_fd, int *pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

/* The kernel (or a seccomp filter) does not know the call or the flag. */
static bool clone_is_unknown(int err)
{
	return err == ENOSYS || err == EINVAL || err == E2BIG || err == EPERM;
}

static void default_signals(void)
{
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
}

static void __attribute__((noreturn)) live(const struct ktstr_worker_args *args,
					   const struct ktstr_leader *l)
{
	if (l)
		ktstr_leader__main(l->args, l->nr, l->comm[0] ? l->comm : NULL);
	ktstr_worker__main(args);
}

/* The child inherits the caller's name, which is @was again once it exists. */
static void borrow_name(const struct ktstr_worker_args *args, const struct ktstr_leader *l,
			char was[KTSTR_COMM_LEN])
{
	char comm[KTSTR_COMM_LEN] = "";

	prctl(PR_GET_NAME, was);
	if (l && l->comm[0])
		prctl(PR_SET_NAME, l->comm);
	else if (args->placement.name)
		args->placement.name(args->placement.arg, args->index, comm);
	if (comm[0])
		prctl(PR_SET_NAME, comm);
}

/* Returns in the parent only. A process that could not be moved to its cgroup is killed. */
static int fork_into(struct ktstr_process *p, const struct ktstr_worker_args *args,
		     const struct ktstr_leader *l)
{
	const struct ktstr_placement *placement = &args->placement;
	bool placed = placement->cgroup_fd >= 0;
	char was[KTSTR_COMM_LEN];
	int pidfd = -1, ret = 0;
	pid_t pid;

	borrow_name(args, l, was);
	pid = clone_worker(placement->cgroup_fd, &pidfd);
	if (!pid)
		live(args, l);
	if (pid < 0 && clone_is_unknown(errno)) {
		placed = false;
		pid = fork();
		if (!pid) {
			default_signals();
			live(args, l);
		}
		if (pid > 0)
			pidfd = syscall(SYS_pidfd_open, pid, 0);
		if (pid > 0 && pidfd < 0)
			ret = -errno;
	}
	ret = pid < 0 ? -errno : ret;
	prctl(PR_SET_NAME, was);
	if (pid < 0)
		return ret;
	setpgid(pid, pid);	/* in parent and child; the second call may fail */
	if (!ret && !placed && placement->attach)
		ret = placement->attach(placement->arg, pid);
	if (ret) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (pidfd >= 0)
			close(pidfd);
		return ret;
	}
	p->pid = pid;
	p->pidfd = pidfd;
	return 0;
}

int ktstr_process__fork(struct ktstr_process *p, const struct ktstr_worker_args *args)
{
	return fork_into(p, args, NULL);
}

void ktstr_process__kill(struct ktstr_process *p, uint64_t now)
{
	if (p->pidfd < 0 || p->killed)
		return;
	p->killed = true;
	p->killed_ns = now;
	syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0);
}

void ktstr_process__reap(struct ktstr_process *p)
{
	pid_t pid;

	kill(-p->pid, SIGKILL);		/* what it left in its group; a zombie keeps the number */
	do
		pid = wait4(p->pid, &p->status, 0, &p->usage);
	while (pid < 0 && errno == EINTR);
	close(p->pidfd);
	p->pidfd = -1;
}

struct ktstr_leader *ktstr_leader__new(const char *comm)
{
	struct ktstr_leader *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->process = ktstr_process__new();
	if (!l->process) {
		free(l);
		return NULL;
	}
	l->process->threads = true;
	if (comm)
		strncpy(l->comm, comm, sizeof(l->comm) - 1);
	return l;
}

int ktstr_leader__add(struct ktstr_leader *l, const struct ktstr_worker_args *args)
{
	struct ktstr_worker_args *more;

	more = realloc(l->args, (l->nr + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->args = more;
	more[l->nr++] = *args;
	return 0;
}

struct ktstr_process *ktstr_leader__process(struct ktstr_leader *l)
{
	l->process->refs++;
	return l->process;
}

int ktstr_leader__fork(struct ktstr_leader *l, int cgroup_fd)
{
	uint32_t i;
	int ret;

	if (!l->nr)
		return 0;
	l->args[0].placement.cgroup_fd = cgroup_fd;
	ret = fork_into(l->process, &l->args[0], l);
	for (i = 0; i < l->nr; i++)
		ktstr_work_group__close(l->args[i].group);
	return ret;
}

void ktstr_leader__free(struct ktstr_leader *l)
{
	if (!l)
		return;
	ktstr_process__put(l->process);
	free(l->args);
	free(l);
}
