// SPDX-License-Identifier: GPL-2.0
/* Where two runs part: see analyse.h. */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyse.h"

#define BEFORE	4	/* decisions that are shown for context */

/* What is compared by itself: the decisions on a CPU, or those about a task. */
struct choice {
	const char *tasks;	/* pattern of their names; NULL: of all, by CPU */
	uint32_t cpu;
	int32_t pid;
};

/* Its decisions, as indices into the trace. */
struct lane {
	size_t *at, nr;
};

static size_t start_of(const struct ktstr_trace *t)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->event[i].kind == KTSTR_TRACE_SCHEDULER)
			return i;
	return SIZE_MAX;
}

static bool is_of(const struct ktstr_trace_event *e, const struct choice *c)
{
	if (!ktstr_trace_kinds[e->kind].decision)
		return false;
	return c->tasks ? e->pid == c->pid && !fnmatch(c->tasks, e->comm, 0) : e->cpu == c->cpu;
}

static int make_lane(struct lane *l, const struct ktstr_trace *t, size_t from, const struct choice *c)
{
	l->nr = 0;
	for (size_t i = from; i < t->nr; i++)
		l->nr += is_of(&t->event[i], c);
	l->at = malloc((l->nr ?: 1) * sizeof(*l->at));
	if (!l->at)
		return -ENOMEM;
	l->nr = 0;
	for (size_t i = from; i < t->nr; i++)
		if (is_of(&t->event[i], c))
			l->at[l->nr++] = i;
	return 0;
}

/*
 * About a task: where it is matters. What ran before it, and in whose time it is woken by a timer, depends
 * on everybody else.
 */
static bool same(const struct ktstr_trace_event *a, const struct ktstr_trace_event *b,
		 const struct choice *c)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[a->kind];

	if (a->kind != b->kind || a->pid != b->pid || strcmp(a->comm, b->comm) || a->cpu != b->cpu)
		return false;
	if (c->tasks && a->kind == KTSTR_TRACE_SWITCH)
		return true;
	if (strcmp(a->text, b->text))
		return false;
	for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
		if (strcmp(row->value[i], "vtime") && (!c->tasks || strcmp(row->value[i], "waker_pid")) &&
		    a->value[i] != b->value[i])
			return false;
	return true;
}

/* The first decision of @c that differs; SIZE_MAX: none. -ENOMEM */
static int compare(const struct ktstr_trace *a, size_t from_a, const struct ktstr_trace *b,
		   size_t from_b, const struct choice *c, size_t *at_a, size_t *at_b)
{
	struct lane la = { .at = NULL }, lb = { .at = NULL };
	size_t i = 0;
	int ret = make_lane(&la, a, from_a, c) ?: make_lane(&lb, b, from_b, c);

	*at_a = *at_b = SIZE_MAX;
	while (!ret && i < la.nr && i < lb.nr && same(&a->event[la.at[i]], &b->event[lb.at[i]], c))
		i++;
	if (!ret && (i < la.nr || i < lb.nr)) {
		*at_a = i < la.nr ? la.at[i] : a->nr;
		*at_b = i < lb.nr ? lb.at[i] : b->nr;
	}
	free(la.at);
	free(lb.at);
	return ret;
}

static uint64_t time_at(const struct ktstr_trace *t, size_t i)
{
	return i < t->nr ? t->event[i].ns : t->to_ns;
}

static void print_event(const struct ktstr_trace *t, size_t i, const char *label, FILE *f)
{
	char line[256] = "(the trace ends)";

	if (i < t->nr)
		ktstr_trace_event__describe(&t->event[i], line, sizeof(line));
	fprintf(f, "  %s %14.9f s  %s\n", label, (double)time_at(t, i) / 1e9, line);
}

static void print_context(const struct ktstr_trace *t, size_t from, size_t at, const struct choice *c,
			  FILE *f)
{
	size_t before[BEFORE], nr = 0;

	for (size_t i = at; i-- > from && nr < BEFORE; )
		if (is_of(&t->event[i], c))
			before[nr++] = i;
	while (nr--)
		print_event(t, before[nr], " ", f);
}

