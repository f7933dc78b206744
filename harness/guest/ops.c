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

#define ROW(_text, _controllers, _name) {						\
		_text, NULL, _controllers, ktstr_op_check__##_name, ktstr_op__##_name	\
	}
#define MONITOR(_text, _name) {								\
		.name = _text, .needs = "the monitor, which looks at the guest's memory",	\
		.validate = ktstr_op_check__##_name						\
	}

const struct ktstr_op_row ktstr_op_table[KTSTR_NR_OPS] = {
	[KTSTR_OP_ADD_CGROUP] = ROW("ADD_CGROUP", 0, add),
	[KTSTR_OP_REMOVE_CGROUP] = ROW("REMOVE_CGROUP", 0, remove),
	[KTSTR_OP_SET_CPUSET] = ROW("SET_CPUSET", CPUSET, set_cpuset),
	[KTSTR_OP_CLEAR_CPUSET] = ROW("CLEAR_CPUSET", CPUSET, clear_cpuset),
	[KTSTR_OP_SWAP_CPUSETS] = ROW("SWAP_CPUSETS", CPUSET, swap_cpusets),
	[KTSTR_OP_SPAWN] = ROW("SPAWN", 0, spawn),
	[KTSTR_OP_STOP_CGROUP] = ROW("STOP_CGROUP", 0, stop),
	[KTSTR_OP_SET_AFFINITY] = ROW("SET_AFFINITY", 0, set_affinity),
	[KTSTR_OP_SPAWN_HOST] = ROW("SPAWN_HOST", 0, spawn_host),
	[KTSTR_OP_MOVE_ALL_TASKS] = ROW("MOVE_ALL_TASKS", 0, move_all),
	[KTSTR_OP_RUN_PAYLOAD] = ROW("RUN_PAYLOAD", 0, run_payload),
	[KTSTR_OP_WAIT_PAYLOAD] = ROW("WAIT_PAYLOAD", 0, wait_payload),
	[KTSTR_OP_KILL_PAYLOAD] = ROW("KILL_PAYLOAD", 0, kill_payload),
	[KTSTR_OP_ADD_CGROUP_DEF] = ROW("ADD_CGROUP_DEF", 0, add_def),
	[KTSTR_OP_FREEZE_CGROUP] = ROW("FREEZE_CGROUP", 0, freeze),
	[KTSTR_OP_UNFREEZE_CGROUP] = ROW("UNFREEZE_CGROUP", 0, unfreeze),
	[KTSTR_OP_CAPTURE_SNAPSHOT] = MONITOR("CAPTURE_SNAPSHOT", capture_snapshot),
	[KTSTR_OP_WATCH_SNAPSHOT] = MONITOR("WATCH_SNAPSHOT", watch_snapshot),
	[KTSTR_OP_READ_KERNEL_HOT] = MONITOR("READ_KERNEL_HOT", read_kernel),
	[KTSTR_OP_WRITE_KERNEL_HOT] = MONITOR("WRITE_KERNEL_HOT", write_kernel),
	[KTSTR_OP_READ_KERNEL_COLD] = MONITOR("READ_KERNEL_COLD", read_kernel),
	[KTSTR_OP_WRITE_KERNEL_COLD] = MONITOR("WRITE_KERNEL_COLD", write_kernel),
	[KTSTR_OP_ATTACH_SCHEDULER] = ROW("ATTACH_SCHEDULER", 0, attach_scheduler),
	[KTSTR_OP_DETACH_SCHEDULER] = ROW("DETACH_SCHEDULER", 0, detach_scheduler),
	[KTSTR_OP_RESTART_SCHEDULER] = ROW("RESTART_SCHEDULER", 0, restart_scheduler),
	[KTSTR_OP_REPLACE_SCHEDULER] = ROW("REPLACE_SCHEDULER", 0, replace_scheduler),
	[KTSTR_OP_PIN_BPF_MAP] = ROW("PIN_BPF_MAP", 0, pin_bpf_map),
	[KTSTR_OP_CAPTURE_CGROUP_PROCS] = ROW("CAPTURE_CGROUP_PROCS", 0, capture_procs),
	[KTSTR_OP_STEER_IRQ] = ROW("STEER_IRQ", 0, steer_irq),
};

void ktstr_check__op(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_op_row *row = &ktstr_op_table[op->kind];

	ck->sc->controllers |= row->controllers;
	row->validate(ck, op);
	if (row->needs)
		ktstr_problem(ck, "not supported yet: needs %s", row->needs);
}

struct ktstr_place *ktstr_op__place(struct ktstr_stage *st, const char *name,
				    struct vm_err *err)
{
	struct ktstr_place *p = ktstr_stage__place(st, name);

	if (!p)
		vm_err(err, ENOENT, "there is no cgroup %s", name);
	return p;
}
