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
/* The same of the task that a tracepoint has as its first argument. */
#define WOKEN									\
	TASK("#0"), { "#0:thread_info.cpu", TO_VALUE + KTSTR_WAKE_TARGET },	\
	{ "#0:prio", TO_VALUE + KTSTR_WAKE_PRIO }, { "#0:cpus_ptr->bits[0]", TO_MASK }

static const struct row {
	enum ktstr_trace_kind kind;
	const char *func;
	bool needed;
	struct fetch_row fetch[KTSTR_TRACE_FETCHES];
	const char *tracepoint;		/* where a BPF program sees the same; NULL: at @func */
	struct fetch_row at_tracepoint[KTSTR_TRACE_FETCHES];
} rows[] = {
	/* all architectures call it once for each switch, and nothing else does */
	{ KTSTR_TRACE_SWITCH, "__switch_to", true, {
		{ "next_p:pid", TO_PID }, { "next_p:comm", TO_COMM }, { "prev_p:comm", TO_PREV_COMM },
		{ "next_p", TO_TASK },
		{ "prev_p:pid", TO_VALUE + KTSTR_SWITCH_PREV_PID },
		{ "prev_p:prio", TO_VALUE + KTSTR_SWITCH_PREV_PRIO },
		{ "prev_p:__state", TO_VALUE + KTSTR_SWITCH_PREV_STATE },
		{ "prev_p:exit_state", TO_EXIT_STATE },
		{ "next_p:prio", TO_VALUE + KTSTR_SWITCH_NEXT_PRIO } },
	  "sched_switch", {
		{ "#2:pid", TO_PID }, { "#2:comm", TO_COMM }, { "#1:comm", TO_PREV_COMM }, { "#2", TO_TASK },
		{ "#1:pid", TO_VALUE + KTSTR_SWITCH_PREV_PID },
		{ "#1:prio", TO_VALUE + KTSTR_SWITCH_PREV_PRIO },
		{ "#3", TO_VALUE + KTSTR_SWITCH_PREV_STATE }, { "#1:exit_state", TO_EXIT_STATE },
		{ "#2:prio", TO_VALUE + KTSTR_SWITCH_NEXT_PRIO }, { "#0", TO_PREEMPTED } } },
	{ KTSTR_TRACE_WAKING, "try_to_wake_up", true, {
		TASK("p"), { "p:__state", TO_STATE }, { "state", TO_WANTED },
		{ "p:thread_info.cpu", TO_VALUE + KTSTR_WAKE_TARGET },
		{ "p:prio", TO_VALUE + KTSTR_WAKE_PRIO }, { "p:cpus_ptr->bits[0]", TO_MASK } },
	  "sched_waking", { WOKEN } },
	{ KTSTR_TRACE_WAKEUP, "enqueue_task", true, {
		TASK("p"), { "flags", TO_FLAGS }, { "rq:cpu", TO_VALUE + KTSTR_WAKE_TARGET },
		{ "p:prio", TO_VALUE + KTSTR_WAKE_PRIO }, { "p:cpus_ptr->bits[0]", TO_MASK } },
	  "sched_wakeup", { WOKEN } },
	{ KTSTR_TRACE_NEW, "wake_up_new_task", false, {
		TASK("p"), { "p:thread_info.cpu", TO_VALUE + KTSTR_WAKE_TARGET },
		{ "p:prio", TO_VALUE + KTSTR_WAKE_PRIO }, { "p:cpus_ptr->bits[0]", TO_MASK } },
	  "sched_wakeup_new", { WOKEN } },
	{ KTSTR_TRACE_MIGRATE, "set_task_cpu", false, {
		TASK("p"), { "p:thread_info.cpu", TO_CPU }, { "new_cpu", TO_VALUE + 1 } },
	  "sched_migrate_task", {
		TASK("#0"), { "#0:thread_info.cpu", TO_CPU }, { "#1", TO_VALUE + 1 } } },
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
	strcpy(t->point[t->nr].name, "bpf_scx_reg");
	t->point[t->nr].slot[0] = TO_NAME;
	t->point[t->nr++].nr = 1;
}

