/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots as files: one object of JSON, plain or in a frame of zstd. docs/ctprof.md has the schema.
 * A file is not trusted. Keys that are not known are ignored and figures that are missing are not there,
 * so that files of older and newer tools with the same version can be compared.
 */
#ifndef KTSTR_TOOL_CTPROF_FILE_H
#define KTSTR_TOOL_CTPROF_FILE_H

#include "lib/err.h"
#include "snapshot.h"

#define CTPROF_SCHEMA		"ktstr.ctprof"
#define CTPROF_VERSION		1
#define CTPROF_FILE_MAX		((size_t)256 << 20)	/* of JSON, when it is unpacked */
#define CTPROF_EXTENSION	".zst"			/* of a file that is to be packed */

/* To stdout where @path is "-". 0, or -errno with @err. The file is replaced at once or not at all. */
int ctprof_file__write(const struct ctprof_snapshot *s, const char *path, struct ktstr_err *err);

/* @s is one that was initialised. 0, or -errno with @err: what is wrong, without the path. */
int ctprof_file__read(struct ctprof_snapshot *s, const char *path, struct ktstr_err *err);
/* The same from memory. */
int ctprof_file__parse(struct ctprof_snapshot *s, const void *data, size_t len, struct ktstr_err *err);

#endif
