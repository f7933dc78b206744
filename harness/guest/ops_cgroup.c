// SPDX-License-Identifier: GPL-2.0
/* Ops that make, change and remove cgroups. */
#include <errno.h>
#include <string.h>

#include "cpuset.h"
#include "ops.h"

void ktstr_op_check__add(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__add(ck, op->cgroup);
}

int ktstr_op__add(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	return ktstr_stage__add(st, op->cgroup, err);
}

void ktstr_op_check__add_def(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	if (!op->def || !op->def->name || !op->cgroup || strcmp(op->cgroup, op->def->name))
		ktstr_problem(ck, "the op and its definition must name the same cgroup");
	else
		ktstr_check__cgroup(ck, op->def);
}

int ktstr_op__add_def(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	int ret = ktstr_stage__make(st, op->def, err);

	return ret ? ret : ktstr_stage__populate(st, op->def, err);
}

/* Removing what is not there is no error: an earlier step may have taken it along. */
void ktstr_op_check__remove(struct ktstr_checker *ck, const struct ktstr_op *op)
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

int ktstr_op__remove(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	return ktstr_stage__remove(st, op->cgroup, "REMOVE_CGROUP", err);
}

void ktstr_op_check__set_cpuset(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);
	struct ktstr_cpumask cpus;
	struct vm_err err;

	if (op->cpuset.kind == KTSTR_CPUSET_NONE)
		ktstr_problem(ck, "no cpuset is given; CLEAR_CPUSET takes one away");
	else if (ktstr_cpuset__resolve(&op->cpuset, ck->machine, &cpus, &err))
		ktstr_problem(ck, "%s", err.msg);
	else if (k) {
		k->has_cpuset = true;
		k->cpuset = cpus;
	}
}

int ktstr_op__set_cpuset(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	struct ktstr_place *p = ktstr_op__place(st, op->cgroup, err);
	struct ktstr_cpumask cpus;
	int ret;

	if (!p)
		return -ENOENT;
	ret = ktstr_cpuset__resolve(&op->cpuset, st->machine, &cpus, err);
	return ret ? ret : ktstr_stage__set_cpuset(st, p, &cpus, NULL, err);
}

void ktstr_op_check__clear_cpuset(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	struct ktstr_known *k = ktstr_known__need(ck, op->cgroup);

	if (k)
		k->has_cpuset = false;
}

int ktstr_op__clear_cpuset(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	struct ktstr_place *p = ktstr_op__place(st, op->cgroup, err);

	return p ? ktstr_stage__set_cpuset(st, p, NULL, NULL, err) : -ENOENT;
}

void ktstr_op_check__swap_cpusets(struct ktstr_checker *ck, const struct ktstr_op *op)
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

/* What is written in cpuset.cpus now. 1: a set; 0: empty, or not to be understood. */
static int read_cpuset(struct ktstr_stage *st, const struct ktstr_place *p,
		       struct ktstr_cpumask *cpus)
{
	char list[2048];

	if (ktstr_cgroups__read(&st->cgroups, p->name, "cpuset.cpus", list, sizeof(list),
				NULL) <= 0)
		return 0;
	list[strcspn(list, "\n")] = '\0';
	return !ktstr_cpumask__parse(list, cpus);
}

int ktstr_op__swap_cpusets(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	struct ktstr_place *a = ktstr_op__place(st, op->cgroup, err), *b;
	struct ktstr_cpumask of_a, of_b;
	int has_a, has_b, ret = 0;

	b = a ? ktstr_op__place(st, op->to, err) : NULL;
	if (!b)
		return -ENOENT;
	has_a = read_cpuset(st, a, &of_a);
	has_b = read_cpuset(st, b, &of_b);
	/* Overlapping for a moment; an empty set in between would be refused. */
	if (has_a)
		ret = ktstr_stage__set_cpuset(st, b, &of_a, NULL, err);
	if (!ret && has_b)
		ret = ktstr_stage__set_cpuset(st, a, &of_b, NULL, err);
	return ret;
}

void ktstr_op_check__freeze(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__need(ck, op->cgroup);
}

int ktstr_op__freeze(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	struct ktstr_place *p = ktstr_op__place(st, op->cgroup, err);

	return p ? ktstr_stage__freeze(st, p, true, err) : -ENOENT;
}

void ktstr_op_check__unfreeze(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_known__need(ck, op->cgroup);
}

int ktstr_op__unfreeze(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err)
{
	struct ktstr_place *p = ktstr_op__place(st, op->cgroup, err);

	return p ? ktstr_stage__freeze(st, p, false, err) : -ENOENT;
}
