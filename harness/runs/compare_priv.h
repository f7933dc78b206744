/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of a comparison share. */
#ifndef KTSTR_RUNS_COMPARE_PRIV_H
#define KTSTR_RUNS_COMPARE_PRIV_H

#include "compare.h"

/* A run of a side. */
struct member {
	const struct ktstr_row *row;
	int side;
	const char *key[KTSTR_NR_DIMS];	/* interned */
	struct ktstr_group *group;
};

struct work {
	struct ktstr_comparison *c;
	struct ktstr_rows *rows;
	const struct ktstr_compare_opts *opts;
	struct member *member;
	size_t nr_members;
};

/* Fill in the deltas; the members stand by group and side. 0 or -ENOMEM with @err. */
int ktstr_compare__figures(struct work *w, struct ktstr_err *err);

#endif
