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

#define ROW(_text, _controllers, _name, _takes, _does) {				\
		_text, NULL, _takes, _does, _controllers,				\
		ktstr_op_check__##_name, ktstr_op__##_name				\
	}
#define MONITOR(_text, _name, _takes) {							\
		.name = _text, .takes = _takes,						\
		.needs = "the monitor, which looks at the guest's memory",	\
		.validate = ktstr_op_check__##_name						\
	}

const struct ktstr_op_row ktstr_op_table[KTSTR_NR_OPS] = {
	[KTSTR_OP_ADD_CGROUP] = ROW("ADD_CGROUP", 0, add,
		"name", "makes a cgroup and what lies above it (mkdir -p)"),
	[KTSTR_OP_REMOVE_CGROUP] = ROW("REMOVE_CGROUP", 0, remove,
		"name", "stops and judges its workers, kills what else is in it, waits, removes it. What is not there is no error. A step may remove a cgroup of the backdrop and make it again as its own"),
	[KTSTR_OP_SET_CPUSET] = ROW("SET_CPUSET", CPUSET, set_cpuset,
		"name, cpuset", "writes its cpus, then its mems"),
	[KTSTR_OP_CLEAR_CPUSET] = ROW("CLEAR_CPUSET", CPUSET, clear_cpuset,
		"name", "empties both, so that those of its parent count; where the kernel refuses that because there are tasks in it (6.18), they become what the parent has"),
	[KTSTR_OP_SWAP_CPUSETS] = ROW("SWAP_CPUSETS", CPUSET, swap_cpusets,
		"a, b", "writes what stands in cpuset.cpus of a to b, then the other way; a side that is empty is skipped"),
	[KTSTR_OP_SPAWN] = ROW("SPAWN", 0, spawn,
		"name, ...", "starts workers, as in WORKSPEC(), in a cgroup that exists"),
	[KTSTR_OP_STOP_CGROUP] = ROW("STOP_CGROUP", 0, stop,
		"name", "stops and judges its workers; the cgroup stays"),
	[KTSTR_OP_SET_AFFINITY] = ROW("SET_AFFINITY", 0, set_affinity,
		"name, affinity", "pins every worker of the cgroup; a refusal fails the step"),
	[KTSTR_OP_SPAWN_HOST] = ROW("SPAWN_HOST", 0, spawn_host,
		"...", "starts workers, as in WORKSPEC(), beside the runner; reported as (runner's cgroup)"),
	[KTSTR_OP_MOVE_ALL_TASKS] = ROW("MOVE_ALL_TASKS", 0, move_all,
		"from, to", "moves all workers, payloads and their children; to gives up its subtree_control, EBUSY is tried three times. What a step moves into the backdrop belongs to it from then on; the backdrop's own cannot be moved into a step's cgroup"),
	[KTSTR_OP_RUN_PAYLOAD] = ROW("RUN_PAYLOAD", 0, run_payload,
		"&payload, cgroup, ...", "starts a program in the cgroup, or with NULL beside the runner"),
	[KTSTR_OP_WAIT_PAYLOAD] = ROW("WAIT_PAYLOAD", 0, wait_payload,
		"&payload, cgroup, ...", "waits until a program has ended, then judges it"),
	[KTSTR_OP_KILL_PAYLOAD] = ROW("KILL_PAYLOAD", 0, kill_payload,
		"&payload, cgroup", "kills a program and judges what it printed"),
	[KTSTR_OP_ADD_CGROUP_DEF] = ROW("ADD_CGROUP_DEF", 0, add_def,
		"name, ...", "makes a cgroup with its workers, as in CGROUPS()"),
	[KTSTR_OP_FREEZE_CGROUP] = ROW("FREEZE_CGROUP", 0, freeze,
		"name", "freezes it and waits until cgroup.events says so"),
	[KTSTR_OP_UNFREEZE_CGROUP] = ROW("UNFREEZE_CGROUP", 0, unfreeze,
		"name", "thaws it and waits until cgroup.events says so"),
	[KTSTR_OP_CAPTURE_SNAPSHOT] = MONITOR("CAPTURE_SNAPSHOT", capture_snapshot, "name"),
	[KTSTR_OP_WATCH_SNAPSHOT] = MONITOR("WATCH_SNAPSHOT", watch_snapshot, "symbol"),
	[KTSTR_OP_READ_KERNEL_HOT] = MONITOR("READ_KERNEL_HOT", read_kernel,
		"as, target, bytes"),
	[KTSTR_OP_WRITE_KERNEL_HOT] = MONITOR("WRITE_KERNEL_HOT", write_kernel,
		"target, value"),
	[KTSTR_OP_READ_KERNEL_COLD] = MONITOR("READ_KERNEL_COLD", read_kernel,
		"as, target, bytes"),
	[KTSTR_OP_WRITE_KERNEL_COLD] = MONITOR("WRITE_KERNEL_COLD", write_kernel,
		"target, value"),
	[KTSTR_OP_ATTACH_SCHEDULER] = ROW("ATTACH_SCHEDULER", 0, attach_scheduler,
		"&scheduler", "starts a staged scheduler"),
	[KTSTR_OP_DETACH_SCHEDULER] = ROW("DETACH_SCHEDULER", 0, detach_scheduler,
		"", "ends the scheduler under test"),
	[KTSTR_OP_RESTART_SCHEDULER] = ROW("RESTART_SCHEDULER", 0, restart_scheduler,
		"", "ends the scheduler and starts the test's own again"),
	[KTSTR_OP_REPLACE_SCHEDULER] = ROW("REPLACE_SCHEDULER", 0, replace_scheduler,
		"&scheduler", "ends the scheduler and starts a staged one"),
	[KTSTR_OP_PIN_BPF_MAP] = ROW("PIN_BPF_MAP", 0, pin_bpf_map,
		"map", "pins the only BPF map of that name (at most 15 bytes) as /sys/fs/bpf/ktstr/MAP, so that it survives its scheduler"),
	[KTSTR_OP_CAPTURE_CGROUP_PROCS] = ROW("CAPTURE_CGROUP_PROCS", 0, capture_procs,
		"tag, name", "keeps the pids in a cgroup, for ktstr_captured_procs()"),
	[KTSTR_OP_STEER_IRQ] = ROW("STEER_IRQ", 0, steer_irq,
		"irq, cpu", "lets one CPU handle an interrupt: IRQ(n), or IRQ_LABEL(\"virtio0-req.0\"), which one line of /proc/interrupts must have"),
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
