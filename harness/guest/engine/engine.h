/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the step engine share, and the entry point for unit tests. */
#ifndef KTSTR_GUEST_ENGINE_ENGINE_H
#define KTSTR_GUEST_ENGINE_ENGINE_H

#include <ktstr/scenario.h>

#include "harness/model/ctx.h"
#include "state/env.h"

struct ktstr_machine;

/* The environment of bodies. */
extern const struct ktstr_engine_env ktstr_engine_guest;

/*
 * The runner must not compete with the load that it creates: with 512 spinners on 4 CPUs each of
 * its wake-ups would take half a second. Above the load it is SCHED_FIFO; workers start as normal
 * tasks. If the kernel refuses the policy, the run is only slower.
 */
void ktstr_engine__rise(const struct ktstr_engine_env *env, bool above_load);

/* NULL, with a failure in the result. Free with free(). */
struct ktstr_machine *ktstr_engine__read_machine(struct ktstr_ctx *ctx,
						 const struct ktstr_engine_env *env);

/* ktstr_run_def() and ktstr_run_steps() in a given environment. */
int ktstr_engine__run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan,
			  const struct ktstr_engine_env *env);
int ktstr_engine__run(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr,
		      const struct ktstr_engine_env *env);

#endif
