// SPDX-License-Identifier: GPL-2.0
/* Who waited, and for whom: see analyse.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyse.h"

#define NR_TASKS	8192	/* slots of the table of tasks; a power of two */
#define MAX_MASK_CPUS	64

/* A task while the trace is gone through. */
struct task {
	int32_t pid;
	bool used, waits, woken;
	uint64_t since_ns, mask;
	const char *comm;
};

struct walk {
	struct ktstr_trace_waits *w;
	const struct ktstr_trace *t;
	struct task *tasks;
	struct throttled {
		bool ever, now;
		uint64_t from_ns, to_ns;	/* the last time; to_ns counts once it is over */
	} *throttled;			/* per CPU */
};

bool ktstr_trace__is_task(const char *task, int32_t pid, const char *comm)
{
	char *end;
	long v;

	if (!task)
		return true;
	v = strtol(task, &end, 10);
	return (*task && !*end && v == pid) || !strcmp(task, comm);
}

/* NULL: the table is full. */
static struct task *task_of(struct walk *k, int32_t pid)
{
	for (uint32_t i = 0; i < NR_TASKS; i++) {
		struct task *t = &k->tasks[((uint32_t)pid + i) % NR_TASKS];

		if (!t->used) {
			t->used = true;
			t->pid = pid;
			t->comm = "";
			return t;
		}
		if (t->pid == pid)
			return t;
	}
	return NULL;
}

static int add_slice(struct ktstr_trace_cpu *c, uint64_t from_ns, int32_t pid, const char *comm)
{
	struct ktstr_trace_slice *s;

	if (c->nr)
		c->slice[c->nr - 1].to_ns = from_ns;
	if (c->nr == c->room) {
		size_t room = c->room ? c->room * 2 : 1024;

		s = reallocarray(c->slice, room, sizeof(*s));
		if (!s)
			return -ENOMEM;
		c->slice = s;
		c->room = room;
	}
	c->slice[c->nr++] = (struct ktstr_trace_slice) {
		.from_ns = from_ns, .to_ns = from_ns, .pid = pid, .comm = comm,
	};
	return 0;
}

static int add_wait(struct walk *k, struct task *t, uint64_t to_ns, uint32_t cpu, bool open)
{
	const struct throttled *th = &k->throttled[cpu];
	struct ktstr_trace_waits *w = k->w;
	struct ktstr_trace_wait *p;

	t->waits = false;
	if (!t->pid || to_ns <= t->since_ns)
		return 0;
	if (w->nr == w->room) {
		size_t room = w->room ? w->room * 2 : 1024;

		p = reallocarray(w->wait, room, sizeof(*p));
		if (!p)
			return -ENOMEM;
		w->wait = p;
		w->room = room;
	}
	w->wait[w->nr++] = (struct ktstr_trace_wait) {
		.from_ns = t->since_ns, .to_ns = to_ns, .pid = t->pid, .comm = t->comm, .cpu = cpu,
		.woken = t->woken, .mask = t->mask, .open = open,
		.why = th->ever && th->from_ns < to_ns && (th->now || th->to_ns > t->since_ns) ?
		       KTSTR_WAIT_THROTTLED : KTSTR_WAIT_BEHIND,
	};
	return 0;
}

static void begin_wait(struct task *t, const struct ktstr_trace_event *e, bool woken)
{
	if (t->waits)
		return;
	t->waits = true;
	t->woken = woken;
	t->since_ns = e->ns;
}

static int on_switch(struct walk *k, const struct ktstr_trace_event *e)
{
	struct task *prev = task_of(k, (int32_t)e->value[KTSTR_SWITCH_PREV_PID]);
	struct task *next = task_of(k, e->pid);

	if (prev && prev->pid) {
		prev->comm = e->text;
		/* TASK_RUNNING: it was preempted, or it yielded */
		if (!e->value[KTSTR_SWITCH_PREV_STATE])
			begin_wait(prev, e, false);
	}
	if (next) {
		next->comm = e->comm;
		if (next->waits && add_wait(k, next, e->ns, e->cpu, false))
			return -ENOMEM;
	}
	return add_slice(&k->w->cpu[e->cpu], e->ns, e->pid, e->comm);
}

static void on_throttle(struct throttled *th, const struct ktstr_trace_event *e)
{
	th->now = e->kind == KTSTR_TRACE_THROTTLE;
	th->ever |= th->now;
	if (th->now)
		th->from_ns = e->ns;
	else
		th->to_ns = e->ns;
}

