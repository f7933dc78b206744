// SPDX-License-Identifier: GPL-2.0
/*
 * The table of the ops. An op that this version cannot carry out has a row too, which says what is
 * missing: it is refused before anything is carried out, and never ignored.
 */
#include <linux/kernel.h>
#include <errno.h>

#include "ops.h"

_Static_assert(KTSTR_NR_OPS <= 64, "an op's value is its bit in the stimulus record, a u64");

#define FAMILY(_name)	ktstr_##_name##_ops,
static const struct ktstr_op_row * const families[] = { KTSTR_OP_FAMILIES(FAMILY) };

const struct ktstr_op_row *ktstr_op__row(enum ktstr_op_kind kind)
{
	const struct ktstr_op_row *row;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		for (row = families[i]; row->kind != KTSTR_OP_END; row++)
			if (row->kind == kind)
				return row;
	return NULL;
}

void ktstr_op__check(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_op_row *row = ktstr_op__row(op->kind);

	ck->controllers |= row->controllers;
	row->check(ck, op);
	if (row->needs)
		ktstr_problem(ck, "not supported yet: needs %s", row->needs);
}

struct ktstr_cgroup_state *ktstr_op__cgroup(struct ktstr_scenario_state *st, const char *name,
					    struct ktstr_err *err)
{
	struct ktstr_cgroup_state *p = ktstr_state__cgroup(st, name);

	if (!p)
		ktstr_err(err, ENOENT, "there is no cgroup %s", name);
	return p;
}
