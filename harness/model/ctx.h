/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The context of a body. guest/init/body.c fills it in, wherever the body runs. It is opaque to
 * test authors, who use the accessors of ktstr/scenario.h and ktstr/claim.h.
 */
#ifndef KTSTR_MODEL_CTX_H
#define KTSTR_MODEL_CTX_H

#include <ktstr/attrs.h>

#include "harness/result/result.h"
#include "lib/err.h"

struct ktstr_machine;
struct ktstr_answer;
struct ktstr_kernel_read;
struct ktstr_msg_ask;
struct ktstr_msg_op;
struct ktstr_msg_stimulus;
struct ktstr_msg_output;
struct ktstr_work;
struct ktstr_capture;
struct ktstr_hand;

/* Requests of a step to PID 1, which is the parent of the scheduler under test. */
enum ktstr_sched_order {
	KTSTR_SCHED_ATTACH,		/* a staged one, none is attached */
	KTSTR_SCHED_DETACH,
	KTSTR_SCHED_RESTART,		/* the test's own, whatever is attached */
	KTSTR_SCHED_REPLACE,		/* the one that is attached by a staged one */
	KTSTR_SCHED_REVIVE,		/* the test's own again, if it ended by itself */
	KTSTR_NR_SCHED_ORDERS,
};

/* What the engine is busy with, for the message about a body that does not end. */
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

/* What the engine is doing, in memory shared with PID 1. */
struct ktstr_engine_progress {
	uint32_t step;			/* from 1 on */
	uint32_t doing;			/* enum ktstr_doing */
};

/* What PID 1 knows of the scheduler under test, for the engine. */
enum ktstr_sched_phase {
	KTSTR_SCHED_PHASE_ON,
	KTSTR_SCHED_PHASE_RESTARTS,	/* the kernel ejected it so that it starts again: it is waited for */
	KTSTR_SCHED_PHASE_GONE,
};

enum ktstr_preview_stage {
	KTSTR_PREVIEW_BODY,		/* before its first scenario */
	KTSTR_PREVIEW_CHECKING,
	KTSTR_PREVIEW_CHECKED,
};

/* On the host, before the boot (host/preview.c): check the first scenario, then end the process. */
struct ktstr_preview {
	const struct ktstr_machine *machine;	/* the one that is declared */
	uint32_t *stage;			/* enum ktstr_preview_stage, shared with the parent */
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
	 * Carry out an order; @name is that of a staged scheduler, or NULL. 0: it is done, and
	 * the three members above have their new values. -ESHUTDOWN: the scheduler failed, which
	 * is reported already. Another -errno, with a sentence in @err: it could not be tried.
	 * The function is NULL where there is no PID 1 of ours.
	 *
	 * KTSTR_SCHED_REVIVE reports an unexpected end of the scheduler as a failure in @name, and
	 * says why in @err too; @err is empty when it had not ended.
	 */
	int (*sched_order)(struct ktstr_ctx *ctx, enum ktstr_sched_order order,
			   const char *name, struct ktstr_err *err);
	/*
	 * Ask the host, with @len bytes at @data that it is to write. Returns answer->ret; its text
	 * is a sentence if that is not 0. NULL: there is no host that looks at this machine's memory.
	 */
	int (*ask)(struct ktstr_ctx *ctx, const struct ktstr_msg_ask *ask, const void *data,
		   size_t len, struct ktstr_answer *answer);
	const char *cgroup_root;	/* absolute, below /sys/fs/cgroup; exists */
	const char *cgroup_walk;	/* above it, where controllers are first enabled; NULL: there */
	struct ktstr_checks checks;	/* merged */
	const struct ktstr_checks *over; /* the set among them that a part of the test has; or NULL */
	uint32_t time_scale;		/* of limits that are times; 0: 1 */
	uint32_t stall_poll_ms;		/* look for stalled workers so often; 0: never */
	struct ktstr_result *result;	/* everything that was found goes here */
	/* Tell the host that a step began; never fails. */
	void (*stimulus)(struct ktstr_ctx *ctx, const struct ktstr_msg_stimulus *s);
	/*
	 * Tell the host what a payload printed, at most KTSTR_OUTPUT_PIECE bytes; never fails. Also
	 * called in processes that the body forked. NULL: nobody wants to know.
	 */
	void (*output)(struct ktstr_ctx *ctx, const struct ktstr_msg_output *o, const char *text,
		       size_t len);
	uint32_t nr_payload_runs;	/* that were started so far */
	/* Tell the host that an op was carried out; never fails. NULL: nobody listens. */
	void (*op_done)(struct ktstr_ctx *ctx, const struct ktstr_msg_op *op);
	/*
	 * Tell the host which monitor checks of sets count from now on, "NAME=VALUE" lines. NULL:
	 * there is no monitor.
	 */
	void (*monitor_checks)(struct ktstr_ctx *ctx, const char *text);
	const struct ktstr_work *work_override; /* for swappable cgroups; NULL: none */
	const char *part;		/* the case that runs; NULL: none */
	uint64_t stop_ns;		/* stop and collection of the workers that ended last */
	struct ktstr_engine_progress *progress;	/* NULL: nobody asks */
	const uint32_t *sched_phase;	/* enum ktstr_sched_phase, written by PID 1; NULL: there is none */
	const struct ktstr_preview *preview;	/* NULL: carry scenarios out */
	bool here;			/* written for a guest, and runs without one (plan/here.h) */
	bool beyond_here;		/* then: the body has asked for what only a guest has */
	struct ktstr_hand *hand;	/* what the body does by hand (engine/hand/); NULL: nothing */
	struct ktstr_kernel_read *reads; /* of READ_KERNEL_*, newest first; see op_kernel.c */
	struct ktstr_capture *captures;	/* of CAPTURE_CGROUP_PROCS, newest first; see ops.h */
};

#endif
