// SPDX-License-Identifier: GPL-2.0
/*
 * From declaration to run: see plan.h. A dimension comes from the test, else from its
 * scheduler, else from the library; each on its own.
 */
#include <errno.h>
#include <string.h>

#include "../checks/checks.h"
#include "plan.h"
#include "validate.h"

static uint32_t pick(uint32_t test, uint32_t sched, uint32_t dflt)
{
	if (test != KTSTR_UNSET)
		return test;
	return sched != KTSTR_UNSET ? sched : dflt;
}

static void plan_topology(struct ktstr_plan *p, const struct ktstr_test *t)
{
	const struct ktstr_scheduler *s = t->scheduler;

	p->topo.numa_nodes = pick(t->numa_nodes, s ? s->numa_nodes : KTSTR_UNSET, 1);
	p->topo.llcs = pick(t->llcs, s ? s->llcs : KTSTR_UNSET, 1);
	p->topo.cores = pick(t->cores, s ? s->cores : KTSTR_UNSET, 2);
	p->topo.threads = pick(t->threads, s ? s->threads : KTSTR_UNSET, 1);
}

static uint64_t plan_memory(const struct ktstr_plan *p, const struct ktstr_test *t)
{
	uint64_t mib = pick(t->memory_mib, KTSTR_UNSET, KTSTR_DEFAULT_MEMORY_MIB);
	uint64_t cpus = (uint64_t)p->nr_cpus * KTSTR_MEMORY_MIB_PER_CPU;
	uint64_t nodes = p->topo.numa_nodes;

	if (mib < cpus)
		mib = cpus;
	if (mib < KTSTR_MIN_MEMORY_MIB)
		mib = KTSTR_MIN_MEMORY_MIB;
	return (mib + nodes - 1) / nodes * nodes;	/* whole MiB in every node */
}

int ktstr_plan__size(struct ktstr_plan *p, struct vm_err *err)
{
	const struct ktstr_scheduler *s = p->scheduler;
	uint64_t cpus;

	if (!p->topo.numa_nodes || p->topo.llcs % p->topo.numa_nodes)
		return vm_err(err, EINVAL,
			      "test %s: llcs: %u must be divisible by numa_nodes = %u (after inheritance from scheduler %s)",
			      p->test->name, p->topo.llcs, p->topo.numa_nodes,
			      s ? s->name : "none");
	/* factors of 512 at most, so that the product cannot overflow */
	cpus = KTSTR_MAX_CPUS + 1;
	if (p->topo.llcs <= KTSTR_MAX_CPUS && p->topo.cores <= KTSTR_MAX_CPUS &&
	    p->topo.threads <= KTSTR_MAX_CPUS)
		cpus = (uint64_t)p->topo.llcs * p->topo.cores * p->topo.threads;
	if (!cpus || cpus > KTSTR_MAX_CPUS)
		return vm_err(err, EINVAL,
			      "test %s: topology: %u LLCs of %u cores with %u threads are not between 1 and %d CPUs",
			      p->test->name, p->topo.llcs, p->topo.cores, p->topo.threads,
			      KTSTR_MAX_CPUS);
	p->nr_cpus = cpus;
	p->memory_mib = plan_memory(p, p->test);
	return 0;
}

int ktstr_plan__make(struct ktstr_plan *p, const struct ktstr_test *t, struct vm_err *err)
{
	int ret;

	memset(p, 0, sizeof(*p));
	p->test = t;
	p->scheduler = t->scheduler;
	plan_topology(p, t);
	ret = ktstr_plan__size(p, err);
	if (ret)
		return ret;
	p->duration_s = pick(t->duration_s, KTSTR_UNSET, KTSTR_DEFAULT_DURATION_S);
	p->grace_s = t->grace_s;
	p->workers_per_cgroup = pick(t->workers_per_cgroup, KTSTR_UNSET, KTSTR_DEFAULT_WORKERS);
	p->kaslr = t->kaslr != KTSTR_OFF;
	p->expect_err = t->expect_err == KTSTR_ON;
	p->allow_inconclusive = t->allow_inconclusive == KTSTR_ON;
	p->survives_storm = t->survives_storm == KTSTR_ON;
	p->host_only = t->host_only == KTSTR_ON;
	p->ignore = t->ignore == KTSTR_ON;
	ktstr_checks__resolve(&p->checks, t->scheduler ? &t->scheduler->checks : NULL,
			      &t->checks);
	return 0;
}
