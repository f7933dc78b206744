/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of tests that a program prints for -l, as kselftest_harness.h formats it. It starts no
 * process and reads no file.
 */
#ifndef KTSTR_TOOL_RUN_LISTING_H
#define KTSTR_TOOL_RUN_LISTING_H

#include "harness/plan/about.h"
#include "lib/err.h"
#include "tools-testing-ktstr/util/util.h"

#define LISTING_MAX_NAME	200	/* bytes of the name of a variant */

/* What a program lists. Names are those of plan/id.h: "TEST" or "TEST/PRESET". */
struct listing {
	struct strings names;		/* in the order of the table; owned */
	struct strings ignored;		/* tests that run only when they are named; owned, sorted */
	struct listed_about {
		char *test;		/* owned */
		struct ktstr_about about;
	} *about;			/* sorted by test */
	size_t nr_about, alloc_about;
};

/*
 * Read the table that `PROGRAM -l` printed into @l, which the caller has zeroed and frees in any
 * case. Of its rows those of the fixtures "ktstr" and "gauntlet" count. Text around the table (a
 * warning of the program) is skipped, rows that do not fit the table's columns end it. A name that
 * cannot stand in a KTAP line, or stands there twice, is an error. Lines of plan/about.h before the
 * table say what the tests are like.
 * Returns 0, or -EINVAL / -ENOMEM with @err.
 */
int listing__parse(const char *text, size_t len, struct listing *l, struct ktstr_err *err);
void listing__free(struct listing *l);

/* Of the variant @name. False: its test is not among the ignored ones. */
bool listing__ignores(const struct listing *l, const char *name);
/* NULL: the program says nothing of its test. */
const struct ktstr_about *listing__about(const struct listing *l, const char *name);

#endif
