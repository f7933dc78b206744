// SPDX-License-Identifier: GPL-2.0
/* The checks of a worker group: number of workers, work, attributes. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "checker.h"
#include "harness/checks/checks.h"
#include "harness/guest/cgroup/cpuset.h"
#include "harness/guest/work/work.h"
#include "harness/guest/work/workspec.h"
#include "known.h"

#define COMM_LEN	15		/* TASK_COMM_LEN without its NUL */
#define ALL_MPOL_FLAGS	(KTSTR_MPOL_F_NUMA_BALANCING | KTSTR_MPOL_F_RELATIVE_NODES |	\
			 KTSTR_MPOL_F_STATIC_NODES)
#define MIN_DL_RUNTIME_NS	1024	/* kernel/sched/deadline.c: DL_SCALE */

void ktstr_checker__policy(struct ktstr_checker *ck, const struct ktstr_policy *p, bool restricted)
{
	switch (p->kind) {
	case KTSTR_POLICY_FIFO:
	case KTSTR_POLICY_RR:
		if (p->priority < 1 || p->priority > 99)
			ktstr_problem(ck, "real-time priority %lld does not lie in 1..99",
				      (long long)p->priority);
		return;
	case KTSTR_POLICY_DEADLINE:
		if (p->runtime_ns < MIN_DL_RUNTIME_NS || p->runtime_ns > p->deadline_ns ||
		    p->deadline_ns > p->period_ns)
			ktstr_problem(ck, "DEADLINE needs 1024 ns <= runtime <= deadline <= period");
		if (restricted)
			ktstr_problem(ck, "DEADLINE workers cannot be restricted to some CPUs");
		return;
	default:
		if ((unsigned int)p->kind > KTSTR_POLICY_DEADLINE)
			ktstr_problem(ck, "unknown policy (%d)", p->kind);
	}
}

static void check_affinity(struct ktstr_checker *ck, const struct ktstr_workspec *s,
			   const struct ktstr_cpumask *cpuset)
{
	const struct ktstr_machine *m = ck->machine;
	struct ktstr_cpumask cpus;
	uint64_t rng = 1;
	struct ktstr_err err;
	int64_t node = s->numa_node.value;

	if (ktstr_affinity__resolve(&s->affinity, m, cpuset, &rng, &cpus, &err))
		ktstr_problem(ck, "%s", err.msg);
	if (!s->numa_node.set)
		return;
	if (s->affinity.kind > KTSTR_AFFINITY_INHERIT)
		ktstr_problem(ck, "numa_node and affinity exclude each other");
	if (node < 0 || node >= m->nr_nodes || !ktstr_cpumask__weight(&m->nodes[node]))
		ktstr_problem(ck, "numa_node %lld: the machine has no such node with CPUs",
			      (long long)node);
}

void ktstr_checker__nice(struct ktstr_checker *ck, int64_t nice)
{
	if (nice < -20 || nice > 19)
		ktstr_problem(ck, "nice %lld does not lie in -20..19", (long long)nice);
}

static bool takes_nodes(enum ktstr_mpol_kind kind)
{
	return kind == KTSTR_MPOL_BIND || kind == KTSTR_MPOL_PREFERRED ||
	       kind == KTSTR_MPOL_INTERLEAVE || kind >= KTSTR_MPOL_PREFERRED_MANY;
}

static void outside(const struct ktstr_cpumask *a, const struct ktstr_cpumask *of,
		    struct ktstr_cpumask *out)
{
	size_t i;

	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++)
		out->bits[i] = a->bits[i] & ~of->bits[i];
}

/* Check the nodes against those that exist, or those of the cpuset. */
static void check_nodes(struct ktstr_checker *ck, const struct ktstr_mpol *p,
			const struct ktstr_cpumask *nodes, const struct ktstr_cpumask *cpuset)
{
	struct ktstr_cpumask allowed = ck->machine->existing_nodes, wrong;
	char list[128], have[128];

	outside(nodes, &allowed, &wrong);
	if (!(p->flags & KTSTR_MPOL_F_RELATIVE_NODES) && ktstr_cpumask__weight(&wrong)) {
		ktstr_cpumask__format(&wrong, list, sizeof(list));
		ktstr_problem(ck, "memory policy: the machine has no NUMA node %s", list);
		return;
	}
	if (!cpuset || p->flags & (KTSTR_MPOL_F_STATIC_NODES | KTSTR_MPOL_F_RELATIVE_NODES))
		return;
	ktstr_machine__nodes(ck->machine, cpuset, &allowed);
	outside(nodes, &allowed, &wrong);
	if (!ktstr_cpumask__weight(&wrong))
		return;
	ktstr_cpumask__format(&allowed, have, sizeof(have));
	ktstr_problem(ck,
		      "memory policy: nodes %s, but the cpuset lies on %s; widen it, or use KTSTR_MPOL_F_STATIC_NODES",
		      p->nodes, have);
}

