/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test that was written for a guest, on this machine (plan/here.h). `ktstr export` makes a file of
 * what --needs and --pack print; that file runs --here on another machine.
 */
#ifndef KTSTR_HOST_HERE_H
#define KTSTR_HOST_HERE_H

#include "harness/plan/plan.h"
#include "harness/plan/variant.h"

/*
 * Is this machine at least what the test declares: its topology, and sched_ext if it names a scheduler?
 * @sysfs: "/sys". 0, or -ENOTSUP with all that is missing in one sentence and err->missing.
 */
int ktstr_here__check(const struct ktstr_plan *p, const char *sysfs, struct ktstr_err *err);

/* Print, as KTAP comments, what runs where. */
void ktstr_here__print(const struct ktstr_test *t);

/* --needs: print what it needs, "KEY: VALUE" lines. These three return an enum ktstr_exit. */
int ktstr_here__needs(const struct ktstr_variant *v);
/* --fits: print whether this machine has that, or what it lacks (KTSTR_EXIT_SKIP). */
int ktstr_here__fits(const struct ktstr_variant *v);
/* --pack: write its files to stdout, a tar archive. */
int ktstr_here__pack(const struct ktstr_variant *v);

#endif
