/* SPDX-License-Identifier: GPL-2.0 */
/* A scenario that was checked, and the check. */
#ifndef KTSTR_GUEST_ENGINE_SCENARIO_H
#define KTSTR_GUEST_ENGINE_SCENARIO_H

#include <ktstr/scenario.h>

#include "harness/guest/cgroup/machine.h"
#include "harness/model/ctx.h"

struct ktstr_scenario {
	const struct ktstr_backdrop *backdrop;	/* NULL: none */
	const struct ktstr_checks *checks;
	const struct ktstr_checks *set;	/* those that are not the test's own; NULL: none */
	const struct ktstr_step *steps;
	uint32_t nr;
	uint64_t *hold_ns;			/* of each step, clamped to the duration */
	uint32_t controllers;			/* needed by any cgroup or op: 1 << enum */
	uint32_t nr_groups;			/* worker groups in all steps together */
};

/*
 * Check everything before anything is carried out. Every problem becomes a failing detail of the
 * result. Returns 0, -EINVAL or -ENOMEM; free @sc in either case.
 */
int ktstr_scenario__check(struct ktstr_scenario *sc, struct ktstr_ctx *ctx,
			  const struct ktstr_scenario_def *plan,
			  const struct ktstr_machine *machine);
void ktstr_scenario__free(struct ktstr_scenario *sc);

#endif
