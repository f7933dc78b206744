// SPDX-License-Identifier: GPL-2.0
/* Failure reports (spec/runtime 4.8): see report.h. One function a section. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "console.h"
#include "devices.h"
#include "metrics.h"
#include "report.h"
#include "schedlog.h"
#include "scheduler.h"
#include "seen.h"
#include "variant.h"

#define BRIEF_DETAILS	6
#define BRIEF_CGROUPS	4
#define BRIEF_PARTS	3
#define BRIEF_STALLS	2
#define BRIEF_SCHED	6
#define BRIEF_DUMP	8
#define BRIEF_KERNEL	6
#define BRIEF_CONSOLE	5
#define BRIEF_COLUMNS	160
#define ALL		UINT32_MAX

/* Where a section is written to, and how much of it. */
struct out {
	FILE *f;
	bool brief;
};

/*
 * One line of untrusted text: control characters would reach the terminal, so they become
 * '?'; bytes of UTF-8 pass.
 */
static void put_line(const struct out *o, const char *indent, const char *line, size_t len)
{
	size_t i, max = o->brief ? BRIEF_COLUMNS : SIZE_MAX;

	fputs(indent, o->f);
	for (i = 0; i < len && i < max; i++) {
		unsigned char c = line[i];

		fputc(c == '\t' ? ' ' : c < ' ' || c == 0x7f ? '?' : c, o->f);
	}
	fputs(i < len ? "...\n" : "\n", o->f);
}

static void put_text(const struct out *o, const char *indent, const char *text, uint32_t max)
{
	const char *pos = text, *line;
	size_t len;

	while (max-- && (line = ktstr_text__line(&pos, &len)))
		put_line(o, indent, line, len);
}

static void put_title(const struct out *o, const char *title)
{
	fprintf(o->f, "%s--- %s ---\n", o->brief ? "" : "\n", title);
}

static const char *headline(const struct ktstr_run *run)
{
	switch (run->verdict) {
	case KTSTR_PASS:
		return "passed";
	case KTSTR_SKIP:
		return "skipped";
	case KTSTR_INCONCLUSIVE:
		return "was inconclusive";
	case KTSTR_FAIL:
		break;
	}
	return "failed";
}

static void put_verdict(const struct out *o, const struct ktstr_run *run)
{
	const struct ktstr_plan *p = run->plan;
	char topo[64];

	ktstr_variant__topology(p, topo, sizeof(topo));
	fprintf(o->f, "ktstr_test '%s'", p->test->name);
	if (p->scheduler)
		fprintf(o->f, " [sched=%s]", ktstr_scheduler__label(p->scheduler));
	fprintf(o->f, " [topo=%s] %s:\n", topo, headline(run));
	if (run->why[0])
		put_line(o, "  ", run->why, strlen(run->why));
}

