// SPDX-License-Identifier: GPL-2.0
/* See gauntlet.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/reserve/topology.h"
#include "gauntlet.h"

#ifdef __aarch64__
#define GUESTS_HAVE_SMT	false	/* no machine of that architecture that we describe has */
#else
#define GUESTS_HAVE_SMT	true
#endif

uint32_t ktstr_usable_cpus_here(void)
{
	struct hostcpus set;

	if (hostcpus__get_affinity(&set))
		return (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
	return hostcpus__weight(&set);
}

void ktstr_room__here(struct ktstr_room *room, enum vm_accel accel)
{
	struct host_topology host;
	struct ktstr_err err;
	char why[256];

	*room = (struct ktstr_room){ .no_smt = !GUESTS_HAVE_SMT };
	if (accel == VM_ACCEL_AUTO && vm_pick_accel(accel, &accel, why, sizeof(why), &err))
		return;
	if (accel != VM_ACCEL_KVM)
		return;
	room->cpus = ktstr_usable_cpus_here();
	if (host_topology__here(&host, &err))
		return;
	for (uint32_t i = 0; i < host.nr_llcs; i++) {
		room->llcs += host.llc[i].nr_allowed > 0;
		if (room->cpus_per_llc < host.llc[i].nr_allowed)
			room->cpus_per_llc = host.llc[i].nr_allowed;
	}
	host_topology__free(&host);
}

/* Only machines in performance mode have LLCs and CPUs of the host for themselves. */
static struct ktstr_room room_for(const struct ktstr_room *room, const struct ktstr_test *t)
{
	struct ktstr_room r = *room;

	r.service = r.cpus && t->performance_mode == KTSTR_ON;
	if (t->performance_mode != KTSTR_ON)
		r.llcs = r.cpus_per_llc = 0;
	return r;
}

bool ktstr_variant__accept(const struct ktstr_variant *v, const struct ktstr_room *room, char *why,
			   size_t size)
{
	struct ktstr_room fits;
	struct ktstr_bounds b;

	if (!v->preset)
		return true;
	if (v->test->host_only == KTSTR_ON) {
		snprintf(why, size, "the test is host_only: it has no machine");
		return false;
	}
	ktstr_bounds__of(v->test, v->test->scheduler, &b);
	fits = room_for(room, v->test);
	return ktstr_preset__accept(v->preset, &b, &fits, why, size);
}

/* @name up to its slash. */
static const struct ktstr_test *find_test(const struct ktstr_registry *r, const char *name)
{
	size_t len = strcspn(name, "/");
	unsigned int i;

	for (i = 0; i < r->nr_tests; i++)
		if (!strncmp(r->tests[i]->name, name, len) && !r->tests[i]->name[len])
			return r->tests[i];
	return NULL;
}

bool ktstr_variant__find(const struct ktstr_registry *r, const char *name, struct ktstr_variant *v)
{
	const char *slash;

	if (!strncmp(name, KTSTR_BASE "/", strlen(KTSTR_BASE "/"))) {
		name = ktstr_id__name(name);
		if (strchr(name, '/'))
			return false;
	} else if (!strncmp(name, KTSTR_GAUNTLET "/", strlen(KTSTR_GAUNTLET "/"))) {
		/* a test may be called "gauntlet" */
		if (strchr(ktstr_id__name(name), '/'))
			name = ktstr_id__name(name);
	}
	slash = strchr(name, '/');
	v->test = find_test(r, name);
	v->preset = slash ? ktstr_preset__find(slash + 1) : NULL;
	return v->test && !slash == !v->preset;
}
