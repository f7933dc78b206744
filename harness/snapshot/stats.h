/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The statistics that a scheduler serves itself (scx_stats), as a part of snapshots. PID 1 asks for
 * them (guest/init/stats.c) and sends what became of it; here it is judged and goes into the report:
 *
 *	scx_stats		the answer's args.resp, as it came
 *	scx_stats_elapsed_ms	when it came, on the clock of elapsed_ms
 *	scx_stats_unavailable	instead of both: why there is none
 */
#ifndef KTSTR_SNAPSHOT_STATS_H
#define KTSTR_SNAPSHOT_STATS_H

#include "harness/model/seen.h"
#include "bridge.h"

#define KTSTR_STATS_TREE_BYTES	(16u << 20)	/* of an answer of KTSTR_SCX_STATS_MAX bytes */

/* @n gets what @st says, which ended @elapsed_ns after the first step. The first one counts. */
void ktstr_snapshot_stats__put(struct ktstr_snapshot *n, const struct ktstr_scx_stats_seen *st,
			       uint64_t elapsed_ns);
/* @n has none, as the sentence says. Without effect if it is known already. */
void ktstr_snapshot_stats__none(struct ktstr_snapshot *n, const char *why);

#endif
