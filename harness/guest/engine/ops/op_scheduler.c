// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on the scheduler under test. ctx->sched_order() carries them out (PID 1 in a guest); this
 * file has their effect on the scenario. When a scheduler does not attach, sched_order() reports
 * that, and the scenario ends as after a scheduler that died.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

/* May it be started? It must be in the test's list. */
static void check_staged(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_test *t = ck->ctx->test;
	const struct ktstr_scheduler * const *s = t ? t->staged_schedulers : NULL;

	if (!op->scheduler) {
		ktstr_problem(ck, "names no scheduler");
		return;
	}
	for (; s && *s; s++)
		if (*s == op->scheduler)
			return;
	ktstr_problem(ck, "scheduler %s is not in the test's staged_schedulers",
		      op->scheduler->name);
}

static bool check_possible(struct ktstr_checker *ck)
{
	if (!ck->ctx->sched_order)
		ktstr_needs_guest(ck, "schedulers can only be exchanged in a guest of ktstr");
	return ck->ctx->sched_order;
}

static void check_attach_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_possible(ck);
	check_staged(ck, op);
	if (ck->scheduler)
		ktstr_problem(ck, "a scheduler is attached at this point: detach it first, or use REPLACE_SCHEDULER");
	ck->scheduler = true;
}

static void check_detach_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	(void)op;
	if (check_possible(ck) && !ck->scheduler)
		ktstr_problem(ck, "no scheduler is attached at this point");
	ck->scheduler = false;
}

static void check_restart_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_test *t = ck->ctx->test;

	(void)op;
	check_possible(ck);
	if (!t || !t->scheduler || !t->scheduler->binary)
		ktstr_problem(ck, "the test has no scheduler of its own to restart");
	ck->scheduler = true;
}

static void check_replace_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_staged(ck, op);
	if (check_possible(ck) && !ck->scheduler)
		ktstr_problem(ck, "no scheduler is attached at this point: use ATTACH_SCHEDULER");
	ck->scheduler = true;
}

static int give_order(struct ktstr_scenario_state *st, enum ktstr_sched_order order,
		      const struct ktstr_op *op, struct ktstr_err *err)
{
	const char *name = op->scheduler ? op->scheduler->name : NULL;
	int ret = st->ctx->sched_order(st->ctx, order, name, err);

	if (ret != -ESHUTDOWN)
		return ret;
	st->sched_ended = true;
	ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
			  "%s %s%sin step %u: the scheduler failed and the scenario was ended",
			  ktstr_op__row(op->kind)->name, name ?: "", name ? " " : "",
			  st->step + 1);
	return 0;
}

static int apply_attach_scheduler(struct ktstr_scenario_state *st, const struct ktstr_op *op,
				  struct ktstr_err *err)
{
	return give_order(st, KTSTR_SCHED_ATTACH, op, err);
}

static int apply_detach_scheduler(struct ktstr_scenario_state *st, const struct ktstr_op *op,
				  struct ktstr_err *err)
{
	return give_order(st, KTSTR_SCHED_DETACH, op, err);
}

static int apply_restart_scheduler(struct ktstr_scenario_state *st, const struct ktstr_op *op,
				   struct ktstr_err *err)
{
	return give_order(st, KTSTR_SCHED_RESTART, op, err);
}

static int apply_replace_scheduler(struct ktstr_scenario_state *st, const struct ktstr_op *op,
				   struct ktstr_err *err)
{
	return give_order(st, KTSTR_SCHED_REPLACE, op, err);
}

const struct ktstr_op_row ktstr_scheduler_ops[] = {
	{
		.kind = KTSTR_OP_ATTACH_SCHEDULER,
		.name = "ATTACH_SCHEDULER",
		.words = "scheduler {scheduler} is attached",
		.takes = "&scheduler",
		.does = "starts a staged scheduler",
		.check = check_attach_scheduler,
		.apply = apply_attach_scheduler,
	},
	{
		.kind = KTSTR_OP_DETACH_SCHEDULER,
		.name = "DETACH_SCHEDULER",
		.words = "the scheduler is detached",
		.takes = "",
		.does = "detaches and ends the scheduler under test",
		.check = check_detach_scheduler,
		.apply = apply_detach_scheduler,
	},
	{
		.kind = KTSTR_OP_RESTART_SCHEDULER,
		.name = "RESTART_SCHEDULER",
		.words = "the test's scheduler is started again",
		.takes = "",
		.does = "ends the attached scheduler and starts the test's own one again",
		.check = check_restart_scheduler,
		.apply = apply_restart_scheduler,
	},
	{
		.kind = KTSTR_OP_REPLACE_SCHEDULER,
		.name = "REPLACE_SCHEDULER",
		.words = "the scheduler is replaced by {scheduler}",
		.takes = "&scheduler",
		.does = "ends the attached scheduler and starts a staged one",
		.check = check_replace_scheduler,
		.apply = apply_replace_scheduler,
	},
	{ }
};
