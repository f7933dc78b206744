// SPDX-License-Identifier: GPL-2.0
/*
 * Making, changing and removing the cgroups of a scenario.
 *
 * Cgroups are removed newest first, those of a step before those of the backdrop, and worker
 * groups end before the cgroup that they live in.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/guest/cgroup/cpuset.h"
#include "payload_run.h"
#include "state.h"
#include "worker_group.h"

int ktstr_state__open_tree(struct ktstr_scenario_state *st, struct ktstr_err *err)
{
	const struct ktstr_engine_env *env = st->env;
	int ret = 0;

	if (!st->ctx->cgroup_root)
		return ktstr_err(err, EINVAL, "cgroup: the context names no root");
	if (!env->io)
		ret = ktstr_cgroupfs__check(env->cgroupfs, err);
	return ret ? ret : ktstr_cgroups__init(&st->tree, st->ctx->cgroup_walk ?: env->cgroupfs,
					       st->ctx->cgroup_root, env->io, err);
}

/* Call @fn for all worker groups in cgroup @name. */
static void each_group(struct ktstr_scenario_state *st, const char *name,
		       void (*fn)(struct ktstr_worker_group *group))
{
	uint32_t i;

	for (i = 0; i < st->nr_groups; i++)
		if (!strcmp(st->groups[i]->cgroup, name))
			fn(st->groups[i]);
}

int ktstr_state__set_cpuset(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *p,
			    const struct ktstr_cpumask *cpus, const char *mems,
			    struct ktstr_err *err)
{
	char list[2048] = "", nodes[512] = "";
	int ret;

	if (cpus) {
		ktstr_cpumask__format(cpus, list, sizeof(list));
		ktstr_machine__mems(st->machine, cpus, nodes, sizeof(nodes));
	}
	if (mems)
		snprintf(nodes, sizeof(nodes), "%s", mems);
	each_group(st, p->name, ktstr_group__epoch_ends);
	if (cpus)
		ret = ktstr_cgroups__set_cpuset(&st->tree, p->name, list, nodes, err);
	else
		ret = ktstr_cgroups__clear_cpuset(&st->tree, p->name, err);
	if (ret)
		return ret;
	p->has_cpuset = cpus;
	if (cpus)
		p->cpuset = *cpus;
	memset(&p->more, 0, sizeof(p->more));
	if (cpus && ktstr_cpumask__weight(&st->offline[0]) + ktstr_cpumask__weight(&st->offline[1]))
		ktstr_state__look_at_cpuset(st, p);
	each_group(st, p->name, ktstr_group__epoch_begins);
	ktstr_state__weigh(st);
	return 0;
}

int ktstr_state__make(struct ktstr_scenario_state *st, const struct ktstr_cgroup *c,
		      struct ktstr_err *err)
{
	struct ktstr_cpumask cpus;
	int ret;

	ret = ktstr_state__add(st, c->name, err);
	if (!ret && c->cpuset.kind) {
		ret = ktstr_cpuset__resolve(&c->cpuset, st->machine, &cpus, err);
		if (!ret)
			ret = ktstr_state__set_cpuset(st, ktstr_state__cgroup(st, c->name), &cpus,
						      c->cpuset_mems, err);
	} else if (!ret && c->cpuset_mems) {
		ret = ktstr_cgroups__write(&st->tree, c->name, "cpuset.mems", c->cpuset_mems,
					   err);
	}
	return ret ? ret : ktstr_limits__write(&st->tree, c, err);
}

int ktstr_state__remove(struct ktstr_scenario_state *st, const char *name, const char *by,
			struct ktstr_err *err)
{
	struct ktstr_cgroup_state *p;
	int ret;

	ret = ktstr_state__stop(st, name, by, err);
	if (!ret)
		ret = ktstr_cgroups__remove(&st->tree, name, err);
	p = ktstr_state__cgroup(st, name);
	if (!ret && p)
		ktstr_state__forget(st, p);
	return ret;
}

int ktstr_state__clear(struct ktstr_scenario_state *st, bool backdrop, struct ktstr_err *err)
{
	uint32_t i = 0;
	int ret, removed, payloads, cpus;

	ret = ktstr_state__end_groups(st, NULL, backdrop, NULL);
	payloads = ktstr_payload_run__end_all(st, NULL, backdrop);
	ret = ret ? ret : payloads;
	if (ret)
		ktstr_err(err, -ret, "stop workers and payloads: %s", strerror(-ret));
	cpus = ktstr_state__restore_cpus(st, backdrop, ret ? NULL : err);
	ret = ret ? ret : cpus;
	while (i < st->nr_cgroups) {
		if (st->cgroups[i].backdrop == backdrop)
			ktstr_state__forget(st, &st->cgroups[i]);
		else
			i++;
	}
	ktstr_state__doing(st, KTSTR_DOING_REMOVE);
	removed = ktstr_cgroups__unwind(&st->tree, backdrop ? 0 : st->tree.kept,
					ret ? NULL : err);
	return ret ? ret : removed;
}
