// SPDX-License-Identifier: GPL-2.0
/* What is probed: see calls.h. */
#include <ctype.h>
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "harness/monitor/view/btf_type.h"
#include "harness/probe/ops.h"
#include "calls.h"

#define BPF_PREFIX	"bpf_prog_"
#define MAX_FUNCTION	(64u << 10)	/* bytes */

/* On the way out of every crash: they say nothing about this one. */
static const char * const skip[] = {
	"schedule", "__schedule", "schedule_idle", "do_syscall_64", "__sys_bpf", "__x64_sys_bpf",
	"preempt_schedule_common", "preempt_schedule_irq", "scx_vexit", "scx_exit", "scx_exit_bstr",
	"scx_bpf_exit_bstr",
	"scx_dump_state", "scx_dump_task", "dump_stack", "dump_stack_lvl", "stack_trace_save",
	"stack_trace_print", "show_stack", "scx_bpf_error_bstr",
};
static const char * const skip_prefix[] = {
	"_raw_spin_", "asm_", "entry_", "__sysvec_", "sysvec_", "__bpf_prog_enter", "__bpf_prog_exit",
	"scx_error_irq", "scx_disable_irq", "bpf_prog_test_run", "bpf__sched_ext_ops", "ret_from_fork",
};

/* Where the exit of a scheduler is claimed, with its kind; what a kernel lacks is not probed. */
const char * const ktstr_repro_triggers[] = {
	"scx_exit_bstr",		/* since 7.3: errors that the scheduler itself reports */
	"scx_vexit",			/* since 6.16: all others, where it is not inlined into */
	"scx_exit",
	"__scx_exit",			/* 6.16 */
	"scx_ops_exit_kind",		/* until 6.15 */
	NULL
};

/* Callers of operations, which see what the operation is given and what comes of it. */
static const char * const callers[] = {
	"do_enqueue_task", "scx_do_enqueue_task", "balance_one", "set_next_task_scx",
	"put_prev_task_scx", "task_tick_scx", "set_cpus_allowed_scx", "scx_enable_task",
	"scx_dispatch_enqueue", "dispatch_enqueue", "scx_dsq_insert_commit",
};

static const struct {
	const char *type, *path;
} curated[] = {
	{ "task_struct", "pid" }, { "task_struct", "comm" }, { "task_struct", "cpus_ptr->bits[0]" },
	{ "task_struct", "scx.ddsp_dsq_id" }, { "task_struct", "scx.ddsp_enq_flags" },
	{ "task_struct", "scx.slice" }, { "task_struct", "scx.dsq_vtime" },
	{ "task_struct", "scx.weight" }, { "task_struct", "scx.sticky_cpu" },
	{ "task_struct", "scx.flags" }, { "rq", "cpu" }, { "rq", "scx.nr_running" },
	{ "scx_dispatch_q", "id" }, { "scx_dispatch_q", "nr" }, { "scx_exit_info", "kind" },
	{ "scx_init_task_args", "fork" }, { "scx_cgroup_init_args", "weight" },
};

static const struct {
	const char *type, *name;
} by_type[] = {
	{ "task_struct", "p" }, { "rq", "rq" }, { "scx_exit_info", "ei" },
	{ "scx_init_task_args", "args" }, { "scx_cgroup_init_args", "args" },
	{ "scx_dispatch_q", "dsq" }, { "cgroup", "cgrp" },
};

/* Parameters of operations, which have no names in BTF. NULL: by type. */
static const struct {
	const char *op, *name[3];
} op_params[] = {
	{ "select_cpu", { NULL, "prev_cpu", "wake_flags" } }, { "enqueue", { NULL, "enq_flags" } },
	{ "dequeue", { NULL, "deq_flags" } }, { "dispatch", { "cpu", "prev" } },
	{ "runnable", { NULL, "enq_flags" } }, { "stopping", { NULL, "runnable" } },
	{ "quiescent", { NULL, "deq_flags" } }, { "set_weight", { NULL, "weight" } },
	{ "update_idle", { "cpu", "idle" } }, { "cpu_acquire", { "cpu" } },
	{ "cpu_release", { "cpu" } }, { "cpu_online", { "cpu" } }, { "cpu_offline", { "cpu" } },
};

