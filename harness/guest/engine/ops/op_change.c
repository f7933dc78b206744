// SPDX-License-Identifier: GPL-2.0
/*
 * Ops that change in mid-run what a cgroup or its workers are entitled to: weights, bandwidth,
 * utilization clamps, controllers, nice values and policies. A scheduler learns of each change by a
 * callback of its own and may miss it. And core scheduling cookies, of which it is told nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "harness/guest/engine/state/worker_group.h"
#include "harness/guest/work/attributes.h"
#include "ops.h"

/* A knob of the cgroup as its declaration would have it. */
static struct ktstr_cgroup knobs_of(const struct ktstr_op *op)
{
	struct ktstr_cgroup c = { .name = op->cgroup };

	if (op->kind == KTSTR_OP_SET_WEIGHT)
		c.cpu_weight = op->weight;
	else
		c.cpu_max = op->cpu_max;
	return c;
}

static void check_set_weight(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_cgroup c = knobs_of(op);

	ktstr_known__need(ck, op->cgroup);
	if (!op->weight)	/* in a declaration that is unset */
		ktstr_problem(ck, "cpu.weight \"0\": a weight lies in 1..10000");
	ktstr_checker__knobs(ck, &c);
}

static void check_set_cpu_max(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_cgroup c = knobs_of(op);

	ktstr_known__need(ck, op->cgroup);
	if (op->cpu_max.kind == KTSTR_LIMIT_UNSET)
		ktstr_problem(ck, "no bandwidth is given; CPU_UNLIMITED takes a limit away");
	ktstr_checker__knobs(ck, &c);
}

static int apply_knob(struct ktstr_scenario_state *st, const struct ktstr_op *op,
		      struct ktstr_err *err)
{
	const struct ktstr_cgroup c = knobs_of(op);

	if (!ktstr_op__cgroup(st, op->cgroup, err))
		return -ENOENT;
	return ktstr_limits__write(&st->tree, &c, err);
}

static void weight_text(const struct ktstr_op *op, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRId64, op->weight);
}

static void cpu_max_text(const struct ktstr_op *op, char *buf, size_t size)
{
	const struct ktstr_cpu_max *m = &op->cpu_max;

	if (m->kind == KTSTR_LIMIT_VALUE)
		snprintf(buf, size, "%" PRId64 " us of each %" PRId64 " us", m->quota_us,
			 m->period_us);
	else
		snprintf(buf, size, "unlimited");
}

static void check_set_uclamp(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__need(ck, op->cgroup);
	if (op->min_pct < 0 || op->max_pct > 100 || op->min_pct > op->max_pct)
		ktstr_problem(ck, "clamps are percentages with 0 <= min <= max <= 100, not %" PRId64 " and %" PRId64,
			      op->min_pct, op->max_pct);
}

static int apply_set_uclamp(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			    struct ktstr_err *err)
{
	const struct {
		const char *file;
		int64_t pct;
	} clamps[] = { { "cpu.uclamp.min", op->min_pct }, { "cpu.uclamp.max", op->max_pct } };
	char text[24];
	size_t i;
	int ret;

	if (!ktstr_op__cgroup(st, op->cgroup, err))
		return -ENOENT;
	for (i = 0; i < ARRAY_SIZE(clamps); i++) {
		snprintf(text, sizeof(text), "%" PRId64, clamps[i].pct);
		ret = ktstr_cgroups__write(&st->tree, op->cgroup, clamps[i].file, text, err);
		if (ret == -ENOENT)
			return ktstr_err(err, ENOENT,
					 "the cgroup has no %s: either the kernel was built without CONFIG_UCLAMP_TASK_GROUP, or the cpu controller is off",
					 clamps[i].file);
		if (ret)
			return ret;
	}
	return 0;
}

static void uclamp_text(const struct ktstr_op *op, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRId64 " to %" PRId64 " %%", op->min_pct, op->max_pct);
}

static void check_set_controllers(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const char *list = op->controllers;
	char word[KTSTR_CONTROLLERS_LEN];
	int controller, nr = 0;

	if (op->cgroup && *op->cgroup)
		ktstr_known__need(ck, op->cgroup);
	while (list && (list = ktstr_controllers__next(list, word, &controller))) {
		nr++;
		if (controller < 0)
			ktstr_problem(ck, "\"%s\" is no controller with a sign, such as -cpu; there are cpuset, cpu, memory, io and pids",
				      word);
		else if (word[0] == '+')
			ck->controllers |= 1u << controller;
	}
	if (!nr)
		ktstr_problem(ck, "names no controller, such as \"-cpu +cpu\"");
}

static int apply_set_controllers(struct ktstr_scenario_state *st, const struct ktstr_op *op,
				 struct ktstr_err *err)
{
	const char *list = op->controllers, *name = op->cgroup ?: "";
	char word[KTSTR_CONTROLLERS_LEN];
	int controller, ret = 0;

