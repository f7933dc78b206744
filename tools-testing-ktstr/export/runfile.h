/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The text of a run file: the script runfile.sh with the values of one test, and behind it the test's
 * files as a compressed tar archive.
 */
#ifndef KTSTR_TOOL_EXPORT_RUNFILE_H
#define KTSTR_TOOL_EXPORT_RUNFILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct runfile {
	const char *name, *test;	/* "ktstr/TEST", and what the program calls it */
	const char *program;		/* its base name */
	const char *needs;		/* lines, of --needs */
	char *files;			/* gzip; malloc()ed */
	size_t files_size;
};

/* Compress what @fd has up to its end into r->files, the same bytes for the same input. */
int runfile__read_files(struct runfile *r, int fd, struct ktstr_err *err);

/* All of it, malloc()ed. NULL with @err. */
char *runfile__text(const struct runfile *r, size_t *size, struct ktstr_err *err);

/* The checksum of cksum(1), as POSIX has it: of the bytes, then of their number. */
uint32_t runfile__cksum(const void *data, size_t size);

#endif
