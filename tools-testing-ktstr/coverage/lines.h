/* SPDX-License-Identifier: GPL-2.0 */
/* How often each line of each source was executed, whichever tool says so. */
#ifndef KTSTR_TOOL_COVERAGE_LINES_H
#define KTSTR_TOOL_COVERAGE_LINES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_LINE	1000000u

struct source {
	char *path;
	uint64_t *count;	/* of each line, from 1 on; NO_CODE: nothing to execute */
	uint32_t nr;		/* lines there is room for, and line 0 */
};

#define NO_CODE		UINT64_MAX

struct lines {
	struct source *source;
	size_t nr;
};

/* The source at @path, which is added if it is not there. NULL: no memory. */
struct source *lines__source(struct lines *l, const char *path);
/* @line was executed @count times; adds to what is known. 0, -EINVAL or -ENOMEM. */
int source__add(struct source *s, uint64_t line, uint64_t count);
/* Sources in the order of their names. Those without code, and foreign headers, are left out then. */
void lines__sort(struct lines *l);
/* A table, each line behind "# ". */
void lines__print(const struct lines *l, FILE *f);
/* A tracefile of lcov: also genhtml, editors and CI services read that. */
void lines__write_info(const struct lines *l, FILE *f);
/* Take over what a tracefile says. 0 or -ENOMEM. */
int lines__read_info(struct lines *l, const char *text);
void lines__free(struct lines *l);

#endif
