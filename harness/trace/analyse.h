/* SPDX-License-Identifier: GPL-2.0 */
/* What can be said about traces that were read: where two differ, and who waited for whom. */
#ifndef KTSTR_TRACE_ANALYSE_H
#define KTSTR_TRACE_ANALYSE_H

#include <stdio.h>

#include "event.h"

/*
 * Print the first decision in which @a and @b differ, and what led to it; 1, or 0: they are the same,
 * -ENOMEM. The order is compared on each CPU by itself, from where a scheduler is enabled if both have
 * that; times and vtimes are not, as they follow from what happened before. With @tasks, a pattern of
 * names, each of these tasks is compared by itself instead, wherever it is; -ESRCH: there is none.
 */
int ktstr_trace__diff(const struct ktstr_trace *a, const struct ktstr_trace *b, const char *tasks, FILE *f);

/* A stretch of time in which one task had one CPU. */
struct ktstr_trace_slice {
	uint64_t from_ns, to_ns;
	int32_t pid;			/* 0: the idle task */
	const char *comm;		/* of the trace */
};

struct ktstr_trace_cpu {
	struct ktstr_trace_slice *slice;	/* in their order, without gaps */
	size_t nr, room;
};

enum ktstr_trace_why {
	KTSTR_WAIT_BEHIND,		/* the CPU that it got in the end ran others */
	KTSTR_WAIT_IDLE,		/* a CPU that it may use was idle */
	KTSTR_WAIT_AFFINITY,		/* CPUs were idle that it must not use */
	KTSTR_WAIT_THROTTLED,		/* its runqueue had used up its quota */
};

/* A task was runnable and did not run. */
struct ktstr_trace_wait {
	uint64_t from_ns, to_ns;
	int32_t pid;
	const char *comm;
	uint32_t cpu;			/* on which it ran then */
	bool woken;			/* else it was preempted, or yielded */
	bool open;			/* it had not run when the trace ended */
	uint64_t mask;			/* of CPUs that it may use; 0: not known */
	enum ktstr_trace_why why;
	uint32_t idle_cpu;		/* of KTSTR_WAIT_IDLE and AFFINITY */
	uint64_t idle_ns;
};

struct ktstr_trace_waits {
	struct ktstr_trace_cpu *cpu;	/* [nr_cpus] */
	uint32_t nr_cpus;
	struct ktstr_trace_wait *wait;
	size_t nr, room;
};

/* 0 or -ENOMEM; free() in either case. */
int ktstr_trace_waits__find(struct ktstr_trace_waits *w, const struct ktstr_trace *t);
void ktstr_trace_waits__free(struct ktstr_trace_waits *w);
/*
 * Tasks with their waits, then the @longest longest waits and why. @task: only those with this pid or
 * name; NULL: all. False: there is no such task.
 */
bool ktstr_trace_waits__print(const struct ktstr_trace_waits *w, const char *task,
			      unsigned int longest, FILE *f);
/* A drawing of CPUs over time; the waits of @task are marked. 0 or -errno. */
int ktstr_trace_waits__svg(const struct ktstr_trace_waits *w, const struct ktstr_trace *t,
			   const char *task, const char *path);
bool ktstr_trace__is_task(const char *task, int32_t pid, const char *comm);

#endif
