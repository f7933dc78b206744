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

/* Share of its wall time that a worker was off CPU, in percent. Wall time must not be 0. */
double ktstr_off_cpu_pct(const struct ktstr_worker_report *w);

#endif
