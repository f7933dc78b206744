/* SPDX-License-Identifier: GPL-2.0 */
/* How often each line of each source was executed, whichever tool says so: into a table, and on screen. */
#ifndef KTSTR_TOOL_COVERAGE_LINES_H
#define KTSTR_TOOL_COVERAGE_LINES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/coverage/table.h"

/* The source at @path; NULL for foreign headers, which are left out. 0 or -errno. */
int lines__file(struct ktstr_cover *c, const char *path, struct ktstr_cover_file **f);
/* Numbers that no line has are left out, and so is everything of a NULL @f. 0 or -errno. */
int lines__add(struct ktstr_cover_file *f, uint64_t line, uint64_t count);
/* Take over the lines of a tracefile, which may have records that ours have not. 0 or -errno. */
int lines__read_info(struct ktstr_cover *c, const char *text);
/* A table that is sorted, each line behind "# ". */
void lines__print(const struct ktstr_cover *c, FILE *f);

#endif
