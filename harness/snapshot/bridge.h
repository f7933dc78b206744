/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The snapshots of a run by their names. There is room for 64; one more takes the place of the
 * oldest. A name that is used again takes the place of what it named. Both are told (bridge->event).
 */
#ifndef KTSTR_SNAPSHOT_BRIDGE_H
#define KTSTR_SNAPSHOT_BRIDGE_H

#include <limits.h>

#include "lib/jtree.h"
#include "harness/result/statistics.h"

#define KTSTR_MAX_SNAPSHOTS	64
#define KTSTR_BRIDGE_EVENTS	1024	/* further ones are counted */
#define KTSTR_BRIDGE_BYTES	(1024ull << 20)	/* of all snapshots together */

enum ktstr_snapshot_kind {
	KTSTR_SNAPSHOT_ASKED, KTSTR_SNAPSHOT_WATCHED, KTSTR_SNAPSHOT_PERIODIC,
};

struct ktstr_snapshot {
	char name[KTSTR_NAME_LEN];
	enum ktstr_snapshot_kind kind;
	struct ktstr_jtree tree;
	struct ktstr_jnode *report;	/* what a dump has (dump/dump.h); NULL: no memory */
	bool placeholder;		/* the report says only why there is none */
	uint64_t time_ns;		/* guest clock */
	uint64_t elapsed_ns;		/* since the first step, without the time of pauses */
	uint64_t due_ns;		/* PERIODIC: when it was due, on the same clock */
	uint32_t step;			/* KTSTR_NO_STEP: none */
	uint32_t taken;			/* how often under this name */
	char file[NAME_MAX];		/* in the run's folder; "": none */
	/* stats.h; what the report has of them is in a tree of their own */
	struct ktstr_jtree stats_tree;
	bool stats_known, has_stats;
};

struct ktstr_bridge {
	struct ktstr_snapshot *list[KTSTR_MAX_SNAPSHOTS];	/* in the order in which they came */
	unsigned int nr;
	char *event[KTSTR_BRIDGE_EVENTS];
	unsigned int nr_events, dropped_events;
};

/*
 * A snapshot to be filled in, under @name, with an empty object for a report. NULL: no memory. What
 * it displaces is freed.
 */
struct ktstr_snapshot *ktstr_bridge__add(struct ktstr_bridge *b, const char *name);
/* NULL: there is none of that name. */
struct ktstr_snapshot *ktstr_bridge__find(const struct ktstr_bridge *b, const char *name);
void ktstr_bridge__free(struct ktstr_bridge *b);

#endif
