/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Workers are forked, wait in their cgroups until all start together, are stopped together and
 * reaped. Their reports survive the death of a worker. A worker is a process, or a thread in the
 * process of a leader, which may have workers of several stores.
 *
 * Phases: new, fork (once a group), start, stop, then status and report of each. Workers are
 * numbered in the order in which they were forked.
 *
 * In this file a "group" is the workers of one call of fork, with one number in the reports. The
 * groups of cooperating workers that some work types form are parts of it.
 */
#ifndef KTSTR_GUEST_WORK_WORKERS_H
#define KTSTR_GUEST_WORK_WORKERS_H

#include <sys/types.h>

#include <ktstr/scenario.h>
#include <ktstr/verdict.h>

#include "harness/result/worker_report.h"


#define KTSTR_COMM_LEN	16		/* TASK_COMM_LEN */

enum ktstr_worker_status {
	KTSTR_WORKER_ALIVE,	/* not reaped */
	KTSTR_WORKER_COMPLETED,	/* report complete */
	KTSTR_WORKER_DIED,	/* ended before its loop did: exit_status says how */
	KTSTR_WORKER_KILLED,	/* did not stop in time, was killed by us */
	KTSTR_WORKER_CUT,		/* killed by ktstr_workers__kill() */
};

/* Where and how the workers of a group are to run. */
struct ktstr_placement {
	int cgroup_fd;				/* born in there (Linux 5.7); -1: not */
	int (*attach)(void *arg, pid_t pid);	/* otherwise moved while parked; may be NULL */
	void *arg;
	/*
	 * In worker @index of the group, before its type's init() and before it parks: nice,
	 * policy, affinity and the like. 0 or -errno, which becomes the report's setup_error.
	 * Descriptors are closed by then. NULL: nothing to do.
	 */
	int (*enter)(void *arg, uint32_t index);
	/*
	 * The name of worker @index, set before it exists: the kernel may print it before the
	 * worker has run for the first time. NULL: the runner's.
	 */
	void (*name)(void *arg, uint32_t index, char comm[KTSTR_COMM_LEN]);
	const char *cgroup_dir;			/* for struct ktstr_work_group; may be NULL */
	const char *workload_root;
	/*
	 * NULL: each worker is a process. Otherwise threads of this one: fork only plans them,
	 * and arg, cgroup_dir and workload_root must last until ktstr_leader__fork().
	 */
	struct ktstr_leader *leader;
};

#define KTSTR_WORKER_METRICS	16

/* A figure of one worker that only its type has. The worker can write this memory. */
struct ktstr_worker_metric {
	char name[32];
	char unit[16];
	uint32_t polarity;		/* enum ktstr_polarity */
	double value;
};

#define KTSTR_SAID_LEN		208	/* of a worker's verdict, with a NUL */

struct ktstr_workers;

/* A process for workers that are threads; @comm names it, NULL: the first worker does. */
struct ktstr_leader *ktstr_leader__new(const char *comm);
/* Fork it, into @cgroup_fd (-1: none), with all that were planned; they park. 0 or -errno. */
int ktstr_leader__fork(struct ktstr_leader *l, int cgroup_fd);
/* Free what only planning needed; workers and process stay. */
void ktstr_leader__free(struct ktstr_leader *l);

/* A store for @max workers. NULL with errno. */
struct ktstr_workers *ktstr_workers__new(uint32_t max);
/* Kills and reaps what still lives; @kill_ns as for stop. */
void ktstr_workers__free(struct ktstr_workers *ws, uint64_t kill_ns);

/* Random numbers of all workers forked from now on depend on it. */
void ktstr_workers__seed(struct ktstr_workers *ws, uint64_t seed);

/*
 * Fork @nr workers of group number @group, each into its cgroup. 0 or -errno; workers that were
 * forked before an error stay parked. @work is copied, what it points to is not. -EINVAL for what
 * ktstr_work__check() would have refused.
 */
int ktstr_workers__fork(struct ktstr_workers *ws, uint32_t group, const struct ktstr_work *work,
			uint32_t nr, const struct ktstr_placement *placement);

/* What fork was doing when it failed: "fork", "set up group 3 of PipeIo"; never NULL. */
const char *ktstr_workers__failed_at(const struct ktstr_workers *ws);

/*
 * Wait until all are parked (or have failed to get ready), at most @ready_ns, then open the gate
 * for all at once. Returns how many had not reached it; they start when they reach it.
 */
uint32_t ktstr_workers__start(struct ktstr_workers *ws, uint64_t ready_ns);

/* The waiting part of start alone: how many are not parked after @ready_ns. */
uint32_t ktstr_workers__ready(struct ktstr_workers *ws, uint64_t ready_ns);

