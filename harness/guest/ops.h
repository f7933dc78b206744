/* SPDX-License-Identifier: GPL-2.0 */
/* The ops of a step as a table: an op is one row, one check and one function. */
#ifndef KTSTR_GUEST_OPS_H
#define KTSTR_GUEST_OPS_H

#include "checker.h"
#include "stage.h"

struct ktstr_op_row {
	const char *name;
	/* NULL, or what is missing: the op is judged and then refused with these words. */
	const char *needs;
	const char *takes;		/* parameters of its macro, "" for none */
	const char *does;		/* one line; NULL with @needs */
	uint32_t controllers;		/* 1 << enum ktstr_controller */
	/* Report why the op cannot be meant at this place; update what is known. */
	void (*validate)(struct ktstr_checker *ck, const struct ktstr_op *op);
	/* 0 or -errno with a sentence. */
	int (*apply)(struct ktstr_stage *st, const struct ktstr_op *op, struct vm_err *err);
};

extern const struct ktstr_op_row ktstr_op_table[KTSTR_NR_OPS];

/* ops_cgroup.c, ops_tasks.c, ops_payload.c, ops_sched.c, irq.c: the functions of the rows */
#define KTSTR_OP_FUNCTIONS(_name)							\
	void ktstr_op_check__##_name(struct ktstr_checker *ck, const struct ktstr_op *op); \
	int ktstr_op__##_name(struct ktstr_stage *st, const struct ktstr_op *op,	\
			      struct vm_err *err)

KTSTR_OP_FUNCTIONS(add);
KTSTR_OP_FUNCTIONS(add_def);
KTSTR_OP_FUNCTIONS(remove);
KTSTR_OP_FUNCTIONS(set_cpuset);
KTSTR_OP_FUNCTIONS(clear_cpuset);
KTSTR_OP_FUNCTIONS(swap_cpusets);
KTSTR_OP_FUNCTIONS(freeze);
KTSTR_OP_FUNCTIONS(unfreeze);
KTSTR_OP_FUNCTIONS(spawn);
KTSTR_OP_FUNCTIONS(spawn_host);
KTSTR_OP_FUNCTIONS(stop);
KTSTR_OP_FUNCTIONS(set_affinity);
KTSTR_OP_FUNCTIONS(move_all);
KTSTR_OP_FUNCTIONS(capture_procs);
KTSTR_OP_FUNCTIONS(steer_irq);
KTSTR_OP_FUNCTIONS(pin_bpf_map);
KTSTR_OP_FUNCTIONS(run_payload);
KTSTR_OP_FUNCTIONS(wait_payload);
KTSTR_OP_FUNCTIONS(kill_payload);
KTSTR_OP_FUNCTIONS(attach_scheduler);
KTSTR_OP_FUNCTIONS(detach_scheduler);
KTSTR_OP_FUNCTIONS(restart_scheduler);
KTSTR_OP_FUNCTIONS(replace_scheduler);

/* ops_kernel.c: judged, but not carried out yet */
void ktstr_op_check__capture_snapshot(struct ktstr_checker *ck, const struct ktstr_op *op);
void ktstr_op_check__watch_snapshot(struct ktstr_checker *ck, const struct ktstr_op *op);
void ktstr_op_check__read_kernel(struct ktstr_checker *ck, const struct ktstr_op *op);
void ktstr_op_check__write_kernel(struct ktstr_checker *ck, const struct ktstr_op *op);

/* What CAPTURE_CGROUP_PROCS saw; in ctx->captures until ktstr_captures__free(). */
struct ktstr_capture {
	struct ktstr_capture *next;
	char tag[KTSTR_NAME_LEN];
	int nr;
	int pids[];
};

void ktstr_captures__free(struct ktstr_ctx *ctx);

/* The place of an op whose cgroup was checked to exist; -ENOENT when it is gone. */
struct ktstr_place *ktstr_op__place(struct ktstr_stage *st, const char *name,
				    struct vm_err *err);

#endif
