/* SPDX-License-Identifier: GPL-2.0 */
/* A file with a text in it, for trees that stand in for sysfs, procfs and the like. */
#ifndef PUT_FILE_H
#define PUT_FILE_H

#include <limits.h>
#include <stdio.h>

/* Where it cannot be made, what reads it finds out. */
static inline void put_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX + 32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

#endif
