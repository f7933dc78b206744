// SPDX-License-Identifier: GPL-2.0
/*
 * Making, starting, moving and stopping the worker groups of a scenario.
 *
 * All workers wait behind one gate, a word of shared memory that counts its openings: what was
 * forked since the last opening starts with the next one, with a single wake-up call for all.
 *
 * A frozen cgroup is thawed before its workers are told to stop, because frozen workers cannot
 * react. When the scheduler has ended, its workers may never run again: they are killed first, and
 * their reports are read afterwards.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workspec.h"
#include "payload_run.h"
#include "state.h"
#include "worker_group.h"

static bool are_threads(const struct ktstr_workspec *spec)
{
	return spec->pcomm || spec->clone_mode == KTSTR_CLONE_THREAD;
}

static bool same_process(const struct ktstr_workspec *a, const struct ktstr_workspec *b)
{
	return a->pcomm && b->pcomm && !strcmp(a->pcomm, b->pcomm);
}

/* The workspecs of one cgroup, and the process of each that has threads. */
struct worker_set {
	struct ktstr_workspec *spec;
	struct ktstr_leader **leader;	/* NULL: processes; equal pcomms share one */
	uint32_t nr;
};

static int make_leaders(struct worker_set *c)
{
	uint32_t i, k;

	for (i = 0; i < c->nr; i++) {
		if (!are_threads(&c->spec[i]))
			continue;
		for (k = 0; k < i && !c->leader[i]; k++)
			if (same_process(&c->spec[i], &c->spec[k]))
				c->leader[i] = c->leader[k];
		if (!c->leader[i])
			c->leader[i] = ktstr_leader__new(c->spec[i].pcomm);
		if (!c->leader[i])
			return -ENOMEM;
	}
	return 0;
}

static bool first_with_leader(const struct worker_set *c, uint32_t i)
{
	uint32_t k = 0;

	while (k < i && c->leader[k] != c->leader[i])
		k++;
	return c->leader[i] && k == i;
}

static int fork_leaders(struct ktstr_scenario_state *st, const char *name,
			const struct worker_set *c,
			struct ktstr_err *err)
{
	int ret = 0, fd = -1;
	uint32_t i;

