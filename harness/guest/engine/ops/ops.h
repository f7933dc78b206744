/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ops of a step. An op is one row, one check and one function, together in the file of its
 * family. A new op is a value of enum ktstr_op_kind with its macro, and a row; a new family is
 * also a line of KTSTR_OP_FAMILIES().
 */
#ifndef KTSTR_GUEST_ENGINE_OPS_OPS_H
#define KTSTR_GUEST_ENGINE_OPS_OPS_H

#include "harness/guest/engine/check/checker.h"
#include "harness/guest/engine/check/known.h"
#include "harness/guest/engine/state/state.h"

struct ktstr_op_row {
	enum ktstr_op_kind kind;	/* KTSTR_OP_END ends a family */
	const char *name;
	/* NULL, or what is missing: the op is checked and then refused with this text. */
	const char *needs;
	const char *takes;		/* parameters of its macro, "" for none */
	const char *does;		/* one line for docs/ops.md; NULL with @needs */
	/*
	 * What the timeline says once it has been carried out; {cgroup} and others stand for its
	 * parameters (ops/words.c). NULL with @needs.
	 */
	const char *words;
	/* What {value} of @words stands for; NULL where they have none. */
	void (*value)(const struct ktstr_op *op, char *buf, size_t size);
	uint32_t controllers;		/* 1 << enum ktstr_controller */
	/* Report why the op is invalid at this point; update what would exist. */
	void (*check)(struct ktstr_checker *ck, const struct ktstr_op *op);
	/* Returns 0 or -errno with a sentence. */
	int (*apply)(struct ktstr_scenario_state *st, const struct ktstr_op *op,
		     struct ktstr_err *err);
};

#define KTSTR_OP_FAMILIES(_family)						\
	_family(cgroup) _family(worker) _family(payload) _family(scheduler)	\
	_family(kernel) _family(memory) _family(irq) _family(hotplug) _family(change)

#define KTSTR_OP_FAMILY(_name)	extern const struct ktstr_op_row ktstr_##_name##_ops[];
KTSTR_OP_FAMILIES(KTSTR_OP_FAMILY)
#undef KTSTR_OP_FAMILY

/* NULL: there is no such op. */
const struct ktstr_op_row *ktstr_op__row(enum ktstr_op_kind kind);

/* What @op did, in words; @st is the scenario behind it. */
void ktstr_op__words(const struct ktstr_scenario_state *st, const struct ktstr_op *op, char *buf,
		     size_t size);

/* Check one op at the current point of the scenario. */
void ktstr_op__check(struct ktstr_checker *ck, const struct ktstr_op *op);

/* The cgroup that an op names; NULL with a sentence when it no longer exists. */
struct ktstr_cgroup_state *ktstr_op__cgroup(struct ktstr_scenario_state *st, const char *name,
					    struct ktstr_err *err);

/* What CAPTURE_CGROUP_PROCS saw; in ctx->captures until ktstr_captures__free(). */
struct ktstr_capture {
	struct ktstr_capture *next;
	char tag[KTSTR_NAME_LEN];
	int nr;
	int pids[];
};

void ktstr_captures__free(struct ktstr_ctx *ctx);

#endif
