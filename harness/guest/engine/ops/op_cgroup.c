// SPDX-License-Identifier: GPL-2.0
/* Ops that make, change and remove cgroups. */
#include <errno.h>
#include <string.h>

#include "harness/guest/cgroup/cpuset.h"
#include "ops.h"

static void check_add(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__add(ck, op->cgroup);
}

static int apply_add(struct ktstr_scenario_state *st, const struct ktstr_op *op,
		     struct ktstr_err *err)
{
	return ktstr_state__add(st, op->cgroup, err);
}

static void check_add_def(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!op->def || !op->def->name || !op->cgroup || strcmp(op->cgroup, op->def->name))
		ktstr_problem(ck, "the op and its definition must name the same cgroup");
	else
		ktstr_checker__cgroup(ck, op->def);
}

static int apply_add_def(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			 struct ktstr_err *err)
{
	int ret = ktstr_state__make(st, op->def, err);

	return ret ? ret : ktstr_state__populate(st, op->def, err);
}

/* Removing a cgroup that does not exist is no error: an earlier step may have removed it. */
static void check_remove(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const char *why = ktstr_cgroup__name_problem(op->cgroup);
	uint32_t i;
	size_t len;

	if (why) {
		ktstr_problem(ck, "%s", why);
		return;
	}
	len = strlen(op->cgroup);
	for (i = 0; i < ck->nr_known; i++)
		if (!strncmp(ck->known[i].name, op->cgroup, len) && ck->known[i].name[len] == '/')
			ktstr_problem(ck, "%s lies in it and must be removed first",
				      ck->known[i].name);
	ktstr_known__drop(ck, op->cgroup);
}

static int apply_remove(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			struct ktstr_err *err)
{
	return ktstr_state__remove(st, op->cgroup, "REMOVE_CGROUP", err);
}

static void check_set_cpuset(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);
	struct ktstr_cpumask cpus;
	struct ktstr_err err;

	if (op->cpuset.kind == KTSTR_CPUSET_NONE)
		ktstr_problem(ck, "no cpuset is given; CLEAR_CPUSET takes one away");
	else if (ktstr_cpuset__resolve(&op->cpuset, ck->machine, &cpus, &err))
		ktstr_problem(ck, "%s", err.msg);
	else if (k) {
		k->has_cpuset = true;
		k->cpuset = cpus;
	}
}

static int apply_set_cpuset(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			    struct ktstr_err *err)
{
	struct ktstr_cgroup_state *p = ktstr_op__cgroup(st, op->cgroup, err);
	struct ktstr_cpumask cpus;
	int ret;

	if (!p)
		return -ENOENT;
	ret = ktstr_cpuset__resolve(&op->cpuset, st->machine, &cpus, err);
	return ret ? ret : ktstr_state__set_cpuset(st, p, &cpus, NULL, err);
}

static void check_clear_cpuset(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);

	if (k)
		k->has_cpuset = false;
}

static int apply_clear_cpuset(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			      struct ktstr_err *err)
{
	struct ktstr_cgroup_state *p = ktstr_op__cgroup(st, op->cgroup, err);

	return p ? ktstr_state__set_cpuset(st, p, NULL, NULL, err) : -ENOENT;
}

static void check_swap_cpusets(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *a, *b, was;

	if (!ktstr_known__need(ck, op->cgroup) || !ktstr_known__need(ck, op->to))
		return;
	a = ktstr_known__find(ck, op->cgroup);
	b = ktstr_known__find(ck, op->to);
	if (a == b)
		ktstr_problem(ck, "a cgroup cannot be swapped with itself");
	was = *a;
	if (b->has_cpuset) {
		a->has_cpuset = true;
		a->cpuset = b->cpuset;
	}
	if (was.has_cpuset) {
		b->has_cpuset = true;
		b->cpuset = was.cpuset;
	}
}

/* What is written in cpuset.cpus now. false: nothing, or nothing that can be understood. */
static bool read_cpuset(struct ktstr_scenario_state *st, const struct ktstr_cgroup_state *p,
		       struct ktstr_cpumask *cpus)
{
	char list[2048];

	if (ktstr_cgroups__read(&st->tree, p->name, "cpuset.cpus", list, sizeof(list),
				NULL) <= 0)
		return false;
	list[strcspn(list, "\n")] = '\0';
	return !ktstr_cpumask__parse(list, cpus);
}

