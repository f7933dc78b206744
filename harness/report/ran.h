/* SPDX-License-Identifier: GPL-2.0 */
/* What a run's report and sidecar say about the programs that ran: plan/programs.h. */
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

#endif
