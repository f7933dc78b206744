/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The perf_delta_assertions of the tests that `ktstr perf-delta --noise-adjust` ran. They are those that
 * the sidecars of side B have: what the author of the change says now.
 */
#ifndef KTSTR_TOOL_PERF_ASSERTIONS_H
#define KTSTR_TOOL_PERF_ASSERTIONS_H

#include "harness/runs/assertion.h"
#include "tools-testing-ktstr/stats/sheet.h"

struct perf_assertions {
	unsigned int held, failed;
	unsigned int undecided;		/* a side was skipped, all of it */
};

/*
 * Judge all of them, with a line in @sheet for each that does not hold or cannot be judged, and one that
 * counts the others. @root: the folder of the runs.
 */
void perf_assertions__judge(struct perf_assertions *p, struct sheet *sheet, const struct ktstr_comparison *c,
			    const char *root);

#endif
