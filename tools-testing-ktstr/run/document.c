// SPDX-License-Identifier: GPL-2.0
/* The document on stdout; see document.h. */
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/coverage/lcov.h"
#include "lib/clock.h"
#include "tools-testing-ktstr/util/util.h"
#include "lib/paths.h"
#include "document.h"
#include "result-file.h"
#include "tally.h"
#include "tap-file.h"

static void print_lines(FILE *f, const struct ktap_reader *from)
{
	unsigned int i;

	for (i = 0; i < from->nr_diag; i++)
		ktap_print_diag(f, from->diag[i]);
	if (from->dropped_diag)
		fprintf(f, "# (%u more lines)\n", from->dropped_diag);
}

/* Lines that are neither result nor diagnostic are shown only when something is wrong. */
static void print_noise(FILE *f, const struct ktap_reader *from, const char *stream)
{
	char text[KTAP_LINE_LEN + 8];
	const char *line;
	unsigned int i;

	if (from->nr_noise)
		fprintf(f, "# last lines of %s:\n", stream);
	for (i = 0; (line = ktap_reader__noise(from, i)); i++) {
		snprintf(text, sizeof(text), "  %s", line);
		ktap_print_diag(f, text);
	}
}

static bool is_bad(enum ktap_status s)
{
	return s >= KTAP_INCONCLUSIVE;
}

/* Of a result line on a terminal; a parser never sees it. */
static const char *colour_of(enum ktap_status s)
{
	if (s >= KTAP_FAIL || s == KTAP_NONE)
		return "\033[31m";		/* red */
	return s == KTAP_PASS || s == KTAP_XFAIL ? "\033[32m" : "\033[33m"; /* green, yellow */
}

/* "repeat 2/3, seed 8, 14.2 s": the time on a terminal only, as parsers compare lines. */
static void make_remark(const struct document *d, const struct job *job, bool tty, char *buf,
			size_t size)
{
	int n = 0;

	buf[0] = '\0';
	if (d->nr_repeats > 1)
		n += snprintf(buf + n, size - n, "repeat %u/%u, ", job->repeat, d->nr_repeats);
	if ((d->nr_repeats > 1 || job->nr_attempts) && job->seeded)
		n += snprintf(buf + n, size - n, "seed %llu, ", (unsigned long long)job->seed);
	if (tty)
		n += snprintf(buf + n, size - n, "%.1f s, ", job->seconds);
	if (n)
		buf[n - 2] = '\0';
}

void document__id(const struct document *d, const struct job *job, char *buf, size_t size)
{
	bool several = d->head->kernels && job->kernel;

	if (job->id)
		snprintf(buf, size, "%s", job->id);
	else
		snprintf(buf, size, "%s/%s%s%s", job->fixture, job->test, several ? "/" : "",
			 several ? job->kernel->label : "");
}

static void print_report(FILE *f, const struct ktap_reader *out, const struct ktap_reader *err,
			 enum ktap_status status)
{
	print_lines(f, out);
	print_lines(f, err);
	if (!is_bad(status))
		return;
	print_noise(f, out, "stdout");
	print_noise(f, err, "stderr");
}

static const char *reason_of(const struct ktap_verdict *v, const struct ktap_reader *out)
{
	return v->note[0] || v->status != KTAP_FAIL ? v->note : ktap_reader__finding(out);
}

