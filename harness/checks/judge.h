/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The judge functions of the table, one for each worker check of ktstr/attrs.h; each is called
 * with at least one report.
 */
#ifndef KTSTR_CHECKS_JUDGE_H
#define KTSTR_CHECKS_JUDGE_H

#include "checks.h"

#define KTSTR_JUDGE(_name)						\
	void ktstr_judge_##_name(const struct ktstr_checks *c,		\
				 const struct ktstr_group_sample *s,	\
				 struct ktstr_result *out)

#define KTSTR_DECLARE_JUDGE(_name)	KTSTR_JUDGE(_name);
KTSTR_WORKER_CHECKS(KTSTR_DECLARE_JUDGE, KTSTR_DECLARE_JUDGE)

/* "cg_a" or, from the second step on, "cg_a (step 2)". */
struct ktstr_where ktstr_where(const struct ktstr_group_sample *s);
/* One of the sample's workers: ktstr_worker_name(). */
struct ktstr_where ktstr_which(const struct ktstr_group_sample *s,
			       const struct ktstr_worker_report *w);

/* Shares of its wall time, in percent. Wall time must not be 0. */
double ktstr_off_cpu_pct(const struct ktstr_worker_report *w);
double ktstr_run_delay_pct(const struct ktstr_worker_report *w);

/* The @percent-th percentile (1..100) by nearest rank; reorders @v. @n must not be 0. */
uint64_t ktstr_percentile(uint64_t *v, size_t n, unsigned int percent);
/* The same in thousandths (1..1000). */
uint64_t ktstr_permille(uint64_t *v, size_t n, unsigned int permille);
/* Pool all samples of one kind; total is 0 when there are none. 0 or -ENOMEM. */
int ktstr_pool(const struct ktstr_group_sample *s, enum ktstr_sample_kind kind,
	       struct ktstr_sample_stats *out);

/* Anonymous pages of a worker: all, and those on @nodes. */
struct ktstr_page_count {
	uint64_t all, there;
};
struct ktstr_page_count ktstr_count_pages(const struct ktstr_worker_report *w,
					  const struct ktstr_cpumask *nodes);

#endif
