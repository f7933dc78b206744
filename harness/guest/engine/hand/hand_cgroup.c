// SPDX-License-Identifier: GPL-2.0
/* Cgroups of a body that works by hand. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hand.h"

/* NULL: the call ends, with *@ret. Before the boot only the name is looked at. */
static struct ktstr_hand *begin(struct ktstr_ctx *ctx, const char *what, const char *name, int *ret)
{
	const char *why = ktstr_cgroup__name_problem(name);
	struct ktstr_hand *h;

	*ret = 0;
	if (why) {
		*ret = ktstr_hand__failed(ctx, -EINVAL, what, name ?: "(no name)", why);
		return NULL;
	}
	if (ktstr_hand__previews(ctx))
		return NULL;
	h = ktstr_hand__open(ctx, NULL);
	if (!h)
		*ret = -EIO;
	return h;
}

int ktstr_cgroup_make(struct ktstr_ctx *ctx, const char *name)
{
	struct ktstr_err err = { };
	struct ktstr_hand *h;
	int ret;

	h = begin(ctx, "make cgroup", name, &ret);
	if (!h)
		return ret;
	ret = ktstr_state__add(&h->state, name, &err);
	return ret ? ktstr_hand__failed(ctx, ret, "make cgroup", name, err.msg) : 0;
}

int ktstr_cgroup_remove(struct ktstr_ctx *ctx, const char *name)
{
	struct ktstr_cgroup_state *c;
	struct ktstr_err err = { };
	struct ktstr_hand *h;
	int ret;

	h = begin(ctx, "remove cgroup", name, &ret);
	if (!h)
		return ret;
	ktstr_hand__stop_in(h, name);
	ret = ktstr_cgroups__remove(&h->state.tree, name, &err);
	if (ret)
		return ktstr_hand__failed(ctx, ret, "remove cgroup", name, err.msg);
	c = ktstr_state__cgroup(&h->state, name);
	if (c)
		ktstr_state__forget(&h->state, c);
	return 0;
}

/* The cpuset controller is only needed, and enabled, once a cpuset is set. */
static int control_cpusets(struct ktstr_hand *h, const char *name, struct ktstr_err *err)
{
	struct ktstr_scenario_state *st = &h->state;
	int ret;

	if (!st->controllers[0]) {
		ret = ktstr_cgroups__enable(&st->tree, "cpuset", err);
		if (ret)
			return ret;
		ktstr_controllers__format(1u << KTSTR_CONTROLLER_CPUSET, st->controllers);
	}
	/* also in the folders above one that was made before */
	return strchr(name, '/') ? ktstr_cgroups__create(&st->tree, name, "cpuset", err) : 0;
}

static int change_cpuset(struct ktstr_ctx *ctx, const char *what, const char *name,
			 const struct ktstr_cpumask *cpus)
{
	struct ktstr_cgroup_state *c;
	struct ktstr_err err = { };
	struct ktstr_hand *h;
	int ret;

	h = begin(ctx, what, name, &ret);
	if (!h)
		return ret;
	c = ktstr_state__cgroup(&h->state, name);
	if (!c)
		return ktstr_hand__failed(ctx, -ENOENT, what, name, "the body has made no such cgroup");
	ret = control_cpusets(h, name, &err);
	if (!ret)
		ret = ktstr_state__set_cpuset(&h->state, c, cpus, NULL, &err);
	return ret ? ktstr_hand__failed(ctx, ret, what, name, err.msg) : 0;
}

int ktstr_cgroup_set_cpuset(struct ktstr_ctx *ctx, const char *name,
			    const struct ktstr_cpumask *cpus)
{
	if (!cpus || !ktstr_cpumask__weight(cpus))
		return ktstr_hand__failed(ctx, -EINVAL, "set cpuset of", name ?: "(no name)",
					  "no CPUs are given; ktstr_cgroup_clear_cpuset() takes one away");
	return change_cpuset(ctx, "set cpuset of", name, cpus);
}

int ktstr_cgroup_clear_cpuset(struct ktstr_ctx *ctx, const char *name)
{
	return change_cpuset(ctx, "clear cpuset of", name, NULL);
}

/* Are all workers of @w among @pids? Then the workload moves. */
static bool moves(const struct ktstr_workload *w, struct ktstr_pids pids)
{
	uint32_t i, k, nr = ktstr_workers__nr(w->group->workers);

	for (i = 0; i < nr; i++) {
		for (k = 0; k < pids.nr && pids.pid[k] != w->pids[i]; k++)
			;
		if (k == pids.nr)
			return false;
	}
	return !w->stopped;
}

static int attach_all(struct ktstr_hand *h, const char *name, struct ktstr_pids pids,
		      struct ktstr_err *err)
{
	uint32_t i;
	int ret;

	ret = ktstr_cgroups__clear_control(&h->state.tree, name, err);
	for (i = 0; i < pids.nr && !ret; i++) {
		ret = ktstr_cgroups__attach(&h->state.tree, name, pids.pid[i], err);
		if (ret != -ESRCH)
			continue;
		ktstr_result__add(h->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "move tasks to %s: %d has ended", name, pids.pid[i]);
		ret = 0;
	}
	return ret;
}

int ktstr_cgroup_move_tasks(struct ktstr_ctx *ctx, const char *name, struct ktstr_pids pids)
{
	struct ktstr_err err = { };
	struct ktstr_workload *w;
	struct ktstr_hand *h;
	int ret;

	if (!pids.nr)	/* of a workload that could not be spawned, which is reported */
		return -EINVAL;
	h = begin(ctx, "move tasks to", name, &ret);
	if (!h)
		return ret;
	if (!ktstr_state__cgroup(&h->state, name))
		return ktstr_hand__failed(ctx, -ENOENT, "move tasks to", name,
					  "the body has made no such cgroup");
	for (w = h->workloads; w; w = w->next)
		if (moves(w, pids))
			ktstr_group__epoch_ends(w->group);
	ret = attach_all(h, name, pids, &err);
	if (ret)
		return ktstr_hand__failed(ctx, ret, "move tasks to", name, err.msg);
	for (w = h->workloads; w; w = w->next)
		if (moves(w, pids)) {
			snprintf(w->group->cgroup, sizeof(w->group->cgroup), "%s", name);
			ktstr_group__epoch_begins(w->group);
		}
	return 0;
}

/* ---- groups ---- */

int ktstr_cgroup_group_add(struct ktstr_cgroup_group *group, const char *name,
			   const struct ktstr_cpumask *cpus)
{
	char **names, *copy;
	int ret;

	ret = ktstr_cgroup_make(group->ctx, name);
	if (ret)
		return ret;
	names = realloc(group->names, (group->nr + 1) * sizeof(*names));
	if (names)
		group->names = names;
	copy = names ? strdup(name) : NULL;
	if (!copy) {
		ktstr_cgroup_remove(group->ctx, name);
		return ktstr_hand__failed(group->ctx, -ENOMEM, "make cgroup", name, strerror(ENOMEM));
	}
	group->names[group->nr++] = copy;
	return cpus ? ktstr_cgroup_set_cpuset(group->ctx, name, cpus) : 0;
}

int ktstr_cgroup_group_remove(struct ktstr_cgroup_group *group)
{
	int ret = 0, one;

	while (group->nr) {
		one = ktstr_cgroup_remove(group->ctx, group->names[--group->nr]);
		ret = ret ? ret : one;
		free(group->names[group->nr]);
	}
	free(group->names);
	group->names = NULL;
	return ret;
}

void ktstr_cgroup_group__end(struct ktstr_cgroup_group *group)
{
	ktstr_cgroup_group_remove(group);
}
