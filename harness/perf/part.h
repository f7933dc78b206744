/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CPUs of the host that a run uses: performance_mode, no_perf_mode, cpu_budget and what the user sets
 * (docs/performance-mode.md). Reserves them before the machine is made, arranges the machine and this
 * process on them, and gives them back as soon as the machine is gone.
 */
#ifndef KTSTR_PERF_PART_H
#define KTSTR_PERF_PART_H

#include "harness/model/part.h"

extern const struct ktstr_run_part ktstr_perf_part;

#endif
