// SPDX-License-Identifier: GPL-2.0
/* The checks of a cgroup: cpuset, limits, worker groups, payload. */
#include <string.h>

#include "checker.h"
#include "harness/guest/cgroup/cpuset.h"
#include "harness/guest/cgroup/limits.h"
#include "harness/guest/payload/payload.h"
#include "harness/guest/work/workspec.h"
#include "known.h"

static void check_cpuset(struct ktstr_checker *ck, const struct ktstr_cgroup *c,
			 struct ktstr_known *k)
{
	struct ktstr_cpumask mems;
	struct ktstr_err err;

	if (c->cpuset.kind || c->cpuset_mems)
		ck->controllers |= 1u << KTSTR_CONTROLLER_CPUSET;
	if (c->cpuset_mems && ktstr_cpumask__parse(c->cpuset_mems, &mems))
		ktstr_problem(ck, "cpuset_mems \"%s\" is no node list like \"0-1\"",
			      c->cpuset_mems);
	if (!c->cpuset.kind)
		return;
	if (ktstr_cpuset__resolve(&c->cpuset, ck->machine, &k->cpuset, &err))
		ktstr_problem(ck, "%s", err.msg);
	else
		k->has_cpuset = true;
}

static void limit_problem(void *arg, const char *text)
{
	struct ktstr_checker *ck = arg;

	ktstr_problem(ck, "%s", text);
}

void ktstr_checker__knobs(struct ktstr_checker *ck, const struct ktstr_cgroup *c)
{
	ktstr_limits__check(c, &ck->controllers, limit_problem, ck);
}

void ktstr_checker__payload(struct ktstr_checker *ck, const struct ktstr_payload *p)
{
	const struct ktstr_test *t = ck->ctx->test;
	const struct ktstr_payload * const *w = t ? t->workloads : NULL;
	char why[256];
	const char *problem;

	if (!p) {
		ktstr_problem(ck, "names no payload");
		return;
	}
	problem = ktstr_payload__problem(p, why, sizeof(why));
	if (problem)
		ktstr_problem(ck, "payload %s: %s", p->name ?: "?", problem);
	if (!t || t->payload == p)
		return;
	for (; w && *w; w++)
		if (*w == p)
			return;
	ktstr_problem(ck, "payload %s is neither the test's payload nor in its workloads, so it is not in the guest",
		      p->name ?: "?");
}

void ktstr_checker__cgroup(struct ktstr_checker *ck, const struct ktstr_cgroup *c)
{
	struct ktstr_known *k = ktstr_known__add(ck, c->name), unnamed = { };
	uint32_t i, nr = ktstr_workspec__nr(c);
	struct ktstr_workspec spec;
	char about[sizeof(ck->subject)];

	if (!k)
		k = &unnamed;
	check_cpuset(ck, c, k);
	ktstr_checker__knobs(ck, c);
	if (c->works.nr && (c->workers || c->workers_pct != 0 || c->work.type))
		ktstr_problem(ck, "work and the number of workers stand in the cgroup and in .works; give them in one place");
	strcpy(about, ck->subject);
	for (i = 0; i < nr; i++) {
		ktstr_workspec__get(c, i, &spec);
		if (nr > 1)
			ktstr_checker__subject(ck, "%.120s: work %u", about, i + 1);
		ktstr_checker__spec(ck, &spec, k);
	}
	k->works = nr;
	strcpy(ck->subject, about);
	if (c->payload)
		ktstr_checker__payload(ck, c->payload);
}
