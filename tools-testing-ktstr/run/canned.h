/* SPDX-License-Identifier: GPL-2.0 */
/* Which tests `ktstr run --scenario` means: chosen from the catalogue (docs/catalogue.md). */
#ifndef KTSTR_TOOL_RUN_CANNED_H
#define KTSTR_TOOL_RUN_CANNED_H

#include <stdint.h>

#include "tools-testing-ktstr/util/util.h"

#define CANNED_PROGRAM	"catalogue"	/* has a test for each scenario */
#define CANNED_ALL	"all"
#define CANNED_BATCH	"batch_"	/* prefix of its tests that run several scenarios */

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
