/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory shared by workers.c, which creates and ends workers, process.c, which handles their
 * processes, and worker_loop.c, which runs in a worker. The parent writes the control block
 * (except the number of parked workers), each worker its own slot.
 */
#ifndef KTSTR_GUEST_WORK_WORKER_H
#define KTSTR_GUEST_WORK_WORKER_H

#include <poll.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "migrations.h"
#include "samples.h"
#include "work.h"
#include "workers.h"

/*
 * In between all workers report: the exit of a process takes much longer, and must not delay the
 * reports of others.
 */
enum { KTSTR_STOP = 1, KTSTR_LEAVE };

struct ktstr_control {
	uint32_t parked;		/* workers that reached the gate */
	uint32_t gate;			/* for workers without a common one: ktstr_gate__open() */
	/* read by every worker at every checkpoint: a cache line of its own */
	uint32_t stop __attribute__((aligned(64)));	/* 0, KTSTR_STOP, KTSTR_LEAVE; futex */
	uint32_t epoch;			/* counts changes of the workers' CPUs */
	uint64_t start_ns;		/* written before the gate opens */
	uint32_t phase;			/* odd: one is being measured; phase.c */
	uint64_t phase_ns;		/* its beginning, written before phase */
};

/* Values of a phase that cannot be computed as the difference of two reports. */
struct ktstr_phase_part {
	uint32_t phase;			/* control->phase of which it is; 0: of none */
	int32_t max_gap_cpu;
	uint64_t max_gap_ns;
	struct ktstr_cpumask cpus_used;
};

struct ktstr_sched_figures {
	uint64_t cpu_ns, run_delay_ns, timeslices;
};

struct ktstr_worker_slot {
	struct ktstr_worker_report report;
	uint32_t nr_metrics;
	struct ktstr_worker_metric metrics[KTSTR_WORKER_METRICS];
	uint32_t said;			/* enum ktstr_severity of its verdict; 0: none */
	char said_text[KTSTR_SAID_LEN];
	uint64_t last_ns;		/* of the last checkpoint, CLOCK_MONOTONIC; 0: none */
	struct ktstr_sched_figures base; /* at the beginning of the loop */
	uint32_t base_valid;
	uint64_t base_voluntary, base_involuntary;
	struct ktstr_cpumask recent_cpus; /* used in the epoch that the worker last saw */
	uint32_t epoch;
	struct ktstr_phase_part part;
	struct ktstr_migration_ring migrations;
} __attribute__((aligned(64)));

/* ---- used by the parent only (workers.c, collect.c) ---- */

struct ktstr_worker {
	struct ktstr_process *process;	/* those of threads are neighbours */
	enum ktstr_worker_status status;
};

/* What the groups of one call of fork share. */
struct ktstr_batch {
	struct ktstr_batch *next;
	struct ktstr_work work;		/* filled */
	struct ktstr_work_group *groups;
	uint32_t nr;
	void *map;			/* MAP_SHARED, or NULL */
	size_t map_size;
};

struct ktstr_workers {
	uint32_t max, nr;
	uint64_t seed;
	uint32_t *gate;			/* of those to be forked */
	size_t map_size;
	struct ktstr_control *control;
	struct ktstr_worker_slot *slots;	/* behind control, same mapping */
	struct ktstr_sample_store store;
	struct ktstr_worker *workers;
	struct ktstr_worker_report *reports;	/* private copies, filled by reaping */
	struct ktstr_worker_samples *samples;
	struct ktstr_migrations *migrations;
	struct ktstr_phase_slices *slices;	/* NULL: no phase was measured */
	struct ktstr_batch *batches;
	int done_fd;			/* eventfd: a report is complete */
	struct pollfd *polls;		/* room for it and one a worker */
	uint32_t *poll_index;
	bool migrated_known;
	uint64_t migrated;		/* at the start, after stop the difference */
	char failed_at[96];
};

/* Between NUMA nodes, so far, system-wide; false without CONFIG_NUMA. */
bool ktstr_read_pages_migrated(uint64_t *pages);

/* The arguments of a worker. */
struct ktstr_worker_args {
	struct ktstr_control *control;
	struct ktstr_worker_slot *slot;
	const struct ktstr_sample_store *samples;
	struct ktstr_work_group *group;
	struct ktstr_placement placement;
	int done_fd;			/* eventfd: its report is complete */
	uint32_t *gate;			/* opens when it differs from gate_closed */
	uint32_t gate_closed;
	pid_t parent;
	uint64_t seed;
	uint32_t number;		/* among all workers */
	uint32_t index;			/* in its cgroup's work */
	uint32_t member;		/* in its group */
};

/* Main functions of a process: with one worker; named @comm, with @nr workers as its threads. */
void __attribute__((noreturn)) ktstr_worker__main(const struct ktstr_worker_args *args);
void __attribute__((noreturn)) ktstr_leader__main(const struct ktstr_worker_args *args,
						  uint32_t nr, const char *comm);

/* schedstat of task @tid, or of the caller for 0. */
bool ktstr_schedstat(pid_t tid, struct ktstr_sched_figures *f);
/*
 * The caller's anonymous pages by node; false without NUMA. Pages of files are not counted: they
 * are on the node of their first reader.
 */
bool ktstr_anon_pages(uint64_t nodes[KTSTR_MAX_NODES]);
void ktstr_worker_slot__sched_figures(struct ktstr_worker_slot *s,
				      const struct ktstr_sched_figures *now);
long ktstr_futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout);

void ktstr_phase_slices__free(struct ktstr_workers *ws);

/* ---- process.c ---- */

/*
 * A process with one worker, or with several as threads. Its workers hold references, as they may
 * belong to several stores.
 */
struct ktstr_process {
	pid_t pid;			/* 0: not forked */
	int pidfd;			/* -1: not forked or reaped */
	uint32_t refs;			/* of its workers, and of its leader while it is planned */
	bool threads;			/* its workers are threads */
	bool killed;			/* by us */
	uint64_t killed_ns;
	int status;			/* once reaped: of waitpid() */
	struct rusage usage;		/* once reaped */
};

/* The parent's copies of its descriptors. */
void ktstr_work_group__close(struct ktstr_work_group *g);

struct ktstr_process *ktstr_process__new(void);
/* Drop a reference; the last one frees it. */
void ktstr_process__put(struct ktstr_process *p);
/* Fork: one worker, in its cgroup. 0 or -errno. */
int ktstr_process__fork(struct ktstr_process *p, const struct ktstr_worker_args *args);
void ktstr_process__kill(struct ktstr_process *p, uint64_t now);
/* It has ended: kill the rest of its process group, and take its status. */
void ktstr_process__reap(struct ktstr_process *p);

/* Add a worker to @l; @args is copied. 0 or -ENOMEM. */
int ktstr_leader__add(struct ktstr_leader *l, const struct ktstr_worker_args *args);
struct ktstr_process *ktstr_leader__process(struct ktstr_leader *l);

#endif
