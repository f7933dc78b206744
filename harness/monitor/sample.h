/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the scheduler of a guest is doing, as numbers. A figure is one row of a table in figures.c:
 * where it starts from, and the path of the field as BTF has it. Each is resolved on its own, so a
 * kernel that lacks one lacks only that one; what is missing is missing, never 0.
 */
#ifndef KTSTR_MONITOR_SAMPLE_H
#define KTSTR_MONITOR_SAMPLE_H

#include "view/place.h"

/* Of each CPU. */
enum ktstr_cpu_figure {
	KTSTR_CPU_NR_RUNNING,
	KTSTR_CPU_CLOCK,		/* rq_clock(), ns */
	KTSTR_CPU_NR_SWITCHES,
	KTSTR_CPU_CURR_PID,
	KTSTR_CPU_SCX_NR_RUNNING,
	KTSTR_CPU_SCX_LOCAL_DSQ,	/* tasks in the local DSQ */
	KTSTR_CPU_SCX_FLAGS,		/* enum scx_rq_flags */
	KTSTR_CPU_SCX_RELEASED,
	/* schedstat; they count while kernel.sched_schedstats is 1 */
	KTSTR_CPU_YLD_COUNT,
	KTSTR_CPU_SCHED_COUNT,
	KTSTR_CPU_SCHED_GOIDLE,
	KTSTR_CPU_TTWU_COUNT,
	KTSTR_CPU_TTWU_LOCAL,
	KTSTR_CPU_RQ_CPU_TIME,		/* ns */
	KTSTR_CPU_RUN_DELAY,		/* ns */
	KTSTR_CPU_PCOUNT,
	KTSTR_NR_CPU_FIGURES,
};

/* Of the machine. */
enum ktstr_global_figure {
	KTSTR_GLOBAL_JIFFIES,
	KTSTR_GLOBAL_SCX_STATE,			/* enum scx_enable_state */
	KTSTR_GLOBAL_WATCHDOG_TIMESTAMP,	/* jiffies */
	KTSTR_GLOBAL_WATCHDOG_INTERVAL,		/* jiffies; since 7.1 */
	KTSTR_GLOBAL_WATCHDOG_TIMEOUT,		/* jiffies; until 7.0 */
	KTSTR_GLOBAL_BYPASS_DEPTH,		/* until 7.0 */
	KTSTR_GLOBAL_ABORTING,			/* 6.19 and 7.0 */
	KTSTR_NR_GLOBAL_FIGURES,
};

/* Of the root scheduler, while there is one. */
enum ktstr_sched_figure {
	KTSTR_SCHED_EXIT_KIND,		/* enum scx_exit_kind; an error from 1024 on */
	KTSTR_SCHED_TIMEOUT_MS,		/* sched_ext_ops.timeout_ms */
	KTSTR_SCHED_WATCHDOG_TIMEOUT,	/* jiffies; since 7.1, as the following */
	KTSTR_SCHED_BYPASS_DEPTH,
	KTSTR_SCHED_ABORTING,
	KTSTR_NR_SCHED_FIGURES,
};

#define KTSTR_MAX_EVENTS	64
#define KTSTR_EVENT_NAME_MAX	48
#define KTSTR_OPS_NAME_MAX	128
#define KTSTR_COMM_MAX		16

/* As reports and sidecars call them. */
const char *ktstr_cpu_figure__name(enum ktstr_cpu_figure f);
const char *ktstr_global_figure__name(enum ktstr_global_figure f);
const char *ktstr_sched_figure__name(enum ktstr_sched_figure f);
/* Does it start from the CPU's current task instead of its runqueue? */
bool ktstr_cpu_figure__of_curr(enum ktstr_cpu_figure f);

/* A value counts when its bit in @have is set. */
struct ktstr_cpu_sample {
	uint64_t have;
	uint64_t value[KTSTR_NR_CPU_FIGURES];
	char comm[KTSTR_COMM_MAX];	/* of the current task; "": unknown */
};