/* Where the two part, of all that is compared. */
struct parting {
	const struct ktstr_trace *a, *b;
	size_t from_a, from_b, at_a, at_b;
	struct choice choice;
};

static int look_at(struct parting *p, const struct choice *c)
{
	size_t ia, ib;
	int ret = compare(p->a, p->from_a, p->b, p->from_b, c, &ia, &ib);

	if (ret || ia == SIZE_MAX || (p->at_a != SIZE_MAX && time_at(p->a, ia) >= time_at(p->a, p->at_a)))
		return ret;
	p->at_a = ia;
	p->at_b = ib;
	p->choice = *c;
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const int32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Append the pids of those called @tasks to @pid, which has room for all events. Their number. */
static size_t add_pids(const struct ktstr_trace *t, size_t from, const char *tasks, int32_t *pid)
{
	size_t nr = 0;

	for (size_t i = from; i < t->nr; i++) {
		const struct choice c = { .tasks = tasks, .pid = t->event[i].pid };

		if (is_of(&t->event[i], &c))
			pid[nr++] = c.pid;
	}
	return nr;
}

/* -ESRCH: neither trace has such a task. */
static int look_at_tasks(struct parting *p, const char *tasks)
{
	int32_t *pid = calloc(p->a->nr + p->b->nr + 1, sizeof(*pid));
	size_t nr;
	int ret;

	if (!pid)
		return -ENOMEM;
	nr = add_pids(p->a, p->from_a, tasks, pid);
	nr += add_pids(p->b, p->from_b, tasks, pid + nr);
	qsort(pid, nr, sizeof(*pid), by_pid);
	ret = nr ? 0 : -ESRCH;
	for (size_t i = 0; i < nr && !ret; i++)
		if (!i || pid[i] != pid[i - 1])
			ret = look_at(p, &(struct choice){ .tasks = tasks, .pid = pid[i] });
	free(pid);
	return ret;
}

static int look_at_cpus(struct parting *p)
{
	uint32_t nr = p->a->nr_cpus > p->b->nr_cpus ? p->a->nr_cpus : p->b->nr_cpus;
	int ret = 0;

	for (uint32_t i = 0; i < nr && !ret; i++)
		ret = look_at(p, &(struct choice){ .cpu = i });
	return ret;
}

int ktstr_trace__diff(const struct ktstr_trace *a, const struct ktstr_trace *b, const char *tasks, FILE *f)
{
	struct parting p = {
		.a = a, .b = b, .from_a = start_of(a), .from_b = start_of(b),
		.at_a = SIZE_MAX, .at_b = SIZE_MAX,
	};
	bool enabled = p.from_a != SIZE_MAX && p.from_b != SIZE_MAX;
	const struct ktstr_trace_event *e;
	int ret;

	if (!enabled)
		p.from_a = p.from_b = 0;
	ret = tasks ? look_at_tasks(&p, tasks) : look_at_cpus(&p);
	if (ret)
		return ret;
	if (p.at_a == SIZE_MAX) {
		fprintf(f, "the same decisions, %s\n", enabled ? "from where the scheduler is enabled on" :
			"from the beginning on");
		return 0;
	}
	e = p.at_a < a->nr ? &a->event[p.at_a] : &b->event[p.at_b];
	if (tasks)
		fprintf(f, "first difference: %s[%d]", e->comm, e->pid);
	else
		fprintf(f, "first difference: CPU %u", p.choice.cpu);
	fprintf(f, ", %.9f s after %s\n", (double)(time_at(a, p.at_a) - a->event[p.from_a].ns) / 1e9,
		enabled ? "the scheduler was about to be enabled" : "the trace began");
	print_context(a, p.from_a, p.at_a, &p.choice, f);
	print_event(a, p.at_a, "A", f);
	print_event(b, p.at_b, "B", f);
	return 1;
}
