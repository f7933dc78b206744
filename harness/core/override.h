/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a user may say about all tests of a run from outside: another topology, another
 * duration, and a scheduler for those that name none (docs/environment.md).
 */
#ifndef KTSTR_CORE_OVERRIDE_H
#define KTSTR_CORE_OVERRIDE_H

#include "plan.h"

#define KTSTR_ENV_SCHEDULER	"KTSTR_DEFAULT_SCHEDULER"
#define KTSTR_ENV_SCHED_ARGS	"KTSTR_DEFAULT_SCHEDULER_ARGS"	/* one a line */
#define KTSTR_ENV_TOPOLOGY	"KTSTR_TOPOLOGY"
#define KTSTR_ENV_DURATION	"KTSTR_DURATION_S"
#define KTSTR_ENV_WORK_TYPE	"KTSTR_WORK_TYPE"

#define KTSTR_MAX_DURATION_S	86400

/*
 * Read the environment and apply it to @p. The scheduler that is put there lives as long as
 * the process. 0, or -EINVAL with a sentence that names the variable.
 */
int ktstr_override__apply(struct ktstr_plan *p, struct vm_err *err);

#endif