	if (*name && !ktstr_op__cgroup(st, name, err))
		return -ENOENT;
	while (!ret && (list = ktstr_controllers__next(list, word, &controller))) {
		ret = ktstr_cgroups__write(&st->tree, name, "cgroup.subtree_control", word, err);
		if (ret == -EBUSY)
			ktstr_err(err, EBUSY, "%s is refused (EBUSY): %s", word, word[0] == '+' ?
				  "the cgroup has tasks of its own" :
				  "a cgroup below has the controller on for its own children");
	}
	return ret;
}

static void controllers_text(const struct ktstr_op *op, char *buf, size_t size)
{
	const char *name = op->cgroup ?: "";

	snprintf(buf, size, "%s below %s", op->controllers, *name ? name : "the test's root");
}

static void check_work(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);

	if (op->work < 0)
		ktstr_problem(ck, "work %" PRId64 ": works count from 1", op->work);
	else if (k && !k->works)
		ktstr_problem(ck, "%s has no workers at this point", op->cgroup);
	else if (k && op->work > k->works)
		ktstr_problem(ck, "%s has no work %" PRId64 ", it has %u", op->cgroup, op->work,
			      k->works);
}

static void check_set_nice(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_work(ck, op);
	ktstr_checker__nice(ck, op->nice);
}

/* "Is restricted" means the cpuset only: what affinity the workers have is not known here. */
static void check_set_policy(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_known *k;

	check_work(ck, op);
	k = ktstr_known__find(ck, op->cgroup);
	if (op->policy.kind == KTSTR_POLICY_UNSET)
		ktstr_problem(ck, "no policy is given; POLICY(OTHER) is the one that workers begin with");
	else
		ktstr_checker__policy(ck, &op->policy, k && k->has_cpuset);
}

static void nice_text(const struct ktstr_op *op, char *buf, size_t size)
{
	snprintf(buf, size, "nice %" PRId64, op->nice);
}

static void policy_text(const struct ktstr_op *op, char *buf, size_t size)
{
	snprintf(buf, size, "policy %s", ktstr_attributes__policy_name(&op->policy));
}

static bool is_about_cookies(const struct ktstr_op *op)
{
	return op->kind == KTSTR_OP_SET_CORE_COOKIE || op->kind == KTSTR_OP_CLEAR_CORE_COOKIE;
}

static void cookie_text(const struct ktstr_op *op, char *buf, size_t size)
{
	snprintf(buf, size, "%s core scheduling cookie",
		 op->kind == KTSTR_OP_SET_CORE_COOKIE ? "a" : "no");
}

/* One worker, and what is remembered of its group. */
static int set_one(const struct ktstr_op *op, int tid)
{
	if (is_about_cookies(op))	/* that of the calling thread */
		return prctl(PR_SCHED_CORE, PR_SCHED_CORE_SHARE_TO, tid, PR_SCHED_CORE_SCOPE_THREAD,
			     0) ? -errno : 0;
	return op->kind == KTSTR_OP_SET_NICE ? ktstr_attributes__set_nice(tid, (int)op->nice) :
					       ktstr_attributes__set_policy(tid, &op->policy);
}

static void set_group(const struct ktstr_op *op, struct ktstr_worker_group *group)
{
	const int nice = (int)op->nice;

	if (is_about_cookies(op))
		return;
	if (op->kind == KTSTR_OP_SET_NICE)
		ktstr_group__set_weight(group, NULL, &nice);
	else
		ktstr_group__set_weight(group, &op->policy, NULL);
}

static int apply_to_workers(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			    struct ktstr_err *err)
{
	const struct ktstr_op_row *row = ktstr_op__row(op->kind);
	struct ktstr_worker_group *group;
	uint32_t i, k, nr = 0;
	char value[64];
	int ret;

	for (i = 0; i < st->nr_groups; i++) {
		group = st->groups[i];
		if (strcmp(group->cgroup, op->cgroup) ||
		    (op->work && group->index + 1 != (uint64_t)op->work))
			continue;
		set_group(op, group);
		for (k = 0; k < ktstr_workers__nr(group->workers); k++, nr++) {
			ret = set_one(op, ktstr_workers__pid(group->workers, k));
			if (!ret || ret == -ESRCH)	/* it ended: its report will say so */
				continue;
			row->value(op, value, sizeof(value));
			return ktstr_err(err, -ret, "worker %u was refused %s: %s", k, value,
					 strerror(-ret));
		}
	}
	ktstr_state__weigh(st);
	return nr ? 0 : ktstr_err(err, ENOENT, "%s has no such workers", op->cgroup);
}

/* A thread that has the cookie only as long as it hands it on. */
struct bearer {
	struct ktstr_scenario_state *st;
	const struct ktstr_op *op;
	struct ktstr_err *err;
	int ret;
};

