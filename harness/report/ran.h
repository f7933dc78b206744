/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a run's report and sidecar say about the programs that ran (plan/programs.h), and about how its
 * machine started.
 */
#ifndef KTSTR_REPORT_RAN_H
#define KTSTR_REPORT_RAN_H

#include <stdio.h>

#include "harness/model/run.h"
#include "lib/json.h"

/* A line each; @brief: that of the scheduler only. */
void ktstr_ran__report(const struct ktstr_run *run, bool brief, FILE *f);

/* The keys of the scheduler, and "programs" with the others. */
void ktstr_ran__json(const struct ktstr_run *run, struct ktstr_json *j);
/* Where they lie on this host. */
void ktstr_ran__json_host(const struct ktstr_run *run, struct ktstr_json *j);

/* From an image or by booting, and who unpacked the kernel; the reasons may differ by the host. */
void ktstr_ran__report_start(const struct ktstr_run *run, FILE *f);
void ktstr_ran__json_start(const struct ktstr_run *run, struct ktstr_json *j);
void ktstr_ran__json_start_host(const struct ktstr_run *run, struct ktstr_json *j);

#endif
