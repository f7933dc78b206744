/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run of one test: boot, follow, judge, write the artefacts. The caller prints the KTAP line
 * (main.c, direct.c).
 */
#ifndef KTSTR_HOST_RUN_H
#define KTSTR_HOST_RUN_H

#include "harness/model/run.h"
#include "harness/plan/plan.h"

/*
 * Run @plan. In all cases @run is filled as far as the run got, and the sidecar and the report are
 * written if the artefact folder can be written. Returns 0 when there is a verdict, or -errno with
 * @err after an infrastructure error (err->missing: the caller reports a SKIP).
 */
int ktstr_run__exec(struct ktstr_run *run, const struct ktstr_plan *plan,
		    const struct ktstr_run_opts *opts, struct ktstr_err *err);
void ktstr_run__free(struct ktstr_run *run);

#endif
