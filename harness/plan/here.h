/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test that was written for a guest, as a run on this machine and under the scheduler that is
 * active (docs/export.md). An attribute about a guest is one of three things there: this machine, or
 * whoever set it up, stands for it; the run leaves out what it asks for, and names it; or the test
 * makes no sense without it, and is refused.
 */
#ifndef KTSTR_PLAN_HERE_H
#define KTSTR_PLAN_HERE_H

#include "plan.h"

/* Why nothing of a guest's memory is judged. */
#define KTSTR_NO_GUEST_MEMORY	"needs a guest's memory to look into"

enum ktstr_here_rule {
	KTSTR_HERE_STANDS,		/* this machine stands for it */
	KTSTR_HERE_LEFT_OUT,		/* named in plan->left_out */
	KTSTR_HERE_REFUSED,
};

struct ktstr_here_attr {
	const char *name;
	enum ktstr_here_rule rule;
	const char *why;		/* of one that is refused */
};

/* A row for each attribute that is about a machine (attrs_table.h). */
extern const struct ktstr_here_attr ktstr_here_attrs[];
extern const unsigned int ktstr_nr_here_attrs;

/*
 * Change @p, a plan of a valid test, so that the body runs here. 0, or -ENOTSUP with @err "test NAME:
 * ATTRIBUTE: why".
 */
int ktstr_plan__here(struct ktstr_plan *p, struct ktstr_err *err);

#endif
