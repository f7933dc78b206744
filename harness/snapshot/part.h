/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots as a part of a run. A snapshot is what a failure dump is (dump/), taken at a moment that
 * the test chooses:
 *
 *	on request	the op CAPTURE_SNAPSHOT; the guest waits at a sync point
 *	watched		the op WATCH_SNAPSHOT; a vCPU has just written to a variable of the kernel
 *	periodic	num_snapshots: so many moments, in equal distances, of the time between a tenth
 *			and nine tenths of the test's duration
 *
 * A deterministic guest stands still at each of them and does not notice; any other one is paused.
 * They are kept in memory for host callbacks (ktstr/snapshot.h), and each becomes a file of the
 * run's folder.
 */
#ifndef KTSTR_SNAPSHOT_PART_H
#define KTSTR_SNAPSHOT_PART_H

#include "harness/model/part.h"
#include "harness/model/window.h"
#include "bridge.h"

#define KTSTR_MAX_WATCHES	VM_NR_WATCHES

extern const struct ktstr_run_part ktstr_snapshot_part;

/* What READ_KERNEL_* and WRITE_KERNEL_* did, for the sidecar. */
struct ktstr_access {
	char what[160];
	uint32_t len;
	bool write, cold;
};

#define KTSTR_MAX_ACCESSES	256	/* that are kept */

struct ktstr_snapshot_state {
	struct vm *vm;			/* NULL: detached */
	struct ktstr_bridge bridge;
	struct ktstr_window window;
	unsigned int target, fired;	/* periodic ones: asked for, and taken or tried */
	unsigned int failures;		/* to stop the machine, in a row */
	uint64_t frozen_ns;		/* pauses that the guest's clock has counted */
	char watch[KTSTR_MAX_WATCHES][KTSTR_NAME_LEN];
	unsigned int nr_watches;
	struct ktstr_access access[KTSTR_MAX_ACCESSES];
	unsigned int nr_accesses, dropped_accesses;
};

/* NULL: @run has none. */
const struct ktstr_snapshot_state *ktstr_snapshots__of(const struct ktstr_run *run);

/* The callback of a test that has num_snapshots and no post_vm. */
int ktstr_snapshots__default_check(struct ktstr_result *r);

#endif
