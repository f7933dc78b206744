// SPDX-License-Identifier: GPL-2.0
/*
 * Resolves a workspec: what its worker group inherits from the cgroup, how many workers it has,
 * and the work type that --work-type substitutes.
 */
#include <math.h>

#include "work.h"
#include "workspec.h"

uint32_t ktstr_workspec__nr(const struct ktstr_cgroup *c)
{
	return c->works.nr ? c->works.nr : 1;
}

void ktstr_workspec__get(const struct ktstr_cgroup *c, uint32_t i, struct ktstr_workspec *spec)
{
	if (c->works.nr)
		*spec = c->works.spec[i];
	else
		*spec = (struct ktstr_workspec){
			.work = c->work, .workers = c->workers, .workers_pct = c->workers_pct,
		};
	if (!spec->policy.kind)
		spec->policy = c->policy;
	if (!spec->affinity.kind)
		spec->affinity = c->affinity;
	if (!spec->mem.kind)
		spec->mem = c->mem;
	if (!spec->nice.set)
		spec->nice = c->nice;
	if (!spec->comm)
		spec->comm = c->comm;
	if (!spec->pcomm)
		spec->pcomm = c->pcomm;
	if (!spec->uid.set)
		spec->uid = c->uid;
	if (!spec->gid.set)
		spec->gid = c->gid;
	if (!spec->numa_node.set)
		spec->numa_node = c->numa_node;
	if (!spec->checks)
		spec->checks = c->checks;
	if (!spec->clone_mode)
		spec->clone_mode = c->clone_mode;
}

uint32_t ktstr_workspec__workers(const struct ktstr_ctx *ctx, const struct ktstr_workspec *spec,
				 const struct ktstr_cpumask *cpus)
{
	double n;

	if (spec->workers)
		return spec->workers < UINT32_MAX ? (uint32_t)spec->workers : UINT32_MAX;
	if (spec->workers_pct == 0)
		return ctx->workers_per_cgroup;
	n = ceil(ktstr_cpumask__weight(cpus) * spec->workers_pct);
	return n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

void ktstr_workspec__swap(const struct ktstr_ctx *ctx, struct ktstr_workspec *spec,
			  const struct ktstr_cpumask *cpus)
{
	bool threads = spec->pcomm || spec->clone_mode == KTSTR_CLONE_THREAD;
	uint32_t nr = ktstr_workspec__workers(ctx, spec, cpus);
	const struct ktstr_work *work = ctx->work_override;
	char why[128];

	if (work && ktstr_work__check(work, nr, why, sizeof(why)) &&
	    !(threads && ktstr_work__row(work->type)->flags & KTSTR_WORK_FORK_ONLY))
		spec->work = *work;
}
