/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of a comparison share. */
#ifndef KTSTR_TOOL_CTPROF_COMPARE_PRIV_H
#define KTSTR_TOOL_CTPROF_COMPARE_PRIV_H

#include "compare.h"

struct ctprof_comparer {
	struct ctprof_comparison *c;
	const struct ctprof_compare_opts *opts;
	struct ctprof_group_opts group;		/* with the join that was chosen */
};

/* Is the section wanted? */
bool ctprof_comparer__wants(const struct ctprof_comparer *x, enum ctprof_section section);
/* Complete delta, percent and verdict of @row, and add it if it is to be shown. */
void ctprof_comparer__add(struct ctprof_comparer *x, struct ctprof_row *row);
/* The rows from @first on are a table: order them if a percentage does that, and apply the limit. */
void ctprof_comparer__end_table(struct ctprof_comparer *x, size_t first);
/* A copy in memory of the comparison; "" without memory. */
const char *ctprof_comparer__copy(struct ctprof_comparer *x, const char *text);

/* The figures of cgroups along an axis of paths, of the host's pressure; what the host and sched_ext are. */
void ctprof_comparer__cgroups(struct ctprof_comparer *x, const struct ctprof_axis *axis);
void ctprof_comparer__host(struct ctprof_comparer *x);

#endif