static void add_fetches(struct ktstr_trace_points *t, const struct ktstr_func *f, const struct row *r,
			const struct fetch_row *fetch, enum ktstr_probe_at at, const char *name)
{
	struct ktstr_trace_point *p = &t->point[t->nr];
	struct vm_probe *probe = &t->probe[t->nr++];

	p->kind = r->kind;
	p->at = at;
	snprintf(p->name, sizeof(p->name), "%s", name);
	for (int i = 0; i < KTSTR_TRACE_FETCHES && fetch[i].words; i++)
		add_fetch(p, probe, f, fetch[i].words, fetch[i].slot);
	for (unsigned int i = 0; i < probe->nr_fetches; i++)
		if (probe->fetch[i].reg >= p->nr_args)
			p->nr_args = probe->fetch[i].reg + 1u;
}

/* Where @func begins; one that is not there has no events. */
static bool find(struct ktstr_trace_points *t, const struct ktstr_kimage *img, const char *func,
		 struct ktstr_func *f)
{
	uint64_t *kva = &t->probe[t->nr].kva;

	if (img->btf && !ktstr_kimage__symbol(img, func, kva) && !ktstr_func__find(f, img->btf, func))
		return true;
	*kva = 0;
	return false;
}

int ktstr_trace_points__kernel(struct ktstr_trace_points *t, const struct ktstr_kimage *img,
			       const char **missing)
{
	struct ktstr_func f;

	memset(t, 0, sizeof(*t));
	for (const struct row *r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		*missing = r->func;
		if (find(t, img, r->func, &f))
			add_fetches(t, &f, r, r->fetch, KTSTR_AT_FUNCTION, r->func);
		else if (r->needed)
			return -ENOENT;
	}
	add_scheduler(t, img);
	t->nr_kernel = t->nr;
	return 0;
}

/* The task of an operation, and up to three of its other arguments as numbers. */
static void add_op(struct ktstr_trace_points *t, const struct ktstr_btf *btf, const char *op,
		   uint64_t kva)
{
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
	*probe = (struct vm_probe){ .kva = kva };
	p->kind = KTSTR_TRACE_OP;
	p->at = KTSTR_AT_OP;
	snprintf(p->name, sizeof(p->name), "%s", op);
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

static void add_program(void *arg, const struct ktstr_btf *btf, const char *op,
			const struct ktstr_prog *prog)
{
	add_op(arg, btf, op, prog->value[KTSTR_PROG_CODE]);
}

int ktstr_trace_points__programs(struct ktstr_trace_points *t, struct ktstr_kview *v)
{
	int ret;

	t->nr = t->nr_kernel;
	ret = ktstr_ops__each(v, add_program, t);
	return ret ?: (int)(t->nr - t->nr_kernel);
}

int ktstr_trace_points__guest(struct ktstr_trace_points *t, const struct ktstr_kimage *img,
			      const char **missing)
{
	struct ktstr_btf_part part;
	struct ktstr_btf_type ops;
	struct ktstr_func f;

	memset(t, 0, sizeof(*t));
	for (const struct row *r = rows; r < rows + ARRAY_SIZE(rows); r++) {
		*missing = r->tracepoint ?: r->func;
		if (r->tracepoint && img->btf && !ktstr_func__find_tracepoint(&f, img->btf, r->tracepoint))
			add_fetches(t, &f, r, r->at_tracepoint, KTSTR_AT_TRACEPOINT, r->tracepoint);
		else if (r->tracepoint && r->kind == KTSTR_TRACE_SWITCH)
			return -ENOENT;
		else if (!r->tracepoint && find(t, img, r->func, &f))
			add_fetches(t, &f, r, r->fetch, KTSTR_AT_FUNCTION, r->func);
	}
	add_scheduler(t, img);
	t->nr_kernel = t->nr;
	ktstr_btf__type(img->btf, ktstr_btf__composite(img->btf, "sched_ext_ops"), &ops);
	for (uint32_t i = 0; i < ops.nr && !ktstr_btf__part(img->btf, &ops, i, &part); i++)
		if (*part.name)
			add_op(t, img->btf, part.name, 1);
	return 0;
}
