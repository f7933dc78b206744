// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a plan of a declaration: see plan.h. Each dimension of the topology comes from the test,
 * else from its scheduler, else from the library.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"
#include "harness/checks/checks.h"
#include "override.h"
#include "plan.h"
#include "preset.h"
#include "validate.h"

/* Validated, so it fits. */
static uint32_t pick(int64_t test, int64_t sched, uint32_t dflt)
{
	if (test != KTSTR_UNSET)
		return (uint32_t)test;
	return sched != KTSTR_UNSET ? (uint32_t)sched : dflt;
}

/* Of a test that declares its nodes; 0: it does not, or too many, which validation has refused. */
static uint32_t count_nodes(const struct ktstr_test *t, uint32_t *llcs)
{
	uint32_t nr = 0;

	for (*llcs = 0; t->nodes && (t->nodes[nr].llcs || t->nodes[nr].mem_bytes); nr++)
		*llcs += t->nodes[nr].llcs;
	return nr;
}

static void plan_topology(struct ktstr_plan *p, const struct ktstr_test *t)
{
	const struct ktstr_scheduler *s = t->scheduler;
	uint32_t nodes, llcs;

	p->topo.numa_nodes = pick(t->numa_nodes, s ? s->numa_nodes : KTSTR_UNSET, 1);
	p->topo.llcs = pick(t->llcs, s ? s->llcs : KTSTR_UNSET, 1);
	p->topo.cores = pick(t->cores, s ? s->cores : KTSTR_UNSET, 2);
	p->topo.threads = pick(t->threads, s ? s->threads : KTSTR_UNSET, 1);
	nodes = count_nodes(t, &llcs);
	if (nodes) {
		p->topo.numa_nodes = nodes;
		p->topo.llcs = llcs;
		p->nodes = t->nodes;
	}
	p->distances = t->distances;
}

void ktstr_plan__use_preset(struct ktstr_plan *p, const struct ktstr_preset *preset)
{
	p->preset = preset;
	p->topo = preset->topo.count;
	p->nodes = preset->topo.nodes;
	p->distances = preset->topo.distance;
}

struct vm_topology ktstr_plan__machine(const struct ktstr_plan *p)
{
	return (struct vm_topology){ p->topo, p->nodes, p->distances };
}

char *ktstr_plan__id(const struct ktstr_plan *p, char *buf, size_t size)
{
	return ktstr_id__format(buf, size, p->test->name, p->gauntlet ? p->preset->name : NULL);
}

char *ktstr_plan__name(const struct ktstr_plan *p, char *buf, size_t size)
{
	snprintf(buf, size, p->gauntlet ? "%s/%s" : "%s", p->test->name,
		 p->gauntlet ? p->preset->name : "");
	return buf;
}

static uint64_t plan_memory(const struct ktstr_plan *p, const struct ktstr_test *t)
{
	uint64_t mib = pick(t->memory_mib, KTSTR_UNSET, KTSTR_DEFAULT_MEMORY_MIB);
	uint64_t cpus = (uint64_t)p->nr_cpus * KTSTR_MEMORY_MIB_PER_CPU;
	uint64_t nodes = p->topo.numa_nodes, own = 0;
	bool all = p->nodes;

	if (mib < cpus)
		mib = cpus;
	if (mib < KTSTR_MIN_MEMORY_MIB)
		mib = KTSTR_MIN_MEMORY_MIB;
	if (p->preset && mib < p->preset->memory_mib)
		mib = p->preset->memory_mib;
	for (uint32_t i = 0; p->nodes && i < nodes; i++) {
		own += p->nodes[i].mem_bytes >> 20;
		all &= !!p->nodes[i].mem_bytes;
	}
	if (all)
		return own;	/* no node is there for the rest */
	return p->nodes ? mib : (mib + nodes - 1) / nodes * nodes; /* whole MiB in every node */
}

/* What follows from the topology: the number of CPUs, the memory. */
static int plan_size(struct ktstr_plan *p, struct ktstr_err *err)
{
	const struct vm_topology machine = ktstr_plan__machine(p);
	const struct ktstr_scheduler *s = p->scheduler;
	struct ktstr_err why;

	if (vm_topology_check(&machine, &why))
		return ktstr_err(err, EINVAL, "test %s: %s (after inheritance from scheduler %s)",
				 p->test->name, why.msg, s ? s->name : "none");
	p->nr_cpus = ktstr_topology__cpus(&p->topo);
	p->memory_mib = plan_memory(p, p->test);
	if (vm_topology_check_memory(&machine, p->memory_mib << 20, &why))
		return ktstr_err(err, EINVAL, "test %s: memory_mib: %s", p->test->name, why.msg);
	return 0;
}