struct ktstr_sample {
	uint64_t have_global, have_sched;
	uint64_t global[KTSTR_NR_GLOBAL_FIGURES];
	uint64_t sched[KTSTR_NR_SCHED_FIGURES];
	uint64_t sched_kva;		/* which one it is, see root.h; 0: no scheduler */
	char ops[KTSTR_OPS_NAME_MAX];
	bool have_events;
	int64_t event[KTSTR_MAX_EVENTS];	/* sums over all CPUs */
	unsigned int retries;		/* the scheduler changed while it was read */
	uint32_t nr_cpus;
	struct ktstr_cpu_sample cpu[];
};

struct ktstr_monitor_layout {
	struct ktstr_place cpu[KTSTR_NR_CPU_FIGURES];
	struct ktstr_place global[KTSTR_NR_GLOBAL_FIGURES];
	struct ktstr_place sched[KTSTR_NR_SCHED_FIGURES];
	struct ktstr_place rq_cpu, rq_curr, curr_comm, ops_name, exit_info;
	struct ktstr_place event_base;	/* in scx_sched: the per-CPU pointer */
	uint32_t event_offset;		/* from there to struct scx_event_stats */
	const char *event_symbol;	/* 6.15: a per-CPU variable instead */
	unsigned int nr_events;
	struct {
		char name[KTSTR_EVENT_NAME_MAX];	/* in lower case, without "SCX_EV_" */
		uint32_t offset;
	} event[KTSTR_MAX_EVENTS];
};

/* What of all this the kernel @img has. Fields that it lacks are not found; that is no error. */
void ktstr_monitor_layout__resolve(struct ktstr_monitor_layout *l, const struct ktstr_kimage *img);

struct ktstr_monitor {
	struct ktstr_kview view;
	struct ktstr_monitor_layout layout;
	uint64_t rq;			/* what per_cpu_ptr() is applied to */
};

/* 0 or -errno with @err: the image does not even have runqueues. @img outlives the monitor. */
int ktstr_monitor__init(struct ktstr_monitor *m, const struct ktstr_kimage *img,
			const struct ktstr_gmem *mem, uint32_t nr_cpus, struct ktstr_err *err);

/* An empty sample for @m's number of CPUs; free() it. NULL: no memory. */
struct ktstr_sample *ktstr_sample__new(const struct ktstr_monitor *m);

/*
 * Read all figures now. The guest may stand or run; if it runs, each figure is one that it had,
 * and all figures of the scheduler are of one scheduler. 0, -EAGAIN (the kernel is not up yet),
 * -EBUSY (torn: the scheduler changed again and again), -EIO (the runqueues are damaged).
 */
int ktstr_monitor__sample(struct ktstr_monitor *m, struct ktstr_sample *s);

/* Why the root scheduler left or is leaving. */
struct ktstr_exit_info {
	uint64_t kind;
	int64_t code;
	char reason[128];
	char msg[1024];
};

/* 0, -ENOENT (no scheduler, or a kernel that does not keep it), -EFAULT, -EAGAIN. */
int ktstr_monitor__exit_info(struct ktstr_monitor *m, struct ktstr_exit_info *info);

/* Nanoseconds per jiffy, which is what CONFIG_HZ comes to. 0, -EAGAIN, -ENOENT, -EFAULT. */
int ktstr_monitor__tick_ns(struct ktstr_monitor *m, uint64_t *ns);

/* The kernel's jiffies_64 now. 0, -EAGAIN, -ENOENT, -EFAULT. */
int ktstr_monitor__jiffies(struct ktstr_monitor *m, uint64_t *jiffies);

/*
 * The watchdog's timeout of the scheduler that is attached, in jiffies. 0, -ENOENT: none is, or this
 * kernel has no such field, -EAGAIN, -EFAULT.
 */
int ktstr_monitor__watchdog_timeout(struct ktstr_monitor *m, uint64_t *jiffies);

/* The index of event @name, as "select_cpu_fallback", or -ENOENT: this kernel does not count it. */
int ktstr_monitor__event(const struct ktstr_monitor *m, const char *name);

#endif
