/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs the body of a test: the context that it gets, and the memory in which it leaves its
 * findings. Nothing here depends on our PID 1, which runs a body in a guest (dispatch.c), nor on
 * the host, which runs the bodies of host_only tests (host/host_run.c).
 */
#ifndef KTSTR_GUEST_INIT_BODY_H
#define KTSTR_GUEST_INIT_BODY_H

#include <limits.h>

#include "harness/guest/work/work.h"
#include "harness/model/ctx.h"
#include "harness/model/guest_args.h"

/*
 * Shared between the child that runs the body and its parent, so that the findings survive any
 * death of the child. The parent must not trust any of it.
 */
struct guest_shared {
	uint32_t complete;		/* the body returned and was judged */
	int32_t ret;			/* what it returned */
	uint32_t sched_phase;		/* enum ktstr_sched_phase: the parent tells the child */
	struct ktstr_engine_progress progress;
	struct ktstr_result result;
};

/* NULL with errno. */
struct guest_shared *guest_shared__new(void);
void guest_shared__free(struct guest_shared *s);
bool guest_shared__complete(const struct guest_shared *s);
/* A private copy of the result, with everything in it brought within bounds. NULL: no memory. */
struct ktstr_result *guest_shared__result(const struct guest_shared *s);
/* "step 2, waiting for workers to stop, ", or "" when the engine is not busy. */
void guest_shared__where(const struct guest_shared *s, char *buf, size_t size);

/* A context and what it points to. */
struct guest_context {
	struct ktstr_ctx ctx;
	struct ktstr_work work;
	char cgroup_root[PATH_MAX], cgroup_walk[PATH_MAX];
};

/*
 * Fill the context for a run of @test. It has no scheduler and no receiver of messages; the caller
 * sets these members if it has them. 0, or -EINVAL with @err for arguments that this program does
 * not support.
 */
int guest_context__init(struct guest_context *c, const struct ktstr_test *test,
			const struct ktstr_guest_args *args, struct guest_shared *s,
			struct ktstr_err *err);

/* In the child: run the body, then check the scheduler (survives_storm), and mark @s complete. */
void guest_context__run(struct guest_context *c, struct guest_shared *s);

/* In a child: default dispositions, empty mask, own process group. */
void guest_child__reset(void);

#define GUEST_SCX_STATE		"/sys/kernel/sched_ext/state"

#endif
