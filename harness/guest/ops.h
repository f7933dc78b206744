/* SPDX-License-Identifier: GPL-2.0 */
/* The ops of a step as a table: an op is one row, one check and one function. */
#ifndef KTSTR_GUEST_OPS_H
#define KTSTR_GUEST_OPS_H

#include <ktstr/scenario.h>

#include "cgroup.h"

/* Cgroup names that a step has so far; what validation knows instead of a file system. */
struct ktstr_names {
	const char **names;
	uint32_t nr;
};

bool ktstr_names__has(const struct ktstr_names *n, const char *name);
int ktstr_names__add(struct ktstr_names *n, const char *name);	/* 0 or -ENOMEM */
void ktstr_names__drop(struct ktstr_names *n, const char *name);
void ktstr_names__free(struct ktstr_names *n);

struct ktstr_op_row {
	const char *name;
	/* NULL, or why the op cannot be meant at this place; updates @names. */
	const char *(*validate)(const struct ktstr_op *op, struct ktstr_names *names);
	/* @controller as in ktstr_cgroups__create(). 0 or -errno with a sentence. */
	int (*apply)(const struct ktstr_op *op, struct ktstr_cgroups *cg,
		     const char *controller, struct vm_err *err);
};

extern const struct ktstr_op_row ktstr_op_table[KTSTR_NR_OPS];

#endif
