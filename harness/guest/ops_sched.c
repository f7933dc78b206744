// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on the scheduler under test. Who runs it carries them out (ctx->sched_order(), in a
 * guest PID 1); here is what they mean for the scenario. A scheduler that fails to come is
 * found and reported there: the scenario then ends as after a scheduler that died.
 */
#include <errno.h>
#include <string.h>

#include "ops.h"

/* May it be started? The words of the author's list. */
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

static void check_possible(struct ktstr_checker *ck)
{
	if (!ck->ctx->sched_order)
		ktstr_problem(ck, "schedulers can only be exchanged in a guest of ktstr");
}

void ktstr_op_check__attach_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_possible(ck);
	check_staged(ck, op);
	if (ck->scheduler)
		ktstr_problem(ck, "a scheduler is attached at this point: detach it first, or use REPLACE_SCHEDULER");
	ck->scheduler = true;
}

void ktstr_op_check__detach_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	(void)op;
	check_possible(ck);
	if (!ck->scheduler)
		ktstr_problem(ck, "no scheduler is attached at this point");
	ck->scheduler = false;
}

void ktstr_op_check__restart_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const struct ktstr_test *t = ck->ctx->test;

	(void)op;
	check_possible(ck);
	if (!t || !t->scheduler || !t->scheduler->binary)
		ktstr_problem(ck, "the test has no scheduler of its own to restart");
	ck->scheduler = true;
}

void ktstr_op_check__replace_scheduler(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_possible(ck);
	check_staged(ck, op);
	if (!ck->scheduler)
		ktstr_problem(ck, "no scheduler is attached at this point: use ATTACH_SCHEDULER");
	ck->scheduler = true;
}

static int give_order(struct ktstr_stage *st, enum ktstr_sched_order order,
		      const struct ktstr_op *op, struct vm_err *err)
{
	const char *name = op->scheduler ? op->scheduler->name : NULL;
	int ret = st->ctx->sched_order(st->ctx, order, name, err);

	if (ret <= 0)
		return ret;
	st->sched_ended = true;
	ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
			  "%s %s%sin step %u: the scheduler failed and the scenario was ended",
			  ktstr_op_table[op->kind].name, name ?: "", name ? " " : "",
			  st->step + 1);
	return 0;
}

int ktstr_op__attach_scheduler(struct ktstr_stage *st, const struct ktstr_op *op,
			       struct vm_err *err)
{
	return give_order(st, KTSTR_SCHED_ATTACH, op, err);
}

int ktstr_op__detach_scheduler(struct ktstr_stage *st, const struct ktstr_op *op,
			       struct vm_err *err)
{
	return give_order(st, KTSTR_SCHED_DETACH, op, err);
}

int ktstr_op__restart_scheduler(struct ktstr_stage *st, const struct ktstr_op *op,
				struct vm_err *err)
{
	return give_order(st, KTSTR_SCHED_RESTART, op, err);
}

int ktstr_op__replace_scheduler(struct ktstr_stage *st, const struct ktstr_op *op,
				struct vm_err *err)
{
	return give_order(st, KTSTR_SCHED_REPLACE, op, err);
}