static int apply_swap_cpusets(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			      struct ktstr_err *err)
{
	struct ktstr_cgroup_state *a = ktstr_op__cgroup(st, op->cgroup, err), *b;
	struct ktstr_cpumask of_a, of_b;
	bool has_a, has_b;
	int ret = 0;

	b = a ? ktstr_op__cgroup(st, op->to, err) : NULL;
	if (!b)
		return -ENOENT;
	has_a = read_cpuset(st, a, &of_a);
	has_b = read_cpuset(st, b, &of_b);
	/* The two overlap for a moment; an empty set in between would be refused. */
	if (has_a)
		ret = ktstr_state__set_cpuset(st, b, &of_a, NULL, err);
	if (!ret && has_b)
		ret = ktstr_state__set_cpuset(st, a, &of_b, NULL, err);
	return ret;
}

static void check_freeze(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__need(ck, op->cgroup);
}

static int apply_freeze(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			struct ktstr_err *err)
{
	struct ktstr_cgroup_state *p = ktstr_op__cgroup(st, op->cgroup, err);

	return p ? ktstr_state__freeze(st, p, true, err) : -ENOENT;
}

static void check_unfreeze(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__need(ck, op->cgroup);
}

static int apply_unfreeze(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			  struct ktstr_err *err)
{
	struct ktstr_cgroup_state *p = ktstr_op__cgroup(st, op->cgroup, err);

	return p ? ktstr_state__freeze(st, p, false, err) : -ENOENT;
}

const struct ktstr_op_row ktstr_cgroup_ops[] = {
	{
		.kind = KTSTR_OP_ADD_CGROUP,
		.name = "ADD_CGROUP",
		.words = "cgroup {cgroup} is made",
		.takes = "name",
		.does = "creates a cgroup and its missing parents (mkdir -p)",
		.check = check_add,
		.apply = apply_add,
	},
	{
		.kind = KTSTR_OP_REMOVE_CGROUP,
		.name = "REMOVE_CGROUP",
		.words = "cgroup {cgroup} is removed",
		.takes = "name",
		.does = "stops and judges its workers, kills the remaining tasks, waits until it is empty and removes it. A cgroup that does not exist is no error. A step may remove a cgroup of the backdrop and create it again as its own",
		.check = check_remove,
		.apply = apply_remove,
	},
	{
		.kind = KTSTR_OP_SET_CPUSET,
		.name = "SET_CPUSET",
		.words = "cpuset of {cgroup} becomes {cpus}",
		.takes = "name, cpuset",
		.does = "writes its cpuset.cpus, then its cpuset.mems",
		.controllers = 1u << KTSTR_CONTROLLER_CPUSET,
		.check = check_set_cpuset,
		.apply = apply_set_cpuset,
	},
	{
		.kind = KTSTR_OP_CLEAR_CPUSET,
		.name = "CLEAR_CPUSET",
		.words = "cpuset of {cgroup} is cleared",
		.takes = "name",
		.does = "clears cpuset.cpus and cpuset.mems, so that the parent's values apply. Where the kernel refuses that because the cgroup has tasks (6.18), the parent's values are written",
		.controllers = 1u << KTSTR_CONTROLLER_CPUSET,
		.check = check_clear_cpuset,
		.apply = apply_clear_cpuset,
	},
	{
		.kind = KTSTR_OP_SWAP_CPUSETS,
		.name = "SWAP_CPUSETS",
		.words = "cpusets of {cgroup} and {to} are swapped",
		.takes = "a, b",
		.does = "writes the cpuset.cpus of a to b and that of b to a; an empty value is skipped",
		.controllers = 1u << KTSTR_CONTROLLER_CPUSET,
		.check = check_swap_cpusets,
		.apply = apply_swap_cpusets,
	},
	{
		.kind = KTSTR_OP_ADD_CGROUP_DEF,
		.name = "ADD_CGROUP_DEF",
		.words = "cgroup {cgroup} is made, with its workers",
		.takes = "name, ...",
		.does = "creates a cgroup with its workers; arguments as for CGROUP()",
		.check = check_add_def,
		.apply = apply_add_def,
	},
	{
		.kind = KTSTR_OP_FREEZE_CGROUP,
		.name = "FREEZE_CGROUP",
		.words = "{cgroup} is frozen",
		.takes = "name",
		.does = "freezes it and waits until cgroup.events says so",
		.check = check_freeze,
		.apply = apply_freeze,
	},
	{
		.kind = KTSTR_OP_UNFREEZE_CGROUP,
		.name = "UNFREEZE_CGROUP",
		.words = "{cgroup} is thawed",
		.takes = "name",
		.does = "thaws it and waits until cgroup.events says so",
		.check = check_unfreeze,
		.apply = apply_unfreeze,
	},
	{ }
};