static void *hand_on_cookie(void *arg)
{
	struct bearer *b = arg;
	uint64_t cookie;

	/* Asking for one's own fails for the same reasons as the rest. */
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD, &cookie))
		b->ret = ktstr_err(b->err, errno, "%s", errno == ENODEV ?
				   "no core of this machine has two threads" : errno == EINVAL ?
				   "the kernel was built without CONFIG_SCHED_CORE" :
				   strerror(errno));
	else if (b->op->kind == KTSTR_OP_SET_CORE_COOKIE &&
		 prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PR_SCHED_CORE_SCOPE_THREAD, 0))
		b->ret = ktstr_err(b->err, errno, "no cookie: %s", strerror(errno));
	else
		b->ret = apply_to_workers(b->st, b->op, b->err);
	return NULL;
}

static int apply_cookie(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			struct ktstr_err *err)
{
	struct bearer b = { .st = st, .op = op, .err = err };
	pthread_t thread;
	int ret = pthread_create(&thread, NULL, hand_on_cookie, &b);

	if (ret)
		return ktstr_err(err, ret, "a thread to hand on the cookie: %s", strerror(ret));
	pthread_join(thread, NULL);
	return b.ret;
}

const struct ktstr_op_row ktstr_change_ops[] = {
	{
		.kind = KTSTR_OP_SET_WEIGHT,
		.name = "SET_WEIGHT",
		.words = "weight of {cgroup} becomes {value}",
		.value = weight_text,
		.takes = "name, weight",
		.does = "writes its cpu.weight, 1 to 10000",
		.check = check_set_weight,
		.apply = apply_knob,
	},
	{
		.kind = KTSTR_OP_SET_CPU_MAX,
		.name = "SET_CPU_MAX",
		.words = "CPU time of {cgroup} becomes {value}",
		.value = cpu_max_text,
		.takes = "name, limit",
		.does = "writes its cpu.max: CPU_PCT(50), CPU_MAX_US(quota, period) or CPU_UNLIMITED",
		.check = check_set_cpu_max,
		.apply = apply_knob,
	},
	{
		.kind = KTSTR_OP_SET_UCLAMP,
		.name = "SET_UCLAMP",
		.words = "utilization of {cgroup} is clamped to {value}",
		.value = uclamp_text,
		.takes = "name, min, max",
		.does = "writes its cpu.uclamp.min, then its cpu.uclamp.max, in percent. A kernel without CONFIG_UCLAMP_TASK_GROUP fails the step",
		.controllers = 1u << KTSTR_CONTROLLER_CPU,
		.check = check_set_uclamp,
		.apply = apply_set_uclamp,
	},
	{
		.kind = KTSTR_OP_SET_CONTROLLERS,
		.name = "SET_CONTROLLERS",
		.words = "controllers {value}",
		.value = controllers_text,
		.takes = "name, list",
		.does = "writes each word of the list (\"-cpu +pids\") to its cgroup.subtree_control, for all cgroups below it; NULL is the test's root. It lasts beyond the step. What the cgroups below had set for a controller is lost when it goes off",
		.check = check_set_controllers,
		.apply = apply_set_controllers,
	},
	{
		.kind = KTSTR_OP_SET_NICE,
		.name = "SET_NICE",
		.words = "workers of {cgroup} get {value}",
		.value = nice_text,
		.takes = "name, nice, ...",
		.does = "changes the nice value of its workers, or with .work = n of those of its n-th work; a value that the kernel refuses fails the step",
		.check = check_set_nice,
		.apply = apply_to_workers,
	},
	{
		.kind = KTSTR_OP_SET_POLICY,
		.name = "SET_POLICY",
		.words = "workers of {cgroup} get {value}",
		.value = policy_text,
		.takes = "name, policy, ...",
		.does = "changes the policy of its workers, or with .work = n of those of its n-th work; they keep their nice values. A policy that the kernel refuses fails the step",
		.check = check_set_policy,
		.apply = apply_to_workers,
	},
	{
		.kind = KTSTR_OP_SET_CORE_COOKIE,
		.name = "SET_CORE_COOKIE",
		.words = "workers of {cgroup} get {value}",
		.value = cookie_text,
		.takes = "name, ...",
		.does = "gives its workers, or with .work = n those of its n-th work, one new core scheduling cookie (PR_SCHED_CORE): they share a core only with each other and what they fork. A kernel without CONFIG_SCHED_CORE and a machine without SMT fail the step",
		.check = check_work,
		.apply = apply_cookie,
	},
	{
		.kind = KTSTR_OP_CLEAR_CORE_COOKIE,
		.name = "CLEAR_CORE_COOKIE",
		.words = "workers of {cgroup} get {value}",
		.value = cookie_text,
		.takes = "name, ...",
		.does = "takes the cookie away from its workers, or with .work = n from those of its n-th work",
		.check = check_work,
		.apply = apply_cookie,
	},
	{ }
};
