/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The index of all sidecars below a folder, in SQLite. The sidecars are the truth. The index is a copy
 * of what of them is compared: opening it looks at every sidecar's size, inode and time, and
 * reads those that have changed. An index that is missing, of another version or damaged is made anew.
 *
 * The database is worked on in memory and replaces the file ROOT/.index.sqlite as a whole, so that no
 * crash and no second process leaves half of one. Where the folder cannot be written there is no
 * file. The file is for reading, with sqlite3(1) too: docs/results.md has its tables.
 */
#ifndef KTSTR_RUNS_INDEX_H
#define KTSTR_RUNS_INDEX_H

#include "lib/err.h"
#include "rows.h"

#define KTSTR_INDEX_FILE	".index.sqlite"

struct ktstr_index;

struct ktstr_index_counts {
	unsigned int sidecars;	/* below the folder */
	unsigned int read;	/* of these, because they were new or had changed */
	unsigned int wrong;	/* are no sidecars, or cannot be read: not in ktstr_rows */
	unsigned int gone;	/* were in the index, and are not there any more */
	bool rebuilt;		/* there was an index, but not to be used */
	char why[128];		/* for rebuilt */
};

/* 0 or -errno with @err. A folder that is not there has no sidecars. */
int ktstr_index__open(struct ktstr_index **ix, const char *root, struct ktstr_err *err);
void ktstr_index__close(struct ktstr_index *ix);
const struct ktstr_index_counts *ktstr_index__counts(const struct ktstr_index *ix);

/* The sidecars and their figures; @figures: false for the dimensions alone. 0 or -errno with @err. */
int ktstr_index__rows(struct ktstr_index *ix, bool figures, struct ktstr_rows *rows,
		      struct ktstr_err *err);
/* Call @fn for each sidecar that is wrong. */
int ktstr_index__wrong(struct ktstr_index *ix,
		       void (*fn)(void *arg, const char *path, const char *why), void *arg,
		       struct ktstr_err *err);

#endif
