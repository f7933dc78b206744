// SPDX-License-Identifier: GPL-2.0
/* The monitor's words for the progress line: see live.h. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "live.h"
#include "summary.h"

struct words {
	char *buf;
	size_t size, len;
};

/* Append; what does not fit is cut. */
static void __attribute__((format(printf, 2, 3))) add(struct words *w, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (w->len + 1 >= w->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(w->buf + w->len, w->size - w->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		w->len = min(w->len + n, w->size - 1);
}

static const char *comma(const struct words *w)
{
	return w->len ? ", " : "";
}

static void add_runqueues(struct words *w, const struct ktstr_sample *s)
{
	uint64_t nr, least = UINT64_MAX, most = 0, sum = 0;
	uint32_t known = 0;

	for (uint32_t cpu = 0; cpu < s->nr_cpus; cpu++) {
		if (!ktstr_sample__cpu(s, cpu, KTSTR_CPU_NR_RUNNING, &nr))
			continue;
		least = min(least, nr);
		most = max(most, nr);
		sum += nr;
		known++;
	}
	if (!known)
		return;
	if (s->nr_cpus > KTSTR_LIVE_CPUS) {
		add(w, "rq %" PRIu64 "-%" PRIu64 " (mean %.1f)", least, most, (double)sum / known);
		return;
	}
	add(w, "rq");
	for (uint32_t cpu = 0; cpu < s->nr_cpus; cpu++) {
		if (ktstr_sample__cpu(s, cpu, KTSTR_CPU_NR_RUNNING, &nr))
			add(w, " %" PRIu64, nr);
		else
			add(w, " ?");
	}
}

static void add_events(struct words *w, const struct ktstr_series *all,
		       const struct ktstr_monitor_layout *layout)
{
	static const struct {
		const char *event, *word;
	} shown[] = {
		{ KTSTR_EVENT_FALLBACK, "fallback" },
		{ KTSTR_EVENT_KEEP_LAST, "keep_last" },
		{ KTSTR_EVENT_OFFLINE, "offline" },
	};
	const struct ktstr_point *last = &all->point[all->nr - 1], *first = last;
	uint64_t count;
	double s;

	while (first > all->point && last->time_ns - first->time_ns < KTSTR_LIVE_NS)
		first--;
	if (first == last || last->time_ns <= first->time_ns)
		return;
	s = (double)(last->time_ns - first->time_ns) / 1e9;
	for (unsigned int i = 0; i < layout->nr_events; i++)
		for (size_t k = 0; k < ARRAY_SIZE(shown); k++)
			if (!strcmp(layout->event[i].name, shown[k].event) &&
			    ktstr_point__events(first, last, i, &count) && count)
				add(w, "%s%s %.0f/s", comma(w), shown[k].word, (double)count / s);
}

void ktstr_live__format(const struct ktstr_series *all, const struct ktstr_monitor_layout *layout,
			char *buf, size_t size)
{
	struct words w = { buf, size, 0 };
	const struct ktstr_sample *s;
	uint64_t depth;
	uint32_t cpu;

	buf[0] = '\0';
	if (!all->nr)
		return;
	s = all->point[all->nr - 1].sample;
	add_runqueues(&w, s);
	if (s->sched_kva && ktstr_sample__max_dsq(s, &depth, &cpu))
		add(&w, "%sdsq %" PRIu64, comma(&w), depth);
	add_events(&w, all, layout);
}
