// SPDX-License-Identifier: GPL-2.0
/*
 * The table of the ops. An op that this version cannot carry out has a row too, which says
 * what is missing: it is refused before anything is made, never ignored.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

_Static_assert(KTSTR_NR_OPS <= 32, "an op's value is its bit in the stimulus record, a u32");

#define CPUSET	(1u << KTSTR_CONTROLLER_CPUSET)

#define ROW(_kind, _controllers, _name)							\
	[KTSTR_OP_##_kind] = { #_kind, NULL, _controllers,				\
			       ktstr_op_check__##_name, ktstr_op__##_name }
#define MISSING(_kind, _needs)	[KTSTR_OP_##_kind] = { .name = #_kind, .needs = _needs }

#define PAYLOADS	"payloads: programs packed into the guest and run in a cgroup"
#define STAGED		"schedulers that are packed into the guest and can be exchanged"
#define SNAPSHOTS	"snapshots that the host takes of the guest's memory"
#define MEMORY		"access of the host to named things in the guest's memory"

const struct ktstr_op_row ktstr_op_table[KTSTR_NR_OPS] = {
	ROW(ADD_CGROUP, 0, add),
	ROW(REMOVE_CGROUP, 0, remove),
	ROW(SET_CPUSET, CPUSET, set_cpuset),
	ROW(CLEAR_CPUSET, CPUSET, clear_cpuset),
	ROW(SWAP_CPUSETS, CPUSET, swap_cpusets),
	ROW(SPAWN, 0, spawn),
	ROW(STOP_CGROUP, 0, stop),
	ROW(SET_AFFINITY, 0, set_affinity),
	ROW(SPAWN_HOST, 0, spawn_host),
	ROW(MOVE_ALL_TASKS, 0, move_all),
	MISSING(RUN_PAYLOAD, PAYLOADS),
	MISSING(WAIT_PAYLOAD, PAYLOADS),
	MISSING(KILL_PAYLOAD, PAYLOADS),
	ROW(ADD_CGROUP_DEF, 0, add_def),
	ROW(FREEZE_CGROUP, 0, freeze),
	ROW(UNFREEZE_CGROUP, 0, unfreeze),
	MISSING(CAPTURE_SNAPSHOT, SNAPSHOTS),
	MISSING(WATCH_SNAPSHOT, SNAPSHOTS),
	MISSING(READ_KERNEL_HOT, MEMORY),
	MISSING(WRITE_KERNEL_HOT, MEMORY),
	MISSING(READ_KERNEL_COLD, MEMORY),
	MISSING(WRITE_KERNEL_COLD, MEMORY),
	MISSING(ATTACH_SCHEDULER, STAGED),
	MISSING(DETACH_SCHEDULER, STAGED),
	MISSING(RESTART_SCHEDULER, STAGED),
	MISSING(REPLACE_SCHEDULER, STAGED),
	MISSING(PIN_BPF_MAP, STAGED),
	ROW(CAPTURE_CGROUP_PROCS, 0, capture_procs),
	ROW(STEER_IRQ, 0, steer_irq),
};

void ktstr_check__op(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_op_row *row = &ktstr_op_table[op->kind];

	ck->sc->controllers |= row->controllers;
	if (row->needs)
		ktstr_problem(ck, "not supported yet: needs %s", row->needs);
	else
		row->validate(ck, op);
}

struct ktstr_place *ktstr_op__place(struct ktstr_stage *st, const char *name,
				    struct vm_err *err)
{
	struct ktstr_place *p = ktstr_stage__place(st, name);

	if (!p)
		vm_err(err, ENOENT, "there is no cgroup %s", name);
	return p;
}
