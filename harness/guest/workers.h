/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Worker processes: forked parked, placed, started together, stopped together, reaped, and
 * their reports, which survive whatever happens to the worker.
 *
 * Phases: new, fork (once a group), start, stop, then fate and report of each. Workers are
 * numbered in the order in which they were forked.
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
};

/* Where the workers of a group are to run. */
struct ktstr_placement {
	int cgroup_fd;				/* born in there (Linux 5.7); -1: not */
	int (*attach)(void *arg, pid_t pid);	/* otherwise moved while parked; may be NULL */
	void *arg;
};

struct ktstr_workers;

/* Room for @max workers. NULL with errno. */
struct ktstr_workers *ktstr_workers__new(uint32_t max);
/* Kills and reaps what still lives, within @kill_ns. */
void ktstr_workers__free(struct ktstr_workers *ws, uint64_t kill_ns);

/*
 * Fork @nr workers of group number @group and place them. 0 or -errno; those made before an
 * error stay parked.
 */
int ktstr_workers__fork(struct ktstr_workers *ws, uint32_t group, const struct ktstr_work *work,
			uint32_t nr, const struct ktstr_placement *placement);

/*
 * Wait until all are parked, at most @ready_ns, then open the gate for all at once. Returns
 * how many had not reached it; they start when they get there.
 */
uint32_t ktstr_workers__start(struct ktstr_workers *ws, uint64_t ready_ns);

/*
 * Tell all to stop, wait @stop_ns, kill the rest, wait @kill_ns, reap all. 0, or -ETIMEDOUT
 * when some could not be reaped.
 */
int ktstr_workers__stop(struct ktstr_workers *ws, uint64_t stop_ns, uint64_t kill_ns);

uint32_t ktstr_workers__nr(const struct ktstr_workers *ws);
pid_t ktstr_workers__pid(const struct ktstr_workers *ws, uint32_t i);
enum ktstr_fate ktstr_workers__fate(const struct ktstr_workers *ws, uint32_t i);
/* All reports, by number; constant once stop has returned. */
const struct ktstr_worker_report *ktstr_workers__reports(const struct ktstr_workers *ws);

#endif
