/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What was executed of source files: counts of lines and functions. Counts of the same line or function
 * are added up. lcov.h writes and reads such a table.
 */
#ifndef KTSTR_COVERAGE_TABLE_H
#define KTSTR_COVERAGE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define KTSTR_COVER_MAX_FILES	4096
#define KTSTR_COVER_MAX_ITEMS	(4u << 20)	/* lines, and functions, of a file */
#define KTSTR_COVER_MAX_COUNT	INT64_MAX	/* more is this; readers have signed numbers */

struct ktstr_cover_line {
	uint32_t line;			/* from 1 */
	uint64_t count;
};

struct ktstr_cover_func {
	char *name;
	uint32_t line;			/* 0: not known */
	uint64_t count;
};

struct ktstr_cover_file {
	char *path;
	struct ktstr_cover_line *line;
	struct ktstr_cover_func *func;
	size_t nr_lines, nr_funcs;
};

struct ktstr_cover {
	struct ktstr_cover_file *file;
	size_t nr;
};

struct ktstr_cover_totals {
	uint64_t lines, lines_hit, functions, functions_hit;
};

/* The file of this path, added if need be; valid until the next one is added. NULL with errno. */
struct ktstr_cover_file *ktstr_cover__file(struct ktstr_cover *c, const char *path);
/* 0, -ENOMEM, or -E2BIG. */
int ktstr_cover_file__add_line(struct ktstr_cover_file *f, uint32_t line, uint64_t count);
int ktstr_cover_file__add_func(struct ktstr_cover_file *f, const char *name, uint32_t line,
			       uint64_t count);
/* Add all that is in @from, and sort. 0, -ENOMEM, or -E2BIG. */
int ktstr_cover__add(struct ktstr_cover *c, const struct ktstr_cover *from);
/*
 * After the last addition: files by path, lines by number, functions by line and name, each of them once.
 * Files without lines are left out.
 */
void ktstr_cover__sort(struct ktstr_cover *c);
void ktstr_cover__free(struct ktstr_cover *c);

uint64_t ktstr_cover__sum(uint64_t a, uint64_t b);

/* Of a table that is sorted; they are added to @t. */
void ktstr_cover_file__count(const struct ktstr_cover_file *f, struct ktstr_cover_totals *t);
void ktstr_cover__count(const struct ktstr_cover *c, struct ktstr_cover_totals *t);
/* "212 of 287 lines, 11 of 14 functions of main.bpf.c and 2 more files" */
void ktstr_cover__describe(const struct ktstr_cover *c, char *buf, size_t size);

#endif