/*
 * The CPUs that the workers may use have changed: from the next checkpoint on a worker records the
 * CPUs that it uses anew. recent_cpus returns what worker @i has recorded since the last change
 * that it has seen; false: it has not seen the last one.
 */
void ktstr_workers__new_epoch(struct ktstr_workers *ws);
bool ktstr_workers__recent_cpus(const struct ktstr_workers *ws, uint32_t i,
				struct ktstr_cpumask *cpus);

/*
 * All workers of @ws have been forked: later processes need not inherit its shared memory (and
 * unmap it when they exit).
 */
void ktstr_workers__complete(struct ktstr_workers *ws);

/*
 * One gate for the workers of several stores: a word of shared memory, set before fork. Each
 * worker that is forked from now on waits for its next opening. To open it for all: ready()
 * and arm() each store, then open.
 */
void ktstr_workers__use_gate(struct ktstr_workers *ws, uint32_t *gate);
void ktstr_workers__arm(struct ktstr_workers *ws);
void ktstr_gate__open(uint32_t *gate, struct ktstr_workers * const *all, uint32_t nr);

/* Tell all to stop without waiting; stop is still to be called. */
void ktstr_workers__tell(struct ktstr_workers *ws);
/* The same, and wait @stop_ns for their reports; they do not end before stop. */
void ktstr_workers__collect(struct ktstr_workers *ws, uint64_t stop_ns);
/*
 * Allow workers that have reported to exit. To be called before stop for stores that share
 * processes: a process exits when all its workers may.
 */
void ktstr_workers__release(struct ktstr_workers *ws);
/*
 * SIGKILL all workers, for those that may never be scheduled to see the stop flag. Their reports
 * are kept.
 */
void ktstr_workers__kill(struct ktstr_workers *ws);
/* SIGKILL the workers from which collect got no report; stop is still to be called. */
void ktstr_workers__kill_silent(struct ktstr_workers *ws);
/*
 * Tell all to stop, wait @stop_ns, kill the rest, reap all. 0, or -ETIMEDOUT when some could not
 * be reaped. When no process has ended for @kill_ns, workers that have reported are killed too;
 * after the same time again the function gives up.
 */
int ktstr_workers__stop(struct ktstr_workers *ws, uint64_t stop_ns, uint64_t kill_ns);

uint32_t ktstr_workers__nr(const struct ktstr_workers *ws);
pid_t ktstr_workers__pid(const struct ktstr_workers *ws, uint32_t i);
enum ktstr_worker_status ktstr_workers__status(const struct ktstr_workers *ws, uint32_t i);
/* All reports, by number; constant once stop has returned. */
const struct ktstr_worker_report *ktstr_workers__reports(const struct ktstr_workers *ws);
/* All samples, by number; to be read once stop has returned, gone with the workers. */
const struct ktstr_worker_samples *ktstr_workers__samples(const struct ktstr_workers *ws);
/* All last migrations, by number: likewise. */
const struct ktstr_migrations *ktstr_workers__migrations(const struct ktstr_workers *ws);
/* What the type of worker @i measured beyond its report, at most KTSTR_WORKER_METRICS: likewise. */
const struct ktstr_worker_metric *ktstr_workers__metrics(const struct ktstr_workers *ws,
							 uint32_t i, uint32_t *nr);
/* The verdict of worker @i: its severity, and @text in one line; KTSTR_NOTE: it gave none. */
enum ktstr_severity ktstr_workers__said(const struct ktstr_workers *ws, uint32_t i,
					char text[KTSTR_SAID_LEN]);
/*
 * The time of the last checkpoint of worker @i, CLOCK_MONOTONIC; also while it runs. The worker
 * writes it.
 */
uint64_t ktstr_workers__checkpoint(const struct ktstr_workers *ws, uint32_t i);
/* The sum of all iterations so far; also while the workers run. */
uint64_t ktstr_workers__iterations(const struct ktstr_workers *ws);

/*
 * Measure a part of the workers' lifetime. phase_reports, phase_samples and phase_migrations have
 * what they did between begin and end, until the next end; pages and exit status are not included.
 * begin: 0 or -ENOMEM.
 */
int ktstr_workers__begin_phase(struct ktstr_workers *ws);
void ktstr_workers__end_phase(struct ktstr_workers *ws);
const struct ktstr_worker_report *ktstr_workers__phase_reports(const struct ktstr_workers *ws);
const struct ktstr_worker_samples *ktstr_workers__phase_samples(const struct ktstr_workers *ws);
const struct ktstr_migrations *ktstr_workers__phase_migrations(const struct ktstr_workers *ws);

/* Does the kernel move pages to the nodes where they are used? */
bool ktstr_numa_balancing(void);
/* Pages that the kernel moved between NUMA nodes from start to stop, system-wide. */
bool ktstr_workers__pages_migrated(const struct ktstr_workers *ws, uint64_t *pages);

#endif
