/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a body gets. Filled by guest/dispatch.c in the guest; opaque to test authors, who use
 * the accessors of ktstr/scenario.h and ktstr/claim.h.
 */
#ifndef KTSTR_CORE_CTX_H
#define KTSTR_CORE_CTX_H

#include <ktstr/attrs.h>

#include "../../vmm/err.h"
#include "verdict.h"

struct ktstr_msg_stimulus;
struct ktstr_work;
struct ktstr_capture;

/* What a step may ask of whoever runs the scheduler under test. */
enum ktstr_sched_order {
	KTSTR_SCHED_ATTACH,		/* a staged one, none is attached */
	KTSTR_SCHED_DETACH,
	KTSTR_SCHED_RESTART,		/* the test's own, whatever is attached */
	KTSTR_SCHED_REPLACE,		/* the one that is attached by a staged one */
	KTSTR_SCHED_REVIVE,		/* the test's own again, if it ended by itself */
	KTSTR_NR_SCHED_ORDERS,
};

/* What the engine is busy with, for the message about a body that does not come to its end. */
enum ktstr_doing {
	KTSTR_DOING_OWN,		/* what the test's function does itself */
	KTSTR_DOING_OPS,
	KTSTR_DOING_START,
	KTSTR_DOING_HOLD,
	KTSTR_DOING_STOP,
	KTSTR_DOING_KILL,
	KTSTR_DOING_REMOVE,
	KTSTR_NR_DOINGS,
};

/* In memory shared with PID 1. */
struct ktstr_whereabouts {
	uint32_t step;			/* from 1 on */
	uint32_t doing;			/* enum ktstr_doing */
};

struct ktstr_ctx {
	const struct ktstr_test *test;
	struct ktstr_topology topo;	/* as declared; every dimension set */
	uint32_t nr_cpus;		/* online */
	uint64_t duration_ns;
	uint64_t settle_ns;		/* of holds that settle */
	uint32_t workers_per_cgroup;
	uint64_t seed;
	int sched_pid;			/* 0: no scheduler under test */
	int sched_pidfd;		/* -1: none */
	uint32_t sched_generation;	/* changes with every order that was carried out */
	/*
	 * Carry out an order; @name of a staged scheduler or NULL. 0: done, the three members
	 * above are those of now. 1: the scheduler failed, which is reported already. -errno
	 * with a sentence: it could not be tried. NULL: nobody can.
	 *
	 * KTSTR_SCHED_REVIVE reports an end that nobody asked for as a failure in @name, and
	 * puts it into @err too; the sentence is empty when there was none.
	 */
	int (*sched_order)(struct ktstr_ctx *ctx, enum ktstr_sched_order order,
			   const char *name, struct vm_err *err);
	const char *cgroup_root;	/* absolute, below /sys/fs/cgroup; exists */
	struct ktstr_checks checks;	/* merged */
	uint32_t time_scale;		/* of limits that are times; 0: 1 */
	uint32_t stall_poll_ms;		/* look for stalled workers so often; 0: never */
	struct ktstr_result *result;	/* everything that was found goes here */
	/* Tell the host that a step began; never fails. */
	void (*stimulus)(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s);
	const struct ktstr_work *work_override; /* for swappable cgroups; NULL: none */
	uint64_t stop_ns;		/* stop and collection of the workers that ended last */
	struct ktstr_whereabouts *whereabouts;	/* NULL: nobody asks */
	struct ktstr_capture *captures;	/* of CAPTURE_CGROUP_PROCS, newest first; see ops.h */
};

#endif