/* The base run is never filtered, so only a topology that the user asks for can lie outside. */
static void apply_bounds(struct ktstr_plan *p)
{
	char why[sizeof(p->excluded) - sizeof(KTSTR_ENV_TOPOLOGY) - KTSTR_TOPOLOGY_STRLEN - 4];
	char topo[KTSTR_TOPOLOGY_STRLEN];
	struct ktstr_bounds b;

	if (p->host_only || p->gauntlet || !ktstr_env(KTSTR_ENV_TOPOLOGY))
		return;
	ktstr_bounds__given(p->test, p->scheduler, &b);
	if (ktstr_bounds__accept(&b, &p->topo, why, sizeof(why)))
		return;
	ktstr_topology__format(&p->topo, topo, sizeof(topo));
	snprintf(p->excluded, sizeof(p->excluded), KTSTR_ENV_TOPOLOGY "=%s: %s", topo, why);
}

/* Each attribute of a valid test, with inheritance and defaults. */
static void inherit(struct ktstr_plan *p, const struct ktstr_test *t)
{
	memset(p, 0, sizeof(*p));
	p->test = t;
	p->scheduler = t->scheduler;
	plan_topology(p, t);
	p->duration_s = pick(t->duration_s, KTSTR_UNSET, KTSTR_DEFAULT_DURATION_S);
	p->grace_s = t->grace_s;
	p->num_snapshots = pick(t->num_snapshots, KTSTR_UNSET, 0);
	p->workers_per_cgroup = pick(t->workers_per_cgroup, KTSTR_UNSET, KTSTR_DEFAULT_WORKERS);
	p->performance_mode = t->performance_mode == KTSTR_ON;
	p->no_perf_mode = t->no_perf_mode == KTSTR_ON;
	p->cpu_budget = pick(t->cpu_budget, KTSTR_UNSET, 0);
	p->kaslr = t->kaslr != KTSTR_OFF;
	p->expect_err = t->expect_err == KTSTR_ON;
	p->allow_inconclusive = t->allow_inconclusive == KTSTR_ON;
	p->survives_storm = t->survives_storm == KTSTR_ON;
	p->host_only = t->host_only == KTSTR_ON;
	p->ignore = t->ignore == KTSTR_ON;
}

/* Schedulers with a cgroup_parent look after the cgroups below it, so the workloads go there. */
static const char *cgroup_root(const struct ktstr_plan *p)
{
	if (p->test->workload_root_cgroup)
		return p->test->workload_root_cgroup;
	return p->scheduler ? p->scheduler->cgroup_parent : NULL;
}

/* Of the test, else of the scheduler that runs. */
static bool tolerates_restart(const struct ktstr_plan *p)
{
	if (p->test->tolerates_restart != KTSTR_INHERIT)
		return p->test->tolerates_restart == KTSTR_ON;
	return !p->scheduler || p->scheduler->tolerates_restart != KTSTR_OFF;
}

static bool allows_unclean_exit(const struct ktstr_plan *p)
{
	if (p->test->allow_unclean_exit != KTSTR_INHERIT)
		return p->test->allow_unclean_exit == KTSTR_ON;
	return p->scheduler && p->scheduler->allow_unclean_exit == KTSTR_ON;
}

int ktstr_plan__for(struct ktstr_plan *p, const struct ktstr_test *t, struct ktstr_err *err)
{
	return ktstr_plan__for_variant(p, &(struct ktstr_variant){ .test = t }, err);
}

int ktstr_plan__declared(struct ktstr_plan *p, const struct ktstr_test *t, struct ktstr_err *err)
{
	int ret = ktstr_validate(t, err);

	if (ret)
		return ret;
	inherit(p, t);
	return plan_size(p, err);
}

int ktstr_plan__for_variant(struct ktstr_plan *p, const struct ktstr_variant *v,
			    struct ktstr_err *err)
{
	const struct ktstr_test *t = v->test;
	int ret = ktstr_validate(t, err);

	if (ret)
		return ret;
	inherit(p, t);
	if (v->preset) {
		p->gauntlet = true;
		ktstr_plan__use_preset(p, v->preset);
	}
	ret = ktstr_override__apply(p, err);
	if (ret)
		return ret;
	ret = plan_size(p, err);
	if (ret)
		return ret;
	apply_bounds(p);
	p->cgroup_root = cgroup_root(p);
	p->allow_unclean_exit = allows_unclean_exit(p);
	p->tolerates_restart = tolerates_restart(p);
	ktstr_checks__resolve(&p->checks, ktstr_plan__scheduler_checks(p), &t->checks);
	return 0;
}

const struct ktstr_checks *ktstr_plan__scheduler_checks(const struct ktstr_plan *p)
{
	return p->scheduler ? &p->scheduler->checks : NULL;
}
