/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Auto-repro: after a scheduler crashed, the same run once more, with probes on the way to the crash.
 * See part.c, and docs/auto-repro.md for what users see of it.
 */
#ifndef KTSTR_REPRO_PART_H
#define KTSTR_REPRO_PART_H

#include "harness/model/part.h"

extern const struct ktstr_run_part ktstr_repro_part;

/* Has the scheduler of @run crashed, in a way that a second run may explain? Once it was judged. */
bool ktstr_repro__wanted(const struct ktstr_run *run);
/*
 * @second has been carried out, with opts.repro_of pointing to @run, or has failed with @err: take over
 * what it found, and write it to a file of @run.
 */
void ktstr_repro__conclude(struct ktstr_run *run, const struct ktstr_run *second, int ret,
			   const struct ktstr_err *err);

/* The verdict of a test with expect_auto_repro, when everything that could be tried has been. */
void ktstr_repro__judge(struct ktstr_run *run);

#endif
