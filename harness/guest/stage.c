// SPDX-License-Identifier: GPL-2.0
/*
 * The stage: cgroups and crews by owner.
 *
 * All workers wait behind one gate, a word of shared memory that counts its openings: what was
 * forked since the last one starts with the next, with a single wake-up call for all.
 *
 * Cgroups are removed newest first, a step's before the backdrop's; crews are ended before
 * the cgroup that they live in. A frozen cgroup is thawed before its workers are told to
 * stop, because they could not obey. When the scheduler has ended, workers may never run
 * again under what it left behind: then they are killed first and their reports read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attributes.h"
#include "cpuset.h"
#include "stage.h"
#include "work.h"

int ktstr_stage__init(struct ktstr_stage *st)
{
	void *map = mmap(NULL, sizeof(*st->gate), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	st->gate = map;
	return 0;
}

struct ktstr_place *ktstr_stage__place(struct ktstr_stage *st, const char *name)
{
	uint32_t i;

	for (i = 0; i < st->nr_places; i++)
		if (!strcmp(st->places[i].name, name))
			return &st->places[i];
	return NULL;
}

static const char *controllers(const struct ktstr_stage *st)
{
	return st->controllers[0] ? st->controllers : NULL;
}

int ktstr_stage__add(struct ktstr_stage *st, const char *name, struct vm_err *err)
{
	struct ktstr_place *places;
	int ret;

	if (ktstr_stage__place(st, name))
		return vm_err(err, EEXIST, "cgroup %s exists already", name);
	places = realloc(st->places, (st->nr_places + 1) * sizeof(*places));
	if (!places)
		return vm_err(err, ENOMEM, "cgroup %s: %s", name, strerror(ENOMEM));
	st->places = places;
	ret = ktstr_cgroups__create(&st->cgroups, name, controllers(st), err);
	if (ret)
		return ret;
	places[st->nr_places] = (struct ktstr_place){ .backdrop = st->in_backdrop };
	snprintf(places[st->nr_places].name, sizeof(places[0].name), "%s", name);
	st->nr_places++;
	return 0;
}

/* What is done to all crews of a cgroup. */
static void each_crew(struct ktstr_stage *st, const char *name,
		      void (*fn)(struct ktstr_crew *crew))
{
	uint32_t i;

	for (i = 0; i < st->nr_crews; i++)
		if (!strcmp(st->crews[i]->cgroup, name))
			fn(st->crews[i]);
}

int ktstr_stage__set_cpuset(struct ktstr_stage *st, struct ktstr_place *p,
			    const struct ktstr_cpumask *cpus, const char *mems,
			    struct vm_err *err)
{
	char list[2048] = "", nodes[512] = "";
	int ret;

	if (cpus) {
		ktstr_cpumask__format(cpus, list, sizeof(list));
		ktstr_machine__mems(st->machine, cpus, nodes, sizeof(nodes));
	}
	if (mems)
		snprintf(nodes, sizeof(nodes), "%s", mems);
	each_crew(st, p->name, ktstr_crew__epoch_ends);
	if (cpus)
		ret = ktstr_cgroups__set_cpuset(&st->cgroups, p->name, list, nodes, err);
	else
		ret = ktstr_cgroups__clear_cpuset(&st->cgroups, p->name, err);
	if (ret)
		return ret;
	p->has_cpuset = cpus;
	if (cpus)
		p->cpuset = *cpus;
	each_crew(st, p->name, ktstr_crew__epoch_begins);
	return 0;
}

int ktstr_stage__make(struct ktstr_stage *st, const struct ktstr_cgroup *c, struct vm_err *err)
{
	struct ktstr_cpumask cpus;
	int ret;

	ret = ktstr_stage__add(st, c->name, err);
	if (!ret && c->cpuset.kind) {
		ret = ktstr_cpuset__resolve(&c->cpuset, st->machine, &cpus, err);
		if (!ret)
			ret = ktstr_stage__set_cpuset(st, ktstr_stage__place(st, c->name), &cpus,
						      c->cpuset_mems, err);
	} else if (!ret && c->cpuset_mems) {
		ret = ktstr_cgroups__write(&st->cgroups, c->name, "cpuset.mems", c->cpuset_mems,
					   err);
	}
	return ret ? ret : ktstr_limits__write(&st->cgroups, c, err);
}

/* ---- workers ---- */

static bool are_threads(const struct ktstr_workspec *spec)
{
	return spec->pcomm || spec->clone_mode == KTSTR_CLONE_THREAD;
}

