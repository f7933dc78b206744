/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When a change counts: the gates of the metric table, and what the user puts in place of the relative
 * ones. {"default_percent": 10, "per_metric_percent": {"worst_spread": 5}}
 */
#ifndef KTSTR_RUNS_POLICY_H
#define KTSTR_RUNS_POLICY_H

#include "lib/err.h"
#include "rows.h"

#define KTSTR_EXT_REL_GATE	0.10	/* of figures that are no row of the metric table */

struct ktstr_policy {
	double default_rel;		/* NaN: that of the table */
	struct ktstr_policy_row {
		char *metric;
		double rel;
	} *row;
	size_t nr;
};

struct ktstr_gates {
	double abs, rel;	/* NaN: the metric is not compared */
	enum ktstr_polarity polarity;
	const char *unit;
};

void ktstr_policy__init(struct ktstr_policy *p);
void ktstr_policy__free(struct ktstr_policy *p);
/* "5": all relative gates are 5 %. 0 or -EINVAL with @err. */
int ktstr_policy__percent(struct ktstr_policy *p, const char *text, struct ktstr_err *err);
/* From a file. 0 or -errno with @err. */
int ktstr_policy__read(struct ktstr_policy *p, const char *path, struct ktstr_err *err);
/* Its metrics must be those of the table or of @rows. 0 or -EINVAL with @err, which begins with @path. */
int ktstr_policy__check(const struct ktstr_policy *p, const char *path, const struct ktstr_rows *rows,
			struct ktstr_err *err);

struct ktstr_gates ktstr_policy__gates(const struct ktstr_policy *p,
				       const struct ktstr_figure_row *f);

#endif
