/* SPDX-License-Identifier: GPL-2.0 */
/*
 * lcov's tracefiles (geninfo(1)), of which we know the records TN, SF, FN, FNDA, FNF, FNH, DA, LF, LH
 * and end_of_record. A file with others, of branches for example, is refused: it would lose them.
 */
#ifndef KTSTR_COVERAGE_LCOV_H
#define KTSTR_COVERAGE_LCOV_H

#include "lib/err.h"
#include "table.h"

#define KTSTR_LCOV_MAX_BYTES	(256u << 20)

/* Add what a tracefile says to @c, which is to be sorted afterwards. 0, or -errno with @err. */
int ktstr_lcov__parse(struct ktstr_cover *c, const char *text, size_t len, struct ktstr_err *err);
/* The text of a table that is sorted, malloc()ed. NULL with errno. */
char *ktstr_lcov__text(const struct ktstr_cover *c, size_t *len);

/*
 * Add the file @path to @c and sort it; there may be none. 0, or -errno with @err.
 */
int ktstr_lcov__read(struct ktstr_cover *c, const char *path, struct ktstr_err *err);
/*
 * Add @c to the file @path, which is made if need be. Several processes may do so at the same time; who
 * reads it sees the file before or after. 0, or -errno with @err.
 */
int ktstr_lcov__add_to(const char *path, const struct ktstr_cover *c, struct ktstr_err *err);

/*
 * Before a run whose tests add to @path: whatever is there from an earlier one goes, unless it is no
 * tracefile. @absolute, of PATH_MAX bytes, is where it is wherever a test runs. 0, or -errno with @err.
 */
int ktstr_lcov__start(const char *path, char *absolute, struct ktstr_err *err);
/* ... and after it, in one line for the user: what was measured, or why nothing was. */
void ktstr_lcov__conclude(const char *path, char *buf, size_t size);

#endif
