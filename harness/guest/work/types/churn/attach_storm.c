// SPDX-License-Identifier: GPL-2.0
/*
 * CgroupAttachStorm: short-lived children that are moved into a cgroup. A scheduler with
 * per-cgroup state sees for each of them a task that is enabled in one cgroup, moved
 * (cgroup_prep_move, cgroup_move) and exits. In even rounds the move is complete before the child
 * may exit; in odd ones it may exit first, so that the move races with the exit and may fail.
 *
 * Two ways to end a child: reaped by its parent, or (SIGCHLD ignored) by the kernel itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

#define RETRY_NS	NSEC_PER_MSEC

struct storm {
	int procs;			/* cgroup.procs of the destination */
	uint32_t round;
	char leaf[PATH_MAX];		/* "": not ours to remove */
};

/* What a member shares with its child. */
struct leash {
	uint32_t released;
} __attribute__((aligned(64)));

static const char *storm_validate(const struct ktstr_work *work)
{
	const char *dest = work->cgroup_attach_storm.dest;

	if ((unsigned int)work->cgroup_attach_storm.reap > KTSTR_REAP_SIG_IGN)
		return "unknown way to reap";
	if (dest && (!*dest || *dest == '/' || strstr(dest, "..")))
		return "dest is no name of a cgroup of the test";
	return NULL;
}

static size_t storm_shared(const struct ktstr_work *work)
{
	(void)work;
	return sizeof(struct leash);
}

static int open_dest(struct ktstr_work_ctx *w, struct storm *s)
{
	const char *dest = w->work->cgroup_attach_storm.dest, *root = w->group->workload_root;
	char path[PATH_MAX];

	if (!root)
		return -ENOENT;
	if (!dest) {
		if (snprintf(s->leaf, sizeof(s->leaf), "%s/wt-attach-storm", root) >= PATH_MAX)
			return -ENAMETOOLONG;
		if (mkdir(s->leaf, 0755) && errno != EEXIST)
			return -errno;
		dest = "wt-attach-storm";
	}
	if (snprintf(path, sizeof(path), "%s/%s/cgroup.procs", root, dest) >= PATH_MAX)
		return -ENAMETOOLONG;
	s->procs = open(path, O_WRONLY | O_CLOEXEC);
	return s->procs < 0 ? -errno : 0;
}

static int storm_init(struct ktstr_work_ctx *w)
{
	struct storm *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	w->priv = s;
	ret = open_dest(w, s);
	if (!ret && w->work->cgroup_attach_storm.reap == KTSTR_REAP_SIG_IGN &&
	    signal(SIGCHLD, SIG_IGN) == SIG_ERR)
		ret = -errno;
	return ret;
}

static void release(struct leash *l)
{
	__atomic_store_n(&l->released, 1, __ATOMIC_RELEASE);
	work_futex_wake(&l->released, 1);
}

/* In the child: only system calls, and nothing of the parent's telemetry. */
static void __attribute__((noreturn)) wait_and_exit(struct ktstr_work_ctx *w, struct leash *l)
{
	static const struct timespec slice = { .tv_nsec = 100 * NSEC_PER_MSEC };

	while (!__atomic_load_n(&l->released, __ATOMIC_ACQUIRE) && !work_stopped(w))
		syscall(SYS_futex, &l->released, FUTEX_WAIT, 0, &slice, NULL, 0);
	for (;;)
		syscall(SYS_exit_group, 0);
}

static bool attach(const struct storm *s, pid_t pid)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", pid);

	return write(s->procs, text, len) == len;
}

/* Units: children that have come and gone, except those that could not be moved alive. */
static void storm_iterate(struct ktstr_work_ctx *w)
{
	struct leash *l = w->group->shared;
	struct storm *s = w->priv;
	bool race = s->round++ & 1, moved, ended;
	uint64_t before, now;
	int pidfd = -1;
	pid_t pid;

	__atomic_store_n(&l->released, 0, __ATOMIC_RELEASE);
	pid = work_clone(&pidfd);
	if (!pid)
		wait_and_exit(w, l);
	if (pid < 0) {		/* pids.max, most likely: not the worker's fault */
		work_sleep(w, RETRY_NS);
		return;
	}
	if (race)
		release(l);
	moved = attach(s, pid) || (race && errno == ESRCH);
	before = ktstr_now_ns();
	if (!race)
		release(l);
	ended = work_child_ended(w, pidfd);
	now = ktstr_now_ns();
	work_blocked(w, before, now);
	if (!ended)
		kill(pid, SIGKILL);		/* whoever reaps us reaps it */
	else
		work_sample_wake(w, now - before);
	if (w->work->cgroup_attach_storm.reap == KTSTR_REAP_WAITPID)
		waitpid(pid, NULL, ended ? 0 : WNOHANG);
	w->units += ended && moved;
	close(pidfd);
}

/* Wait until the leaf is empty: the last child may still be exiting. */
static void wait_empty(const char *leaf)
{
	char path[PATH_MAX], text[128] = "";
	struct pollfd p = { .events = POLLPRI };

	if (snprintf(path, sizeof(path), "%s/cgroup.events", leaf) >= PATH_MAX)
		return;
	p.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p.fd < 0)
		return;
	if (read(p.fd, text, sizeof(text) - 1) > 0 && strstr(text, "populated 1"))
		poll(&p, 1, 100);
	close(p.fd);
}

/* The workers share the leaf: only the last one can remove it. */
static void storm_fini(struct ktstr_work_ctx *w)
{
	struct storm *s = w->priv;
	int tries = 5;

	close(s->procs);
	while (s->leaf[0] && rmdir(s->leaf) && errno == EBUSY && tries--)
		wait_empty(s->leaf);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_cgroup_attach_storm = {
	.name = "CgroupAttachStorm",
	.description = "Forks children, moves each of them to cgroup dest while it lives or while "
		"it exits, and reaps it. Unit: a child. Wake sample: the wait for a child's "
		"end.",
	.parameters = "dest = (one of its own), reap = WAITPID",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.validate = storm_validate,
	.shared_size = storm_shared,
	.init = storm_init,
	.iterate = storm_iterate,
	.fini = storm_fini,
};
