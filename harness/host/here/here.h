/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test that was written for a guest, on this machine (plan/here.h): has it what the test needs?
 */
#ifndef KTSTR_HOST_HERE_H
#define KTSTR_HOST_HERE_H

#include "harness/plan/plan.h"

/*
 * Is this machine at least what the test declares: its topology, and sched_ext if it names a scheduler?
 * @sysfs: "/sys". 0, or -ENOTSUP with all that is missing in one sentence and err->missing.
 */
int ktstr_here__check(const struct ktstr_plan *p, const char *sysfs, struct ktstr_err *err);

/* Print, as KTAP comments, what runs where. */
void ktstr_here__print(const struct ktstr_test *t);

/* Does it name a scheduler that is started, rather than the kernel's own? */
bool ktstr_here__names_scheduler(const struct ktstr_test *t);

#endif
