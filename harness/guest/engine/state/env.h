/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_GUEST_ENGINE_STATE_ENV_H
#define KTSTR_GUEST_ENGINE_STATE_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/guest/cgroup/cgroup.h"

/* The environment of a scenario. Unit tests set a fake tree and short time limits. */
struct ktstr_engine_env {
	const char *cgroupfs;			/* "/sys/fs/cgroup" */
	const char *sysfs;			/* "/sys" */
	const char *procfs;			/* "/proc", for interrupts */
	const struct ktstr_cgroup_io *io;	/* NULL: a real cgroup2 mount */
	uint64_t ready_ns;			/* all workers must be parked within */
	uint64_t stop_ns, kill_ns;		/* see ktstr_workers__stop() */
	bool rise;				/* run as SCHED_FIFO, above the load */
};

#endif
