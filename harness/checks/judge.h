/* SPDX-License-Identifier: GPL-2.0 */
/* The judge functions of the table; each is called with at least one report. */
#ifndef KTSTR_CHECKS_JUDGE_H
#define KTSTR_CHECKS_JUDGE_H

#include "checks.h"

#define KTSTR_JUDGE(_name)						\
	void ktstr_judge_##_name(const struct ktstr_checks *c,		\
				 const struct ktstr_group_sample *s,	\
				 struct ktstr_result *out)

KTSTR_JUDGE(not_starved);
KTSTR_JUDGE(isolation);
KTSTR_JUDGE(max_gap_ms);
KTSTR_JUDGE(max_spread_pct);
KTSTR_JUDGE(max_throughput_cv);
KTSTR_JUDGE(min_work_rate);
KTSTR_JUDGE(min_iteration_rate);
KTSTR_JUDGE(max_migration_ratio);
KTSTR_JUDGE(max_p99_wake_latency_ns);
KTSTR_JUDGE(max_wake_latency_cv);
KTSTR_JUDGE(min_page_locality);
KTSTR_JUDGE(max_cross_node_migration_ratio);
KTSTR_JUDGE(max_slow_tier_ratio);

/* "cg_a" or, from the second step on, "cg_a (step 2)": how every finding begins. */
struct ktstr_where {
	char text[KTSTR_NAME_LEN + 24];
};
struct ktstr_where ktstr_where(const struct ktstr_group_sample *s);

/* Shares of its wall time, in percent. Wall time must not be 0. */
double ktstr_off_cpu_pct(const struct ktstr_worker_report *w);
double ktstr_run_delay_pct(const struct ktstr_worker_report *w);

/* The @percent-th percentile (1..100) by nearest rank; reorders @v. @n must not be 0. */
uint64_t ktstr_percentile(uint64_t *v, size_t n, unsigned int percent);
/* The same in thousandths (1..1000). */
uint64_t ktstr_permille(uint64_t *v, size_t n, unsigned int permille);
/* All samples of one kind. 0, or -ENOMEM; total 0 when there are none. */
int ktstr_pool(const struct ktstr_group_sample *s, enum ktstr_sample_kind kind,
	       struct ktstr_sample_stats *out);

/* Anonymous pages of a worker: all, and those on @nodes. */
struct ktstr_page_count {
	uint64_t all, local;
};
struct ktstr_page_count ktstr_count_pages(const struct ktstr_worker_report *w,
					  const struct ktstr_cpumask *nodes);

#endif
