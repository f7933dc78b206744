/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test programs and the tests they list.
 *
 * Without names on the command line these are the suite's own programs: those that the build wrote
 * into ktstr-programs.list beside the tool, else every executable beside the tool with the linker
 * section of registered tests. No other file is executed.
 */
#ifndef KTSTR_TOOL_RUN_SUITE_H
#define KTSTR_TOOL_RUN_SUITE_H

#include "harness/plan/about.h"
#include "harness/plan/id.h"
#include "lib/err.h"
#include "tools-testing-ktstr/util/util.h"

#define SUITE_LIST_FILE		"ktstr-programs.list"
#define SUITE_LIST_TIMEOUT_MS	20000
#define SUITE_LIST_MAX		(16 * 1024 * 1024)	/* bytes of one program's listing */

struct suite {
	struct strings programs;	/* absolute paths, owned */
	struct strings tests;		/* names of variants (plan/id.h), owned, unique */
	unsigned int *program_of;	/* of each: index into programs */
	bool *ignored;			/* of each: runs only when its test is named */
	struct ktstr_about *about;	/* of each: what its program says; else the defaults */
};

/*
 * Find the programs: @nr_paths from the user (a name without '/' is looked for here, then beside
 * the tool), or the suite's own. Returns 0 or -errno with @err; err->missing is set when there are
 * none.
 */
int suite__find(struct suite *s, const char * const *paths, int nr_paths, struct ktstr_err *err);

/* Let every program list its tests. A name that two programs define is an error. */
int suite__list(struct suite *s, struct ktstr_err *err);

/* Both, for a command that needs nothing else: 0, or 1 after a complaint; then there is nothing to free. */
int suite__open(struct suite *s, const char * const *paths, int nr_paths);

/* The index of a test by its name or id; tests.nr: there is none. *@name: the name in @id. */
size_t suite__find_test(const struct suite *s, const char *id, const char **name);

void suite__free(struct suite *s);

/* "prog" of "/a/b/prog". */
const char *suite__base(const char *path);

#endif
