/* SPDX-License-Identifier: GPL-2.0 */
/* The cgroup file system of this machine, for tests that can do with a real one. */
#ifndef KTSTR_TESTS_UNIT_CGROUP_REAL_CGROUP_H
#define KTSTR_TESTS_UNIT_CGROUP_REAL_CGROUP_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/guest/cgroup/cgroup.h"

/* Where cgroup2 is mounted and can be written to, or NULL. */
static inline const char *real_cgroupfs(void)
{
	static const char * const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (!ktstr_cgroupfs__check(places[i], NULL) && !access(places[i], W_OK))
			return places[i];
	return NULL;
}

/* Make a cgroup for this process, "ktstr_@name_PID"; false, and an empty @path, when it cannot be. */
static inline bool make_real_cgroup(char *path, size_t size, const char *name)
{
	const char *fs = real_cgroupfs();

	if (fs && snprintf(path, size, "%s/ktstr_%s_%d", fs, name, getpid()) < (int)size &&
	    !mkdir(path, 0755))
		return true;
	*path = '\0';
	return false;
}

#endif
