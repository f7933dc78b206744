/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the step engine share, and the entry point for unit tests. */
#ifndef KTSTR_GUEST_ENGINE_ENGINE_H
#define KTSTR_GUEST_ENGINE_ENGINE_H

#include <ktstr/scenario.h>

#include "harness/model/ctx.h"
#include "state/env.h"

/* ktstr_run_def() and ktstr_run_steps() in a given environment. */
int ktstr_engine__run_def(struct ktstr_ctx *ctx, const struct ktstr_scenario_def *plan,
			  const struct ktstr_engine_env *env);
int ktstr_engine__run(struct ktstr_ctx *ctx, const struct ktstr_step *steps, uint32_t nr,
		      const struct ktstr_engine_env *env);

#endif
