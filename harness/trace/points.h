/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where events of a schedule come from: functions and tracepoints of the kernel and programs of the
 * scheduler, and which of their arguments become which number of an event. A point is a row of the table
 * in points.c; a kernel that lacks a function, or a field, lacks that. An emulator probes functions, BPF
 * programs in the guest the tracepoint where a row has one.
 */
#ifndef KTSTR_TRACE_POINTS_H
#define KTSTR_TRACE_POINTS_H

#include "event.h"
#include "harness/model/probe.h"
#include "harness/monitor/bpf/prog.h"
#include "harness/probe/func.h"

/* Where a value that was fetched goes. From TO_VALUE on: into that number. */
enum ktstr_trace_slot {
	TO_PID, TO_COMM, TO_PREV_COMM,
	TO_STATE,		/* the task's, and */
	TO_WANTED,		/* those from which it is to be woken: no event without a common bit */
	TO_FLAGS,		/* of enqueue_task(): no event unless it is a wakeup */
	TO_CPU,			/* where the task is: no event if it goes there */
	TO_MASK,		/* of CPUs: an event of its own if it is new */
	TO_TASK,		/* the address of the task that is switched to */
	TO_EXIT_STATE,		/* of the task that is switched from */
	TO_PREEMPTED,		/* it is runnable, whatever its state says */
	TO_NAME,
	TO_VALUE,
};

#define KTSTR_TRACE_FETCHES	10

struct ktstr_trace_point {
	enum ktstr_trace_kind kind;
	enum ktstr_probe_at at;
	char name[KTSTR_TRACE_TEXT];	/* of the function, tracepoint or operation */
	uint32_t nr_args;		/* of a tracepoint that are used */
	char text[KTSTR_TRACE_TEXT];
	unsigned int nr;
	enum ktstr_trace_slot slot[KTSTR_TRACE_FETCHES];
	struct ktstr_btf_field field[KTSTR_TRACE_FETCHES];
};

struct ktstr_trace_points {
	unsigned int nr;
	struct ktstr_trace_point point[VM_MAX_PROBES];
	struct vm_probe probe[VM_MAX_PROBES];	/* of kernel functions: link addresses */
	unsigned int nr_kernel;			/* so many are functions of the kernel */
};

/* What the kernel @img has. 0, or -ENOENT with @missing: a function without which there is no trace. */
int ktstr_trace_points__kernel(struct ktstr_trace_points *t, const struct ktstr_kimage *img,
			       const char **missing);
/*
 * The same for BPF programs in the guest, and all operations that a scheduler may have: the guest finds
 * those that it has.
 */
int ktstr_trace_points__guest(struct ktstr_trace_points *t, const struct ktstr_kimage *img,
			      const char **missing);
/*
 * Replace the points of a scheduler by those of all sched_ext programs that are loaded. The number of
 * them, or -errno.
 */
int ktstr_trace_points__programs(struct ktstr_trace_points *t, struct ktstr_kview *v);

#endif
