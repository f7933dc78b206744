/* SPDX-License-Identifier: GPL-2.0 */
/* Threads and processes of a made-up /proc. */
#ifndef CTPROF_TEST_PROCFS_H
#define CTPROF_TEST_PROCFS_H

#include <stdio.h>

#include "tests/unit/made_root.h"

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

#endif