/* Nothing that failed is left out: each attempt with its report. */
static void print_attempts(FILE *f, const struct job *job)
{
	const struct attempt *a;
	char line[KTAP_LINE_LEN];
	unsigned int i;
	int n;

	for (i = 0; i < job->nr_attempts; i++) {
		a = &job->attempts[i];
		n = snprintf(line, sizeof(line), "attempt %u of %u: %s", i + 1, job->nr_attempts + 1,
			     ktap_status__name(a->verdict.status));
		if (a->seeded)
			n += snprintf(line + n, sizeof(line) - n, " (seed %llu)",
				      (unsigned long long)a->seed);
		snprintf(line + n, sizeof(line) - n, "%s%.200s",
			 *reason_of(&a->verdict, &a->out) ? ": " : "",
			 reason_of(&a->verdict, &a->out));
		ktap_print_diag(f, line);
		print_report(f, &a->out, &a->err, a->verdict.status);
	}
	if (job->nr_attempts) {
		snprintf(line, sizeof(line), "attempt %u of %u:", i + 1, job->nr_attempts + 1);
		ktap_print_diag(f, line);
	}
}

static void print_ktap(const struct document *d, FILE *f, unsigned int i, bool tty, bool colour)
{
	const struct job *job = &d->jobs[i];
	char id[KTAP_LINE_LEN], remark[96];

	print_attempts(f, job);
	print_report(f, &job->out, &job->err, job->verdict.status);
	document__id(d, job, id, sizeof(id));
	make_remark(d, job, tty, remark, sizeof(remark));
	if (colour)
		fputs(colour_of(job->verdict.status), f);
	ktap_print_result(f, i + 1, id, &job->verdict, remark);
	if (colour)
		fputs("\033[m", f);
}

static void add_to_junit(struct document *d, const struct job *job)
{
	char id[KTAP_LINE_LEN];
	struct junit_case c = {
		.id = id, .reason = job__reason(job), .seconds = job->seconds,
		.status = job->state == JOB_DONE ? job->verdict.status : KTAP_NONE,
	};
	unsigned int i;

	document__id(d, job, id, sizeof(id));
	junit__case(&d->junit, &c);
	for (i = 0; i < job->nr_attempts; i++)
		junit__attempt(&d->junit, reason_of(&job->attempts[i].verdict, &job->attempts[i].out));
	for (i = 0; i < job->out.nr_diag; i++)
		junit__text(&d->junit, job->out.diag[i]);
	junit__end_case(&d->junit);
}

const char *job__reason(const struct job *job)
{
	return reason_of(&job->verdict, &job->out);
}

static void json_member(struct document *d, const char *key, const char *value)
{
	char clean[8192];

	ktap_clean(clean, sizeof(clean), value, strlen(value));
	fprintf(d->out, ",\n  \"%s\": ", key);
	json_string(d->out, clean);
}

static void json_lines(struct document *d, const struct job *job)
{
	const struct ktap_reader *from[] = { &job->out, &job->err };
	const char *line, *comma = "";
	unsigned int i, s;

	fputs(",\n  \"diagnostics\": [", d->out);
	for (s = 0; s < ARRAY_SIZE(from); s++) {
		for (i = 0; i < from[s]->nr_diag; i++, comma = ",") {
			fprintf(d->out, "%s\n    ", comma);
			json_string(d->out, from[s]->diag[i]);
		}
		for (i = 0; is_bad(job->verdict.status); i++, comma = ",") {
			line = ktap_reader__noise(from[s], i);
			if (!line)
				break;
			fprintf(d->out, "%s\n    ", comma);
			json_string(d->out, line);
		}
	}
	fputs(*comma ? "\n  ]" : "]", d->out);
}

static void json_attempts(struct document *d, const struct job *job)
{
	const struct attempt *a;
	unsigned int i;

	if (!job->nr_attempts)
		return;
	fputs(",\n  \"attempts\": [", d->out);
	for (i = 0; i < job->nr_attempts; i++) {
		a = &job->attempts[i];
		fprintf(d->out, "%s\n    { \"verdict\": \"%s\", \"reason\": ", i ? "," : "",
			ktap_status__name(a->verdict.status));
		json_string(d->out, reason_of(&a->verdict, &a->out));
		if (a->seeded)
			fprintf(d->out, ", \"seed\": %llu", (unsigned long long)a->seed);
		fprintf(d->out, ", \"seconds\": %.3f }", a->seconds);
	}
	fputs("\n  ]", d->out);
}

