// SPDX-License-Identifier: GPL-2.0
/*
 * Ops on the guest's memory, which the host carries out: ctx->ask() sends the question and returns
 * with the answer. The machine stands still meanwhile.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/msg.h"
#include "ops.h"

#define MAX_WATCHES	3	/* of the four hardware breakpoints that x86 has */

/* What READ_KERNEL_* got. */
struct ktstr_kernel_read {
	struct ktstr_kernel_read *next;
	char as[KTSTR_NAME_LEN];
	uint32_t len;
	uint8_t data[];
};

/* ---- snapshots ---- */

static void check_once(struct ktstr_checker *ck)
{
	if (ck->repeated)
		ktstr_problem(ck, "a snapshot cannot be repeated, it has one name");
}

static bool is_symbol(const char *name)
{
	if (!name || !*name || isdigit((unsigned char)*name))
		return false;
	while (isalnum((unsigned char)*name) || (*name && strchr("_.$", *name)))
		name++;
	return !*name;
}

/* It becomes a part of a file's name. */
static bool is_file_name(const char *name)
{
	size_t i;

	for (i = 0; name && name[i]; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return name && i && i < KTSTR_NAME_LEN;
}

static void check_host(struct ktstr_checker *ck)
{
	if (!ck->ctx->ask)
		ktstr_needs_guest(ck, "only a guest of ktstr has a host that looks at its memory");
}

static void check_capture_snapshot(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_host(ck);
	if (!is_file_name(op->name))
		ktstr_problem(ck, "a snapshot has a name of 1 to %d letters, digits and \"._-\"",
			      KTSTR_NAME_LEN - 1);
	check_once(ck);
}

static void check_watch_snapshot(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_host(ck);
	if (!is_symbol(op->name) || strlen(op->name) >= KTSTR_NAME_LEN)
		ktstr_problem(ck, "\"%s\" is no symbol of a kernel with less than %d bytes",
			      op->name ?: "", KTSTR_NAME_LEN);
	if (!ck->repeated && ++ck->watches > MAX_WATCHES)
		ktstr_problem(ck, "more than %d symbols are watched", MAX_WATCHES);
	check_once(ck);
}

/* ---- values in the guest's memory ---- */

static void check_target(struct ktstr_checker *ck, const struct ktstr_kernel_target *t)
{
	check_host(ck);
	if (t->name && strlen(t->name) >= KTSTR_ASK_NAME_LEN)
		ktstr_problem(ck, "a name has at most %d bytes", KTSTR_ASK_NAME_LEN - 1);
	switch (t->kind) {
	case KTSTR_KERNEL_SYMBOL:
		if (!is_symbol(t->name))
			ktstr_problem(ck, "\"%s\" is no symbol of a kernel", t->name ?: "");
		return;
	case KTSTR_KERNEL_PER_CPU:
		if (!is_symbol(t->name))
			ktstr_problem(ck, "\"%s\" is no symbol of a kernel", t->name ?: "");
		if (t->cpu >= ck->ctx->nr_cpus)
			ktstr_problem(ck, "CPU %u is not there, the guest has %u", t->cpu,
				      ck->ctx->nr_cpus);
		return;
	case KTSTR_KERNEL_ADDRESS:
		if (!t->address)
			ktstr_problem(ck, "address 0 is none of the kernel's");
		return;
	case KTSTR_KERNEL_TASK:
		if (t->pid <= 0)
			ktstr_problem(ck, "%d is no pid", t->pid);
		if (!t->name || !*t->name)
			ktstr_problem(ck, "a field of a task is named by its path, \"se.vruntime\"");
		return;
	case KTSTR_KERNEL_UNSET:
		break;
	}
	ktstr_problem(ck, "names nothing in the kernel");
}

static void check_size(struct ktstr_checker *ck, uint32_t len)
{
	if (!len || len > KTSTR_ASK_MAX)
		ktstr_problem(ck, "%u bytes are not between 1 and %d", len, KTSTR_ASK_MAX);
}

static void check_read_kernel(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_target(ck, &op->target);
	check_size(ck, op->value.len);
	if (!op->as || !*op->as || strlen(op->as) >= KTSTR_NAME_LEN)
		ktstr_problem(ck, "what is read has a name of 1 to %d bytes", KTSTR_NAME_LEN - 1);
}

static void check_write_kernel(struct ktstr_checker *ck, const struct ktstr_op *op)
{
	check_target(ck, &op->target);
	check_size(ck, op->value.len);
	if (!op->value.bytes && op->value.len > sizeof(op->value.number))
		ktstr_problem(ck, "there are no bytes to write");
}

/* ---- asking the host ---- */

static int ask(struct ktstr_scenario_state *st, struct ktstr_msg_ask *a, const void *data,
	       size_t len, struct ktstr_answer *answer, struct ktstr_err *err)
{
	int ret;

	a->step = st->in_backdrop ? KTSTR_NO_STEP : st->step;
	ret = st->ctx->ask(st->ctx, a, data, len, answer);
	return ret ? ktstr_err(err, -ret, "%s", answer->text) : 0;
}

static int ask_for(struct ktstr_scenario_state *st, enum ktstr_ask what, const char *name,
		   struct ktstr_err *err)
{
	struct ktstr_msg_ask a = { .what = what };
	struct ktstr_answer answer;

	snprintf(a.name, sizeof(a.name), "%s", name);
	snprintf(a.as, sizeof(a.as), "%s", name);
	return ask(st, &a, NULL, 0, &answer, err);
}

static int apply_capture_snapshot(struct ktstr_scenario_state *st, const struct ktstr_op *op,
				  struct ktstr_err *err)
{
	return ask_for(st, KTSTR_ASK_SNAPSHOT, op->name, err);
}

static int apply_watch_snapshot(struct ktstr_scenario_state *st, const struct ktstr_op *op,
				struct ktstr_err *err)
{
	return ask_for(st, KTSTR_ASK_WATCH, op->name, err);
}

static void fill_target(struct ktstr_msg_ask *a, const struct ktstr_op *op)
{
	a->target = op->target.kind;
	a->address = op->target.address;
	a->cpu = op->target.cpu;
	a->pid = op->target.pid;
	a->len = op->value.len;
	snprintf(a->name, sizeof(a->name), "%s", op->target.name ?: "");
	snprintf(a->as, sizeof(a->as), "%s", op->as ?: "");
}

static int apply_read_kernel(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			     struct ktstr_err *err)
{
	struct ktstr_msg_ask a = {
		.what = op->kind == KTSTR_OP_READ_KERNEL_HOT ? KTSTR_ASK_READ_HOT :
			KTSTR_ASK_READ_COLD,
	};
	struct ktstr_kernel_read *r;
	struct ktstr_answer answer;
	int ret;

	fill_target(&a, op);
	ret = ask(st, &a, NULL, 0, &answer, err);
	if (ret)
		return ret;
	if (answer.len != op->value.len)
		return ktstr_err(err, EPROTO, "the host sent %u bytes, not %u", answer.len,
				 op->value.len);
	r = malloc(sizeof(*r) + answer.len);
	if (!r)
		return ktstr_err(err, ENOMEM, "%s", strerror(ENOMEM));
	snprintf(r->as, sizeof(r->as), "%s", op->as);
	r->len = answer.len;
	memcpy(r->data, answer.data, answer.len);
	r->next = st->ctx->reads;
	st->ctx->reads = r;
	return 0;
}

static int apply_write_kernel(struct ktstr_scenario_state *st, const struct ktstr_op *op,
			      struct ktstr_err *err)
{
	struct ktstr_msg_ask a = {
		.what = op->kind == KTSTR_OP_WRITE_KERNEL_HOT ? KTSTR_ASK_WRITE_HOT :
			KTSTR_ASK_WRITE_COLD,
	};
	struct ktstr_answer answer;

	fill_target(&a, op);
	return ask(st, &a, op->value.bytes ?: &op->value.number, op->value.len, &answer, err);
}

int ktstr_kernel_value(const struct ktstr_ctx *ctx, const char *as, void *buf, size_t size)
{
	const struct ktstr_kernel_read *r = ctx->reads;

	while (r && strcmp(r->as, as))
		r = r->next;
	if (!r)
		return -ENOENT;
	memcpy(buf, r->data, r->len < size ? r->len : size);
	return (int)r->len;
}

static void name_target(const struct ktstr_op *op, char *buf, size_t size)
{
	const struct ktstr_kernel_target *t = &op->target;

	switch (t->kind) {
	case KTSTR_KERNEL_PER_CPU:
		snprintf(buf, size, "%s of CPU %u", t->name, t->cpu);
		return;
	case KTSTR_KERNEL_TASK:
		snprintf(buf, size, "%s of task %d", t->name, t->pid);
		return;
	case KTSTR_KERNEL_ADDRESS:
		snprintf(buf, size, "%#llx", (unsigned long long)t->address);
		return;
	default:
		snprintf(buf, size, "%s", t->name);
	}
}

const struct ktstr_op_row ktstr_memory_ops[] = {
	{
		.kind = KTSTR_OP_CAPTURE_SNAPSHOT,
		.name = "CAPTURE_SNAPSHOT",
		.words = "snapshot {name} is taken",
		.takes = "name",
		.does = "stores the state of kernel and scheduler under that name, for host callbacks and as a file ([snapshots.md](snapshots.md))",
		.check = check_capture_snapshot,
		.apply = apply_capture_snapshot,
	},
	{
		.kind = KTSTR_OP_WATCH_SNAPSHOT,
		.name = "WATCH_SNAPSHOT",
		.words = "writes to {name} are watched",
		.takes = "symbol",
		.does = "takes a snapshot called SYMBOL whenever the kernel writes to that variable from now on; at most 3 of them",
		.check = check_watch_snapshot,
		.apply = apply_watch_snapshot,
	},
	{
		.kind = KTSTR_OP_READ_KERNEL_HOT,
		.name = "READ_KERNEL_HOT",
		.words = "the host reads {value}",
		.value = name_target,
		.takes = "as, target, bytes",
		.does = "the host reads up to 4096 bytes of kernel memory while the other CPUs run; ktstr_kernel_value() has them",
		.check = check_read_kernel,
		.apply = apply_read_kernel,
	},
	{
		.kind = KTSTR_OP_WRITE_KERNEL_HOT,
		.name = "WRITE_KERNEL_HOT",
		.words = "the host writes {value}",
		.value = name_target,
		.takes = "target, value",
		.does = "the host writes to kernel memory while the other CPUs run",
		.check = check_write_kernel,
		.apply = apply_write_kernel,
	},
	{
		.kind = KTSTR_OP_READ_KERNEL_COLD,
		.name = "READ_KERNEL_COLD",
		.words = "the host reads {value}",
		.value = name_target,
		.takes = "as, target, bytes",
		.does = "the same as READ_KERNEL_HOT, while all CPUs stand still",
		.check = check_read_kernel,
		.apply = apply_read_kernel,
	},
	{
		.kind = KTSTR_OP_WRITE_KERNEL_COLD,
		.name = "WRITE_KERNEL_COLD",
		.words = "the host writes {value}",
		.value = name_target,
		.takes = "target, value",
		.does = "the same as WRITE_KERNEL_HOT, while all CPUs stand still",
		.check = check_write_kernel,
		.apply = apply_write_kernel,
	},
	{ }
};
