/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long a run may take. The guest enforces the run deadline itself, in guest time; the
 * host's three deadlines are wall clock and the last resort against a guest that does not
 * answer. All formulas are here; docs/reports.md explains them.
 */
#ifndef KTSTR_CORE_DEADLINE_H
#define KTSTR_CORE_DEADLINE_H

#include <stdint.h>

#include "../../vmm/vm.h"
#include "plan.h"

struct ktstr_deadlines {
	uint32_t attach_timeout_ms;	/* guest time: scheduler start to attached */
	uint32_t run_grace_s;		/* guest time: body deadline is duration plus this */
	uint32_t boot_s;		/* wall clock: vm_start() to START */
	uint32_t run_s;			/* wall clock: START to TEARDOWN */
	uint32_t teardown_s;		/* wall clock: TEARDOWN to the machine being off */
};

/* @shift: icount shift or VM_SHIFT_AUTO. */
void ktstr_deadlines__compute(struct ktstr_deadlines *d, const struct ktstr_plan *p,
			      enum vm_accel accel, int shift);

/* What a supervisor of the whole run may allow before it kills, in seconds. */
uint32_t ktstr_deadlines__total_s(const struct ktstr_deadlines *d);

#endif
