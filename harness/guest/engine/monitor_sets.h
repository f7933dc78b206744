/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Monitor checks in sets of checks, of a scenario or of some workers. The host judges them, so it
 * has to know from when to when they count.
 */
#ifndef KTSTR_GUEST_ENGINE_MONITOR_SETS_H
#define KTSTR_GUEST_ENGINE_MONITOR_SETS_H

#include "harness/model/msg.h"
#include "state/state.h"

struct ktstr_monitor_sets {
	char told[KTSTR_CHECKS_TEXT];	/* what the host knows */
};

/*
 * Tell the host the monitor checks of @scenario (NULL: no set) and of the groups of @st that run
 * now, if they are others than before. The latter take precedence; of several, the strictest counts.
 */
void ktstr_monitor_sets__tell(struct ktstr_monitor_sets *s, const struct ktstr_scenario_state *st,
			      const struct ktstr_checks *scenario);
/* The scenario is over: none counts any more. */
void ktstr_monitor_sets__end(struct ktstr_monitor_sets *s, struct ktstr_ctx *ctx);

#endif
