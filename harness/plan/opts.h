/* SPDX-License-Identifier: GPL-2.0 */
/* The options of a run, which the user sets in the environment (docs/environment.md). */
#ifndef KTSTR_PLAN_OPTS_H
#define KTSTR_PLAN_OPTS_H

#include "harness/model/run.h"
#include "lib/err.h"

/* Unset and empty mean the default. Folders are tried. 0, or -errno with @err. */
int ktstr_run_opts__from_env(struct ktstr_run_opts *o, struct ktstr_err *err);

/*
 * Unless KTSTR_RUN_ID names the run, put KERNEL-COMMIT- before its name: the release, NULL where there is
 * none, and the project's commit.
 */
void ktstr_run_opts__name_run(struct ktstr_run_opts *o, const char *kernel);

#endif