static bool is_skipped(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(skip); i++)
		if (!strcmp(skip[i], name))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(skip_prefix); i++)
		if (!strncmp(skip_prefix[i], name, strlen(skip_prefix[i])))
			return true;
	return false;
}

/* The name in front of "+0x12/0x34" in @line; 0: there is none. */
static size_t frame_of(const char *line, size_t len, const char **name)
{
	const char *plus = NULL;
	size_t n = 0;

	for (size_t i = 0; i + 3 < len && !plus; i++)
		if (line[i] == '+' && line[i + 1] == '0' && line[i + 2] == 'x')
			plus = line + i;
	if (!plus)
		return 0;
	while (plus - n > line && (isalnum((unsigned char)plus[-1 - (long)n]) ||
				   plus[-1 - (long)n] == '_' || plus[-1 - (long)n] == '.'))
		n++;
	*name = plus - n;
	/* "? func+0x..": the unwinder does not vouch for it */
	if (*name - line >= 2 && (*name)[-1] == ' ' && (*name)[-2] == '?')
		return 0;
	return n;
}

unsigned int ktstr_repro_stack__parse(const char *text, struct ktstr_repro_func *func,
				      unsigned int max)
{
	const char *begin = text ? strstr(text, "Backtrace:\n") : NULL;
	unsigned int nr = 0, i;

	/* a dump has the stacks of its tasks too, behind an empty line */
	text = begin ? strchr(begin, '\n') + 1 : text;
	while (text && *text && nr < max) {
		size_t len = strcspn(text, "\n"), n;
		const char *at, *us;
		char *name;

		n = frame_of(text, len, &at);
		if (begin && !n)
			break;
		text += len + (text[len] == '\n');
		if (!n || n >= KTSTR_REPRO_NAME)
			continue;
		name = func[nr].name;
		memcpy(name, at, n);
		name[n] = '\0';
		/* bpf_prog_<tag>_<name> */
		us = strncmp(name, BPF_PREFIX, strlen(BPF_PREFIX)) ? NULL :
		     strchr(name + strlen(BPF_PREFIX), '_');
		if (us)
			memmove(name, us + 1, strlen(us + 1) + 1);
		for (i = 0; i < nr && strcmp(func[i].name, name); i++)
			;
		nr += i == nr && !is_skipped(name);
	}
	return nr;
}

static void add_value(struct ktstr_repro_point *p, struct vm_probe *probe, const struct ktstr_func *f,
		      uint32_t i, const char *param, const char *group, const char *path)
{
	struct ktstr_repro_value *v = &p->value[p->nr];
	char words[64];

	if (p->nr == VM_MAX_FETCHES)
		return;
	snprintf(words, sizeof(words), *path ? "#%u:%s" : "#%u", i, path);
	if (ktstr_func__fetch(f, words, &probe->fetch[p->nr], &v->field))
		return;
	probe->nr_fetches = p->nr + 1;
	if (vm_probe_words(probe) > VM_PROBE_WORDS) {
		probe->nr_fetches--;
		return;
	}
	snprintf(v->param, sizeof(v->param), "%s", param);
	snprintf(v->group, sizeof(v->group), "%s", group);
	snprintf(v->path, sizeof(v->path), "%s", path);
	if (!strcmp(group, "task_struct") && p->pid < 0 && !strcmp(path, "pid"))
		p->pid = (int)p->nr;
	if (!strcmp(group, "task_struct") && p->comm < 0 && !strcmp(path, "comm"))
		p->comm = (int)p->nr;
	if (p->is_trigger && !strcmp(param, "kind"))
		p->kind = (int)p->nr;
	p->nr++;
}

