// SPDX-License-Identifier: GPL-2.0
/* The monitor's section of report and sidecar, its lines in the timeline, and the file of samples. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "harness/model/seen.h"
#include "harness/plan/plan.h"
#include "monitor.h"

/* From one phase to the next, these changes are worth a line of the timeline. */
#define CHANGE_IMBALANCE	0.5
#define CHANGE_DSQ		3.0
#define CHANGE_EVENTS		10.0	/* a second */

static uint64_t event_count(const struct ktstr_monitor_state *s,
			    const struct ktstr_monitor_summary *m, const char *name)
{
	int i = ktstr_monitor__event(&s->mon, name);

	return i < 0 ? 0 : m->event[i];
}

static double event_rate(const struct ktstr_monitor_state *s,
			 const struct ktstr_monitor_summary *m, const char *name)
{
	return ktstr_monitor_summary__rate(m, event_count(s, m, name));
}

/* ---- report ---- */

static void put_events(const struct ktstr_monitor_state *s, FILE *f)
{
	static const char * const main_events[] = {
		KTSTR_EVENT_FALLBACK, KTSTR_EVENT_KEEP_LAST, KTSTR_EVENT_OFFLINE,
	};
	const struct ktstr_monitor_summary *m = &s->summary;
	const char *sep = "events+:";

	fprintf(f, "events: fallback=%" PRIu64 " (%.1f/s) keep_last=%" PRIu64 " (%.1f/s) offline=%" PRIu64 "\n",
		event_count(s, m, main_events[0]), event_rate(s, m, main_events[0]),
		event_count(s, m, main_events[1]), event_rate(s, m, main_events[1]),
		event_count(s, m, main_events[2]));
	for (unsigned int i = 0; i < s->mon.layout.nr_events; i++) {
		const char *name = s->mon.layout.event[i].name;
		size_t k;

		for (k = 0; k < ARRAY_SIZE(main_events) && strcmp(name, main_events[k]); k++)
			;
		if (k < ARRAY_SIZE(main_events) || !m->event[i])
			continue;
		fprintf(f, "%s %s=%" PRIu64 "%s", sep, name, m->event[i],
			strstr(name, "duration") ? "ns" : "");
		sep = "";
	}
	if (!*sep)
		fputc('\n', f);
}

static void put_violations(const struct ktstr_monitor_verdict *v, const char *note, FILE *f)
{
	for (uint32_t i = 0; i < v->nr; i++)
		fprintf(f, "  %s%s\n", v->violation[i].text, note);
	if (v->dropped)
		fprintf(f, "  ... and %u more\n", v->dropped);
}

void ktstr_monitor_text__report(const struct ktstr_run *run, const void *state, bool brief,
				FILE *f)
{
	const struct ktstr_monitor_state *s = state;
	const struct ktstr_monitor_summary *m;

	if (!run->seen->body_ns)
		return;
	ktstr_monitor_writes__report(s, f);
	if (s->why_not[0]) {
		if (run->opts.monitor)
			fprintf(f, "no samples: %s\n", s->why_not);
		return;
	}
	m = &s->summary;
	fprintf(f, "samples=%u max_imbalance=%.2f max_dsq_depth=%" PRIu64 " stuck=%u\n",
		m->samples, m->max_imbalance, m->max_dsq, m->stuck);
	if (!m->samples)
		return;
	fprintf(f, "avg: imbalance=%.2f nr_running/cpu=%.1f dsq/cpu=%.1f\n", m->avg_imbalance,
		m->avg_nr_running, m->avg_dsq);
	if (m->have_events)
		put_events(s, f);
	if (m->have_schedstat)
		fprintf(f, "schedstat: csw=%" PRIu64 " (%.0f/s) run_delay=%.0fns/s ttwu=%" PRIu64 " goidle=%" PRIu64 "\n",
			m->sched_count, ktstr_monitor_summary__rate(m, m->sched_count),
			ktstr_monitor_summary__rate(m, m->run_delay_ns), m->ttwu, m->goidle);
	if (s->all.torn || s->all.damaged || s->all.dropped || (s->all.skipped && !brief))
		fprintf(f, "not taken: skipped=%" PRIu64 " (no timer interrupt) torn=%u damaged=%u no_room=%u\n",
			s->all.skipped, s->all.torn, s->all.damaged, s->all.dropped);
	if (!run->have_result)
		fprintf(f, "verdict: none, the body did not end\n");
	else if (s->enforced.nr)
		fprintf(f, "verdict: monitor FAILED: %u violation(s)\n",
			s->enforced.nr + s->enforced.dropped);
	else
		fprintf(f, "verdict: monitor OK\n");
	put_violations(&s->enforced, "", f);
	put_violations(&s->reported, " (reported only: no test or scheduler sets it)", f);
}

