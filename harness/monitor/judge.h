/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The monitor checks. A limit is violated when sustained_samples samples (for rates: intervals)
 * in a row are beyond it.
 */
#ifndef KTSTR_MONITOR_JUDGE_H
#define KTSTR_MONITOR_JUDGE_H

#include "harness/checks/checks.h"
#include "harness/model/seen.h"
#include "summary.h"

/* The events that checks are about. */
#define KTSTR_EVENT_FALLBACK	"select_cpu_fallback"
#define KTSTR_EVENT_KEEP_LAST	"dispatch_keep_last"
#define KTSTR_EVENT_OFFLINE	"dispatch_local_dsq_offline"

struct ktstr_violation {
	const char *check;		/* its attribute */
	double worst, limit;		/* at the end of the longest run of samples beyond the limit */
	uint32_t samples;		/* so many were beyond it in a row */
	uint64_t time_ns;		/* of the last of them, guest clock */
	int cpu;			/* -1: of no single CPU */
	char text[200];
};

#define KTSTR_MAX_VIOLATIONS	32

struct ktstr_monitor_verdict {
	uint32_t nr, dropped;
	struct ktstr_violation violation[KTSTR_MAX_VIOLATIONS];
	/* The checks of this set for which the samples had no figures; attributes. */
	uint32_t nr_unjudged;
	const char *unjudged[8];
};

struct ktstr_judge_ctx {
	const struct ktstr_series *all;
	struct ktstr_series_span span;
	uint64_t tick_ns, period_ns;
	int fallback, keep_last;	/* indices of the events, or negative */
};

/* Judge by the checks of @c that are enabled; sustained_samples must be set. @out is overwritten. */
void ktstr_monitor_judge(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c,
			 struct ktstr_monitor_verdict *out);

/* Unset the checks of @c that one of the @nr sets in @over names. */
void ktstr_monitor_judge__leave(struct ktstr_checks *c, const struct ktstr_check_change *over,
				unsigned int nr);

/*
 * Judge by the checks of @declared, and where one of the @nr sets in @over names a check, by that
 * limit instead: each set counts from its time until that of the next.
 */
void ktstr_monitor_judge__sets(const struct ktstr_judge_ctx *j, const struct ktstr_checks *declared,
			       const struct ktstr_check_change *over, unsigned int nr,
			       struct ktstr_monitor_verdict *out);

#endif