static void check_mem(struct ktstr_checker *ck, const struct ktstr_workspec *s,
		      const struct ktstr_cpumask *cpuset)
{
	const uint32_t both = KTSTR_MPOL_F_STATIC_NODES | KTSTR_MPOL_F_RELATIVE_NODES;
	const struct ktstr_mpol *p = &s->mem;
	struct ktstr_cpumask nodes;

	if ((unsigned int)p->kind > KTSTR_MPOL_WEIGHTED_INTERLEAVE)
		ktstr_problem(ck, "memory policy: unknown mode (%d)", p->kind);
	if (p->flags & ~ALL_MPOL_FLAGS)
		ktstr_problem(ck, "memory policy: unknown flags %#x", p->flags & ~ALL_MPOL_FLAGS);
	if ((p->flags & both) == both)
		ktstr_problem(ck, "memory policy: STATIC_NODES and RELATIVE_NODES exclude each other");
	if (!takes_nodes(p->kind)) {
		if (p->nodes)
			ktstr_problem(ck, "memory policy: this mode takes no nodes");
		return;
	}
	if (!p->nodes || ktstr_cpumask__parse(p->nodes, &nodes)) {
		ktstr_problem(ck, "memory policy: \"%s\" is no node list like \"0-1\"",
			      p->nodes ? p->nodes : "");
		return;
	}
	if (p->kind == KTSTR_MPOL_PREFERRED && ktstr_cpumask__weight(&nodes) != 1)
		ktstr_problem(ck, "memory policy: PREFERRED takes one node");
	check_nodes(ck, p, &nodes, cpuset);
}

static void check_comm(struct ktstr_checker *ck, const char *what, const char *comm)
{
	if (comm && (!*comm || strlen(comm) > COMM_LEN))
		ktstr_problem(ck, "%s \"%s\" must have 1 to %d bytes", what, comm, COMM_LEN);
}

static void check_id(struct ktstr_checker *ck, const char *what, struct ktstr_value id)
{
	if (id.set && (id.value < 0 || id.value >= UINT32_MAX))
		ktstr_problem(ck, "%s %lld is no id", what, (long long)id.value);
}

/* A thread shares its cgroup and its children with the other threads of its process. */
static void check_threads(struct ktstr_checker *ck, const struct ktstr_workspec *s)
{
	const struct ktstr_work_row *row = ktstr_work__row(s->work.type);

	if (row && row->flags & KTSTR_WORK_FORK_ONLY)
		ktstr_problem(ck, "%s needs processes: it cannot be combined with %s", row->name,
			      s->pcomm ? "pcomm" : "clone_mode thread");
}

static void check_attributes(struct ktstr_checker *ck, const struct ktstr_workspec *s,
			     const struct ktstr_cpumask *cpuset)
{
	ktstr_checker__policy(ck, &s->policy,
			      cpuset || s->affinity.kind > KTSTR_AFFINITY_INHERIT ||
			      s->numa_node.set);
	check_affinity(ck, s, cpuset);
	check_mem(ck, s, cpuset);
	if (s->nice.set)
		ktstr_checker__nice(ck, s->nice.value);
	check_comm(ck, "comm", s->comm);
	check_comm(ck, "pcomm", s->pcomm);
	check_id(ck, "uid", s->uid);
	check_id(ck, "gid", s->gid);
	if ((unsigned int)s->clone_mode > KTSTR_CLONE_THREAD)
		ktstr_problem(ck, "unknown clone_mode (%d)", s->clone_mode);
	else if (s->pcomm || s->clone_mode == KTSTR_CLONE_THREAD)
		check_threads(ck, s);
}

void ktstr_checker__limits(struct ktstr_checker *ck, const struct ktstr_checks *c)
{
	const struct ktstr_check *k;
	const char *why;

	for (k = ktstr_check_table; c && k < ktstr_check_table + ktstr_nr_checks; k++) {
		why = ktstr_check__fault(k, c);
		if (why)
			ktstr_problem(ck, "checks: %s: %s", k->name, why);
		else if (k->scope == KTSTR_SCOPE_MONITOR && ktstr_check__is_set(k, c) &&
			 !ck->ctx->monitor_checks && !ck->ctx->preview)
			ktstr_problem(ck, "checks: %s is judged from a guest's memory, and here is no guest",
				      k->name);
	}
}

void ktstr_checker__spec(struct ktstr_checker *ck, const struct ktstr_workspec *spec,
			 struct ktstr_known *in)
{
	const struct ktstr_cpumask *cpuset = in && in->has_cpuset ? &in->cpuset : NULL;
	const struct ktstr_cpumask *cpus = cpuset ? cpuset : &ck->machine->online;
	uint32_t nr = ktstr_workspec__workers(ck->ctx, spec, cpus);
	char why[256];

	if (!ck->repeated)
		ck->nr_groups++;
	if (in && in->backdrop && ck->in_backdrop)
		in->backdrop_workers = true;
	if (in && !in->works)
		in->works = 1;
	if (spec->workers < 0) {
		ktstr_problem(ck, "workers %lld do not lie in 1..%d", (long long)spec->workers,
			      KTSTR_MAX_WORKERS);
		return;
	}
	if (spec->workers && spec->workers_pct != 0)
		ktstr_problem(ck, "workers and workers_pct exclude each other");
	if (!isfinite(spec->workers_pct) || spec->workers_pct < 0)
		ktstr_problem(ck, "workers_pct %g is not finite and positive", spec->workers_pct);
	else if (!nr)
		ktstr_problem(ck, "no workers, every check would pass without a test; give it at least 1 or remove it");
	else if (!ktstr_work__check(&spec->work, nr, why, sizeof(why)))
		ktstr_problem(ck, "%s", why);
	ck->workers += nr;
	check_attributes(ck, spec, cpuset);
	ktstr_checker__limits(ck, spec->checks);
}
