// SPDX-License-Identifier: GPL-2.0
/* The cgroups that would exist at each point of a scenario. */
#include <stdlib.h>
#include <string.h>

#include "harness/guest/cgroup/cgroup.h"
#include "known.h"

struct ktstr_known *ktstr_known__find(struct ktstr_checker *ck, const char *name)
{
	uint32_t i;

	for (i = 0; name && i < ck->nr_known; i++)
		if (!strcmp(ck->known[i].name, name))
			return &ck->known[i];
	return NULL;
}

struct ktstr_known *ktstr_known__need(struct ktstr_checker *ck, const char *name)
{
	struct ktstr_known *k = ktstr_known__find(ck, name);
	const struct ktstr_cgroup *c;

	if (k)
		return k;
	for (c = ck->later; c && c->name && name; c++)
		if (!strcmp(c->name, name))
			break;
	ktstr_problem(ck, "there is no cgroup %s at this point%s", name ? name : "(no name)",
		      c && c->name && name ? "; ops run before the step's cgroups are made, use ADD_CGROUP_DEF or the backdrop" : "");
	return NULL;
}

struct ktstr_known *ktstr_known__add(struct ktstr_checker *ck, const char *name)
{
	const char *why = ktstr_cgroup__name_problem(name);
	struct ktstr_known *known, *k;

	k = why ? NULL : ktstr_known__find(ck, name);
	if (k)
		why = k->backdrop ? "the cgroup exists already in the backdrop" :
		      "the cgroup exists already in this step";
	known = why ? NULL : realloc(ck->known, (ck->nr_known + 1) * sizeof(*known));
	if (!known) {
		ktstr_problem(ck, "%s", why ? why : "out of memory");
		return NULL;
	}
	ck->known = known;
	known[ck->nr_known] = (struct ktstr_known){ .name = name, .backdrop = ck->in_backdrop };
	return &known[ck->nr_known++];
}

void ktstr_known__drop(struct ktstr_checker *ck, const char *name)
{
	struct ktstr_known *k = ktstr_known__find(ck, name);

	if (k)
		*k = ck->known[--ck->nr_known];
}

void ktstr_known__end_step(struct ktstr_checker *ck)
{
	uint32_t i = 0;

	while (i < ck->nr_known) {
		if (ck->known[i].backdrop)
			i++;
		else
			ck->known[i] = ck->known[--ck->nr_known];
	}
}