/* Failures first, then what could not be judged, then skips and notes. */
static void put_details(const struct out *o, const struct ktstr_run *run)
{
	static const enum ktstr_severity order[] = {
		KTSTR_FAILS, KTSTR_UNDECIDED, KTSTR_SKIPS, KTSTR_NOTE,
	};
	static const char * const label[] = {
		[KTSTR_NOTE] = "  note: ", [KTSTR_SKIPS] = "  skipped: ",
		[KTSTR_UNDECIDED] = "  INCONCLUSIVE: ", [KTSTR_FAILS] = "  ",
	};
	const struct ktstr_result *r = run->result;
	uint32_t left = o->brief ? BRIEF_DETAILS : ALL, more = r->dropped_details, i;
	size_t k;

	for (k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (i = 0; i < r->nr_details; i++) {
			if (r->details[i].severity != order[k] ||
			    (o->brief && r->details[i].kind == KTSTR_PART))
				continue;	/* parts are told in any case */
			if (left) {
				put_line(o, label[order[k]], r->details[i].text,
					 strlen(r->details[i].text));
				left--;
			} else {
				more++;
			}
		}
	if (more)
		fprintf(o->f, "  ... and %u more\n", more);
}

/* Only what was measured. */
static void put_cgroup_stats(const struct out *o, const struct ktstr_cgroup_stats *c)
{
	const struct ktstr_sample_stats *w = &c->samples[KTSTR_SAMPLES_WAKE];
	const struct ktstr_sample_stats *t = &c->samples[KTSTR_SAMPLES_TIMER];
	const struct ktstr_sample_stats *cost = &c->samples[KTSTR_SAMPLES_COST];

	fprintf(o->f,
		"  %.*s: workers=%u cpus=%u spread=%.1f%%%s gap=%.0fms migrations=%" PRIu64 " iter=%" PRIu64,
		KTSTR_NAME_LEN, c->name, c->workers, c->cpus, c->spread_pct,
		c->blocks ? " (run delay)" : "", c->max_gap_ms, c->migrations, c->iterations);
	if (w->kept)
		fprintf(o->f, " p99_wake=%.1fus", w->p99_us);
	if (o->brief) {
		fputc('\n', o->f);
		return;
	}
	fprintf(o->f, " step=%u", c->step + 1);
	if (c->span != KTSTR_SPAN_STEP)
		fprintf(o->f, " span=%s", ktstr_span__name(c->span));
	if (c->delay_workers)
		fprintf(o->f, " run_delay=%.1fus worst_run_delay=%.1fus", c->mean_run_delay_us,
			c->worst_run_delay_us);
	fputc('\n', o->f);
	if (w->kept)
		fprintf(o->f,
			"    wake latency: median=%.1fus p99=%.1fus max=%.1fus cv=%.3f samples=%" PRIu64 "\n",
			w->median_us, w->p99_us, w->max_us, w->cv, w->total);
	if (t->kept)
		fprintf(o->f,
			"    timer lateness: median=%.1fus p99=%.1fus max=%.1fus samples=%" PRIu64 "\n",
			t->median_us, t->p99_us, t->max_us, t->total);
	if (cost->kept)
		fprintf(o->f,
			"    iteration cost: median=%.1fus p99=%.1fus max=%.1fus samples=%" PRIu64 "\n",
			cost->median_us, cost->p99_us, cost->max_us, cost->total);
	if (c->pages && c->locality_known)
		fprintf(o->f, "    pages: %" PRIu64 " of %" PRIu64 " on the cpuset's nodes\n",
			c->local_pages, c->pages);
}

/* The test's, or of a batch those of one scenario: from @i on. Returns where the next begin. */
static uint32_t put_part_stats(const struct out *o, const struct ktstr_result *r, uint32_t i)
{
	const char *part = r->cgroups[i].part;
	struct ktstr_stats t = *part ? ktstr_stats__part(r, part) : ktstr_stats__run(r);
	uint32_t left = o->brief ? BRIEF_CGROUPS : ALL, more = 0;
	char title[KTSTR_NAME_LEN + 16];

	snprintf(title, sizeof(title), "stats%s%s", *part ? " of " : "", part);
	put_title(o, title);
	fprintf(o->f, "%.0f workers, %.0f cpus, %.0f migrations", t.workers, t.cpus, t.migrations);
	if (!isnan(t.spread_pct))
		fprintf(o->f, ", worst_spread=%.1f%%", t.spread_pct);
	fprintf(o->f, ", worst_gap=%.0fms\n", t.max_gap_ms);
	for (; i < r->nr_cgroups && !strcmp(r->cgroups[i].part, part); i++) {
		if (o->brief && (!left || r->cgroups[i].span == KTSTR_SPAN_PHASE)) {
			more++;
			continue;
		}
		put_cgroup_stats(o, &r->cgroups[i]);
		left--;
	}
	if (more)
		fprintf(o->f, "  ... and %u more\n", more);
	return i;
}

static void put_stats(const struct out *o, const struct ktstr_run *run)
{
	const struct ktstr_result *r = run->result;
	uint32_t left = o->brief ? BRIEF_PARTS : ALL, i = 0;

	while (i < r->nr_cgroups && left--)
		i = put_part_stats(o, r, i);
	if (i < r->nr_cgroups)
		fprintf(o->f, "... and those of other scenarios\n");
}

/* Of payloads, and of work types that have figures of their own. */
static void put_ext_metrics(const struct out *o, const struct ktstr_result *r)
{
	const struct ktstr_ext_metric *m;
	uint32_t i;

	if (!r->nr_ext_metrics)
		return;
	put_title(o, "metrics");
	for (i = 0; i < r->nr_ext_metrics; i++) {
		if (o->brief && i == BRIEF_CGROUPS) {
			fprintf(o->f, "  ... and %u more\n", r->nr_ext_metrics - i);
			break;
		}
		m = &r->ext_metrics[i];
		fprintf(o->f, "  %s%s%s: %s = %g%s%s (step %u)\n", m->source,
			*m->cgroup ? " in " : "", m->cgroup, m->name, m->value,
			*m->unit ? " " : "", m->unit, m->step + 1);
	}
}

/* One of the facts; in the brief form only what most stalls are understood by. */
static void put_fact(const struct out *o, bool brief, const char *what, const char *text)
{
	char line[640];

	if ((o->brief && !brief) || !*text)
		return;
	snprintf(line, sizeof(line), "%s%s", what, text);
	put_line(o, "    ", line, strlen(line));
}

static void put_stalls(const struct out *o, const struct ktstr_result *r)
{
	uint32_t i, max = o->brief ? BRIEF_STALLS : ALL;
	const struct ktstr_stall *s;
	char line[400], why[128];

	if (!r->nr_stalls)
		return;
	put_title(o, "stalled workers");
	for (i = 0; i < r->nr_stalls && i < max; i++) {
		s = &r->stalls[i];
		ktstr_stall__describe(s, why, sizeof(why));
		snprintf(line, sizeof(line),
			 "%s%s%s: step %u: worker %d (%s) stood still for %.1f s from +%.1f s on: %s%s",
			 s->part, *s->part ? ": " : "", s->cgroup, s->step + 1, s->tid, s->comm,
			 s->for_ns / 1e9, s->at_ns / 1e9, why, s->resumed ? "; it went on" : "");
		put_line(o, "  ", line, strlen(line));
		put_fact(o, true, "", s->status);
		put_fact(o, false, "wchan: ", s->wchan);
		put_fact(o, false, "syscall: ", s->syscall);
		put_fact(o, false, "cgroup: ", s->path);
		put_fact(o, false, "load: ", s->loadavg);
		put_fact(o, true, "stack: ", s->stack);
	}
	if (i < r->nr_stalls || r->dropped_stalls)
		fprintf(o->f, "  ... and %u more\n", r->nr_stalls - i + r->dropped_stalls);
}

static void put_status(FILE *f, const char *what, int status)
{
	if (WIFSIGNALED(status))
		fprintf(f, "%s killed by SIG%s\n", what, sigabbrev_np(WTERMSIG(status)) ?: "?");
	else
		fprintf(f, "%s exited with status %d\n", what, WEXITSTATUS(status));
}

static void put_diagnostics(const struct out *o, const struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;

	if (run->verdict == KTSTR_SKIP || !run->kernel.path)
		return;
	put_title(o, "diagnostics");
	fprintf(o->f, "stage: %s\n", ktstr_stage__describe(run->stage));
	if (s->exited && s->exit_status)
		fprintf(o->f, "exit_code=%d (%s)\n", s->exit_status,
			strerror(abs(s->exit_status)));
	if (s->sched_exited)
		put_status(o->f, s->sched_planned ? "scheduler (stopped by us)" : "scheduler",
			   s->sched_status);
	if (run->scx_error) {
		fprintf(o->f, "sched_ext: %s disabled (%s)\n", s->scx.ops, s->scx.reason);
		put_text(o, "  ", run->scx_error, o->brief ? 2 : ALL);
	}
	fprintf(o->f, "kernel: %s  accel: %s", run->kernel.release ?: run->kernel.path,
		ktstr_accel__name(run->accel));
	if (ktstr_run__deterministic(run))
		fprintf(o->f, "  seed: %" PRIu64, run->opts.seed);
	fprintf(o->f, "  guest time: %.3f s\n", run->guest_total_ns / 1e9);
	ktstr_devices__report(run, o->f);
	if (ktstr_run__time_scale(run) > 1)
		fprintf(o->f,
			"limits: times x %u, rates / %u (CPUs of multi-threaded emulation are shared)\n",
			ktstr_run__time_scale(run), ktstr_run__time_scale(run));
}

/* Only the whole report: what the guest did when. */
static void put_timeline(const struct out *o, const struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;
	unsigned int i;

	if (o->brief || !s->started)
		return;
	put_title(o, "timeline");
	fprintf(o->f, "%10.3f s  init runs, %u CPUs, %s\n", s->start_ns / 1e9, s->nr_cpus,
		s->release);
	if (s->sched_attached)
		fprintf(o->f, "%12s  scheduler attached: %s\n", "", s->ops);
	if (s->body_ns)
		fprintf(o->f, "%10.3f s  body starts\n", s->body_ns / 1e9);
	for (i = 0; i < s->nr_stimuli; i++)
		fprintf(o->f, "%10.3f s  step %u: ops %#x, %u cgroups, %u workers\n",
			s->stimuli[i].time_ns / 1e9, s->stimuli[i].what.step + 1,
			s->stimuli[i].what.op_kinds, s->stimuli[i].what.cgroups,
			s->stimuli[i].what.workers);
	if (s->teardown_ns)
		fprintf(o->f, "%10.3f s  body is over\n", s->teardown_ns / 1e9);
	if (s->exit_ns)
		fprintf(o->f, "%10.3f s  exit, status %d\n", s->exit_ns / 1e9, s->exit_status);
}

static void put_tail(const struct out *o, const char *title, const char *text, uint32_t lines)
{
	if (!text || !*text)
		return;
	put_title(o, title);
	put_text(o, "", o->brief ? ktstr_text__tail(text, lines) : text, ALL);
}

/* What it printed without the dump, and the dump for itself. */
static void put_sched(const struct out *o, const struct ktstr_run *run)
{
	const char *text = run->sched_log ?: "", *start = text + strlen(text), *end = start, *dump;
	char *log = NULL, *rest;
	size_t len = 0, size;
	FILE *f;

	dump = ktstr_schedlog__dump(text, &len, &start, &end);
	f = open_memstream(&log, &size);
	if (f) {
		fwrite(text, 1, start - text, f);
		fputs(*end == '\n' ? end + 1 : end, f);
		if (fclose(f)) {
			free(log);
			log = NULL;
		}
	}
	rest = log ? ktstr_schedlog__collapse(log, strlen(log)) : NULL;
	put_tail(o, "scheduler log", rest ?: log, BRIEF_SCHED);
	free(rest);
	free(log);
	if (!dump)
		return;
	log = strndup(dump, len);
	put_title(o, "sched_ext dump");
	put_text(o, "", log ?: "", o->brief ? BRIEF_DUMP : ALL);
	free(log);
}

/* Of the kernel's log the lines that matter, the last ones when there are many. */
static void put_kernel(const struct out *o, const struct ktstr_run *run, const char *console)
{
	const char *text = run->kmsg && *run->kmsg ? run->kmsg : console, *pos = text, *line;
	uint32_t nr = 0, skip;
	size_t len;

	while ((line = ktstr_text__line(&pos, &len)))
		nr += ktstr_console__matters(line, len);
	if (!nr)
		return;
	skip = o->brief && nr > BRIEF_KERNEL ? nr - BRIEF_KERNEL : 0;
	put_title(o, "kernel log");
	for (pos = text; (line = ktstr_text__line(&pos, &len));)
		if (ktstr_console__matters(line, len) && (!skip || !skip--))
			put_line(o, "", line, len);
}

/* The raw console helps when the guest did not come to its end by itself. */
static void put_console(const struct out *o, const struct ktstr_run *run, const char *console)
{
	if (!run->exited && *console)
		put_tail(o, "console", ktstr_text__tail(console, o->brief ? BRIEF_CONSOLE : 200),
			 BRIEF_CONSOLE);
}

static void put_end(const struct out *o, const struct ktstr_run *run)
{
	if (!o->brief)
		fputc('\n', o->f);
	if (run->dir)
		fprintf(o->f, "report: %s/report.txt (console.log and the other logs beside it)\n",
			run->dir);
	fprintf(o->f, "repeat: ");
	ktstr_variant__command(run, o->f);
	fputc('\n', o->f);
}

static char *make(const struct ktstr_run *run, const char *console, bool brief)
{
	struct out o = { .brief = brief };
	char *text = NULL;
	size_t len;

	o.f = open_memstream(&text, &len);
	if (!o.f)
		return NULL;
	put_verdict(&o, run);
	put_details(&o, run);
	put_stats(&o, run);
	put_ext_metrics(&o, run->result);
	put_stalls(&o, run->result);
	put_diagnostics(&o, run);
	put_timeline(&o, run);
	put_sched(&o, run);
	put_kernel(&o, run, console);
	put_console(&o, run, console);
	put_end(&o, run);
	if (fclose(o.f)) {
		free(text);
		return NULL;
	}
	return text;
}

void ktstr_report__make(struct ktstr_run *run, const char *console)
{
	run->report = make(run, console, false);
	run->brief = make(run, console, true);
}

void ktstr_report__print(const char *text)
{
	const char *pos = text, *line;
	size_t len;

	while ((line = ktstr_text__line(&pos, &len)))
		printf("# %.*s\n", (int)len, line);
	fflush(stdout);
}