/* ---- timeline ---- */

static void put_change(FILE *f, const char *what, double before, double now, double least)
{
	if (fabs(now - before) > least)
		fprintf(f, "%14s>>> %s: %s %+.1f\n", "", now > before ? "DEGRADATION" :
			"IMPROVEMENT", what, now - before);
}

static void summarise(const struct ktstr_monitor_state *s, uint64_t from_ns, uint64_t to_ns,
		      struct ktstr_monitor_summary *m)
{
	ktstr_monitor_summary__make(m, &s->view, ktstr_series__between(&s->view, from_ns, to_ns),
				    s->mon.layout.nr_events, s->tick_ns);
}

void ktstr_monitor_text__phase(const struct ktstr_run *run, const void *state, uint64_t before_ns,
			       uint64_t from_ns, uint64_t to_ns, FILE *f)
{
	const struct ktstr_monitor_state *s = state;
	struct ktstr_monitor_summary m, b;

	(void)run;
	if (!s->view.nr)
		return;
	summarise(s, from_ns, to_ns, &m);
	if (!m.samples) {
		fprintf(f, "%14s[no samples]\n", "");
		return;
	}
	fprintf(f, "%14s%u samples: imbalance avg=%.1f max=%.1f", "", m.samples, m.avg_imbalance,
		m.max_imbalance);
	if (m.have_dsq)
		fprintf(f, " | dsq avg=%.0f max=%" PRIu64, m.avg_dsq, m.max_dsq);
	if (m.have_events)
		fprintf(f, " | fallback %.0f/s | keep_last %.0f/s",
			event_rate(s, &m, KTSTR_EVENT_FALLBACK),
			event_rate(s, &m, KTSTR_EVENT_KEEP_LAST));
	if (m.stuck)
		fprintf(f, " | stuck %u", m.stuck);
	fputc('\n', f);
	if (before_ns == from_ns)
		return;
	summarise(s, before_ns, from_ns, &b);
	if (!b.samples)
		return;
	put_change(f, "imbalance", b.avg_imbalance, m.avg_imbalance, CHANGE_IMBALANCE);
	put_change(f, "dsq", b.avg_dsq, m.avg_dsq, CHANGE_DSQ);
	put_change(f, "fallback/s", event_rate(s, &b, KTSTR_EVENT_FALLBACK),
		   event_rate(s, &m, KTSTR_EVENT_FALLBACK), CHANGE_EVENTS);
	put_change(f, "keep_last/s", event_rate(s, &b, KTSTR_EVENT_KEEP_LAST),
		   event_rate(s, &m, KTSTR_EVENT_KEEP_LAST), CHANGE_EVENTS);
}

/* ---- sidecar ---- */

static void json_events(struct ktstr_json *j, const struct ktstr_monitor_state *s)
{
	if (!s->summary.have_events) {
		ktstr_json__null(j, "event_deltas");
		return;
	}
	ktstr_json__object(j, "event_deltas");
	for (unsigned int i = 0; i < s->mon.layout.nr_events; i++)
		ktstr_json__u64(j, s->mon.layout.event[i].name, s->summary.event[i]);
	ktstr_json__f64(j, "fallback_rate", event_rate(s, &s->summary, KTSTR_EVENT_FALLBACK));
	ktstr_json__f64(j, "keep_last_rate", event_rate(s, &s->summary, KTSTR_EVENT_KEEP_LAST));
	ktstr_json__end(j);
}

static void json_schedstat(struct ktstr_json *j, const struct ktstr_monitor_summary *m)
{
	if (!m->have_schedstat) {
		ktstr_json__null(j, "schedstat_deltas");
		return;
	}
	ktstr_json__object(j, "schedstat_deltas");
	ktstr_json__u64(j, "sched_count", m->sched_count);
	ktstr_json__u64(j, "sched_goidle", m->goidle);
	ktstr_json__u64(j, "ttwu_count", m->ttwu);
	ktstr_json__u64(j, "run_delay_ns", m->run_delay_ns);
	ktstr_json__f64(j, "sched_count_rate", ktstr_monitor_summary__rate(m, m->sched_count));
	ktstr_json__f64(j, "run_delay_rate", ktstr_monitor_summary__rate(m, m->run_delay_ns));
	ktstr_json__end(j);
}

static void json_violations(struct ktstr_json *j, const struct ktstr_monitor_verdict *v,
			    bool enforced)
{
	for (uint32_t i = 0; i < v->nr; i++) {
		const struct ktstr_violation *x = &v->violation[i];

		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "check", x->check);
		ktstr_json__bool(j, "enforced", enforced);
		ktstr_json__f64(j, "worst", x->worst);
		ktstr_json__f64(j, "limit", x->limit);
		ktstr_json__u64(j, "samples", x->samples);
		ktstr_json__u64(j, "time_ns", x->time_ns);
		ktstr_json__i64(j, "cpu", x->cpu);
		ktstr_json__str(j, "text", x->text);
		ktstr_json__end(j);
	}
}