static int on_event(struct walk *k, const struct ktstr_trace_event *e)
{
	struct task *t = e->pid > 0 ? task_of(k, e->pid) : NULL;

	if (t)
		t->comm = e->comm;
	switch (e->kind) {
	case KTSTR_TRACE_SWITCH:
		return on_switch(k, e);
	case KTSTR_TRACE_WAKEUP:
	case KTSTR_TRACE_NEW:
		if (t)
			begin_wait(t, e, true);
		break;
	case KTSTR_TRACE_CPUS:
		if (t)
			t->mask = e->value[0];
		break;
	case KTSTR_TRACE_THROTTLE:
	case KTSTR_TRACE_UNTHROTTLE:
		if (e->value[0] < k->w->nr_cpus)
			on_throttle(&k->throttled[e->value[0]], e);
		break;
	default:
		break;
	}
	return 0;
}

/* The first slice of @c that ends after @ns. */
static size_t slice_at(const struct ktstr_trace_cpu *c, uint64_t ns)
{
	size_t lo = 0, hi = c->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->slice[mid].to_ns <= ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint64_t overlap(const struct ktstr_trace_slice *s, const struct ktstr_trace_wait *w)
{
	uint64_t from = s->from_ns > w->from_ns ? s->from_ns : w->from_ns;
	uint64_t to = s->to_ns < w->to_ns ? s->to_ns : w->to_ns;

	return to > from ? to - from : 0;
}

static uint64_t idle_ns(const struct ktstr_trace_cpu *c, const struct ktstr_trace_wait *w)
{
	uint64_t ns = 0;

	for (size_t i = slice_at(c, w->from_ns); i < c->nr && c->slice[i].from_ns < w->to_ns; i++)
		ns += c->slice[i].pid ? 0 : overlap(&c->slice[i], w);
	return ns;
}

/* A CPU that was idle for most of the wait explains it better than those that ran. */
static void explain(struct ktstr_trace_waits *all, struct ktstr_trace_wait *w)
{
	uint64_t best[2] = { 0, 0 };	/* CPUs that it may not, and may use */
	uint32_t cpu[2] = { 0, 0 };

	if (w->why == KTSTR_WAIT_THROTTLED)
		return;
	for (uint32_t i = 0; i < all->nr_cpus; i++) {
		bool may = !w->mask || i >= MAX_MASK_CPUS || w->mask >> i & 1;
		uint64_t ns = idle_ns(&all->cpu[i], w);

		if (ns > best[may]) {
			best[may] = ns;
			cpu[may] = i;
		}
	}
	for (int may = 1; may >= 0; may--) {
		if (best[may] * 2 < w->to_ns - w->from_ns)
			continue;
		w->why = may ? KTSTR_WAIT_IDLE : KTSTR_WAIT_AFFINITY;
		w->idle_cpu = cpu[may];
		w->idle_ns = best[may];
		return;
	}
}

int ktstr_trace_waits__find(struct ktstr_trace_waits *w, const struct ktstr_trace *t)
{
	struct walk k = { .w = w, .t = t };
	int ret = 0;

	*w = (struct ktstr_trace_waits){ .nr_cpus = t->nr_cpus };
	w->cpu = calloc(t->nr_cpus, sizeof(*w->cpu));
	k.tasks = calloc(NR_TASKS, sizeof(*k.tasks));
	k.throttled = calloc(t->nr_cpus, sizeof(*k.throttled));
	if (!w->cpu || !k.tasks || !k.throttled)
		ret = -ENOMEM;
	for (size_t i = 0; !ret && i < t->nr; i++)
		ret = on_event(&k, &t->event[i]);
	for (uint32_t i = 0; !ret && i < NR_TASKS; i++)
		if (k.tasks[i].waits)
			ret = add_wait(&k, &k.tasks[i], t->to_ns, 0, true);
	for (uint32_t i = 0; !ret && i < w->nr_cpus; i++)
		if (w->cpu[i].nr)
			w->cpu[i].slice[w->cpu[i].nr - 1].to_ns = t->to_ns;
	for (size_t i = 0; !ret && i < w->nr; i++)
		explain(w, &w->wait[i]);
	free(k.tasks);
	free(k.throttled);
	return ret;
}

void ktstr_trace_waits__free(struct ktstr_trace_waits *w)
{
	for (uint32_t i = 0; w->cpu && i < w->nr_cpus; i++)
		free(w->cpu[i].slice);
	free(w->cpu);
	free(w->wait);
	memset(w, 0, sizeof(*w));
}

/* The waits of one task. */
struct sum {
	int32_t pid;
	const char *comm;
	uint64_t nr, total, max;
};

static int by_total(const void *a, const void *b)
{
	const struct sum *x = a, *y = b;

	return (x->total < y->total) - (x->total > y->total) ?: x->pid - y->pid;
}

static int by_length(const void *a, const void *b)
{
	const struct ktstr_trace_wait *x = *(void **)a, *y = *(void **)b;
	uint64_t lx = x->to_ns - x->from_ns, ly = y->to_ns - y->from_ns;

	return (lx < ly) - (lx > ly) ?: (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

/* "ran: A[12] 3.1 ms, B[4] 0.2 ms" of the CPU that the task got. */
static void print_behind(const struct ktstr_trace_waits *all, const struct ktstr_trace_wait *w, FILE *f)
{
	const struct ktstr_trace_cpu *c = &all->cpu[w->cpu];
	struct sum best[3] = { { 0 } }, s;
	const char *sep = "behind ";

	for (size_t i = slice_at(c, w->from_ns); i < c->nr && c->slice[i].from_ns < w->to_ns; i++) {
		bool seen = false;

		if (!c->slice[i].pid || c->slice[i].pid == w->pid)
			continue;
		s = (struct sum){ .pid = c->slice[i].pid, .comm = c->slice[i].comm };
		for (size_t k = slice_at(c, w->from_ns); k < c->nr && c->slice[k].from_ns < w->to_ns; k++) {
			seen |= k < i && c->slice[k].pid == s.pid;
			s.total += c->slice[k].pid == s.pid ? overlap(&c->slice[k], w) : 0;
		}
		for (int b = 0; b < 3 && !seen; b++)
			if (s.total > best[b].total) {
				struct sum t = best[b];

				best[b] = s;
				s = t;
			}
	}
	for (int b = 0; b < 3 && best[b].total; b++, sep = ", ")
		fprintf(f, "%s%s[%d] (%.3f ms)", sep, best[b].comm, best[b].pid,
			(double)best[b].total / 1e6);
	if (!best[0].total)
		fputs("nobody else ran on that CPU", f);
}

static void print_wait(const struct ktstr_trace_waits *all, const struct ktstr_trace_wait *w, FILE *f)
{
	fprintf(f, "  %10.3f ms  at %12.6f s  %s[%d] %s, ", (double)(w->to_ns - w->from_ns) / 1e6,
		(double)w->from_ns / 1e9, w->comm, w->pid, w->woken ? "woken" : "preempted");
	if (w->open)
		fputs("has not run since: ", f);
	else
		fprintf(f, "then CPU %u: ", w->cpu);
	switch (w->why) {
	case KTSTR_WAIT_IDLE:
		fprintf(f, "CPU %u, which it may use, was idle for %.3f ms and was not made to take it",
			w->idle_cpu, (double)w->idle_ns / 1e6);
		break;
	case KTSTR_WAIT_AFFINITY:
		fprintf(f, "affinity: CPU %u was idle, it may use %#" PRIx64 " only; ", w->idle_cpu,
			w->mask);
		print_behind(all, w, f);
		break;
	case KTSTR_WAIT_THROTTLED:
		fputs("throttled: its runqueue had used up its quota", f);
		break;
	default:
		print_behind(all, w, f);
	}
	fputc('\n', f);
}

static void print_sums(struct sum *sums, size_t nr, FILE *f)
{
	qsort(sums, nr, sizeof(*sums), by_total);
	fprintf(f, "%-16s %7s %8s %12s %10s %10s\n", "task", "pid", "waits", "waited ms", "mean ms",
		"max ms");
	for (size_t i = 0; i < nr; i++)
		fprintf(f, "%-16s %7d %8" PRIu64 " %12.3f %10.3f %10.3f\n", sums[i].comm, sums[i].pid,
			sums[i].nr, (double)sums[i].total / 1e6,
			(double)sums[i].total / (double)sums[i].nr / 1e6, (double)sums[i].max / 1e6);
}

bool ktstr_trace_waits__print(const struct ktstr_trace_waits *w, const char *task,
			      unsigned int longest, FILE *f)
{
	const struct ktstr_trace_wait **list = calloc(w->nr + 1, sizeof(*list));
	struct sum *sums = calloc(NR_TASKS, sizeof(*sums));
	size_t nr = 0, nr_sums = 0, i, k;

	for (i = 0; list && sums && i < w->nr; i++) {
		const struct ktstr_trace_wait *x = &w->wait[i];
		uint64_t ns = x->to_ns - x->from_ns;

		if (!ktstr_trace__is_task(task, x->pid, x->comm))
			continue;
		list[nr++] = x;
		for (k = 0; k < nr_sums && sums[k].pid != x->pid; k++)
			;
		if (k == NR_TASKS)
			continue;
		nr_sums += k == nr_sums;
		sums[k].pid = x->pid;
		sums[k].comm = x->comm;
		sums[k].nr++;
		sums[k].total += ns;
		if (ns > sums[k].max)
			sums[k].max = ns;
	}
	if (nr) {
		print_sums(sums, nr_sums, f);
		qsort(list, nr, sizeof(*list), by_length);
		fputs("the longest waits:\n", f);
	}
	for (i = 0; i < nr && i < longest; i++)
		print_wait(w, list[i], f);
	free(list);
	free(sums);
	return nr;
}