static bool same_process(const struct ktstr_workspec *a, const struct ktstr_workspec *b)
{
	return a->pcomm && b->pcomm && !strcmp(a->pcomm, b->pcomm);
}

/* The workspecs of one cgroup, and the process of each that has threads. */
struct cast {
	struct ktstr_workspec *spec;
	struct ktstr_leader **leader;	/* NULL: processes; equal pcomms share one */
	uint32_t nr;
};

static int cast_leaders(struct cast *c)
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

static bool first_with_leader(const struct cast *c, uint32_t i)
{
	uint32_t k = 0;

	while (k < i && c->leader[k] != c->leader[i])
		k++;
	return c->leader[i] && k == i;
}

static int fork_leaders(struct ktstr_stage *st, const char *name, const struct cast *c,
			struct vm_err *err)
{
	int ret = 0, fd = -1;
	uint32_t i;

	for (i = 0; i < c->nr && !ret; i++) {
		if (!first_with_leader(c, i))
			continue;
		if (*name && !st->around->io && fd < 0) {
			fd = ktstr_cgroups__open(&st->cgroups, name, err);
			if (fd < 0)
				return fd;
		}
		ret = ktstr_leader__fork(c->leader[i], fd);
		if (ret)
			vm_err(err, -ret, "fork the process of %s: %s",
			       c->spec[i].pcomm ? c->spec[i].pcomm : "threads", strerror(-ret));
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

static int fork_cast(struct ktstr_stage *st, const char *name, struct cast *c, struct vm_err *err)
{
	uint32_t i, had = st->nr_crews;
	int ret;

	c->leader = calloc(c->nr, sizeof(struct ktstr_leader *));
	ret = c->leader ? cast_leaders(c) : -ENOMEM;
	if (ret)
		vm_err(err, -ret, "workers: %s", strerror(-ret));
	for (i = 0; i < c->nr && !ret; i++)
		ret = ktstr_crew__fork(st, name, &c->spec[i], i, c->leader[i], err);
	if (!ret)
		ret = fork_leaders(st, name, c, err);
	for (i = had; i < st->nr_crews; i++)
		ktstr_workers__complete(st->crews[i]->workers);
	for (i = c->nr; c->leader && i--;)
		if (first_with_leader(c, i))
			ktstr_leader__free(c->leader[i]);
	free(c->leader);
	return ret;
}

int ktstr_stage__spawn(struct ktstr_stage *st, const char *name,
		       const struct ktstr_workspec *spec, struct vm_err *err)
{
	struct ktstr_workspec own = *spec;
	struct cast c = { .spec = &own, .nr = 1 };

	if (*name && !ktstr_stage__place(st, name))
		return vm_err(err, ENOENT, "there is no cgroup %s", name);
	return fork_cast(st, name, &c, err);
}

int ktstr_stage__populate(struct ktstr_stage *st, const struct ktstr_cgroup *c,
			  struct vm_err *err)
{
	const struct ktstr_place *p = ktstr_stage__place(st, c->name);
	struct cast cast = { .nr = ktstr_cgroup__nr_specs(c) };
	const struct ktstr_cpumask *pool;
	uint32_t i;
	int ret;

	cast.spec = calloc(cast.nr, sizeof(*cast.spec));
	if (!cast.spec)
		return vm_err(err, ENOMEM, "workers: %s", strerror(ENOMEM));
	pool = p && p->has_cpuset ? &p->cpuset : &st->machine->online;
	for (i = 0; i < cast.nr; i++) {
		ktstr_cgroup__spec(c, i, &cast.spec[i]);
		if (c->swappable)
			ktstr_workspec__swap(st->ctx, &cast.spec[i], pool);
	}
	ret = fork_cast(st, c->name, &cast, err);
	free(cast.spec);
	if (!ret && c->payload)
		ret = ktstr_stage__run_payload(st, c->payload, NULL, c->name, err);
	return ret;
}

void ktstr_stage__doing(const struct ktstr_stage *st, enum ktstr_doing what)
{
	struct ktstr_whereabouts *w = st->ctx->whereabouts;

	if (!w)
		return;
	__atomic_store_n(&w->step, st->step + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&w->doing, what, __ATOMIC_RELAXED);
}

/* Wait until all that are not started are ready, or say who was refused what. */
static int await(struct ktstr_stage *st, uint32_t *late, struct vm_err *err)
{
	uint64_t now = work_now_ns(), deadline = now + st->around->ready_ns;
	struct ktstr_crew *crew;
	struct vm_err why;
	uint32_t i;
	int ret;

	for (i = 0; i < st->nr_crews; i++) {
		crew = st->crews[i];
		if (crew->started)
			continue;
		now = work_now_ns();
		*late += ktstr_workers__ready(crew->workers, now < deadline ? deadline - now : 0);
		ret = ktstr_crew__refused(crew, &why);
		if (ret)
			return vm_err(err, -ret, "%s: %s",
				      crew->cgroup[0] ? crew->cgroup : "(runner's cgroup)",
				      why.msg);
	}
	return 0;
}

int ktstr_stage__start(struct ktstr_stage *st, uint32_t *late, struct vm_err *err)
{
	struct ktstr_workers **starters;
	uint32_t i, nr = 0;
	int ret;

	*late = 0;
	ktstr_stage__doing(st, KTSTR_DOING_START);
	ret = await(st, late, err);
	if (ret)
		return ret;
	starters = calloc(st->nr_crews + 1, sizeof(struct ktstr_workers *));
	if (!starters)
		return vm_err(err, ENOMEM, "%s", strerror(ENOMEM));
	for (i = 0; i < st->nr_crews; i++)
		if (!st->crews[i]->started) {
			starters[nr++] = st->crews[i]->workers;
			ktstr_workers__arm(st->crews[i]->workers);
		}
	if (nr)
		ktstr_gate__open(st->gate, starters, nr);
	for (i = 0; i < st->nr_crews; i++)
		if (!st->crews[i]->started) {
			st->crews[i]->started = true;
			st->crews[i]->started_ns = work_now_ns();
		}
	free(starters);
	return 0;
}

int ktstr_stage__freeze(struct ktstr_stage *st, struct ktstr_place *p, bool frozen,
			struct vm_err *err)
{
	int ret = ktstr_cgroups__freeze(&st->cgroups, p->name, frozen, err);

	if (!ret)
		p->frozen = frozen;
	return ret;
}

static int move_crew(struct ktstr_stage *st, struct ktstr_crew *crew, struct ktstr_place *to,
		     struct vm_err *err)
{
	uint32_t i;
	int ret;

	ktstr_crew__epoch_ends(crew);
	ktstr_crew__end_phase(crew);
	for (i = 0; i < ktstr_workers__nr(crew->workers); i++) {
		ret = ktstr_cgroups__attach(&st->cgroups, to->name,
					    ktstr_workers__pid(crew->workers, i), err);
		if (ret && ret != -ESRCH)	/* it ended: its report will say so */
			return ret;
	}
	snprintf(crew->cgroup, sizeof(crew->cgroup), "%s", to->name);
	crew->backdrop |= to->backdrop;
	ktstr_crew__epoch_begins(crew);
	return 0;
}

int ktstr_stage__move(struct ktstr_stage *st, const char *from, struct ktstr_place *to,
		      struct vm_err *err)
{
	uint32_t i;
	int ret;

	for (i = 0; i < st->nr_crews; i++)
		if (!strcmp(st->crews[i]->cgroup, from) && st->crews[i]->backdrop && !to->backdrop)
			return vm_err(err, EINVAL,
				      "workers of the backdrop would be left in %s, which ends with the step",
				      to->name);
	ret = ktstr_stage__payloads_may_move(st, from, to, err);
	if (!ret)
		ret = ktstr_cgroups__clear_control(&st->cgroups, to->name, err);
	for (i = 0; i < st->nr_crews && !ret; i++)
		if (!strcmp(st->crews[i]->cgroup, from))
			ret = move_crew(st, st->crews[i], to, err);
	return ret ? ret : ktstr_stage__move_payloads(st, from, to, err);
}

int ktstr_stage__begin_phases(struct ktstr_stage *st, struct vm_err *err)
{
	struct ktstr_crew *crew;
	uint32_t i;
	int ret;

	for (i = 0; i < st->nr_crews; i++) {
		crew = st->crews[i];
		if (!crew->started || !crew->backdrop || crew->in_phase)
			continue;
		ret = ktstr_workers__begin_phase(crew->workers);
		if (ret)
			return vm_err(err, -ret, "workers: %s", strerror(-ret));
		crew->in_phase = true;
	}
	return 0;
}

void ktstr_stage__end_phases(struct ktstr_stage *st)
{
	uint32_t i;

	for (i = 0; i < st->nr_crews; i++)
		ktstr_crew__end_phase(st->crews[i]);
}

/* Thaw what the crew lives in; the kernel kills what cannot be thawed. */
static void thaw_for(struct ktstr_stage *st, const struct ktstr_crew *crew)
{
	struct ktstr_place *p = ktstr_stage__place(st, crew->cgroup);

	if (p && p->frozen)
		ktstr_stage__freeze(st, p, false, NULL);
}

/*
 * End the crews of cgroup @name, or of an owner. All are told before the first is waited for,
 * and all have reported, within one budget, before the first process ends. Those that have not
 * are killed together; of those that were never started no report can come.
 */
static int end_crews(struct ktstr_stage *st, const char *name, bool backdrop, const char *by)
{
	uint64_t before = work_now_ns(), deadline, now;
	uint32_t i, kept = 0;
	int ret = 0, one;

#define ENDS(_crew)	(name ? !strcmp((_crew)->cgroup, name) : (_crew)->backdrop == backdrop)
	for (i = 0; i < st->nr_crews; i++) {
		if (!ENDS(st->crews[i]))
			continue;
		ktstr_crew__end_phase(st->crews[i]);
		if (st->sched_ended)
			ktstr_workers__kill(st->crews[i]->workers);
		thaw_for(st, st->crews[i]);
		ktstr_workers__tell(st->crews[i]->workers);
	}
	ktstr_stage__doing(st, KTSTR_DOING_STOP);
	deadline = before + st->around->stop_ns;
	for (i = 0; i < st->nr_crews; i++) {
		now = work_now_ns();
		if (ENDS(st->crews[i]) && st->crews[i]->started)
			ktstr_workers__collect(st->crews[i]->workers,
					       now < deadline ? deadline - now : 0);
	}
	st->stop_ns = work_now_ns() - before;
	for (i = 0; i < st->nr_crews; i++)
		if (ENDS(st->crews[i])) {
			ktstr_workers__release(st->crews[i]->workers);
			ktstr_workers__kill_silent(st->crews[i]->workers);
		}
	ktstr_stage__doing(st, KTSTR_DOING_KILL);
	for (i = 0; i < st->nr_crews; i++) {
		if (!ENDS(st->crews[i])) {
			st->crews[kept++] = st->crews[i];
			continue;
		}
		one = ktstr_crew__end(st->crews[i], by);
		ret = ret ? ret : one;
	}
#undef ENDS
	st->nr_crews = kept;
	return ret;
}

void ktstr_stage__give_up(struct ktstr_stage *st)
{
	st->kill_ns = 0;
	st->cgroups.removal_ns = 0;
}

int ktstr_stage__stop(struct ktstr_stage *st, const char *name, const char *by,
		      struct vm_err *err)
{
	int ret = ktstr_stage__end_payloads(st, name, false), crews = end_crews(st, name, false, by);

	ret = ret ? ret : crews;
	return ret ? vm_err(err, -ret, "stop the workers of %s: %s", name, strerror(-ret)) : 0;
}

static void forget_place(struct ktstr_stage *st, struct ktstr_place *p)
{
	*p = st->places[--st->nr_places];
}

int ktstr_stage__remove(struct ktstr_stage *st, const char *name, const char *by,
			struct vm_err *err)
{
	struct ktstr_place *p;
	int ret;

	ret = ktstr_stage__stop(st, name, by, err);
	if (!ret)
		ret = ktstr_cgroups__remove(&st->cgroups, name, err);
	p = ktstr_stage__place(st, name);
	if (!ret && p)
		forget_place(st, p);
	return ret;
}

int ktstr_stage__clear(struct ktstr_stage *st, bool backdrop, struct vm_err *err)
{
	uint32_t i = 0;
	int ret, removed, payloads;

	ret = end_crews(st, NULL, backdrop, NULL);
	payloads = ktstr_stage__end_payloads(st, NULL, backdrop);
	ret = ret ? ret : payloads;
	if (ret)
		vm_err(err, -ret, "stop workers and payloads: %s", strerror(-ret));
	while (i < st->nr_places) {
		if (st->places[i].backdrop == backdrop)
			forget_place(st, &st->places[i]);
		else
			i++;
	}
	ktstr_stage__doing(st, KTSTR_DOING_REMOVE);
	removed = ktstr_cgroups__unwind(&st->cgroups, backdrop ? 0 : st->cgroups.kept,
					ret ? NULL : err);
	return ret ? ret : removed;
}

void ktstr_stage__fini(struct ktstr_stage *st)
{
	free(st->crews);
	free(st->payloads);
	free(st->places);
	ktstr_cgroups__fini(&st->cgroups);
	if (st->gate)
		munmap(st->gate, sizeof(*st->gate));
}
