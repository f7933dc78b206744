/* SPDX-License-Identifier: GPL-2.0 */
/* How many tests ended how: the end of a document, and the exit status. */
#ifndef KTSTR_TOOL_RUN_TALLY_H
#define KTSTR_TOOL_RUN_TALLY_H

#include <stdio.h>

#include "ktap.h"

/* Exit statuses of a run; docs/ktstr.md has the table. WRONG_USAGE and 128 + signal come in addition. */
#define TALLY_PASSED		0
#define TALLY_FAILED		1
#define TALLY_INCONCLUSIVE	2
#define TALLY_SKIPPED		4
#define TALLY_FLAKY		6	/* not 3, which kselftest takes for XPASS, an "ok" */

struct tally {
	unsigned int nr;		/* planned */
	unsigned int count[KTAP_ERROR + 1];
	unsigned int nr_unrecorded;	/* results of which a file could not be written */
};

/* The lines behind the last result. */
void tally__print(const struct tally *t, FILE *f);

/*
 * The worst counts: failures, errors, results that were not recorded and tests without a result, then
 * inconclusive ones, then flaky ones; else whether all were skipped.
 */
int tally__exit_status(const struct tally *t);

#endif
