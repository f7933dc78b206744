// SPDX-License-Identifier: GPL-2.0
/* See points.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/view/btf_type.h"
#include "harness/probe/ops.h"
#include "points.h"

struct fetch_row {
	const char *words;	/* harness/probe/func.h */
	enum ktstr_trace_slot slot;
};

#define TASK(_p)	{ _p ":pid", TO_PID }, { _p ":comm", TO_COMM }

static const struct row {
	enum ktstr_trace_kind kind;
	const char *func;
	bool needed;
	struct fetch_row fetch[KTSTR_TRACE_FETCHES];
} rows[] = {
	/* all architectures call it once for each switch, and nothing else does */
	{ KTSTR_TRACE_SWITCH, "__switch_to", true, {
		{ "next_p:pid", TO_PID }, { "next_p:comm", TO_COMM }, { "prev_p:comm", TO_PREV_COMM },
		{ "next_p", TO_TASK },
		{ "prev_p:pid", TO_VALUE + KTSTR_SWITCH_PREV_PID },
		{ "prev_p:prio", TO_VALUE + KTSTR_SWITCH_PREV_PRIO },
		{ "prev_p:__state", TO_VALUE + KTSTR_SWITCH_PREV_STATE },
		{ "prev_p:exit_state", TO_EXIT_STATE },
		{ "next_p:prio", TO_VALUE + KTSTR_SWITCH_NEXT_PRIO } } },
	{ KTSTR_TRACE_WAKING, "try_to_wake_up", true, {
		TASK("p"), { "p:__state", TO_STATE }, { "state", TO_WANTED },
		{ "p:thread_info.cpu", TO_VALUE + KTSTR_WAKE_TARGET },
		{ "p:prio", TO_VALUE + KTSTR_WAKE_PRIO }, { "p:cpus_ptr->bits[0]", TO_MASK } } },
	{ KTSTR_TRACE_WAKEUP, "enqueue_task", true, {
		TASK("p"), { "flags", TO_FLAGS }, { "rq:cpu", TO_VALUE + KTSTR_WAKE_TARGET },
		{ "p:prio", TO_VALUE + KTSTR_WAKE_PRIO }, { "p:cpus_ptr->bits[0]", TO_MASK } } },
	{ KTSTR_TRACE_NEW, "wake_up_new_task", false, {
		TASK("p"), { "p:thread_info.cpu", TO_VALUE + KTSTR_WAKE_TARGET },
		{ "p:prio", TO_VALUE + KTSTR_WAKE_PRIO }, { "p:cpus_ptr->bits[0]", TO_MASK } } },
	{ KTSTR_TRACE_MIGRATE, "set_task_cpu", false, {
		TASK("p"), { "p:thread_info.cpu", TO_CPU }, { "new_cpu", TO_VALUE + 1 } } },
	{ KTSTR_TRACE_INSERT, "scx_bpf_dsq_insert", false, {
		TASK("p"), { "dsq_id", TO_VALUE }, { "slice", TO_VALUE + 1 },
		{ "enq_flags", TO_VALUE + 2 } } },
	{ KTSTR_TRACE_INSERT, "scx_bpf_dsq_insert___v2", false, {
		TASK("p"), { "dsq_id", TO_VALUE }, { "slice", TO_VALUE + 1 },
		{ "enq_flags", TO_VALUE + 2 } } },
	{ KTSTR_TRACE_INSERT, "scx_bpf_dispatch", false, {	/* until 6.12 */
		TASK("p"), { "dsq_id", TO_VALUE }, { "slice", TO_VALUE + 1 },
		{ "enq_flags", TO_VALUE + 2 } } },
	{ KTSTR_TRACE_INSERT, "__scx_bpf_dsq_insert_vtime", false, {
		TASK("p"), { "args:dsq_id", TO_VALUE }, { "args:slice", TO_VALUE + 1 },
		{ "args:enq_flags", TO_VALUE + 2 }, { "args:vtime", TO_VALUE + 3 } } },
	{ KTSTR_TRACE_INSERT, "scx_bpf_dsq_insert_vtime", false, {
		TASK("p"), { "dsq_id", TO_VALUE }, { "slice", TO_VALUE + 1 },
		{ "vtime", TO_VALUE + 3 }, { "enq_flags", TO_VALUE + 2 } } },
	{ KTSTR_TRACE_INSERT, "scx_bpf_dispatch_vtime", false, {
		TASK("p"), { "dsq_id", TO_VALUE }, { "slice", TO_VALUE + 1 },
		{ "vtime", TO_VALUE + 3 }, { "enq_flags", TO_VALUE + 2 } } },
	{ KTSTR_TRACE_QUEUE, "scx_dispatch_enqueue", false, {	/* since 7.3 */
		TASK("p"), { "dsq:id", TO_VALUE } } },
	{ KTSTR_TRACE_QUEUE, "dispatch_enqueue", false, {
		TASK("p"), { "dsq:id", TO_VALUE } } },
	{ KTSTR_TRACE_CONSUME, "scx_consume_dispatch_q", false, { { "dsq:id", TO_VALUE } } },
	{ KTSTR_TRACE_CONSUME, "consume_dispatch_q", false, { { "dsq:id", TO_VALUE } } },
	{ KTSTR_TRACE_KICK, "scx_bpf_kick_cpu", false, {
		{ "cpu", TO_VALUE }, { "flags", TO_VALUE + 1 } } },
	{ KTSTR_TRACE_IPI, "native_smp_send_reschedule", false, { { "cpu", TO_VALUE } } },
	{ KTSTR_TRACE_TICK, "sched_tick", false, { } },
	{ KTSTR_TRACE_THROTTLE, "throttle_cfs_rq", false, { { "cfs_rq:rq->cpu", TO_VALUE } } },
	{ KTSTR_TRACE_UNTHROTTLE, "unthrottle_cfs_rq", false, { { "cfs_rq:rq->cpu", TO_VALUE } } },
};