void ktstr_monitor_text__json(const struct ktstr_run *run, const void *state, const char *key,
			      struct ktstr_json *j)
{
	const struct ktstr_monitor_state *s = state;
	const struct ktstr_monitor_summary *m;

	if ((s->why_not[0] || !s->all.nr) &&
	    !ktstr_monitor_writes__any(run->plan->test)) {
		ktstr_json__null(j, key);
		return;
	}
	m = &s->summary;
	ktstr_json__object(j, key);
	ktstr_monitor_writes__json(s, j);
	if (s->why_not[0]) {
		ktstr_json__str(j, "no_samples", s->why_not);
		ktstr_json__end(j);
		return;
	}
	ktstr_json__u64(j, "total_samples", m->samples);
	ktstr_json__u64(j, "skipped_samples", s->all.skipped);
	ktstr_json__u64(j, "torn_samples", s->all.torn);
	ktstr_json__f64(j, "max_imbalance_ratio", m->max_imbalance);
	ktstr_json__u64(j, "max_local_dsq_depth", m->max_dsq);
	ktstr_json__bool(j, "stall_detected", m->stuck);
	ktstr_json__u64(j, "stuck", m->stuck);
	ktstr_json__f64(j, "avg_imbalance_ratio", m->avg_imbalance);
	ktstr_json__f64(j, "avg_nr_running", m->avg_nr_running);
	ktstr_json__f64(j, "avg_local_dsq_depth", m->avg_dsq);
	json_events(j, s);
	json_schedstat(j, m);
	ktstr_json__array(j, "violations");
	json_violations(j, &s->enforced, true);
	json_violations(j, &s->reported, false);
	ktstr_json__end(j);
	ktstr_json__end(j);
}

/* ---- the file of samples ---- */

static void csv_row(FILE *f, const char *test, uint64_t time_ns, int cpu, const char *figure,
		    int64_t value)
{
	fprintf(f, "%s,%" PRIu64 ".%09" PRIu64 ",", test, time_ns / NSEC_PER_SEC,
		time_ns % NSEC_PER_SEC);
	if (cpu >= 0)
		fprintf(f, "%d", cpu);
	fprintf(f, ",%s,%" PRId64 "\n", figure, value);
}

static void csv_point(FILE *f, const char *test, const struct ktstr_monitor_state *s,
		      const struct ktstr_point *p)
{
	const struct ktstr_sample *sample = p->sample;

	for (int i = 0; i < KTSTR_NR_GLOBAL_FIGURES; i++)
		if (sample->have_global >> i & 1)
			csv_row(f, test, p->time_ns, -1, ktstr_global_figure__name(i),
				(int64_t)sample->global[i]);
	for (int i = 0; i < KTSTR_NR_SCHED_FIGURES; i++)
		if (sample->have_sched >> i & 1)
			csv_row(f, test, p->time_ns, -1, ktstr_sched_figure__name(i),
				(int64_t)sample->sched[i]);
	for (unsigned int i = 0; sample->have_events && i < s->mon.layout.nr_events; i++)
		csv_row(f, test, p->time_ns, -1, s->mon.layout.event[i].name, sample->event[i]);
	for (uint32_t cpu = 0; cpu < sample->nr_cpus; cpu++)
		for (int i = 0; i < KTSTR_NR_CPU_FIGURES; i++)
			if (sample->cpu[cpu].have >> i & 1)
				csv_row(f, test, p->time_ns, (int)cpu, ktstr_cpu_figure__name(i),
					(int64_t)sample->cpu[cpu].value[i]);
}

/* All of @text behind what the file holds; nobody writes between, and a new file gets a header. */
static int append(const char *path, const char *text, size_t len)
{
	static const char header[] = "test,time_s,cpu,figure,value\n";
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), ret = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX) || fstat(fd, &st) ||
	    (!st.st_size && write(fd, header, sizeof(header) - 1) < 0))
		ret = -errno;
	for (; len && !ret; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0) {
			ret = -errno;
			break;
		}
	}
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

int ktstr_monitor_text__csv(const struct ktstr_run *run, const struct ktstr_monitor_state *s,
			    const char *path)
{
	char *text = NULL, name[KTSTR_ID_LEN];
	size_t len = 0;
	int ret;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return -errno;
	ktstr_plan__name(run->plan, name, sizeof(name));
	for (uint32_t i = 0; i < s->all.nr; i++)
		csv_point(f, name, s, &s->all.point[i]);
	ret = fclose(f) ? -errno : append(path, text, len);
	free(text);
	return ret;
}
