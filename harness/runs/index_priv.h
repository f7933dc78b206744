/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the index share. */
#ifndef KTSTR_RUNS_INDEX_PRIV_H
#define KTSTR_RUNS_INDEX_PRIV_H

#include <limits.h>
#include <sqlite3.h>

#include "index.h"

struct ktstr_index {
	sqlite3 *db;
	char root[PATH_MAX];
	struct ktstr_index_counts counts;
};

/* -EIO with what SQLite says. */
int ktstr_index__failed(struct ktstr_index *ix, struct ktstr_err *err);
/* NULL: see sqlite3_errmsg(). */
sqlite3_stmt *ktstr_index__stmt(struct ktstr_index *ix, const char *sql);

/* Bring the tables up to date with the files, within a transaction. 0 or -errno with @err. */
int ktstr_index__walk(struct ktstr_index *ix, struct ktstr_err *err);

#endif
