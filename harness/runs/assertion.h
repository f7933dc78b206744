/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The perf_delta_assertions of a test against a comparison. A figure counts as worse, better or changed
 * only if it is by more than the noise, where the repeats tell it (KTSTR_NOISE_MIN); the gates of
 * metrics do not matter, since the assertion has a limit of its own.
 */
#ifndef KTSTR_RUNS_ASSERTION_H
#define KTSTR_RUNS_ASSERTION_H

#include <ktstr/attrs.h>

#include "compare.h"

enum ktstr_assertion_verdict {
	KTSTR_ASSERTION_HOLDS,
	KTSTR_ASSERTION_BROKEN,
	KTSTR_ASSERTION_UNKNOWN,	/* no figure on a side, or one without a better direction */
	KTSTR_ASSERTION_NOT_RUN,	/* each run of a side was skipped, or too many to know the noise */
	KTSTR_ASSERTION_NEW,		/* side A has no such test */
};

/* Of @group. Why it does not hold, or what was seen where it does, is a sentence in @why. */
enum ktstr_assertion_verdict ktstr_assertion__judge(const struct ktstr_comparison *c,
						    const struct ktstr_group *group,
						    const struct ktstr_perf_delta *a,
						    char *why, size_t size);

#endif
