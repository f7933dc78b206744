// SPDX-License-Identifier: GPL-2.0
/* The whole text of a dump. Each list of the report has a function here. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text_priv.h"

void text_title(const char *title, FILE *f)
{
	fprintf(f, "\n== %s ==\n", title);
}

/* "key=value" of all plain members but some. */
static void put_members(const struct ktstr_jnode *n, const char * const *without, FILE *f)
{
	for (n = ktstr_jnode__first(n); n; n = n->next) {
		bool skip = !n->key;

		for (int i = 0; !skip && without && without[i]; i++)
			skip = !strcmp(n->key, without[i]);
		if (skip || n->type == KTSTR_J_ARRAY || n->type == KTSTR_J_OBJECT ||
		    n->type == KTSTR_J_NULL)
			continue;
		fputc(' ', f);
		ktstr_value_text__safe(n->key, f);
		fputc('=', f);
		if (n->type == KTSTR_J_STR)
			ktstr_value_text__safe(n->s, f);
		else if (n->type == KTSTR_J_BOOL)
			fputs(n->b ? "yes" : "no", f);
		else if (n->type == KTSTR_J_INT)
			fprintf(f, "%" PRId64, n->i);
		else if (n->type == KTSTR_J_REAL)
			fprintf(f, "%g", n->d);
		else if (n->u >> 48)
			fprintf(f, "%#" PRIx64, n->u);
		else
			fprintf(f, "%" PRIu64, n->u);
	}
	fputc('\n', f);
}

static void put_strings(const struct ktstr_jnode *n, FILE *f)
{
	for (; n; n = n->next) {
		fputc(' ', f);
		ktstr_value_text__safe(n->type == KTSTR_J_STR ? n->s : "?", f);
	}
	fputc('\n', f);
}

static void put_tasks(const struct ktstr_jnode *report, FILE *f)
{
	static const char * const without[] = { "pid", "comm", "kva", "dsq_kva", NULL };
	const struct ktstr_jnode *t = ktstr_jnode__list(report, "task_enrichments");
	char name[96];

	text_title("tasks", f);
	for (; t; t = t->next) {
		text_task_name(t, name, sizeof(name));
		fprintf(f, "%s:", name);
		put_members(t, without, f);
	}
}

static void put_queues(const struct ktstr_jnode *report, FILE *f)
{
	const struct ktstr_jnode *q = ktstr_jnode__list(report, "dsq_states");
	unsigned int empty = 0;
	char name[96];

	text_title("queues", f);
	for (; q; q = q->next) {
		const struct ktstr_jnode *tasks = ktstr_jnode__list(q, "tasks");

		if (!tasks && !ktstr_jnode__u64(q, "nr", 0)) {
			empty++;
			continue;
		}
		text_queue_name(q, name, sizeof(name));
		fprintf(f, "%s, %" PRIu64 " tasks:", name, ktstr_jnode__u64(q, "nr", 0));
		put_strings(tasks, f);
	}
	fprintf(f, "%u %s empty\n", empty, empty == 1 ? "is" : "are");
}

static void put_list(const char *title, const struct ktstr_jnode *n, FILE *f)
{
	if (!n)
		return;
	text_title(title, f);
	for (; n; n = n->next)
		put_members(n, NULL, f);
}

static void put_cpus(const struct ktstr_jnode *report, FILE *f)
{
	const struct ktstr_jnode *c = ktstr_jnode__list(report, "rq_scx_states");

	text_title("CPUs", f);
	for (; c; c = c->next) {
		fputs("CPU", f);
		put_members(c, NULL, f);
		fputs("  runnable:", f);
		put_strings(ktstr_jnode__list(c, "runnable_tasks"), f);
		ktstr_value_text__put(ktstr_jnode__get(c, "scx"), "rq->scx", 2, false, f);
	}
	put_list("registers of vCPUs", ktstr_jnode__list(report, "vcpu_regs"), f);
}

static void put_scheduler(const struct ktstr_jnode *report, FILE *f)
{
	const struct ktstr_jnode *s = ktstr_jnode__get(report, "scx_sched_state");
	const struct ktstr_jnode *e = ktstr_jnode__get(report, "exit_info");

	text_title("scheduler", f);
	put_members(s, NULL, f);
	if (ktstr_jnode__u64(e, "kind", 0)) {
		fputs("exit:", f);
		put_members(e, NULL, f);
		fputs("backtrace:", f);
		put_strings(ktstr_jnode__list(e, "backtrace"), f);
	}
	if (ktstr_jnode__get(s, "value"))
		ktstr_value_text__put(ktstr_jnode__get(s, "value"), "scx_root", 0, false, f);
	if (ktstr_jnode__get(s, "scx_ops"))
		ktstr_value_text__put(ktstr_jnode__get(s, "scx_ops"), "scx_ops", 0, false, f);
}

void ktstr_dump_text__all(const struct ktstr_jnode *report, FILE *f)
{
	ktstr_dump_text__screen(report, false, f);
	if (ktstr_jnode__bool(report, "is_placeholder"))
		return;
	put_queues(report, f);
	text_maps(report, f);
	put_scheduler(report, f);
	put_cpus(report, f);
	put_tasks(report, f);
	if (ktstr_jnode__get(report, "event_counters")) {
		text_title("event counters", f);
		put_members(ktstr_jnode__get(report, "event_counters"), NULL, f);
	}
	put_list("programs", ktstr_jnode__list(report, "prog_runtime_stats"), f);
	put_list("time of CPUs", ktstr_jnode__list(report, "per_cpu_time"), f);
	put_list("NUMA counters", ktstr_jnode__list(report, "per_node_numa"), f);
	if (ktstr_jnode__get(report, "scx_stats")) {
		text_title("statistics of the scheduler", f);
		ktstr_jtree__write(ktstr_jnode__get(report, "scx_stats"), f);
	}
	text_title("what else is said", f);
	put_members(report, NULL, f);
}

int ktstr_dump_text__task(const struct ktstr_jnode *report, int64_t pid, FILE *f)
{
	const struct ktstr_jnode *t = ktstr_jnode__list(report, "task_enrichments");
	char name[96];

	for (; t && ktstr_jnode__i64(t, "pid", -1) != pid; t = t->next)
		;
	if (!t)
		return -ENOENT;
	text_task_name(t, name, sizeof(name));
	fprintf(f, "%s:", name);
	put_members(t, NULL, f);
	if (ktstr_jnode__get(t, "scx"))
		ktstr_value_text__put(ktstr_jnode__get(t, "scx"), "scx", 0, false, f);
	text_task_maps(report, t, 0, TEXT_ALL, f);
	return 0;
}
