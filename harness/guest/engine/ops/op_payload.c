// SPDX-License-Identifier: GPL-2.0
/* Ops on payloads: run, wait for, kill. */
#include "harness/guest/engine/state/payload_run.h"
#include "harness/guest/payload/payload.h"
#include "harness/guest/work/work.h"
#include "ops.h"

static void check_run_payload(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	const char *flag;

	ktstr_checker__payload(ck, op->payload);
	if (op->cgroup && *op->cgroup)
		ktstr_known__need(ck, op->cgroup);
	flag = op->payload ? ktstr_payload__unknown_flag(op->payload, op->args) : NULL;
	if (flag)
		ktstr_problem(ck, "payload %s does not know \"%s\"", op->payload->name, flag);
}

static void check_wait_payload(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_checker__payload(ck, op->payload);
}

static void check_kill_payload(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	ktstr_checker__payload(ck, op->payload);
}

static int apply_run_payload(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			     struct ktstr_err *err)
{
	return ktstr_payload_run__start(st, op->payload, op->args, op->cgroup ?: "", err);
}

static int apply_wait_payload(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			      struct ktstr_err *err)
{
	uint64_t ns = op->timeout_ns ?: st->ctx->duration_ns;
	int i = ktstr_payload_run__find(st, op, err);

	if (i < 0)
		return i;
	i = ktstr_payload_run__await(st, i, ns);
	return i ? ktstr_err(err, -i, "payload %s cannot be killed", op->payload->name) : 0;
}

static int apply_kill_payload(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			      struct ktstr_err *err)
{
	int i = ktstr_payload_run__find(st, op, err);

	if (i < 0)
		return i;
	i = ktstr_payload_run__end(st, i);
	return i ? ktstr_err(err, -i, "payload %s cannot be killed", op->payload->name) : 0;
}

const struct ktstr_op_row ktstr_payload_ops[] = {
	{
		.kind = KTSTR_OP_RUN_PAYLOAD,
		.name = "RUN_PAYLOAD",
		.words = "payload {payload} starts",
		.takes = "&payload, cgroup, ...",
		.does = "starts a program in the cgroup, or beside the runner if cgroup is NULL",
		.check = check_run_payload,
		.apply = apply_run_payload,
	},
	{
		.kind = KTSTR_OP_WAIT_PAYLOAD,
		.name = "WAIT_PAYLOAD",
		.words = "payload {payload} has been awaited",
		.takes = "&payload, cgroup, ...",
		.does = "waits until a program has ended, then judges it",
		.check = check_wait_payload,
		.apply = apply_wait_payload,
	},
	{
		.kind = KTSTR_OP_KILL_PAYLOAD,
		.name = "KILL_PAYLOAD",
		.words = "payload {payload} is killed",
		.takes = "&payload, cgroup",
		.does = "kills a program and judges its output",
		.check = check_kill_payload,
		.apply = apply_kill_payload,
	},
	{ }
};
