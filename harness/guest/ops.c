// SPDX-License-Identifier: GPL-2.0
/*
 * The ops. Validation runs over the whole scenario before anything is made and follows the
 * names that exist at each point; applying happens step by step.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

static uint32_t index_of(const struct ktstr_names *n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n->nr; i++)
		if (!strcmp(n->names[i], name))
			break;
	return i;
}

bool ktstr_names__has(const struct ktstr_names *n, const char *name)
{
	return index_of(n, name) < n->nr;
}

int ktstr_names__add(struct ktstr_names *n, const char *name)
{
	const char **names = realloc(n->names, (n->nr + 1) * sizeof(*names));

	if (!names)
		return -ENOMEM;
	n->names = names;
	names[n->nr++] = name;
	return 0;
}

void ktstr_names__drop(struct ktstr_names *n, const char *name)
{
	uint32_t i = index_of(n, name);

	if (i < n->nr)
		n->names[i] = n->names[--n->nr];
}

void ktstr_names__free(struct ktstr_names *n)
{
	free(n->names);
	*n = (struct ktstr_names){ };
}

static const char *validate_add(const struct ktstr_op *op, struct ktstr_names *names)
{
	const char *why = ktstr_cgroup__name_problem(op->cgroup);

	if (why)
		return why;
	if (ktstr_names__has(names, op->cgroup))
		return "the cgroup exists already in this step";
	return ktstr_names__add(names, op->cgroup) ? "out of memory" : NULL;
}

static int apply_add(const struct ktstr_op *op, struct ktstr_cgroups *cg,
		     const char *controller, struct vm_err *err)
{
	return ktstr_cgroups__create(cg, op->cgroup, controller, err);
}

/* Removing what is not there is no error: an earlier step may have taken it along. */
static const char *validate_remove(const struct ktstr_op *op, struct ktstr_names *names)
{
	const char *why = ktstr_cgroup__name_problem(op->cgroup);

	if (!why)
		ktstr_names__drop(names, op->cgroup);
	return why;
}

static int apply_remove(const struct ktstr_op *op, struct ktstr_cgroups *cg,
			const char *controller, struct vm_err *err)
{
	(void)controller;
	return ktstr_cgroups__remove(cg, op->cgroup, err);
}

const struct ktstr_op_row ktstr_op_table[KTSTR_NR_OPS] = {
	[KTSTR_OP_ADD_CGROUP]	 = { "ADD_CGROUP", validate_add, apply_add },
	[KTSTR_OP_REMOVE_CGROUP] = { "REMOVE_CGROUP", validate_remove, apply_remove },
};
