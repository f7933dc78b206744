/* SPDX-License-Identifier: GPL-2.0 */
/* Finds workers that make no progress although they should: see stall.c. */
#ifndef KTSTR_GUEST_ENGINE_STALL_H
#define KTSTR_GUEST_ENGINE_STALL_H

#include <stdbool.h>
#include <sys/types.h>

#include "harness/result/result.h"

#define KTSTR_STALL_LOOKS	4	/* in a row that find nothing changed */
#define KTSTR_STALL_PER_LOOK	4	/* are described in one look, the others in the next */

/* The state of a worker at the last poll. All 0: there was none. */
struct ktstr_progress {
	uint64_t checkpoint;		/* its own */
	uint64_t cpu_ns, timeslices;	/* the kernel's */
	uint64_t since_ns;		/* nothing has changed since */
	uint8_t flat;			/* looks without a change, at most KTSTR_STALL_LOOKS */
	char state;			/* as in /proc/TID/stat; 0: not asked for */
	uint8_t stall;			/* 1 + index in the result; 0: none that is kept */
	bool on_purpose;		/* without progress, as far as was seen */
	uint8_t rest;			/* looks at /proc to leave out */
};

struct ktstr_stall_monitor {
	const char *procfs, *cgroupfs;
	struct ktstr_result *result;
	uint64_t began_ns;		/* of the first step */
	/* of this look */
	uint64_t now;
	bool last;			/* the step ends */
	bool want_idle;			/* somebody is runnable and does not run */
	uint32_t described;		/* stalls */
	/* idle time and turns of the CPUs, read at the end of a look that wanted them */
	uint64_t idle_at;		/* 0: never */
	uint64_t idle_ns[KTSTR_MAX_CPUS];
	uint64_t turns[KTSTR_MAX_CPUS];
};

struct ktstr_subject {
	pid_t tid;
	const char *cgroup;		/* as the test calls it */
	uint32_t step;
	uint64_t started_ns;
	uint64_t checkpoint;		/* when it was last seen by itself; 0: never */
};

/* A look at all workers: begin, each of them, end. @last: when the step ends. */
void ktstr_stall__begin(struct ktstr_stall_monitor *m, uint64_t now, bool last);
void ktstr_stall__look(struct ktstr_stall_monitor *m, struct ktstr_progress *p,
		       const struct ktstr_subject *who);
void ktstr_stall__end(struct ktstr_stall_monitor *m);

#endif
