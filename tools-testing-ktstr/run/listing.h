/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of tests that a program prints for -l, as kselftest_harness.h formats it. It starts no
 * process and reads no file.
 */
#ifndef KTSTR_TOOL_RUN_LISTING_H
#define KTSTR_TOOL_RUN_LISTING_H

#include "lib/err.h"
#include "tools-testing-ktstr/util/util.h"

#define LISTING_MAX_NAME	200	/* bytes of a test name */

/*
 * Read the table that `PROGRAM -l` printed and add the name of every test of @fixture to
 * @names, in its order; the caller frees the strings. Text around the table (a warning of
 * the program) is skipped, rows that do not fit the table's columns end it. A name that
 * cannot stand in a KTAP line, or stands there twice, is an error. A line "# ignored: NAME"
 * before the table adds NAME to @ignored: a test that only runs when it is named.
 * Returns 0, or -EINVAL / -ENOMEM with @err; what was added stays added.
 */
int listing__parse(const char *text, size_t len, const char *fixture, struct strings *names,
		   struct strings *ignored, struct ktstr_err *err);

#endif
