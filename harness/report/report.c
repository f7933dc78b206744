// SPDX-License-Identifier: GPL-2.0
/* Failure reports: see report.h. One function a section. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "harness/model/console.h"
#include "harness/model/part.h"
#include "harness/model/seen.h"
#include "harness/plan/programs.h"
#include "harness/plan/protocol.h"
#include "harness/plan/scheduler.h"
#include "harness/plan/variant.h"
#include "harness/result/metrics.h"
#include "lib/control.h"
#include "lib/status.h"
#include "ran.h"
#include "report.h"
#include "schedlog.h"
#include "timeline.h"

#define BRIEF_DETAILS	6
#define BRIEF_CGROUPS	4
#define BRIEF_PARTS	3
#define BRIEF_STALLS	2
#define BRIEF_SCHED	6
#define BRIEF_DUMP	8
#define BRIEF_STUCK	12	/* lines */
#define BRIEF_KERNEL	6
#define BRIEF_CONSOLE	5
#define BRIEF_OUTPUTS	2
#define BRIEF_OUTPUT	6
#define MAX_OUTPUT	200	/* lines of a payload; its file has all */
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
		char c = line[i];

		fputc(c == '\t' ? ' ' : ktstr_is_control(c) ? '?' : c, o->f);
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
	char topo[KTSTR_TOPOLOGY_STRLEN];

	ktstr_topology__format(&p->topo, topo, sizeof(topo));
	fprintf(o->f, KTSTR_REPORT_HEAD "%s'", p->test->name);
	if (p->scheduler || run->active[0])
		fprintf(o->f, " [sched=%s]", ktstr_programs__scheduler(run));
	fprintf(o->f, " [topo=%s]", topo);
	if (p->preset)
		fprintf(o->f, " [preset=%s]", p->preset->name);
	fprintf(o->f, " %s:\n", headline(run));
	if (run->why[0])
		put_line(o, "  ", run->why, strlen(run->why));
}

