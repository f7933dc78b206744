/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a run found: the details, from which the outcome follows, the statistics and the stalls.
 * The guest builds a result and sends it (wire.h); the host adds its own findings, and reports it.
 */
#ifndef KTSTR_RESULT_RESULT_H
#define KTSTR_RESULT_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <ktstr/cpumask.h>
#include <ktstr/verdict.h>

#include "stalls.h"
#include "statistics.h"

struct ktstr_run;

/* Everything about one run. Allocated by ktstr_result__new(), about 1.4 MiB. */
struct ktstr_result {
	const struct ktstr_run *run;	/* in a host callback: all else that is known; or NULL */
	uint32_t nr_details;
	uint32_t dropped_details;
	uint32_t dropped_fails;		/* of those: severity KTSTR_FAILS */
	uint32_t nr_cgroups;
	uint32_t dropped_cgroups;
	uint32_t nr_workers;
	uint32_t dropped_workers;	/* they are in their cgroup's figures all the same */
	uint32_t claims_held;
	uint32_t passes_logged;		/* of those, by KTSTR_LOG_PASSES */
	struct ktstr_cpumask cpus_used;	/* by any worker */
	uint32_t nr_ext_metrics;
	uint32_t dropped_ext_metrics;
	struct ktstr_ext_metric ext_metrics[KTSTR_MAX_EXT_METRICS];
	uint32_t stall_poll_ms;		/* how often the guest looked for stalls; 0: never */
	uint32_t nr_stalls;
	uint32_t dropped_stalls;
	struct ktstr_stall stalls[KTSTR_MAX_STALLS];
	struct ktstr_detail details[KTSTR_MAX_DETAILS];
	struct ktstr_cgroup_stats cgroups[KTSTR_MAX_CGROUPS];
	struct ktstr_worker_stats workers[KTSTR_MAX_KEPT_WORKERS];
};

/* NULL with ENOMEM. A fresh result has no details: its outcome is PASS. */
struct ktstr_result *ktstr_result__new(void);

void ktstr_result__add(struct ktstr_result *r, enum ktstr_severity severity,
		       enum ktstr_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Texts that are too long are cut. False: the value is not finite, or there is no room. */
bool ktstr_result__add_metric(struct ktstr_result *r, const struct ktstr_ext_metric *m);

/* The next free stall, all 0. NULL: there is none, which is counted. */
struct ktstr_stall *ktstr_result__add_stall(struct ktstr_result *r);

/* Append everything of @from to @to. The same cgroup and step twice stays two entries. */
void ktstr_result__merge(struct ktstr_result *to, const struct ktstr_result *from);
/* Append the measurements, without the details, as those of the test's part @part. */
void ktstr_result__merge_part(struct ktstr_result *to, struct ktstr_result *from,
			      const char *part);

/* Force all values into their valid range: a process that crashed may have written anything. */
void ktstr_result__bound(struct ktstr_result *r);

/* Is there more than notes: workers, claims that held, payloads that were checked, findings? */
bool ktstr_result__judged(const struct ktstr_result *r);

/* The finding about a body that would pass without that. */
#define KTSTR_NOTHING_JUDGED							\
	"nothing was judged: no workers, no claim, no check of a payload; a body that checks something itself calls ktstr_pass(ctx)"

/* First detail of severity KTSTR_FAILS, or NULL. */
const struct ktstr_detail *ktstr_result__first_failure(const struct ktstr_result *r);

/* Is there a failure whose kind is one of @first to @last? */
bool ktstr_result__failed_as(const struct ktstr_result *r, enum ktstr_kind first,
			     enum ktstr_kind last);

/*
 * The kind of the failure that a body, or a case, has returned -errno: KTSTR_BODY_ERROR, which a
 * test may expect, unless what it reports is trouble of the machine or a mistake in the test.
 */
enum ktstr_kind ktstr_result__errno_kind(const struct ktstr_result *r);

/* Text of the first detail that could not be decided, or "". */
const char *ktstr_result__undecided(const struct ktstr_result *r);

#endif