static void json_sidecar(struct document *d, const struct job *job)
{
	char *path = result_file__find(d->head->runs_root, job->run_id, job->fixture,
				       job->test, job->started_at);
	struct ktstr_err err;
	char *text;

	if (job->out.unrecorded)
		json_member(d, "sidecar_error", job->out.unrecorded_why);
	if (!path) {
		fputs(",\n  \"sidecar\": null", d->out);
		return;
	}
	json_member(d, "sidecar", path);
	text = result_file__read(path, &err);
	if (text)
		fprintf(d->out, ",\n  \"result\": %s", text);
	else if (!job->out.unrecorded)
		json_member(d, "sidecar_error", err.msg);
	free(text);
	free(path);
}

static void print_json(struct document *d, unsigned int i)
{
	const struct job *job = &d->jobs[i];
	char id[KTAP_LINE_LEN];

	document__id(d, job, id, sizeof(id));
	fprintf(d->out, "%s{\n  \"id\": ", d->nr_printed ? ",\n" : "");
	json_string(d->out, id);
	json_member(d, "program", job->program);
	if (job->state != JOB_DONE) {
		json_member(d, "verdict", "none");
		fputs("\n}", d->out);
		return;
	}
	json_member(d, "verdict", ktap_status__name(job->verdict.status));
	json_member(d, "reason", job__reason(job));
	fprintf(d->out, ",\n  \"seconds\": %.3f,\n  \"repeat\": %u", job->seconds, job->repeat);
	if (job->seeded)
		fprintf(d->out, ",\n  \"seed\": %llu", (unsigned long long)job->seed);
	json_member(d, "run_id", job->run_id);
	json_member(d, "kernel", job->kernel ? job->kernel->text : d->head->kernel);
	json_member(d, "accelerator", d->head->accel);
	if (d->head->scheduler[0])
		json_member(d, "scheduler", d->head->scheduler);
	json_attempts(d, job);
	json_lines(d, job);
	json_sidecar(d, job);
	fputs("\n}", d->out);
}

static void print_job(struct document *d, unsigned int i)
{
	if (d->tty && d->out_tty)
		fputs(CLEAR_LINE, stderr);
	if (d->json)
		print_json(d, i);
	else
		print_ktap(d, d->out, i, d->out_tty, d->colour);
	if (d->tap && d->jobs[i].state == JOB_DONE)
		print_ktap(d, d->tap, i, false, false);
	if (d->junit_path)
		add_to_junit(d, &d->jobs[i]);
	d->nr_printed++;
	if (d->jobs[i].state == JOB_DONE)
		d->count[d->jobs[i].verdict.status]++;
	d->nr_unrecorded += d->jobs[i].out.unrecorded;
	job__free(&d->jobs[i]);
}

static struct tally document__tally(const struct document *d)
{
	struct tally t = { .nr = d->nr_jobs, .nr_unrecorded = d->nr_unrecorded };

	memcpy(t.count, d->count, sizeof(t.count));
	return t;
}

static int flush_out(struct document *d)
{
	if (fflush(d->out) || ferror(d->out))
		return errno ? -errno : -EIO;
	return 0;
}

static void print_head(FILE *f, const char *key, const char *value)
{
	char line[8192], clean[8192];

	snprintf(line, sizeof(line), "%s: %s", key, value);
	ktap_clean(clean, sizeof(clean), line, strlen(line));
	ktap_print_diag(f, clean);
}

/* https://no-color.org: any value but the empty one. */
static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && *term && strcmp(term, "dumb");
}

