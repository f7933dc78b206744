/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From what a probe has fetched to an event in the file, for both engines: what the points of
 * points.h say becomes the numbers of the event.
 */
#ifndef KTSTR_TRACE_COLLECT_H
#define KTSTR_TRACE_COLLECT_H

#include "points.h"

#define KTSTR_TRACE_MASKS	4096	/* tasks whose CPUs are remembered; a power of two */

struct ktstr_trace_cpu_state {
	uint64_t task;			/* struct task_struct that runs; 0: not known */
	int32_t pid;			/* the same; or -1 */
	uint64_t switches;		/* events */
	uint64_t base;			/* rq->nr_switches when they began */
};

struct ktstr_trace_collect {
	struct ktstr_trace_writer *writer;
	struct ktstr_trace_points points;
	struct ktstr_trace_cpu_state *cpu;	/* of each CPU; owned */
	struct {
		int32_t pid;
		uint64_t mask;
	} masks[KTSTR_TRACE_MASKS];
	uint64_t events, from_ns, to_ns;
};

/* 0 or -ENOMEM. The points are left as they are. */
int ktstr_trace_collect__init(struct ktstr_trace_collect *c, uint32_t nr_cpus);
void ktstr_trace_collect__free(struct ktstr_trace_collect *c);

/* Write @e as it is. */
void ktstr_trace_collect__add(struct ktstr_trace_collect *c, const struct ktstr_trace_event *e);
/*
 * What was fetched at point @ev->probe; the time is the guest's. @ev->vcpu is one of the CPUs and the
 * words are those of the point: the caller has checked that. False: it was no event.
 */
bool ktstr_trace_collect__take(struct ktstr_trace_collect *c, const struct vm_probe_event *ev);

#endif
