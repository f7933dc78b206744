/* SPDX-License-Identifier: GPL-2.0 */
/* Made-up files of a machine (/proc, /sys and so on) below a root that goes with the test. */
#ifndef MADE_ROOT_H
#define MADE_ROOT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/paths.h"

static inline void make_root(char *root, size_t size)
{
	snprintf(root, size, "/tmp/ktstr-root-test-XXXXXX");
	if (!mkdtemp(root))
		abort();
}

/* A file, with the folders that it is in; @path begins with a slash. */
static inline void put(const char *root, const char *path, const char *text)
{
	char full[512], *slash;

	snprintf(full, sizeof(full), "%s%s", root, path);
	slash = strrchr(full, '/');
	*slash = '\0';
	if (ktstr_paths__mkdirs(full))
		abort();
	*slash = '/';
	if (ktstr_paths__write(full, text, strlen(text)))
		abort();
}

static inline void remove_root(const char *root)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", root);
	if (system(command))
		abort();
}

#endif