static void add_fetch(struct ktstr_trace_point *p, struct vm_probe *probe, const struct ktstr_func *f,
		      const char *words, enum ktstr_trace_slot slot)
{
	struct vm_fetch *fetch = &probe->fetch[probe->nr_fetches];

	if (p->nr == KTSTR_TRACE_FETCHES ||
	    ktstr_func__fetch(f, words, fetch, &p->field[p->nr]))
		return;
	p->slot[p->nr++] = slot;
	probe->nr_fetches++;
}

/* The operations' table that is registered: its name. */
static void add_scheduler(struct ktstr_trace_points *t, const struct ktstr_kimage *img)
{
	struct vm_probe *probe = &t->probe[t->nr];
	struct ktstr_btf_field name;

	if (ktstr_kimage__symbol(img, "bpf_scx_reg", &probe->kva) ||
	    ktstr_btf__field(img->btf, "sched_ext_ops", "name", &name))
		return;
	probe->fetch[0] = (struct vm_fetch) {
		.reg = VM_REG_ARG0, .nr_steps = 1, .size = KTSTR_TRACE_TEXT,
		.step[0] = (int32_t)name.offset,
	};
	probe->nr_fetches = 1;
	t->point[t->nr].kind = KTSTR_TRACE_SCHEDULER;
	t->point[t->nr].slot[0] = TO_NAME;
	t->point[t->nr++].nr = 1;
}

int ktstr_trace_points__kernel(struct ktstr_trace_points *t, const struct ktstr_kimage *img,
			       const char **missing)
{
	memset(t, 0, sizeof(*t));
	for (const struct row *r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		struct ktstr_trace_point *p = &t->point[t->nr];
		struct vm_probe *probe = &t->probe[t->nr];
		struct ktstr_func f;

		*missing = r->func;
		if (!img->btf || ktstr_kimage__symbol(img, r->func, &probe->kva) ||
		    ktstr_func__find(&f, img->btf, r->func)) {
			if (r->needed)
				return -ENOENT;
			memset(probe, 0, sizeof(*probe));
			continue;
		}
		p->kind = r->kind;
		for (int i = 0; i < KTSTR_TRACE_FETCHES && r->fetch[i].words; i++)
			add_fetch(p, probe, &f, r->fetch[i].words, r->fetch[i].slot);
		t->nr++;
	}
	add_scheduler(t, img);
	t->nr_kernel = t->nr;
	return 0;
}

/* The task of an operation, and up to three of its other arguments as numbers. */
static void add_op(void *arg, const struct ktstr_btf *btf, const char *op,
		   const struct ktstr_prog *prog)
{
	struct ktstr_trace_points *t = arg;
	struct ktstr_trace_point *p = &t->point[t->nr];
	struct vm_probe *probe = &t->probe[t->nr];
	unsigned int nr_values = 0;
	bool have_task = false;
	const char *name;
	struct ktstr_func f;
	char words[16];
	uint32_t type;

	if (t->nr == VM_MAX_PROBES || ktstr_func__find_op(&f, btf, op))
		return;
	memset(p, 0, sizeof(*p));
	*probe = (struct vm_probe){ .kva = prog->value[KTSTR_PROG_CODE] };
	p->kind = KTSTR_TRACE_OP;
	snprintf(p->text, sizeof(p->text), "%s", op);
	for (uint32_t i = 0; !ktstr_func__param(&f, i, &name, &type); i++) {
		struct ktstr_btf_type ptr, target;

		ktstr_btf__type(btf, type, &ptr);
		ktstr_btf__type(btf, ptr.target, &target);
		if (!have_task && ptr.kind == KTSTR_BTF_PTR && !strcmp(target.name, "task_struct")) {
			/* parameters in the prototypes of operations have no names */
			snprintf(words, sizeof(words), "#%u:pid", i);
			add_fetch(p, probe, &f, words, TO_PID);
			snprintf(words, sizeof(words), "#%u:comm", i);
			add_fetch(p, probe, &f, words, TO_COMM);
			have_task = true;
		} else if (ptr.kind != KTSTR_BTF_PTR && nr_values < 3) {
			snprintf(words, sizeof(words), "#%u", i);
			add_fetch(p, probe, &f, words, TO_VALUE + nr_values++);
		}
	}
	t->nr++;
}

int ktstr_trace_points__programs(struct ktstr_trace_points *t, struct ktstr_kview *v)
{
	int ret;

	t->nr = t->nr_kernel;
	ret = ktstr_ops__each(v, add_op, t);
	return ret ?: (int)(t->nr - t->nr_kernel);
}
