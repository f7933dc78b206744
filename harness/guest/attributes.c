// SPDX-License-Identifier: GPL-2.0
/*
 * The attributes of workers: judged with the scenario, applied by the worker to itself before
 * it parks. Nothing is swallowed: a worker that cannot become what was asked for names the
 * refused call, and its group never starts.
 *
 * The order is that in which one call does not take away the right to the next: ids last.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attributes.h"
#include "checker.h"
#include "cpuset.h"
#include "work.h"

#define COMM_LEN	15		/* TASK_COMM_LEN without its NUL */
#define ALL_MPOL_FLAGS	(KTSTR_MPOL_F_NUMA_BALANCING | KTSTR_MPOL_F_RELATIVE_NODES |	\
			 KTSTR_MPOL_F_STATIC_NODES)
#define MIN_DL_RUNTIME_NS	1024	/* kernel/sched/deadline.c: DL_SCALE */

/* ---- what is meant ---- */

uint32_t ktstr_cgroup__nr_specs(const struct ktstr_cgroup *c)
{
	return c->works.nr ? c->works.nr : 1;
}

void ktstr_cgroup__spec(const struct ktstr_cgroup *c, uint32_t i, struct ktstr_workspec *spec)
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

/* ---- does it make sense ---- */

static void check_policy(struct ktstr_checker *ck, const struct ktstr_workspec *s,
			 const struct ktstr_cpumask *cpuset)
{
	const struct ktstr_policy *p = &s->policy;

	switch (p->kind) {
	case KTSTR_POLICY_FIFO:
	case KTSTR_POLICY_RR:
		if (p->priority < 1 || p->priority > 99)
			ktstr_problem(ck, "real-time priority %u does not lie in 1..99", p->priority);
		return;
	case KTSTR_POLICY_DEADLINE:
		if (p->runtime_ns < MIN_DL_RUNTIME_NS || p->runtime_ns > p->deadline_ns ||
		    p->deadline_ns > p->period_ns)
			ktstr_problem(ck, "DEADLINE needs 1024 ns <= runtime <= deadline <= period");
		if (cpuset || s->affinity.kind > KTSTR_AFFINITY_INHERIT || s->numa_node.set)
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
	struct vm_err err;
	int64_t node = s->numa_node.value;

	if (ktstr_affinity__resolve(&s->affinity, m, cpuset, &rng, &cpus, &err) < 0)
		ktstr_problem(ck, "%s", err.msg);
	if (!s->numa_node.set)
		return;
	if (s->affinity.kind > KTSTR_AFFINITY_INHERIT)
		ktstr_problem(ck, "numa_node and affinity exclude each other");
	if (node < 0 || node >= m->nr_nodes || !ktstr_cpumask__weight(&m->nodes[node]))
		ktstr_problem(ck, "numa_node %lld: the machine has no such node with CPUs",
			      (long long)node);
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

/* The nodes against those that exist, or those of the cpuset. */
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

void ktstr_check__attributes(struct ktstr_checker *ck, const struct ktstr_workspec *s,
			     const struct ktstr_cpumask *cpuset)
{
	check_policy(ck, s, cpuset);
	check_affinity(ck, s, cpuset);
	check_mem(ck, s, cpuset);
	if (s->nice.set && (s->nice.value < -20 || s->nice.value > 19))
		ktstr_problem(ck, "nice %lld does not lie in -20..19", (long long)s->nice.value);
	check_comm(ck, "comm", s->comm);
	check_comm(ck, "pcomm", s->pcomm);
	check_id(ck, "uid", s->uid);
	check_id(ck, "gid", s->gid);
	if ((unsigned int)s->clone_mode > KTSTR_CLONE_THREAD)
		ktstr_problem(ck, "unknown clone_mode (%d)", s->clone_mode);
	else if (s->pcomm || s->clone_mode == KTSTR_CLONE_THREAD)
		check_threads(ck, s);
}

/* ---- make it so ---- */

/* include/uapi/linux/sched/types.h, first published size; libcs differ on who declares it. */
struct sched_attr_v0 {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

#define SCHED_EXT_POLICY	7
#define RESET_ON_FORK		1	/* SCHED_FLAG_RESET_ON_FORK: only so may DEADLINE fork */

static const struct {
	const char *name;
	uint32_t policy;
} policies[] = {
	[KTSTR_POLICY_OTHER] = { "SCHED_OTHER", SCHED_OTHER },
	[KTSTR_POLICY_BATCH] = { "SCHED_BATCH", SCHED_BATCH },
	[KTSTR_POLICY_IDLE] = { "SCHED_IDLE", SCHED_IDLE },
	[KTSTR_POLICY_EXT] = { "SCHED_EXT", SCHED_EXT_POLICY },
	[KTSTR_POLICY_FIFO] = { "SCHED_FIFO", SCHED_FIFO },
	[KTSTR_POLICY_RR] = { "SCHED_RR", SCHED_RR },
	[KTSTR_POLICY_DEADLINE] = { "SCHED_DEADLINE", SCHED_DEADLINE },
};

/* What was tried and how it ended; returns -errno of the last call, or 0. */
#define TRIED(_failed, _why, _size, ...) ({						\
	int _err = (_failed) ? errno : 0;						\
	char _what[160];									\
											\
	if (_err) {									\
		snprintf(_what, sizeof(_what), __VA_ARGS__);				\
		snprintf(_why, _size, "%s: %s", _what, strerror(_err));			\
	}										\
	-_err;										\
})

static int apply_policy(const struct ktstr_policy *p, char *why, size_t size)
{
	struct sched_attr_v0 attr = {
		.size = sizeof(attr), .policy = policies[p->kind].policy,
		.priority = p->priority, .runtime = p->runtime_ns,
		.deadline = p->deadline_ns, .period = p->period_ns,
		.flags = p->kind == KTSTR_POLICY_DEADLINE ? RESET_ON_FORK : 0,
	};

	return TRIED(syscall(SYS_sched_setattr, 0, &attr, 0), why, size, "policy %s",
		     policies[p->kind].name);
}

static int apply_mem(const struct ktstr_mpol *p, char *why, size_t size)
{
	static const int modes[] = {	/* include/uapi/linux/mempolicy.h */
		[KTSTR_MPOL_DEFAULT] = 0, [KTSTR_MPOL_PREFERRED] = 1, [KTSTR_MPOL_BIND] = 2,
		[KTSTR_MPOL_INTERLEAVE] = 3, [KTSTR_MPOL_LOCAL] = 4,
		[KTSTR_MPOL_PREFERRED_MANY] = 5, [KTSTR_MPOL_WEIGHTED_INTERLEAVE] = 6,
	};
	struct ktstr_cpumask nodes = { };
	unsigned long max = 0, i;

	if (p->nodes)
		ktstr_cpumask__parse(p->nodes, &nodes);
	for (i = 0; i < KTSTR_MAX_CPUS; i++)
		if (ktstr_cpumask__test(&nodes, i))
			max = i + 2;
	return TRIED(syscall(SYS_set_mempolicy, modes[p->kind] | (int)p->flags,
			     max ? nodes.bits : NULL, max), why, size,
		     "memory policy %d, nodes %s", modes[p->kind], p->nodes ? p->nodes : "none");
}

int ktstr_set_affinity(int pid, const struct ktstr_cpumask *cpus)
{
	return syscall(SYS_sched_setaffinity, pid, sizeof(cpus->bits), cpus->bits) < 0 ?
	       -errno : 0;
}

static int apply_ids(const struct ktstr_workspec *s, char *why, size_t size)
{
	int ret = 0;

	/* The system calls: libc's wrappers would do it for threads that are not there. */
	if (s->gid.set)
		ret = TRIED(syscall(SYS_setgid, (gid_t)s->gid.value), why, size, "gid %lld",
			    (long long)s->gid.value);
	if (!ret && s->uid.set)
		ret = TRIED(syscall(SYS_setuid, (uid_t)s->uid.value), why, size, "uid %lld",
			    (long long)s->uid.value);
	return ret;
}

int ktstr_attributes__apply(const struct ktstr_workspec *s, const struct ktstr_cpumask *cpus,
			    char *why, size_t size)
{
	char list[128];
	int ret = 0;

	if (cpus) {
		ktstr_cpumask__format(cpus, list, sizeof(list));
		ret = TRIED((errno = -ktstr_set_affinity(0, cpus)), why, size, "affinity %s",
			    list);
	}
	if (!ret && s->policy.kind)
		ret = apply_policy(&s->policy, why, size);
	if (!ret && s->mem.kind)
		ret = apply_mem(&s->mem, why, size);
	if (!ret && s->nice.set)
		ret = TRIED(setpriority(PRIO_PROCESS, 0, (int)s->nice.value), why, size,
			    "nice %d", (int)s->nice.value);
	if (!ret && s->comm)
		ret = TRIED(prctl(PR_SET_NAME, s->comm), why, size, "comm %s", s->comm);
	return ret ? ret : apply_ids(s, why, size);
}
