/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the documents of the original promise by name, and what became of each: `ktstr list features`,
 * docs/features.md. The names were collected once; promised.c has them. Whether something is supported is
 * not written there but looked up in the tables by which this suite runs, wherever there is a table.
 */
#ifndef KTSTR_TOOL_FEATURES_H
#define KTSTR_TOOL_FEATURES_H

#include <stddef.h>

#include "tools-testing-ktstr/tables/tables.h"

/* Where a name is looked up. */
enum feature_kind {
	FEATURE_ATTRIBUTE,	/* of a test */
	FEATURE_CHECK,
	FEATURE_SCHEDULER,	/* an attribute of a scheduler */
	FEATURE_WORK_TYPE,
	FEATURE_OP,
	FEATURE_METRIC,
	FEATURE_COMMAND,	/* the beginning of a line of its usage, "kernel build" */
	FEATURE_OPTION,		/* "run --seed": an option of a command */
	FEATURE_VARIABLE,	/* of the environment */
	FEATURE_API,		/* identifiers of the public headers; tests/e2e/docs_test.sh looks */
	FEATURE_OTHER,		/* has no table: @here is a page of docs/ that describes it */
	NR_FEATURE_KINDS
};

enum feature_status { FEATURE_YES, FEATURE_DIFFERS, FEATURE_NOT_YET, NR_FEATURE_STATUSES };

struct feature {
	enum feature_kind kind;
	const char *name;	/* as the original's documents have it */
	const char *here;	/* as it is called here; NULL: there is nothing of the kind */
	const char *row;	/* differently: the first cell of its row in docs/differences.md */
};

extern const struct feature features[];
extern const size_t nr_features;

/* NULL: no kind is called so. */
const char *feature_kind__title(enum feature_kind kind);
const char *feature_status__name(enum feature_status status);

/*
 * Not yet: @here is NULL, is in no table, or is there and marked as something for later. Differently:
 * there is a row of docs/differences.md, whether or not there is anything here. Why it is not there
 * yet, if the table says so, is in @needs.
 */
enum feature_status feature__status(const struct feature *f, const char **needs);

int print_features(enum table_format format);

#endif
