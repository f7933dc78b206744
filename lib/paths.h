/* SPDX-License-Identifier: GPL-2.0 */
/* Paths on the host: the test program, the run folders; and access to whole files. */
#ifndef KTSTR_LIB_PATHS_H
#define KTSTR_LIB_PATHS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* The running test program (the real file behind /proc/self/exe), and its folder. */
int ktstr_paths__exe(char *buf, size_t size);
/*
 * What the program is read by: the same, or /proc/self/exe when a build has removed or replaced the
 * file meanwhile.
 */
int ktstr_paths__exe_file(char *buf, size_t size);
int ktstr_paths__exe_dir(char *buf, size_t size);
/* The file @name in KTSTR_LIBDIR, or beside the test program. 0 or -errno: it cannot be read. */
int ktstr_paths__beside(char *buf, size_t size, const char *name);

/* snprintf() that returns -ENAMETOOLONG instead of a cut path. */
int ktstr_paths__fmt(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What follows the last '/'. */
const char *ktstr_paths__base(const char *path);
/* @path behind the working directory where it is relative; links stay. 0 or -errno. */
int ktstr_paths__absolute(const char *path, char *buf, size_t size);

bool ktstr_paths__is_file(const char *path);	/* regular, after links */
bool ktstr_paths__is_dir(const char *path);
bool ktstr_paths__is_program(const char *path);	/* a file that this process may execute */
/* The program called @name in the folders of PATH, into @path. */
bool ktstr_paths__in_path(const char *name, char *path, size_t size);

/* Create @path and its parents, 0755. 0 (also when it exists) or -errno. */
int ktstr_paths__mkdirs(const char *path);

/*
 * KTSTR_RUNS_ROOT (absolute), else ktstr-runs beside the test program if that can be
 * written, else /tmp/ktstr-runs-<uid>. Creates nothing.
 */
int ktstr_paths__runs_root(char *buf, size_t size, struct ktstr_err *err);

/* A whole file, NUL-terminated, at most @max bytes. NULL with errno (EFBIG: it is larger). */
char *ktstr_paths__read(const char *path, size_t max, size_t *len);
/* Replace @path atomically (temporary file in the same folder, then rename). 0 or -errno. */
int ktstr_paths__write(const char *path, const char *text, size_t len);
/* The same for a file that is not there yet: else -EEXIST, and nothing is changed. */
int ktstr_paths__write_new(const char *path, const char *text, size_t len);
/*
 * Will ktstr_paths__write() be able to, as far as can be known? Tried with an empty file beside @path,
 * which is removed. 0, or -errno: also -EISDIR, and -EINVAL for what is neither a file nor missing.
 */
int ktstr_paths__can_write(const char *path);
/* Remove @dir and all that is in it; links are not followed. 0 or -errno. */
int ktstr_paths__remove_tree(const char *dir);

#endif
