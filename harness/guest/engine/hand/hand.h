/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The functions of ktstr/hand.h: the parts of the step engine, called by a body itself.
 *
 * A body has one scenario state, opened by its first call. Each workload is a worker group of that
 * state with a gate of its own, so that it starts alone, and stays in the state with its reports
 * until it is dropped.
 */
#ifndef KTSTR_GUEST_ENGINE_HAND_HAND_H
#define KTSTR_GUEST_ENGINE_HAND_HAND_H

#include <ktstr/hand.h>
#include <ktstr/payload.h>

#include "../state/state.h"
#include "../state/worker_group.h"

struct ktstr_hand {
	struct ktstr_ctx *ctx;
	const struct ktstr_engine_env *env;
	struct ktstr_machine *machine;
	struct ktstr_scenario_state state;
	struct ktstr_workload *workloads;	/* list, the newest first */
	struct ktstr_payload_handle *payloads;	/* likewise */
};

struct ktstr_reports {
	struct ktstr_workload *workload;
	struct ktstr_result *figures;	/* the workers of this workload alone */
	struct ktstr_cpumask cpus;	/* cpuset given by the body */
	bool accounted;			/* its figures are in the test's */
};

struct ktstr_workload {
	struct ktstr_workload *next;
	struct ktstr_hand *hand;
	struct ktstr_worker_group *group;
	pid_t *pids;
	bool stopped;
	struct ktstr_reports reports;
};

/*
 * The body's state; it is made when there is none, in @env (NULL: the real one). NULL, with a
 * failure in the result: the machine or the cgroups cannot be used.
 */
struct ktstr_hand *ktstr_hand__open(struct ktstr_ctx *ctx, const struct ktstr_engine_env *env);
/* Drop all workloads, remove all cgroups, free. Nothing happens when it is not open. */
void ktstr_hand__close(struct ktstr_ctx *ctx);

/* Add the failure "WHAT OBJECT: WHY"; returns @ret. */
int ktstr_hand__failed(struct ktstr_ctx *ctx, int ret, const char *what, const char *object,
		       const char *why);

/*
 * Before the boot nothing is carried out: true, and a call that only makes or changes something
 * returns 0. The preview ends at the first call that needs a worker.
 */
bool ktstr_hand__previews(const struct ktstr_ctx *ctx);
void __attribute__((noreturn)) ktstr_hand__end_preview(const struct ktstr_ctx *ctx, bool checked);

/* Has the scheduler under test ended? Then its workers may never run again. */
void ktstr_hand__look_at_scheduler(struct ktstr_hand *h);

/* Stop the workloads that run in cgroup @name; they keep their reports. */
void ktstr_hand__stop_in(struct ktstr_hand *h, const char *name);
/* Stop the workloads of which @pick says true. */
void ktstr_hand__stop(struct ktstr_hand *h,
		      bool (*pick)(const struct ktstr_workload *w, const void *arg),
		      const void *arg);

#endif
