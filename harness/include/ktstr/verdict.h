/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The outcome of a test and the details that lead to it. The outcome is never stored apart from
 * its reasons: it is computed from the details of a result, so that no later step can lose a
 * failure.
 */
#ifndef KTSTR_VERDICT_H
#define KTSTR_VERDICT_H

#include <ktstr/attrs.h>

#define KTSTR_MAX_DETAILS	256	/* further ones are counted, not kept */
#define KTSTR_DETAIL_LEN	512	/* bytes, terminating NUL included */

/* In the order of the fold: the largest one present wins. */
enum ktstr_outcome {
	KTSTR_SKIP,		/* nothing was judged, on purpose */
	KTSTR_PASS,
	KTSTR_INCONCLUSIVE,	/* something was to be judged and there was no data */
	KTSTR_FAIL,
};

enum ktstr_severity {
	KTSTR_NOTE,		/* information; never changes the outcome */
	KTSTR_SKIPS,
	KTSTR_UNDECIDED,
	KTSTR_FAILS,
};

struct ktstr_detail {
	enum ktstr_severity severity;
	enum ktstr_kind kind;
	char text[KTSTR_DETAIL_LEN];
};

/* "starved", "sched-stalled", ...; never NULL. And "pass", "fail", "inconclusive", "skip". */
const char *ktstr_kind__name(enum ktstr_kind kind);
const char *ktstr_outcome__name(enum ktstr_outcome outcome);

/*
 * FAIL if any detail fails, else INCONCLUSIVE if any is undecided, else SKIP if the only
 * verdicts are skips and nothing was measured, else PASS.
 */
enum ktstr_outcome ktstr_result__outcome(const struct ktstr_result *r);

/* Detail @i, counted from 0 in the order of finding; NULL beyond the last one. */
const struct ktstr_detail *ktstr_result__detail(const struct ktstr_result *r, uint32_t i);

void ktstr_result__free(struct ktstr_result *r);

#endif
