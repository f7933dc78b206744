/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the environment changes about all tests of a run: the topology, the duration, the work type
 * of swappable cgroups, the scheduler of tests that name none, and the binary and arguments of
 * schedulers that tests name (docs/environment.md). Only ktstr_plan__for() applies it.
 */
#ifndef KTSTR_PLAN_OVERRIDE_H
#define KTSTR_PLAN_OVERRIDE_H

#include "plan.h"

#define KTSTR_ENV_SCHEDULER	"KTSTR_DEFAULT_SCHEDULER"
#define KTSTR_ENV_SCHED_ARGS	"KTSTR_DEFAULT_SCHEDULER_ARGS"	/* one per line */
#define KTSTR_ENV_ALL_SCHEDULERS	"KTSTR_SCHEDULER"	/* plan/scheduler.h */
#define KTSTR_ENV_ALL_SCHED_ARGS	"KTSTR_SCHEDULER_ARGS"	/* one per line */
#define KTSTR_ENV_SCHEDULER_BIN	"KTSTR_SCHEDULER_BIN_"	/* and the binary in capitals */
#define KTSTR_ENV_TOPOLOGY	"KTSTR_TOPOLOGY"
#define KTSTR_ENV_DURATION	"KTSTR_DURATION_S"
#define KTSTR_ENV_SNAPSHOTS	"KTSTR_SNAPSHOTS"
#define KTSTR_ENV_WORK_TYPE	"KTSTR_WORK_TYPE"
#define KTSTR_ENV_KARGS		"KTSTR_KARGS"			/* one per line */

/*
 * Read the environment and apply it to @p, whose size is not computed yet. The scheduler that is
 * put there lives as long as the process. 0, or -EINVAL with a sentence that names the variable.
 */
int ktstr_override__apply(struct ktstr_plan *p, struct ktstr_err *err);

/*
 * Is everything valid that the environment asks for, and are the schedulers that it names there?
 * To be asked once, before the first test. 0 or -errno with a sentence that names the variable.
 */
int ktstr_override__check(struct ktstr_err *err);

/* What the environment asks for and @p has no use for: a sentence, or NULL. */
const char *ktstr_override__unused(const struct ktstr_plan *p, char *buf, size_t size);

#endif
