/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of a capture share. */
#ifndef KTSTR_TOOL_CTPROF_CAPTURE_PRIV_H
#define KTSTR_TOOL_CTPROF_CAPTURE_PRIV_H

#include <limits.h>

#include "capture.h"
#include "taskstats.h"

/* Of a file of the kernel. The longest is a status with all groups that a user can be in, 65536. */
#define CTPROF_TEXT_MAX		(1u << 20)

struct ctprof_capture {
	struct ctprof_snapshot *s;
	const struct ctprof_capture_opts *opts;
	struct ctprof_taskstats *taskstats;	/* NULL: there are none */
	bool delays;				/* are counted: kernel.task_delayacct */
	char cgroupfs[PATH_MAX];		/* where cgroup2 is mounted, "" if nowhere */
	char text[CTPROF_TEXT_MAX];		/* of the file that was read last */
};

/* A file below the root into c->text, without its last newline. 0 or -errno. */
int ctprof_capture__read(struct ctprof_capture *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Add what the task is like, unless it has ended. */
void ctprof_capture__thread(struct ctprof_capture *c, int32_t tgid, int32_t tid, uint32_t pcomm);
/* The name in parentheses in a text of /proc/PID/stat. It ends at the last one. False: there is none. */
bool ctprof_capture__comm(struct ctprof_snapshot *s, const char *stat, uint32_t *comm);

/* Find where cgroup2 is mounted; read the cgroups that have threads; read the host's pressure. */
void ctprof_capture__find_cgroupfs(struct ctprof_capture *c);
void ctprof_capture__cgroups(struct ctprof_capture *c);
void ctprof_capture__pressure(struct ctprof_capture *c);

#endif
