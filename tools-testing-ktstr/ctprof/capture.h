/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a snapshot from procfs, cgroupfs and taskstats. Threads come and go while it does so: one that
 * ended is left out, one file that cannot be read leaves its figures out. Only a host without /proc is an
 * error. What is read is not trusted: a tree of files may stand in for the host.
 */
#ifndef KTSTR_TOOL_CTPROF_CAPTURE_H
#define KTSTR_TOOL_CTPROF_CAPTURE_H

#include "lib/err.h"
#include "snapshot.h"

struct ctprof_capture_opts {
	const char *root;	/* is put before /proc and /sys: "", a container's or a test's */
	bool smaps;		/* also smaps_rollup: the kernel walks the page tables of each process */
};

/* @s is one that was initialised. 0, or -errno with @err. */
int ctprof_capture(struct ctprof_snapshot *s, const struct ctprof_capture_opts *opts,
		   struct ktstr_err *err);

#endif
