/* SPDX-License-Identifier: GPL-2.0 */
/* Dumps as files. */
#ifndef KTSTR_DUMP_FILE_H
#define KTSTR_DUMP_FILE_H

#include "dump.h"

#define KTSTR_DUMP_SUFFIX	".failure-dump.json"
#define KTSTR_DUMP_FILE_MAX	(512u << 20)	/* bytes that are read */

/* Write @root to @path. 0 or -errno. */
int ktstr_dump_file__write(const struct ktstr_jnode *root, const char *path);

/* A dump that was read. The file is not trusted. */
struct ktstr_dump_file {
	struct ktstr_jtree tree;
	const struct ktstr_jnode *root;
	const struct ktstr_jnode *early;	/* the earlier report of two; NULL: there is one */
	const struct ktstr_jnode *report;	/* the only or later one; NULL: it is degraded */
};

/* 0, or -errno with @err. ktstr_dump_file__close() in either case. */
int ktstr_dump_file__open(struct ktstr_dump_file *d, const char *path, struct ktstr_err *err);
/* The same of @len bytes of text. */
int ktstr_dump_file__parse(struct ktstr_dump_file *d, const char *text, size_t len,
			   struct ktstr_err *err);
void ktstr_dump_file__close(struct ktstr_dump_file *d);

/*
 * What @b has that @a has not, and the other way round, as lines "PATH: VALUE -> VALUE". Elements of
 * lists are matched by what they are: a task by its pid, a CPU by its number, a map by its name.
 * Returns the number of differences.
 */
unsigned int ktstr_dump_file__diff(const struct ktstr_jnode *a, const struct ktstr_jnode *b, FILE *f);

#endif