	for (i = 0; i < c->nr && !ret; i++) {
		if (!first_with_leader(c, i))
			continue;
		if (*name && !st->env->io && fd < 0) {
			fd = ktstr_cgroups__open(&st->tree, name, err);
			if (fd < 0)
				return fd;
		}
		ret = ktstr_leader__fork(c->leader[i], fd);
		if (ret)
			ktstr_err(err, -ret, "fork the process of %s: %s",
				  c->spec[i].pcomm ? c->spec[i].pcomm : "threads", strerror(-ret));
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

static int fork_set(struct ktstr_scenario_state *st, const char *name, struct worker_set *c,
		    struct ktstr_err *err)
{
	uint32_t i, had = st->nr_groups;
	int ret;

	c->leader = calloc(c->nr, sizeof(struct ktstr_leader *));
	ret = c->leader ? make_leaders(c) : -ENOMEM;
	if (ret)
		ktstr_err(err, -ret, "workers: %s", strerror(-ret));
	for (i = 0; i < c->nr && !ret; i++)
		ret = ktstr_group__fork(st, name, &c->spec[i], i, c->leader[i], err);
	if (!ret)
		ret = fork_leaders(st, name, c, err);
	for (i = had; i < st->nr_groups; i++)
		ktstr_workers__complete(st->groups[i]->workers);
	for (i = c->nr; c->leader && i--;)
		if (first_with_leader(c, i))
			ktstr_leader__free(c->leader[i]);
	free(c->leader);
	return ret;
}

int ktstr_state__spawn(struct ktstr_scenario_state *st, const char *name,
		       const struct ktstr_workspec *spec, struct ktstr_err *err)
{
	struct ktstr_workspec own = *spec;
	struct worker_set c = { .spec = &own, .nr = 1 };

	if (*name && !ktstr_state__cgroup(st, name))
		return ktstr_err(err, ENOENT, "there is no cgroup %s", name);
	return fork_set(st, name, &c, err);
}

int ktstr_state__populate(struct ktstr_scenario_state *st, const struct ktstr_cgroup *c,
			  struct ktstr_err *err)
{
	const struct ktstr_cgroup_state *p = ktstr_state__cgroup(st, c->name);
	struct worker_set set = { .nr = ktstr_workspec__nr(c) };
	const struct ktstr_cpumask *pool;
	uint32_t i;
	int ret;

	set.spec = calloc(set.nr, sizeof(*set.spec));
	if (!set.spec)
		return ktstr_err(err, ENOMEM, "workers: %s", strerror(ENOMEM));
	pool = p && p->has_cpuset ? &p->cpuset : &st->machine->online;
	for (i = 0; i < set.nr; i++) {
		ktstr_workspec__get(c, i, &set.spec[i]);
		if (c->swappable)
			ktstr_workspec__swap(st->ctx, &set.spec[i], pool);
	}
	ret = fork_set(st, c->name, &set, err);
	free(set.spec);
	if (!ret && c->payload)
		ret = ktstr_payload_run__start(st, c->payload, NULL, c->name, err);
	return ret;
}

/* Wait until all that are not started are ready, or report the refused attribute and its worker. */
static int await(struct ktstr_scenario_state *st, uint32_t *late, struct ktstr_err *err)
{
	uint64_t now = ktstr_now_ns(), deadline = now + st->env->ready_ns;
	struct ktstr_worker_group *group;
	struct ktstr_err why;
	uint32_t i;
	int ret;

	for (i = 0; i < st->nr_groups; i++) {
		group = st->groups[i];
		if (group->started)
			continue;
		now = ktstr_now_ns();
		*late += ktstr_workers__ready(group->workers, now < deadline ? deadline - now : 0);
		ret = ktstr_group__refused(group, &why);
		if (ret)
			return ktstr_err(err, -ret, "%s: %s",
					 ktstr_group__label(group),
					 why.msg);
	}
	return 0;
}

void ktstr_state__weigh(struct ktstr_scenario_state *st)
{
	double all = 0;
	uint32_t i;

	for (i = 0; i < st->nr_groups; i++)
		if (st->groups[i]->started)
			all += (double)st->groups[i]->weight *
			       ktstr_workers__nr(st->groups[i]->workers);
	for (i = 0; i < st->nr_groups; i++)
		if (st->groups[i]->started)
			ktstr_group__weigh(st->groups[i], all);
}

int ktstr_state__start(struct ktstr_scenario_state *st, uint32_t *late, struct ktstr_err *err)
{
	struct ktstr_workers **starters;
	uint32_t i, nr = 0;
	int ret;

	*late = 0;
	ktstr_state__doing(st, KTSTR_DOING_START);
	ret = await(st, late, err);
	if (ret)
		return ret;
	starters = calloc(st->nr_groups + 1, sizeof(struct ktstr_workers *));
	if (!starters)
		return ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	for (i = 0; i < st->nr_groups; i++)
		if (!st->groups[i]->started) {
			starters[nr++] = st->groups[i]->workers;
			ktstr_workers__arm(st->groups[i]->workers);
		}
	if (nr)
		ktstr_gate__open(st->gate, starters, nr);
	for (i = 0; i < st->nr_groups; i++)
		if (!st->groups[i]->started) {
			st->groups[i]->started = true;
			st->groups[i]->started_ns = ktstr_now_ns();
		}
	free(starters);
	ktstr_state__weigh(st);
	return 0;
}

static int move_group(struct ktstr_scenario_state *st, struct ktstr_worker_group *group,
		      struct ktstr_cgroup_state *to,
		      struct ktstr_err *err)
{
	uint32_t i;
	int ret;

	ktstr_group__epoch_ends(group);
	ktstr_group__end_phase(group);
	for (i = 0; i < ktstr_workers__nr(group->workers); i++) {
		ret = ktstr_cgroups__attach(&st->tree, to->name,
					    ktstr_workers__pid(group->workers, i), err);
		if (ret && ret != -ESRCH)	/* it ended: its report will say so */
			return ret;
	}
	snprintf(group->cgroup, sizeof(group->cgroup), "%s", to->name);
	group->backdrop |= to->backdrop;
	ktstr_group__epoch_begins(group);
	return 0;
}

int ktstr_state__move(struct ktstr_scenario_state *st, const char *from,
		      struct ktstr_cgroup_state *to,
		      struct ktstr_err *err)
{
	uint32_t i;
	int ret;

	for (i = 0; i < st->nr_groups; i++)
		if (!strcmp(st->groups[i]->cgroup, from) && st->groups[i]->backdrop &&
		    !to->backdrop)
			return ktstr_err(err, EINVAL,
					 "workers of the backdrop would be left in %s, which ends with the step",
					 to->name);
	ret = ktstr_payload_run__may_move(st, from, to, err);
	if (!ret)
		ret = ktstr_cgroups__clear_control(&st->tree, to->name, err);
	for (i = 0; i < st->nr_groups && !ret; i++)
		if (!strcmp(st->groups[i]->cgroup, from))
			ret = move_group(st, st->groups[i], to, err);
	return ret ? ret : ktstr_payload_run__move_all(st, from, to, err);
}

int ktstr_state__begin_phases(struct ktstr_scenario_state *st, struct ktstr_err *err)
{
	struct ktstr_worker_group *group;
	uint32_t i;
	int ret;

	for (i = 0; i < st->nr_groups; i++) {
		group = st->groups[i];
		if (!group->started || !group->backdrop || group->in_phase)
			continue;
		ret = ktstr_workers__begin_phase(group->workers);
		if (ret)
			return ktstr_err(err, -ret, "workers: %s", strerror(-ret));
		group->in_phase = true;
	}
	return 0;
}

void ktstr_state__end_phases(struct ktstr_scenario_state *st)
{
	uint32_t i;

	for (i = 0; i < st->nr_groups; i++)
		ktstr_group__end_phase(st->groups[i]);
}

/* Thaw the group's cgroup; the kernel kills what cannot be thawed. */
static void thaw_for(struct ktstr_scenario_state *st, const struct ktstr_worker_group *group)
{
	struct ktstr_cgroup_state *p = ktstr_state__cgroup(st, group->cgroup);

	if (p && p->frozen)
		ktstr_state__freeze(st, p, false, NULL);
}

static bool ends(const struct ktstr_worker_group *group, const char *name, bool backdrop)
{
	return name ? !strcmp(group->cgroup, name) : group->backdrop == backdrop;
}

/*
 * All are told to stop before the first is waited for, and all have reported, within one time
 * limit, before the first process exits. Those that have not reported are killed together. Groups
 * that were never started do not report.
 */
void ktstr_state__collect(struct ktstr_scenario_state *st)
{
	uint64_t before = ktstr_now_ns(), deadline = before + st->env->stop_ns, now;
	struct ktstr_worker_group *group;
	uint32_t i;

	for (i = 0; i < st->nr_groups; i++) {
		group = st->groups[i];
		if (!group->ending)
			continue;
		ktstr_group__end_phase(group);
		if (st->sched_ended)
			ktstr_workers__kill(group->workers);
		thaw_for(st, group);
		ktstr_workers__tell(group->workers);
	}
	ktstr_state__doing(st, KTSTR_DOING_STOP);
	for (i = 0; i < st->nr_groups; i++) {
		now = ktstr_now_ns();
		if (st->groups[i]->ending && st->groups[i]->started)
			ktstr_workers__collect(st->groups[i]->workers,
					       now < deadline ? deadline - now : 0);
	}
	st->stop_ns = ktstr_now_ns() - before;
	for (i = 0; i < st->nr_groups; i++)
		if (st->groups[i]->ending) {
			ktstr_workers__release(st->groups[i]->workers);
			ktstr_workers__kill_silent(st->groups[i]->workers);
		}
	ktstr_state__doing(st, KTSTR_DOING_KILL);
}

int ktstr_state__end_groups(struct ktstr_scenario_state *st, const char *name, bool backdrop,
			    const char *by)
{
	uint32_t i, kept = 0;
	int ret = 0, one;

	for (i = 0; i < st->nr_groups; i++)
		st->groups[i]->ending = ends(st->groups[i], name, backdrop);
	ktstr_state__collect(st);
	for (i = 0; i < st->nr_groups; i++) {
		if (!st->groups[i]->ending) {
			st->groups[kept++] = st->groups[i];
			continue;
		}
		one = ktstr_group__end(st->groups[i], by);
		ret = ret ? ret : one;
	}
	st->nr_groups = kept;
	return ret;
}

int ktstr_state__stop(struct ktstr_scenario_state *st, const char *name, const char *by,
		      struct ktstr_err *err)
{
	int ret, groups;

	ret = ktstr_payload_run__end_all(st, name, false);
	groups = ktstr_state__end_groups(st, name, false, by);
	ret = ret ? ret : groups;
	return ret ? ktstr_err(err, -ret, "stop the workers of %s: %s", name, strerror(-ret)) : 0;
}
