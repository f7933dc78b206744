// SPDX-License-Identifier: GPL-2.0
/* Where two runs part: see analyse.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyse.h"

#define BEFORE	4	/* decisions that are shown for context */

/* The decisions of one CPU, as indices into the trace. */
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

static int make_lane(struct lane *l, const struct ktstr_trace *t, size_t from, uint32_t cpu)
{
	l->nr = 0;
	for (size_t i = from; i < t->nr; i++)
		l->nr += t->event[i].cpu == cpu && ktstr_trace_kinds[t->event[i].kind].decision;
	l->at = malloc((l->nr ?: 1) * sizeof(*l->at));
	if (!l->at)
		return -ENOMEM;
	l->nr = 0;
	for (size_t i = from; i < t->nr; i++)
		if (t->event[i].cpu == cpu && ktstr_trace_kinds[t->event[i].kind].decision)
			l->at[l->nr++] = i;
	return 0;
}

static bool same(const struct ktstr_trace_event *a, const struct ktstr_trace_event *b)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[a->kind];

	if (a->kind != b->kind || a->pid != b->pid || strcmp(a->comm, b->comm) ||
	    strcmp(a->text, b->text))
		return false;
	for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
		if (strcmp(row->value[i], "vtime") && a->value[i] != b->value[i])
			return false;
	return true;
}

/* The number of the first decision of @cpu that differs; SIZE_MAX: none. -ENOMEM */
static int compare_cpu(const struct ktstr_trace *a, size_t from_a, const struct ktstr_trace *b,
		       size_t from_b, uint32_t cpu, size_t *at_a, size_t *at_b)
{
	struct lane la = { .at = NULL }, lb = { .at = NULL };
	size_t i = 0;
	int ret = make_lane(&la, a, from_a, cpu) ?: make_lane(&lb, b, from_b, cpu);

	*at_a = *at_b = SIZE_MAX;
	while (!ret && i < la.nr && i < lb.nr && same(&a->event[la.at[i]], &b->event[lb.at[i]]))
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

static void print_context(const struct ktstr_trace *t, size_t from, size_t at, uint32_t cpu, FILE *f)
{
	size_t before[BEFORE], nr = 0;

	for (size_t i = at; i-- > from && nr < BEFORE; )
		if (t->event[i].cpu == cpu && ktstr_trace_kinds[t->event[i].kind].decision)
			before[nr++] = i;
	while (nr--)
		print_event(t, before[nr], " ", f);
}

int ktstr_trace__diff(const struct ktstr_trace *a, const struct ktstr_trace *b, FILE *f)
{
	uint32_t nr_cpus = a->nr_cpus > b->nr_cpus ? a->nr_cpus : b->nr_cpus, cpu = 0;
	size_t from_a = start_of(a), from_b = start_of(b), at_a = SIZE_MAX, at_b = SIZE_MAX;
	bool enabled = from_a != SIZE_MAX && from_b != SIZE_MAX;

	if (!enabled)
		from_a = from_b = 0;
	for (uint32_t i = 0; i < nr_cpus; i++) {
		size_t ia, ib;
		int ret = compare_cpu(a, from_a, b, from_b, i, &ia, &ib);

		if (ret)
			return ret;
		if (ia == SIZE_MAX || (at_a != SIZE_MAX && time_at(a, ia) >= time_at(a, at_a)))
			continue;
		at_a = ia;
		at_b = ib;
		cpu = i;
	}
	if (at_a == SIZE_MAX) {
		fprintf(f, "the same decisions, %s\n", enabled ? "from where the scheduler is enabled on" :
			"from the beginning on");
		return 0;
	}
	fprintf(f, "first difference: CPU %u, %.9f s after %s\n", cpu,
		(double)(time_at(a, at_a) - a->event[from_a].ns) / 1e9,
		enabled ? "the scheduler was about to be enabled" : "the trace began");
	print_context(a, from_a, at_a, cpu, f);
	print_event(a, at_a, "A", f);
	print_event(b, at_b, "B", f);
	return 1;
}
