/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Workers: forked parked, placed, started together, stopped together, reaped, and their
 * reports, which survive whatever happens to the worker. A worker is a process, or a thread
 * in the process of a leader, which may hold workers of several stores.
 *
 * Phases: new, fork (once a group), start, stop, then fate and report of each. Workers are
 * numbered in the order in which they were forked.
 *
 * A "group" of this file is a cgroup's work: what one call of fork makes, with one number in
 * the reports. The groups of cooperating workers that some work types form lie within it.
 */
#ifndef KTSTR_GUEST_WORKERS_H
#define KTSTR_GUEST_WORKERS_H

#include <sys/types.h>

#include <ktstr/scenario.h>

#include "../core/verdict.h"

#define KTSTR_MAX_WORKERS	8192	/* of one step */

enum ktstr_fate {
	KTSTR_FATE_ALIVE,	/* not reaped */
	KTSTR_FATE_COMPLETED,	/* report complete */
	KTSTR_FATE_DIED,	/* ended before its loop did: exit_status says how */
	KTSTR_FATE_KILLED,	/* did not stop in time, was killed by us */
	KTSTR_FATE_CUT,		/* killed by ktstr_workers__kill() */
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
	const char *cgroup_dir;			/* for struct ktstr_work_group; may be NULL */
	const char *workload_root;
	/*
	 * NULL: each worker is a process. Otherwise threads of this one: fork only plans them,
	 * and arg, cgroup_dir and workload_root must last until ktstr_leader__fork().
	 */
	struct ktstr_leader *leader;
};

#define KTSTR_WORKER_METRICS	16

/* A figure of one worker that only its type has; lies in memory that the worker can write. */
struct ktstr_worker_metric {
	char name[32];
	char unit[16];
	uint32_t polarity;		/* enum ktstr_polarity */
	double value;
};

struct ktstr_workers;

/* A process for workers that are threads; @comm names it, NULL leaves the runner's name. */
struct ktstr_leader *ktstr_leader__new(const char *comm);
/* Fork it, into @cgroup_fd (-1: none), with all that were planned; they park. 0 or -errno. */
int ktstr_leader__fork(struct ktstr_leader *l, int cgroup_fd);
/* What only planning needed; workers and process stay. */
void ktstr_leader__free(struct ktstr_leader *l);

/* Room for @max workers. NULL with errno. */
struct ktstr_workers *ktstr_workers__new(uint32_t max);
/* Kills and reaps what still lives; @kill_ns as for stop. */
void ktstr_workers__free(struct ktstr_workers *ws, uint64_t kill_ns);

/* Random numbers of all workers forked from now on depend on it. */
void ktstr_workers__seed(struct ktstr_workers *ws, uint64_t seed);

/*
 * Fork @nr workers of group number @group and place them. 0 or -errno; those made before an
 * error stay parked. @work is copied, what it points to is not. -EINVAL for what
 * ktstr_work__check() would have refused.
 */
int ktstr_workers__fork(struct ktstr_workers *ws, uint32_t group, const struct ktstr_work *work,
			uint32_t nr, const struct ktstr_placement *placement);

/* What fork was doing when it failed: "fork", "set up group 3 of PipeIo"; never NULL. */
const char *ktstr_workers__failed_at(const struct ktstr_workers *ws);

/*
 * Wait until all are parked (or have failed to get ready), at most @ready_ns, then open the
 * gate for all at once. Returns how many had not reached it; they start when they get there.
 */
uint32_t ktstr_workers__start(struct ktstr_workers *ws, uint64_t ready_ns);

/* The waiting part of start alone: how many are not parked after @ready_ns. */
uint32_t ktstr_workers__ready(struct ktstr_workers *ws, uint64_t ready_ns);

/*
 * What the workers are allowed has changed: from their next checkpoint on they collect the
 * CPUs they use anew. recent_cpus is what worker @i has collected since the last change that
 * it has noticed; false: it has not noticed the last one.
 */
void ktstr_workers__new_epoch(struct ktstr_workers *ws);
bool ktstr_workers__recent_cpus(const struct ktstr_workers *ws, uint32_t i,
				struct ktstr_cpumask *cpus);

/*
 * All workers of @ws are forked: processes that come later need not inherit (and unmap, when
 * they end) what it shares with them.
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
 * Who has reported may end. Before the stop of stores that share processes with others: a
 * process ends when all its workers may.
 */
void ktstr_workers__release(struct ktstr_workers *ws);
/* Tell those who may never run again to hear it: SIGKILL. Their reports are kept. */
void ktstr_workers__kill(struct ktstr_workers *ws);
/* SIGKILL those of whom collect got no report; stop is still to be called. */
void ktstr_workers__kill_silent(struct ktstr_workers *ws);
/*
 * Tell all to stop, wait @stop_ns, kill the rest, reap all. 0, or -ETIMEDOUT when some could
 * not be reaped. Whoever has reported is killed when no process has ended for @kill_ns; when
 * none has for so long again, the rest is given up.
 */
int ktstr_workers__stop(struct ktstr_workers *ws, uint64_t stop_ns, uint64_t kill_ns);

uint32_t ktstr_workers__nr(const struct ktstr_workers *ws);
pid_t ktstr_workers__pid(const struct ktstr_workers *ws, uint32_t i);
enum ktstr_fate ktstr_workers__fate(const struct ktstr_workers *ws, uint32_t i);
/* All reports, by number; constant once stop has returned. */
const struct ktstr_worker_report *ktstr_workers__reports(const struct ktstr_workers *ws);
/* All samples, by number; to be read once stop has returned, gone with the workers. */
const struct ktstr_worker_samples *ktstr_workers__samples(const struct ktstr_workers *ws);
/* What the type of worker @i measured beyond its report, at most KTSTR_WORKER_METRICS: likewise. */
const struct ktstr_worker_metric *ktstr_workers__metrics(const struct ktstr_workers *ws,
							 uint32_t i, uint32_t *nr);
/* When worker @i was last seen by itself, CLOCK_MONOTONIC; also while it runs. Its own word. */
uint64_t ktstr_workers__checkpoint(const struct ktstr_workers *ws, uint32_t i);
/* The sum of all iterations so far; also while the workers run. */
uint64_t ktstr_workers__iterations(const struct ktstr_workers *ws);

/*
 * Measure a part of the workers' lives. What they did between begin and end, and the samples of
 * it, stand in phase_reports and phase_samples until the next end; pages and exit status are no
 * part of it. begin: 0 or -ENOMEM.
 */
int ktstr_workers__begin_phase(struct ktstr_workers *ws);
void ktstr_workers__end_phase(struct ktstr_workers *ws);
const struct ktstr_worker_report *ktstr_workers__phase_reports(const struct ktstr_workers *ws);
const struct ktstr_worker_samples *ktstr_workers__phase_samples(const struct ktstr_workers *ws);

/* Pages that the kernel moved between NUMA nodes from start to stop, system-wide. */
bool ktstr_workers__pages_migrated(const struct ktstr_workers *ws, uint64_t *pages);

#endif
