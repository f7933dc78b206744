// SPDX-License-Identifier: GPL-2.0
/*
 * The attributes of a worker, applied by the worker to itself before it parks. Every refused
 * call is an error: the worker reports which one, and its group never starts.
 *
 * Ids come last because changing them takes away the right to the other calls.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ktstr/cpumask.h>
#include "attributes.h"

/* include/uapi/linux/sched/types.h, first published size; libcs differ on who declares it. */
struct sched_attr_v0 {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

#define SCHED_EXT_POLICY	7
#define WEIGHT_IDLEPRIO		3	/* kernel/sched/sched.h */
#define RESET_ON_FORK		1	/* SCHED_FLAG_RESET_ON_FORK, which DEADLINE needs to fork */

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

uint32_t ktstr_nice_weight(int nice)
{
	/* sched_prio_to_weight[], kernel/sched/core.c */
	static const uint32_t weights[] = {
		88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
		9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
		1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
		110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
	};

	return nice < -20 || nice > 19 ? 0 : weights[nice + 20];
}

uint32_t ktstr_attributes__weight(const struct ktstr_policy *p, int nice)
{
	return p->kind == KTSTR_POLICY_IDLE ? WEIGHT_IDLEPRIO : ktstr_nice_weight(nice);
}

const char *ktstr_attributes__policy_name(const struct ktstr_policy *p)
{
	return policies[p->kind].name;
}

int ktstr_attributes__set_policy(int tid, const struct ktstr_policy *p)
{
	struct sched_attr_v0 attr = {
		.size = sizeof(attr), .policy = policies[p->kind].policy,
		.priority = p->priority, .runtime = p->runtime_ns,
		.deadline = p->deadline_ns, .period = p->period_ns,
		.flags = p->kind == KTSTR_POLICY_DEADLINE ? RESET_ON_FORK : 0,
	};

	errno = 0;	/* -1 is a nice value */
	attr.nice = getpriority(PRIO_PROCESS, tid);
	if (errno)
		return -errno;
	return syscall(SYS_sched_setattr, tid, &attr, 0) ? -errno : 0;
}

int ktstr_attributes__set_nice(int tid, int nice)
{
	return setpriority(PRIO_PROCESS, tid, nice) ? -errno : 0;
}

static int apply_policy(const struct ktstr_policy *p, char *why, size_t size)
{
	return TRIED((errno = -ktstr_attributes__set_policy(0, p)), why, size, "policy %s",
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

int ktstr_attributes__pin(int pid, const struct ktstr_cpumask *cpus)
{
	return syscall(SYS_sched_setaffinity, pid, sizeof(cpus->bits), cpus->bits) < 0 ?
	       -errno : 0;
}

/*
 * System calls are made directly, as libc's wrappers would signal all threads, and only this one
 * exists after the fork.
 */
static int apply_gid(int64_t gid, char *why, size_t size)
{
	return TRIED(syscall(SYS_setgid, (gid_t)gid), why, size, "gid %lld", (long long)gid);
}

static int apply_uid(int64_t uid, char *why, size_t size)
{
	return TRIED(syscall(SYS_setuid, (uid_t)uid), why, size, "uid %lld", (long long)uid);
}

static int apply_cpus(const struct ktstr_cpumask *cpus, char *why, size_t size)
{
	char list[128];

	ktstr_cpumask__format(cpus, list, sizeof(list));
	return TRIED((errno = -ktstr_attributes__pin(0, cpus)), why, size, "affinity %s", list);
}

static int apply_nice(int nice, char *why, size_t size)
{
	return TRIED((errno = -ktstr_attributes__set_nice(0, nice)), why, size, "nice %d", nice);
}

static int apply_comm(const char *comm, char *why, size_t size)
{
	return TRIED(prctl(PR_SET_NAME, comm), why, size, "comm %s", comm);
}

int ktstr_attributes__apply(const struct ktstr_workspec *s, const struct ktstr_cpumask *cpus,
			    char *why, size_t size)
{
	int ret = cpus ? apply_cpus(cpus, why, size) : 0;

	if (ret)
		return ret;
	ret = s->policy.kind ? apply_policy(&s->policy, why, size) : 0;
	if (ret)
		return ret;
	ret = s->mem.kind ? apply_mem(&s->mem, why, size) : 0;
	if (ret)
		return ret;
	ret = s->nice.set ? apply_nice((int)s->nice.value, why, size) : 0;
	if (ret)
		return ret;
	ret = s->comm ? apply_comm(s->comm, why, size) : 0;
	if (ret)
		return ret;
	ret = s->gid.set ? apply_gid(s->gid.value, why, size) : 0;
	if (ret)
		return ret;
	return s->uid.set ? apply_uid(s->uid.value, why, size) : 0;
}
