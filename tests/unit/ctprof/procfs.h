/* SPDX-License-Identifier: GPL-2.0 */
/* A made-up /proc and /sys, below a root that goes with the test. */
#ifndef CTPROF_TEST_PROCFS_H
#define CTPROF_TEST_PROCFS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/paths.h"

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

/* The file of a thread. */
static inline void put_of(const char *root, int tgid, int tid, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", tgid, tid, name);
	put(root, path, text);
}

/* stat of a thread, and of the process if it is the leader; @start in ticks. */
static inline void put_thread(const char *root, int tgid, int tid, const char *comm, int start)
{
	char text[512], path[64];

	/* fields 3 to 41: proc_pid_stat(5) */
	snprintf(text, sizeof(text),
		 "%d (%s) S 1 %d %d 0 -1 4194560 70 1 3 2 11 7 100 50 20 0 2 0 %d 9000 55 18446744073709551615 1 1 0 0 0 0 0 0 0 1 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		 tid, comm, tgid, tgid, start);
	put_of(root, tgid, tid, "stat", text);
	if (tgid != tid)
		return;
	snprintf(path, sizeof(path), "/proc/%d/stat", tgid);
	put(root, path, text);
}

static inline void make_root(char *root, size_t size)
{
	snprintf(root, size, "/tmp/ktstr-ctprof-test-XXXXXX");
	if (!mkdtemp(root))
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
