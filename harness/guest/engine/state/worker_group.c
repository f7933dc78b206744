// SPDX-License-Identifier: GPL-2.0
/* A worker group: the workers of one workspec in one cgroup. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/clock.h"
#include "harness/guest/cgroup/cpuset.h"
#include "harness/guest/work/attributes.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workspec.h"
#include "stall.h"
#include "worker_group.h"

int ktstr_group__cpus(const struct ktstr_worker_group *group, const struct ktstr_affinity *affinity,
		      uint32_t index, struct ktstr_cpumask *cpus, struct ktstr_err *err)
{
	const struct ktstr_machine *m = group->state->machine;
	const struct ktstr_cpumask *pool = ktstr_group__cpuset(group);
	/* Different for each worker, equal in all runs with one seed; the factor is 2^64/phi. */
	uint64_t rng = (group->state->ctx->seed + 1) * 0x9E3779B97F4A7C15ULL +
		       ((uint64_t)group->serial << 32 | (index + 1));
	size_t i;

	if (affinity == &group->spec.affinity && group->spec.numa_node.set) {
		*cpus = m->nodes[group->spec.numa_node.value];
		for (i = 0; pool && i < KTSTR_MAX_CPUS / 64; i++)
			cpus->bits[i] &= pool->bits[i];
		if (!ktstr_cpumask__weight(cpus))
			return ktstr_err(err, EINVAL, "numa_node %lld has no CPU of the cgroup's cpuset",
					 (long long)group->spec.numa_node.value);
		return 0;
	}
	return ktstr_affinity__resolve(affinity, m, pool, rng ? &rng : &(uint64_t){ 1 }, cpus, err);
}

/* ---- in the worker ---- */

/*
 * "cg_a:3": its cgroup, without the folders above, and its number in the group; "cg_a.2:3" in the
 * second group of the cgroup. The kernel and its tools show this name.
 */
static void name_of(void *arg, uint32_t index, char name[KTSTR_COMM_LEN])
{
	const struct ktstr_worker_group *group = arg;
	const char *slash = strrchr(group->cgroup, '/');
	const char *cgroup = slash ? slash + 1 : group->cgroup[0] ? group->cgroup : "host";
	char number[8];

	if (group->index)
		snprintf(number, sizeof(number), ".%u:%u", (group->index + 1) % 100, index % 1000);
	else
		snprintf(number, sizeof(number), ":%u", index % 10000);
	if (group->spec.comm)
		snprintf(name, KTSTR_COMM_LEN, "%s", group->spec.comm);
	else
		snprintf(name, KTSTR_COMM_LEN, "%.*s%s", (int)(KTSTR_COMM_LEN - 1 - strlen(number)),
			 cgroup, number);
}

static int enter(void *arg, uint32_t index)
{
	struct ktstr_worker_group *group = arg;
	struct ktstr_refusal *r = group->refusal;
	struct ktstr_cpumask cpus;
	struct ktstr_err err = { };
	char name[KTSTR_COMM_LEN];
	int ret;

	if (!group->spec.comm && !group->spec.pcomm) {
		name_of(group, index, name);	/* a thread has its leader's */
		prctl(PR_SET_NAME, name);
	}
	ret = ktstr_group__cpus(group, &group->spec.affinity, index, &cpus, &err);
	if (!ret)
		ret = ktstr_attributes__apply(&group->spec,
					      ktstr_cpumask__weight(&cpus) ? &cpus : NULL,
					      err.msg, sizeof(err.msg));
	if (!ret || __atomic_exchange_n(&r->taken, 1, __ATOMIC_RELAXED))
		return ret;
	r->index = index;
	snprintf(r->why, sizeof(r->why), "%.*s", (int)sizeof(r->why) - 1, err.msg);
	__atomic_store_n(&r->written, (uint32_t)-ret, __ATOMIC_RELEASE);
	return ret;
}

