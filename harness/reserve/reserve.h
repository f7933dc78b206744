/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPUs of the host for one run, or one build of a kernel. Everything of this suite that runs on a host
 * agrees on them by lock files (lockfile.h), in one of three ways:
 *
 *	performance	the LLCs that it uses are its own (exclusive locks), see place.h
 *	budget		at most so many CPUs; their LLCs are shared (shared locks), see walk.h
 *	shared		LLCs that nobody has for itself, shared; of the CPUs in them as many as it keeps
 *			busy are its own if there are enough, so that runs spread over the host
 *
 * A reservation is made at once or not at all; nobody waits.
 */
#ifndef KTSTR_RESERVE_RESERVE_H
#define KTSTR_RESERVE_RESERVE_H

#include "vmm/vm.h"
#include "place.h"
#include "topology.h"

enum reserve_tier { RESERVE_NONE, RESERVE_SHARED, RESERVE_BUDGET, RESERVE_PERFORMANCE };

struct reserve_want {
	enum reserve_tier tier;
	const struct vm_topology *guest;	/* performance */
	uint32_t busy;			/* shared: so many CPUs are kept busy */
	uint32_t budget;		/* CPUs; 0: llc_walk__default() */
	bool no_locks;			/* performance is placed all the same, the others reserve nothing */
	const char *dir;		/* lockfile__dir() */
	const char *proc;		/* "/proc" */
};

struct reservation {
	enum reserve_tier tier;
	struct hostcpus cpus;		/* where all of it may run */
	bool narrow;			/* these are not all that the process may use */
	uint32_t *llc;			/* ids of what is locked, ascending */
	uint32_t nr_llcs;
	struct hostcpus own_cpus;	/* whose own locks are held */
	uint64_t nodes;			/* of @cpus */
	struct placement place;		/* performance */
	int *fd;
	uint32_t nr_fds;
};

/*
 * 0; -EBUSY with @err, a sentence that begins with "resource contention:" and says who has what, and
 * err->missing is set; -ERANGE: this host is too small, likewise; -EINVAL: the budget is larger than what
 * the process may use; or another -errno with @err.
 */
int reservation__make(struct reservation *r, const struct reserve_want *w,
		      const struct host_topology *h, struct ktstr_err *err);
/* Give everything back. A zeroed one is allowed. */
void reservation__free(struct reservation *r);

/* The locks are to survive an exec() of this process, and end with the last process that it makes. */
void reservation__inherit(const struct reservation *r);

const char *reserve_tier__name(enum reserve_tier tier);

#endif
