/* SPDX-License-Identifier: GPL-2.0 */
/* The catalogue of canned scenarios (docs/scenarios.md), listed and chosen from. */
#ifndef KTSTR_TOOL_CANNED_H
#define KTSTR_TOOL_CANNED_H

#include "tables.h"
#include "util.h"

#define CANNED_PROGRAM	"catalogue"	/* has a test for each scenario */
#define CANNED_ALL	"all"
#define CANNED_BATCH	"batch_"	/* its tests of several scenarios */

/* Print the catalogue; the exit status of the tool. */
int print_scenarios(enum table_format format);

/*
 * Add the names of the scenarios that @what means: one by name, a category, or "all". The
 * strings are the catalogue's. 0, or -ENOENT with the nearest name (or NULL) in *@hint.
 */
int canned__choose(const char *what, struct strings *names, const char **hint);

/*
 * Add the test that runs all of @what, a category or "all", in one guest; *@nr is how many
 * scenarios that are. 0, or -ENOENT as above.
 */
int canned__choose_batch(const char *what, struct strings *names, uint32_t *nr,
			 const char **hint);

#endif