int ktstr_group__refused(const struct ktstr_worker_group *group, struct ktstr_err *err)
{
	const struct ktstr_refusal *r = group->refusal;
	uint32_t errnum = __atomic_load_n(&r->written, __ATOMIC_ACQUIRE);

	if (!errnum)
		return 0;
	return ktstr_err(err, (int)errnum, "worker %u was refused %s", r->index, r->why);
}

static int attach(void *arg, pid_t pid)
{
	struct ktstr_worker_group *group = arg;

	return ktstr_cgroups__attach(&group->state->tree, group->cgroup, pid, NULL);
}

/* How many workers; the spec was checked. */
static uint32_t wanted(const struct ktstr_worker_group *group)
{
	const struct ktstr_cpumask *pool = ktstr_group__cpuset(group);

	return ktstr_workspec__workers(group->state->ctx, &group->spec,
				       pool ? pool : &group->state->machine->online);
}

static int fork_workers(struct ktstr_worker_group *group, struct ktstr_leader *leader,
			struct ktstr_err *err)
{
	struct ktstr_scenario_state *st = group->state;
	struct ktstr_placement placement = {
		.cgroup_fd = -1, .arg = group, .enter = enter, .name = name_of, .cgroup_dir = group->dir,
		.workload_root = st->tree.root, .leader = leader,
	};
	int ret;

	if (group->cgroup[0])
		placement.attach = attach;
	/* CLONE_INTO_CGROUP needs a real cgroup. */
	if (group->cgroup[0] && !st->env->io && !leader) {
		placement.cgroup_fd = ktstr_cgroups__open(&st->tree, group->cgroup, err);
		if (placement.cgroup_fd < 0)
			return placement.cgroup_fd;
	}
	ktstr_workers__seed(group->workers, st->ctx->seed + group->serial);
	if (st->gate)
		ktstr_workers__use_gate(group->workers, st->gate);
	ret = ktstr_workers__fork(group->workers, group->index, &group->spec.work, wanted(group),
				  &placement);
	if (placement.cgroup_fd >= 0)
		close(placement.cgroup_fd);
	if (ret)
		ktstr_err(err, -ret, "%s: %s", ktstr_workers__failed_at(group->workers),
			  strerror(-ret));
	return ret;
}

void ktstr_group__free(struct ktstr_worker_group *group)
{
	ktstr_workers__free(group->workers, group->state->kill_ns);
	if (group->refusal)
		munmap(group->refusal, sizeof(*group->refusal));
	free(group->progress);
	free(group->dir);
	free(group);
}

