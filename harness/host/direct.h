/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test program does without kselftest_harness.h:
 *
 *	PROGRAM --show-thresholds TEST	the checks of a test, and who set them
 *	PROGRAM --exact TEST		run this one test; the exit status is its verdict
 *	PROGRAM --here TEST		the same on this machine, without a guest (here.h)
 *	PROGRAM --needs TEST		what --here needs of a machine
 *	PROGRAM --fits TEST		does this machine have that?
 *	PROGRAM --pack TEST		the files that it needs, a tar archive
 *
 * TEST is a name or an id: TEST, TEST/PRESET, gauntlet/TEST/PRESET.
 */
#ifndef KTSTR_HOST_DIRECT_H
#define KTSTR_HOST_DIRECT_H

#include <stdio.h>

#include "harness/model/registry.h"
#include "harness/plan/protocol.h"
#include "run.h"

/* Print the line that begins with KTSTR_KERNEL_LINE. */
void ktstr_kernel_line__print(void);

/* One row per check: "  name : value [layer]", in the order of the table. */
void ktstr_thresholds__print(const struct ktstr_plan *p, FILE *f);

/*
 * Print what precedes the result line of a finished run on stdout, as KTAP comments: the verdicts
 * of its parts, the brief report unless it passed (KTSTR_VERBOSE=1: always), and which file could
 * not be written. The reason of a SKIP goes to stderr.
 */
void ktstr_run__print(const struct ktstr_run *run);

/*
 * Is the command line one of the above? Then it is carried out, and @status is what to exit
 * with.
 */
bool ktstr_direct(int argc, char **argv, const struct ktstr_registry *registry, int *status);

#endif
