/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test program does without kselftest_harness.h:
 *
 *	PROGRAM --show-thresholds TEST	the checks of a test, and who set them
 *	PROGRAM --exact TEST		run this one test; the exit status is its verdict
 */
#ifndef KTSTR_CORE_DIRECT_H
#define KTSTR_CORE_DIRECT_H

#include "run.h"

/* One row a check: "  name : value [layer]", in the order of the table. */
void ktstr_thresholds__print(const struct ktstr_test *t, FILE *f);

/*
 * Is the command line one of the above? Then it is carried out, and @status is what to exit
 * with.
 */
bool ktstr_direct(int argc, char **argv, const struct ktstr_registry *registry, int *status);

#endif
