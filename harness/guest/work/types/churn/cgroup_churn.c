// SPDX-License-Identifier: GPL-2.0
/*
 * CgroupChurn: tasks that change their cgroup while they live. Each move is an exit from one
 * group's bookkeeping and an entry into another's (cgroup_prep_move, cgroup_move, a new weight,
 * perhaps another cpuset); schedulers that keep per-cgroup state are likely to lose the task here.
 *
 * The leaves wt-cgroup-churn-<i> are in the test's cgroup root, beside the cgroup in which the
 * worker started. At its end the worker moves back and removes the leaves, which succeeds for the
 * last worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

#define MAX_GROUPS	64

struct churn {
	uint32_t next;
	uint32_t nr;
	int procs[MAX_GROUPS];		/* cgroup.procs of each leaf; -1: to be opened */
};

static void churn_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->cgroup_churn.groups, 2);
	WORK_DEFAULT(work->cgroup_churn.period_ns, 100 * NSEC_PER_MSEC);
}

static const char *churn_validate(const struct ktstr_work *work)
{
	if (work->cgroup_churn.groups > MAX_GROUPS)
		return "groups exceeds 64";
	return work->cgroup_churn.period_ns > WORK_MAX_NS ? "period_ns exceeds an hour" : NULL;
}

/* 0 or -errno. */
static int leaf_path(const struct ktstr_work_group *g, uint32_t i, const char *file, char *path)
{
	if (!g->workload_root)
		return -ENOENT;
	return snprintf(path, PATH_MAX, "%s/wt-cgroup-churn-%u%s", g->workload_root, i, file) <
	       PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Groups of workers share the leaves; one that another worker removed is made again. */
static int open_leaf(struct ktstr_work_ctx *w, struct churn *c, uint32_t i)
{
	char path[PATH_MAX];
	int ret = leaf_path(w->group, i, "", path);

	if (ret)
		return ret;
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	ret = leaf_path(w->group, i, "/cgroup.procs", path);
	if (ret)
		return ret;
	c->procs[i] = open(path, O_WRONLY | O_CLOEXEC);
	return c->procs[i] < 0 ? -errno : 0;
}

/* Into leaf @i. 0 or -errno. */
static int move_to(struct ktstr_work_ctx *w, struct churn *c, uint32_t i)
{
	int ret = c->procs[i] < 0 ? open_leaf(w, c, i) : 0;

	if (ret)
		return ret;
	if (write(c->procs[i], "0", 1) == 1)
		return 0;
	ret = -errno;
	close(c->procs[i]);
	c->procs[i] = -1;
	return ret;
}

/* Open the files before the first move: a file that cannot be opened now would fail every time. */
static int churn_init(struct ktstr_work_ctx *w)
{
	struct churn *c = calloc(1, sizeof(*c));
	uint32_t i;
	int ret = 0;

	if (!c)
		return -ENOMEM;
	w->priv = c;
	c->nr = w->work->cgroup_churn.groups;
	for (i = 0; i < c->nr; i++)
		c->procs[i] = -1;
	for (i = 0; i < c->nr && !ret; i++)
		ret = open_leaf(w, c, i);
	return ret;
}

/* A refused move (a leaf that somebody removed or froze) is no progress: no units. */
static void churn_iterate(struct ktstr_work_ctx *w)
{
	struct churn *c = w->priv;
	int ret = move_to(w, c, c->next);

	c->next = (c->next + 1) % c->nr;
	work_sleep_sampled(w, w->work->cgroup_churn.period_ns);
	if (!ret)
		work_spin(w, WORK_WAKE_SPIN);
}

static void go_home(const struct ktstr_work_group *g)
{
	char path[PATH_MAX];
	int fd;

	if (!g->cgroup_dir ||
	    snprintf(path, sizeof(path), "%s/cgroup.procs", g->cgroup_dir) >= PATH_MAX)
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, "0", 1);
	close(fd);
}

static void churn_fini(struct ktstr_work_ctx *w)
{
	struct churn *c = w->priv;
	char path[PATH_MAX];
	uint32_t i;

	go_home(w->group);
	for (i = 0; c && i < c->nr; i++) {
		if (c->procs[i] >= 0)
			close(c->procs[i]);
		if (!leaf_path(w->group, i, "", path))
			rmdir(path);	/* EBUSY: another one is still there */
	}
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_cgroup_churn = {
	.name = "CgroupChurn",
	.description = "Moves itself through cgroups of its own and sleeps in each. Unit: as in "
		"SpinWait. Wake sample: how late the sleep ended.",
	.parameters = "groups = 2, period_ns = 100000000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.defaults = churn_defaults,
	.validate = churn_validate,
	.init = churn_init,
	.iterate = churn_iterate,
	.fini = churn_fini,
};