/* Behind the arguments, so that there is a word for it if there is for these. */
static void add_return(struct ktstr_repro_point *p, struct vm_probe *probe, const struct ktstr_func *f)
{
	struct ktstr_repro_value *v = &p->value[p->nr];

	if (p->nr == VM_MAX_FETCHES || ktstr_func__returns(f, &probe->fetch[p->nr], &v->field))
		return;
	probe->nr_fetches = p->nr + 1;
	if (vm_probe_words(probe) > VM_PROBE_WORDS) {
		probe->nr_fetches--;
		return;
	}
	snprintf(v->param, sizeof(v->param), "return");
	p->nr++;
}

static const char *param_name(const char *func, bool is_op, uint32_t i, const char *btf_name,
			      const char *group, char *buf, size_t size)
{
	for (size_t k = 0; is_op && k < ARRAY_SIZE(op_params); k++)
		if (!strcmp(op_params[k].op, func) && i < ARRAY_SIZE(op_params[k].name) &&
		    op_params[k].name[i])
			return op_params[k].name[i];
	if (*btf_name)
		return btf_name;
	for (size_t k = 0; k < ARRAY_SIZE(by_type); k++)
		if (!strcmp(by_type[k].type, group))
			return by_type[k].name;
	snprintf(buf, size, "arg%u", i);
	return buf;
}

/* Fields of known structures, and parameters that are numbers. */
static void add_params(struct ktstr_repro_point *p, struct vm_probe *probe, const struct ktstr_func *f)
{
	const char *btf_name, *name;
	char buf[16];
	uint32_t type;

	for (uint32_t i = 0; !ktstr_func__param(f, i, &btf_name, &type); i++) {
		struct ktstr_btf_type t, target;

		ktstr_btf__type(f->btf, type, &t);
		ktstr_btf__type(f->btf, t.target, &target);
		if (t.kind != KTSTR_BTF_PTR) {
			name = param_name(p->name, p->is_op, i, btf_name, "", buf, sizeof(buf));
			add_value(p, probe, f, i, name, "", "");
			continue;
		}
		name = param_name(p->name, p->is_op, i, btf_name, target.name, buf, sizeof(buf));
		for (size_t k = 0; k < ARRAY_SIZE(curated); k++)
			if (!strcmp(curated[k].type, target.name))
				add_value(p, probe, f, i, name, target.name, curated[k].path);
	}
}

static struct ktstr_repro_point *new_point(struct ktstr_repro_calls *c, const char *name, uint64_t kva)
{
	struct ktstr_repro_point *p = &c->point[c->nr_points];

	if (c->nr_points == VM_MAX_PROBES)
		return NULL;
	memset(p, 0, sizeof(*p));
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->pid = p->comm = p->kind = -1;
	c->probe[c->nr_points++] = (struct vm_probe){ .kva = kva };
	return p;
}

/*
 * Are its arguments about scheduling? A backtrace goes on to the system call of the task that happened
 * to run.
 */
static bool tells(const struct ktstr_repro_point *p)
{
	for (unsigned int i = 0; i < p->nr; i++)
		if (p->value[i].group[0])
			return true;
	return !strncmp(p->name, "scx_", 4) && p->nr;
}

/* False: this kernel has no such function, it is there already, or it tells nothing. */
static bool add_kernel(struct ktstr_repro_calls *c, const struct ktstr_kimage *img, const char *name,
		       bool is_trigger)
{
	struct ktstr_repro_point *p;
	struct ktstr_func f;
	bool told = false;
	uint64_t kva, len;

	for (unsigned int i = 0; i < c->nr_points; i++)
		if (!strcmp(c->point[i].name, name))
			return false;
	if (c->nr_points == KTSTR_REPRO_FUNCS || ktstr_kimage__symbol(img, name, &kva))
		return false;
	p = new_point(c, name, kva);
	if (!p)
		return false;
	p->is_trigger = is_trigger;
	/* a symbol that is not of a function, or a gap, may be far behind it */
	len = ktstr_kimage__room(img, kva);
	c->probe[c->nr_points - 1].len = len <= MAX_FUNCTION ? (uint32_t)len : 0;
	if (!ktstr_func__find(&f, img->btf, name)) {
		add_params(p, &c->probe[c->nr_points - 1], &f);
		told = tells(p);
		add_return(p, &c->probe[c->nr_points - 1], &f);
	}
	if (is_trigger || told)
		return true;
	c->nr_points--;
	return false;
}