/* The sentence above ends with this detail, which has no need to be repeated. */
static bool is_quoted(const struct ktstr_run *run, const char *text)
{
	size_t len = strlen(text), why = strlen(run->why);

	return len && len <= why && !strcmp(run->why + why - len, text);
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

	for (k = 0; k < ARRAY_SIZE(order); k++)
		for (i = 0; i < r->nr_details; i++) {
			if (r->details[i].severity != order[k] ||
			    is_quoted(run, r->details[i].text) ||
			    (o->brief && r->details[i].kind == KTSTR_PART))
				continue;	/* verdicts of parts are printed elsewhere */
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

/* The figures that have a label of their own, as far as they were measured. */
static void put_labelled(const struct out *o, const struct ktstr_cgroup_stats *c)
{
	const struct ktstr_metric *m;
	struct ktstr_stats s;
	double v;

	ktstr_cgroup_stats__figures(c, &s);
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		v = m->label ? ktstr_metric__value(m, &s) : NAN;
		if (!isnan(v))
			fprintf(o->f, " %s=%.*f%s", m->label, m->integer ? 0 : 1, v, m->unit);
	}
}

/* Only what was measured. */
static void put_cgroup_stats(const struct out *o, const struct ktstr_cgroup_stats *c)
{
	const struct ktstr_sample_stats *w = &c->samples[KTSTR_SAMPLES_WAKE];
	const struct ktstr_sample_stats *t = &c->samples[KTSTR_SAMPLES_TIMER];
	const struct ktstr_sample_stats *cost = &c->samples[KTSTR_SAMPLES_COST];
	char step[24] = "";

	if (c->step)		/* as in findings */
		snprintf(step, sizeof(step), " (step %u)", c->step + 1);
	fprintf(o->f,
		"  %.*s%s: workers=%u cpus=%u spread=%.1f%%%s gap=%.0fms migrations=%" PRIu64 " iter=%" PRIu64,
		KTSTR_NAME_LEN, c->name, step, c->workers, c->cpus, c->spread_pct,
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
	put_labelled(o, c);
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

/*
 * The figures of the test or, in a batch, of one scenario, from @i on. Returns the index of the
 * next ones.
 */
static uint32_t put_part_stats(const struct out *o, const struct ktstr_result *r, uint32_t i)
{
	const char *part = r->cgroups[i].part;
	struct ktstr_stats t = *part ? ktstr_stats__part(r, part) : ktstr_stats__run(r);
	uint32_t left = o->brief ? BRIEF_CGROUPS : ALL, more = 0;
	char title[KTSTR_NAME_LEN + 16];

	snprintf(title, sizeof(title), "stats%s%s", *part ? " of " : "", part);
	put_title(o, title);
	if (isnan(t.workers)) {
		fputs("no step ended with its workers judged", o->f);
	} else {
		fprintf(o->f, "%.0f workers, %.0f cpus, %.0f migrations", t.workers, t.cpus,
			t.migrations);
		if (!isnan(t.spread_pct))
			fprintf(o->f, ", worst_spread=%.1f%%", t.spread_pct);
		fprintf(o->f, ", worst_gap=%.0fms", t.max_gap_ms);
	}
	fputc('\n', o->f);
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
		fprintf(o->f, "  %s%s%s: %s = %g%s%s", m->source, *m->cgroup ? " in " : "",
			m->cgroup, m->name, m->value, *m->unit ? " " : "", m->unit);
		if (m->polarity == KTSTR_TARGET_IS_BETTER)
			fprintf(o->f, " (best: %g)", m->target);
		if (m->step == KTSTR_NO_STEP)
			fputc('\n', o->f);
		else
			fprintf(o->f, " (step %u)\n", m->step + 1);
	}
}

static void put_output(const struct out *o, const struct ktstr_output *of,
		       enum ktstr_stream stream)
{
	char name[2 * KTSTR_NAME_LEN], *text = ktstr_textbuf__str(&of->text[stream]);

	ktstr_output__file(of, stream, name, sizeof(name));
	if (text && *text) {
		fprintf(o->f, "  %s:\n", name);
		put_text(o, "    ", ktstr_text__tail(text, o->brief ? BRIEF_OUTPUT : MAX_OUTPUT),
			 ALL);
	}
	free(text);
}

/* What payloads printed of which a check failed; of the others, where to find it. */
static void put_outputs(const struct out *o, const struct ktstr_run *run)
{
	const struct ktstr_outputs *all = &run->seen->outputs;
	uint32_t left = o->brief ? BRIEF_OUTPUTS : ALL;
	const struct ktstr_output *of;
	bool title = false;

	for (of = all->list; of < all->list + all->nr && left; of++) {
		if (o->brief && !of->failed)
			continue;
		if (!title)
			put_title(o, "output of payloads");
		title = true;
		left--;
		fprintf(o->f, "%s%s%s, step %u: %" PRIu64 " bytes of output, %" PRIu64 " of errors%s\n",
			of->source, *of->cgroup ? " in " : "", of->cgroup, of->step + 1,
			of->text[KTSTR_STDOUT].total, of->text[KTSTR_STDERR].total,
			of->failed ? ", a check of it failed" : "");
		if (of->failed) {
			put_output(o, of, KTSTR_STDOUT);
			put_output(o, of, KTSTR_STDERR);
		}
	}
}

/* One of the facts; the brief form has only the most important ones. */
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
	char line[400], why[128], found[32];

	if (!r->nr_stalls)
		return;
	put_title(o, "stalled workers");
	for (i = 0; i < r->nr_stalls && i < max; i++) {
		s = &r->stalls[i];
		ktstr_stall__describe(s, why, sizeof(why));
		snprintf(line, sizeof(line),
			 "%s%s%s: step %u: %s[%d] stood still for %.1f s from +%.1f s on: %s%s",
			 s->part, *s->part ? ": " : "", s->cgroup, s->step + 1, s->comm, s->tid,
			 s->for_ns / 1e9, s->at_ns / 1e9, why, s->resumed ? "; it went on" : "");
		put_line(o, "  ", line, strlen(line));
		snprintf(found, sizeof(found), "%.3f s", s->found_ns / 1e9);
		put_fact(o, true, "", s->status);
		put_fact(o, false, "found at ", found);
		put_fact(o, false, "wchan: ", s->wchan);
		put_fact(o, false, "syscall: ", s->syscall);
		put_fact(o, false, "cgroup: ", s->path);
		put_fact(o, false, "load: ", s->loadavg);
		put_fact(o, true, "stack: ", s->stack);
	}
	if (i < r->nr_stalls || r->dropped_stalls)
		fprintf(o->f, "  ... and %u more\n", r->nr_stalls - i + r->dropped_stalls);
}

static void put_part(const struct out *o, const struct ktstr_run *run,
		     const struct ktstr_run_part *p)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	p->report(run, ktstr_part__state(run, p), o->brief, f);
	if (!fclose(f) && len) {
		if (p->title)
			put_title(o, p->title);
		put_text(o, "", text, ALL);
	}
	free(text);
}

