/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The deadlines of a run. The guest enforces the run deadline itself, in guest time. The three
 * deadlines of the host are wall clock; they end a guest that does not respond. docs/reports.md
 * explains the formulas.
 */
#ifndef KTSTR_PLAN_DEADLINE_H
#define KTSTR_PLAN_DEADLINE_H

#include <stdint.h>

#include "vmm/vm.h"
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

/* In seconds: the limit of the whole run, for the supervisor of this process. */
uint32_t ktstr_deadlines__total_s(const struct ktstr_deadlines *d);

#endif
