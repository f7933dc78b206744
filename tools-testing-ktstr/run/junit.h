/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results as a JUnit XML file, which most CI systems show: a test suite with a test case per run of a
 * test. What is inconclusive or did not end is an <error>; a flaky test passed, with what failed
 * before in <flakyFailure> elements, as Maven's Surefire writes them.
 */
#ifndef KTSTR_TOOL_RUN_JUNIT_H
#define KTSTR_TOOL_RUN_JUNIT_H

#include <stdio.h>

#include "lib/err.h"
#include "ktap.h"

struct junit_case {
	const char *id;			/* "gauntlet/x/y": class "gauntlet.x", name "y" */
	enum ktap_status status;	/* KTAP_NONE: it did not end */
	const char *reason;
	double seconds;			/* negative: not known */
};

struct junit {
	FILE *cases;			/* they follow the counts, which are known last */
	char *cases_text;
	size_t cases_len;
	bool has_output;		/* of the current case */
	unsigned int nr, failed, errors, skipped;
	double seconds;
};

/* 0 or -ENOMEM. */
int junit__begin(struct junit *j);
/*
 * One case, until junit__end_case(): first why its earlier attempts failed, if there were any, then the
 * lines of its output.
 */
void junit__case(struct junit *j, const struct junit_case *c);
void junit__attempt(struct junit *j, const char *reason);
void junit__text(struct junit *j, const char *line);
void junit__end_case(struct junit *j);
/* Write @path atomically, and free all. 0, or -errno with @err. @path NULL: only free. */
int junit__end(struct junit *j, const char *path, struct ktstr_err *err);

#endif