/* The parts of the run with a section of their own, or those without. */
static void put_parts(const struct out *o, const struct ktstr_run *run, bool titled)
{
	const struct ktstr_run_part * const *p;

	for (p = ktstr_run_parts; *p; p++)
		if ((*p)->report && titled == ((*p)->title != NULL) &&
		    ktstr_part__ready(run, *p))
			put_part(o, run, *p);
}

/* By itself with status 0, or by one of the signals with which the guest asks (init/sched.c). */
static bool ended_well(int status)
{
	return WIFSIGNALED(status) ? WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM :
				     !WEXITSTATUS(status);
}

static void put_status(FILE *f, const char *what, int status)
{
	char how[KTSTR_STATUS_SIZE];

	fprintf(f, "%s %s\n", what, ktstr_status__format(status, how, sizeof(how)));
}

static void put_programs(const struct out *o, const struct ktstr_run *run)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	ktstr_ran__report(run, o->brief, f);
	if (!fclose(f))
		put_text(o, "", text, ALL);
	free(text);
}

static void put_diagnostics(const struct out *o, const struct ktstr_run *run)
{
	const struct ktstr_seen *s = run->seen;

	if (run->verdict == KTSTR_SKIP || !run->kernel.path)
		return;
	put_title(o, "diagnostics");
	fprintf(o->f, "stage: %s\n", ktstr_lifecycle__describe(run->lifecycle));
	if (s->exited && s->exit_status)
		fprintf(o->f, "exit_code=%d (%s)\n", s->exit_status,
			strerror(abs(s->exit_status)));
	if (s->sched_exited)
		put_status(o->f, s->sched_outlived ? "scheduler, gone before, then asked to end by us," :
			   !s->sched_planned ? "scheduler" :
			   ended_well(s->sched_status) ? "scheduler (stopped by us)" :
			   "scheduler, asked to end by us,", s->sched_status);
	if (run->scx_error) {
		fprintf(o->f, "sched_ext: %s disabled (%s)\n", s->scx.ops, s->scx.reason);
		put_text(o, "  ", run->scx_error, o->brief ? 2 : ALL);
	}
	put_programs(o, run);
	fprintf(o->f, "kernel: %s  accel: %s", run->kernel.release ?: run->kernel.path,
		ktstr_accel__name(run->accel));
	if (ktstr_run__deterministic(run))
		fprintf(o->f, "  seed: %" PRIu64, run->opts.seed);
	if (run->guest_total_ns)
		fprintf(o->f, "  guest time: %.3f s", run->guest_total_ns / 1e9);
	fputc('\n', o->f);
	ktstr_ran__report_start(run, o->f);
	put_parts(o, run, false);
	if (ktstr_run__time_scale(run) > 1)
		fprintf(o->f,
			"limits: times x %u, rates / %u (CPUs of multi-threaded emulation are shared)\n",
			ktstr_run__time_scale(run), ktstr_run__time_scale(run));
}

/* In the complete report only. */
static void put_timeline(const struct out *o, const struct ktstr_run *run)
{
	if (o->brief || !run->seen->started)
		return;
	put_title(o, "timeline");
	ktstr_timeline__report(run, o->f);
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

/* The important lines of the kernel log, only the last ones when there are many. */
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

/* A guest that missed a deadline: its vCPUs and tasks. */
static void put_stuck(const struct out *o, const struct ktstr_run *run)
{
	const char *text = run->seen->stuck;

	if (!text || !*text)
		return;
	put_title(o, "where the guest stood (stacks may have old frames)");
	put_text(o, "", text, o->brief ? BRIEF_STUCK : ALL);
}

/* The raw console is shown when the guest did not end by itself. */
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
	put_outputs(&o, run);
	put_stalls(&o, run->result);
	put_stuck(&o, run);
	put_parts(&o, run, true);
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