static void print_begin(const struct document *d, FILE *f)
{
	const struct document_header *h = d->head;
	char where[1024];
	unsigned int i;

	fputs("KTAP version 1\n", f);
	for (i = 0; h->kernels && i < h->kernels->nr; i++)
		print_head(f, h->kernels->item[i].label, h->kernels->item[i].text);
	if (!h->kernels)
		print_head(f, "kernel", h->kernel);
	print_head(f, "accelerator", h->accel);
	print_head(f, "seed", h->seed);
	if (h->scheduler[0])
		print_head(f, "scheduler", h->scheduler);
	if (h->budget[0])
		print_head(f, "budget", h->budget);
	if (h->shard[0])
		print_head(f, "shard", h->shard);
	snprintf(where, sizeof(where), "%s/%s", h->runs_root, h->run_id);
	print_head(f, "artefacts", where);
	fprintf(f, "1..%u%s\n", d->nr_jobs,
		d->nr_jobs ? "" : " # SKIP no test is left in this shard");
}

/* The same document stays in the run's folder. A folder that cannot be written is told by the tests. */
static void open_tap(struct document *d)
{
	char path[PATH_MAX];

	if (ktstr_paths__fmt(path, sizeof(path), "%s/%s", d->head->runs_root, d->head->run_id) ||
	    ktstr_paths__mkdirs(path) ||
	    ktstr_paths__fmt(path, sizeof(path), "%s/%s/" TAP_FILE_NAME, d->head->runs_root,
			     d->head->run_id))
		return;
	d->tap = fopen(path, "we");
	if (d->tap)
		print_begin(d, d->tap);
}

void document__begin(struct document *d)
{
	d->started_ns = ktstr_now_ns();
	d->tty = isatty(2) && !d->plain;
	d->out_tty = isatty(fileno(d->out));
	d->colour = d->out_tty && wants_colour();
	open_tap(d);
	if (d->junit_path && junit__begin(&d->junit))
		d->junit_path = NULL;
	if (d->json) {
		fputs("[\n", d->out);
		return;
	}
	print_begin(d, d->out);
	fflush(d->out);
}

int document__flush(struct document *d)
{
	unsigned int before = d->next;

	while (d->next < d->nr_jobs && d->jobs[d->next].state == JOB_DONE)
		print_job(d, d->next++);
	return d->next > before ? flush_out(d) : 0;
}

static void print_end(const struct document *d, FILE *f, int stop, unsigned int missing)
{
	const struct tally t = document__tally(d);

	if (stop)
		fprintf(f, "Bail out! %s, %u of %u tests have no result\n", strsignal(stop), missing,
			d->nr_jobs);
	if (d->head->table)
		d->head->table(d, f);
	if (d->coverage[0])
		print_head(f, "coverage", d->coverage);
	tally__print(&t, f);
}

int document__end(struct document *d, int stop)
{
	unsigned int missing = 0, i;

	if (d->tty)
		fputs(CLEAR_LINE, stderr);
	for (i = d->next; i < d->nr_jobs; i++) {
		missing += d->jobs[i].state != JOB_DONE;
		if (d->json || d->jobs[i].state == JOB_DONE)
			print_job(d, i);
	}
	d->next = d->nr_jobs;
	if (d->head->coverage)
		ktstr_lcov__conclude(d->head->coverage, d->coverage, sizeof(d->coverage));
	if (d->json && d->coverage[0])
		fprintf(stderr, "ktstr: coverage: %s\n", d->coverage);
	if (d->tap) {
		print_end(d, d->tap, stop, missing);
		if (fclose(d->tap))
			fprintf(stderr, "ktstr: " TAP_FILE_NAME ": %s\n", strerror(errno));
		d->tap = NULL;
	}
	if (d->json)
		fputs("\n]\n", d->out);
	else
		print_end(d, d->out, stop, missing);
	return flush_out(d);
}

int document__junit(struct document *d, struct ktstr_err *err)
{
	return d->junit_path ? junit__end(&d->junit, d->junit_path, err) : 0;
}

int document__exit_status(const struct document *d)
{
	const struct tally t = document__tally(d);

	return tally__exit_status(&t);
}