unsigned int ktstr_repro_points__kernel(struct ktstr_repro_calls *c, const struct ktstr_kimage *img,
					struct ktstr_repro_func *stack, unsigned int nr_stack)
{
	unsigned int nr = 0;

	c->nr_points = 0;
	if (!img->btf)
		return 0;
	for (size_t i = 0; ktstr_repro_triggers[i]; i++)
		add_kernel(c, img, ktstr_repro_triggers[i], true);
	for (unsigned int i = 0; i < nr_stack; i++)
		nr += add_kernel(c, img, stack[i].name, false);
	for (size_t i = 0; i < ARRAY_SIZE(callers); i++)
		add_kernel(c, img, callers[i], false);
	c->nr_kernel = c->nr_points;
	return nr;
}

static bool add_op(struct ktstr_repro_calls *c, const struct ktstr_btf *btf, const char *op,
		   uint64_t kva, uint64_t len)
{
	struct ktstr_repro_point *p;
	struct ktstr_func f;

	if (ktstr_func__find_op(&f, btf, op))
		return false;
	p = new_point(c, op, kva);
	if (!p)
		return false;
	p->is_op = true;
	c->probe[c->nr_points - 1].len = (uint32_t)len;
	add_params(p, &c->probe[c->nr_points - 1], &f);
	add_return(p, &c->probe[c->nr_points - 1], &f);
	return true;
}

static void add_program(void *arg, const struct ktstr_btf *btf, const char *op,
			const struct ktstr_prog *prog)
{
	add_op(arg, btf, op, prog->value[KTSTR_PROG_CODE], prog->value[KTSTR_PROG_JITED_LEN]);
}

int ktstr_repro_points__programs(struct ktstr_repro_calls *c, struct ktstr_kview *v)
{
	int ret;

	c->nr_points = c->nr_kernel;
	ret = ktstr_ops__each(v, add_program, c);
	return ret ?: (int)(c->nr_points - c->nr_kernel);
}

unsigned int ktstr_repro_points__operations(struct ktstr_repro_calls *c, const struct ktstr_btf *btf)
{
	struct ktstr_btf_part part;
	struct ktstr_btf_type ops;

	c->nr_points = c->nr_kernel;
	ktstr_btf__type(btf, ktstr_btf__composite(btf, "sched_ext_ops"), &ops);
	for (uint32_t i = 0; i < ops.nr && !ktstr_btf__part(btf, &ops, i, &part); i++)
		if (*part.name)
			add_op(c, btf, part.name, 0, 0);
	return c->nr_points - c->nr_kernel;
}

struct seeker {
	struct ktstr_repro_calls *c;
	struct ktstr_kview *v;
	const char *text;
};

static void find_source(void *arg, const struct ktstr_btf *btf, const char *op,
			const struct ktstr_prog *prog)
{
	const struct seeker *s = arg;

	(void)btf;
	for (unsigned int i = 0; i < s->c->nr_points; i++) {
		struct ktstr_repro_point *p = &s->c->point[i];

		if (!p->is_op || strcmp(p->name, op))
			continue;
		if (ktstr_source__of(s->v, prog, &p->source))
			p->source.line = 0;
		if (ktstr_source__in_backtrace(s->v, prog, s->text, &p->crashed))
			p->crashed.line = 0;
	}
}

void ktstr_repro_points__sources(struct ktstr_repro_calls *c, struct ktstr_kview *v, const char *text)
{
	struct seeker s = { .c = c, .v = v, .text = text };

	ktstr_ops__each(v, find_source, &s);
}
