/* SPDX-License-Identifier: GPL-2.0 */
/* Which workers stand still although they should not: see stall.c. */
#ifndef KTSTR_GUEST_STALL_H
#define KTSTR_GUEST_STALL_H

#include <stdbool.h>
#include <sys/types.h>

#include "../core/verdict.h"

#define KTSTR_STALL_LOOKS	4	/* in a row that find nothing changed */
#define KTSTR_STALL_PER_LOOK	4	/* are described in one look, the others in the next */

/* What was known of a worker at the last look. All 0: nothing. */
struct ktstr_progress {
	uint64_t checkpoint;		/* its own */
	uint64_t cpu_ns, timeslices;	/* the kernel's */
	uint64_t since_ns;		/* nothing has changed since */
	uint8_t flat;			/* looks without a change, at most KTSTR_STALL_LOOKS */
	char state;			/* as in /proc/TID/stat; 0: not asked for */
	uint8_t stall;			/* 1 + index in the result; 0: none that is kept */
	bool on_purpose;		/* that it stands still, as far as was seen */
	uint8_t rest;			/* looks at /proc to leave out */
};

struct ktstr_stall_monitor {
	const char *procfs, *cgroupfs;
	struct ktstr_result *result;
	uint64_t began_ns;		/* of the first step */
	/* of this look */
	uint64_t now;
	bool want_idle;			/* somebody is runnable and does not run */
	uint32_t described;		/* stalls */
	/* idle time of the CPUs, read at the end of a look that wanted it */
	uint64_t idle_at;		/* 0: never */
	uint64_t idle_ns[KTSTR_MAX_CPUS];
};

struct ktstr_subject {
	pid_t tid;
	const char *cgroup;		/* as the test calls it */
	uint32_t step;
	uint64_t checkpoint;		/* when it was last seen by itself */
};

/* A look at all workers: begin, each of them, end. */
void ktstr_stall_monitor__begin(struct ktstr_stall_monitor *m, uint64_t now);
void ktstr_stall_monitor__look(struct ktstr_stall_monitor *m, struct ktstr_progress *p,
			       const struct ktstr_subject *who);
void ktstr_stall_monitor__end(struct ktstr_stall_monitor *m);

#endif