static struct ktstr_worker_group *group_new(struct ktstr_scenario_state *st, const char *name,
					    const struct ktstr_workspec *spec)
{
	struct ktstr_worker_group *group = calloc(1, sizeof(*group));
	void *map;

	if (!group)
		return NULL;
	group->state = st;
	group->spec = *spec;
	ktstr_group__set_weight(group, NULL, NULL);
	group->serial = st->serial++;
	group->backdrop = st->in_backdrop;
	group->looped = st->in_loop;
	group->step = st->in_backdrop ? 0 : st->step;
	snprintf(group->cgroup, sizeof(group->cgroup), "%s", name);
	if (*name && asprintf(&group->dir, "%s/%s", st->tree.root, name) < 0)
		group->dir = NULL;
	map = mmap(NULL, sizeof(*group->refusal), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	group->refusal = map == MAP_FAILED ? NULL : map;
	if (group->refusal && (group->dir || !*name))
		group->workers = ktstr_workers__new(wanted(group));
	if (group->workers)
		return group;
	ktstr_group__free(group);
	return NULL;
}

int ktstr_group__fork(struct ktstr_scenario_state *st, const char *name,
		      const struct ktstr_workspec *spec,
		      uint32_t index, struct ktstr_leader *leader, struct ktstr_err *err)
{
	struct ktstr_worker_group **groups, *group;
	uint32_t i, there = 0;
	int ret;

	/* A loop may spawn more and more workers; everything else was checked before. */
	for (i = 0; i < st->nr_groups; i++)
		there += ktstr_workers__nr(st->groups[i]->workers);
	if (there >= KTSTR_MAX_WORKERS)
		return ktstr_err(err, E2BIG, "there are %u workers already, the most there may be",
				 there);
	groups = realloc(st->groups, (st->nr_groups + 1) * sizeof(*groups));
	if (!groups)
		return ktstr_err(err, ENOMEM, "workers: %s", strerror(ENOMEM));
	st->groups = groups;
	group = group_new(st, name, spec);
	if (!group)
		return ktstr_err(err, errno ? errno : ENOMEM, "workers: %s", strerror(errno));
	group->index = index;
	ret = fork_workers(group, leader, err);
	if (ret) {
		ktstr_group__free(group);
		return ret;
	}
	groups[st->nr_groups++] = group;
	ktstr_group__epoch_begins(group);
	return 0;
}

void ktstr_group__set_weight(struct ktstr_worker_group *group, const struct ktstr_policy *policy,
			     const int *nice)
{
	if (policy)
		group->spec.policy = *policy;
	if (nice)
		group->spec.nice = (struct ktstr_value)VALUE(*nice);
	group->weight = ktstr_attributes__weight(&group->spec.policy, (int)group->spec.nice.value);
}

void ktstr_group__weigh(struct ktstr_worker_group *group, double all)
{
	const struct ktstr_cpumask *pool = ktstr_group__cpuset(group);
	uint32_t nr = group->cpus;
	struct ktstr_cpumask cpus;
	double share;

	if (!nr && !ktstr_group__cpus(group, &group->spec.affinity, 0, &cpus, &(struct ktstr_err){ }))
		nr = ktstr_cpumask__weight(&cpus);	/* 0: no affinity */
	if (!nr)
		nr = ktstr_cpumask__weight(pool ? pool : &group->state->machine->online);
	share = fmin(group->weight * nr / all, 1);
	if (!(group->least_share > 0) || share < group->least_share)
		group->least_share = share;
}

void ktstr_group__look(struct ktstr_worker_group *group, struct ktstr_stall_monitor *m)
{
	struct ktstr_subject subject = {
		.cgroup = ktstr_group__label(group),
		.step = group->state->step,
		.started_ns = group->started_ns,
	};
	uint32_t i, nr = ktstr_workers__nr(group->workers);

	if (!group->progress)
		group->progress = calloc(nr, sizeof(*group->progress));
	for (i = 0; group->progress && i < nr; i++) {
		subject.tid = ktstr_workers__pid(group->workers, i);
		subject.checkpoint = ktstr_workers__checkpoint(group->workers, i);
		ktstr_stall__look(m, &group->progress[i], &subject);
	}
}

int ktstr_group__reap(struct ktstr_worker_group *group)
{
	struct ktstr_scenario_state *st = group->state;
	int ret;

	group->ran_ns = ktstr_now_ns() - group->started_ns;
	/* Collecting has used up the time. */
	ret = ktstr_workers__stop(group->workers, 0, st->kill_ns);
	if (ret == -ETIMEDOUT)
		ktstr_state__give_up(st);
	st->iterations += ktstr_workers__iterations(group->workers);
	return ret;
}

int ktstr_group__end(struct ktstr_worker_group *group, const char *by)
{
	struct ktstr_scenario_state *st = group->state;
	uint32_t nr = ktstr_workers__nr(group->workers);
	struct ktstr_group_view v;
	int ret = 0;

	if (group->started) {
		ret = ktstr_group__reap(group);
		group->cut = by;
		ktstr_group__view(group, &v);
		ktstr_group__account(group, &v);
		ktstr_group__judge(group, &v);
	}
	if (by)
		ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "%s: step %u: %u worker%s stopped by %s %s", ktstr_group__label(group),
				  st->step + 1, nr, nr == 1 ? " was" : "s were", by,
				  group->started ? "and judged" : "before they had started");
	ktstr_group__free(group);
	return ret;
}
