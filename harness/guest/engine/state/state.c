// SPDX-License-Identifier: GPL-2.0
/* The records of a scenario's state. Functions that act on several of them are in state_*.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "state.h"

int ktstr_state__init(struct ktstr_scenario_state *st)
{
	void *map = mmap(NULL, sizeof(*st->gate), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -errno;
	st->gate = map;
	return 0;
}

struct ktstr_cgroup_state *ktstr_state__cgroup(struct ktstr_scenario_state *st, const char *name)
{
	uint32_t i;

	for (i = 0; i < st->nr_cgroups; i++)
		if (!strcmp(st->cgroups[i].name, name))
			return &st->cgroups[i];
	return NULL;
}

const char *ktstr_state__where(const char *cgroup)
{
	return *cgroup ? cgroup : "(runner's cgroup)";
}

static const char *controllers(const struct ktstr_scenario_state *st)
{
	return st->controllers[0] ? st->controllers : NULL;
}

int ktstr_state__add(struct ktstr_scenario_state *st, const char *name, struct ktstr_err *err)
{
	struct ktstr_cgroup_state *cgroups;
	int ret;

	if (ktstr_state__cgroup(st, name))
		return ktstr_err(err, EEXIST, "cgroup %s exists already", name);
	cgroups = realloc(st->cgroups, (st->nr_cgroups + 1) * sizeof(*cgroups));
	if (!cgroups)
		return ktstr_err(err, ENOMEM, "cgroup %s: %s", name, strerror(ENOMEM));
	st->cgroups = cgroups;
	ret = ktstr_cgroups__create(&st->tree, name, controllers(st), err);
	if (ret)
		return ret;
	cgroups[st->nr_cgroups] = (struct ktstr_cgroup_state){ .backdrop = st->in_backdrop };
	snprintf(cgroups[st->nr_cgroups].name, sizeof(cgroups[0].name), "%s", name);
	st->nr_cgroups++;
	return 0;
}

void ktstr_state__doing(const struct ktstr_scenario_state *st, enum ktstr_doing what)
{
	struct ktstr_engine_progress *p = st->ctx->progress;

	if (!p)
		return;
	__atomic_store_n(&p->step, st->step + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&p->doing, what, __ATOMIC_RELAXED);
}

int ktstr_state__freeze(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *p, bool frozen,
			struct ktstr_err *err)
{
	int ret = ktstr_cgroups__freeze(&st->tree, p->name, frozen, err);

	if (!ret)
		p->frozen = frozen;
	return ret;
}

void ktstr_state__give_up(struct ktstr_scenario_state *st)
{
	st->kill_ns = 0;
	st->tree.removal_ns = 0;
}

void ktstr_state__forget(struct ktstr_scenario_state *st, struct ktstr_cgroup_state *p)
{
	*p = st->cgroups[--st->nr_cgroups];
}

void ktstr_state__fini(struct ktstr_scenario_state *st)
{
	free(st->groups);
	free(st->payloads);
	free(st->cgroups);
	ktstr_cgroups__fini(&st->tree);
	if (st->gate)
		munmap(st->gate, sizeof(*st->gate));
}
