// SPDX-License-Identifier: GPL-2.0
/* The document on stdout; see document.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tools-testing-ktstr/util/util.h"
#include "document.h"
#include "result-file.h"

static void print_lines(struct document *d, const struct ktap_reader *from)
{
	unsigned int i;

	for (i = 0; i < from->nr_diag; i++)
		ktap_print_diag(d->out, from->diag[i]);
	if (from->dropped_diag)
		fprintf(d->out, "# (%u more lines)\n", from->dropped_diag);
}

/* Lines that are neither result nor diagnostic are shown only when something is wrong. */
static void print_noise(struct document *d, const struct ktap_reader *from, const char *stream)
{
	char text[KTAP_LINE_LEN + 8];
	const char *line;
	unsigned int i;

	if (from->nr_noise)
		fprintf(d->out, "# last lines of %s:\n", stream);
	for (i = 0; (line = ktap_reader__noise(from, i)); i++) {
		snprintf(text, sizeof(text), "  %s", line);
		ktap_print_diag(d->out, text);
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
static void make_remark(const struct document *d, const struct job *job, char *buf, size_t size)
{
	int n = 0;

	buf[0] = '\0';
	if (d->nr_repeats > 1)
		n += snprintf(buf + n, size - n, "repeat %u/%u, ", job->repeat, d->nr_repeats);
	if (d->nr_repeats > 1 && job->seeded)
		n += snprintf(buf + n, size - n, "seed %llu, ", (unsigned long long)job->seed);
	if (d->out_tty)
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

static void print_ktap(struct document *d, unsigned int i)
{
	const struct job *job = &d->jobs[i];
	char id[KTAP_LINE_LEN], remark[96];

	print_lines(d, &job->out);
	print_lines(d, &job->err);
	if (is_bad(job->verdict.status)) {
		print_noise(d, &job->out, "stdout");
		print_noise(d, &job->err, "stderr");
	}
	document__id(d, job, id, sizeof(id));
	make_remark(d, job, remark, sizeof(remark));
	if (d->colour)
		fputs(colour_of(job->verdict.status), d->out);
	ktap_print_result(d->out, i + 1, id, &job->verdict, remark);
	if (d->colour)
		fputs("\033[m", d->out);
}

const char *job__reason(const struct job *job)
{
	const struct ktap_verdict *v = &job->verdict;

	return v->note[0] || v->status != KTAP_FAIL ? v->note : ktap_reader__finding(&job->out);
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

static void json_sidecar(struct document *d, const struct job *job)
{
	char *path = result_file__find(d->head->runs_root, job->run_id, job->test, job->started_at);
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
		print_ktap(d, i);
	d->nr_printed++;
	if (d->jobs[i].state == JOB_DONE)
		d->count[d->jobs[i].verdict.status]++;
	d->nr_unrecorded += d->jobs[i].out.unrecorded;
	ktap_reader__free(&d->jobs[i].out);
	ktap_reader__free(&d->jobs[i].err);
}

static int flush_out(struct document *d)
{
	if (fflush(d->out) || ferror(d->out))
		return errno ? -errno : -EIO;
	return 0;
}

static void print_head(struct document *d, const char *key, const char *value)
{
	char line[8192], clean[8192];

	snprintf(line, sizeof(line), "%s: %s", key, value);
	ktap_clean(clean, sizeof(clean), line, strlen(line));
	ktap_print_diag(d->out, clean);
}

/* https://no-color.org: any value but the empty one. */
static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && *term && strcmp(term, "dumb");
}

void document__begin(struct document *d)
{
	char where[1024];
	unsigned int i;

	d->started_ns = ktstr_now_ns();
	d->tty = isatty(2) && !d->plain;
	d->out_tty = isatty(fileno(d->out));
	d->colour = d->out_tty && wants_colour();
	if (d->json) {
		fputs("[\n", d->out);
		return;
	}
	fputs("KTAP version 1\n", d->out);
	for (i = 0; d->head->kernels && i < d->head->kernels->nr; i++)
		print_head(d, d->head->kernels->item[i].label, d->head->kernels->item[i].text);
	if (!d->head->kernels)
		print_head(d, "kernel", d->head->kernel);
	print_head(d, "accelerator", d->head->accel);
	print_head(d, "seed", d->head->seed);
	if (d->head->scheduler[0])
		print_head(d, "scheduler", d->head->scheduler);
	snprintf(where, sizeof(where), "%s/%s", d->head->runs_root, d->head->run_id);
	print_head(d, "artefacts", where);
	fprintf(d->out, "1..%u%s\n", d->nr_jobs,
		d->nr_jobs ? "" : " # SKIP no test is left in this shard");
	fflush(d->out);
}

int document__flush(struct document *d)
{
	unsigned int before = d->next;

	while (d->next < d->nr_jobs && d->jobs[d->next].state == JOB_DONE)
		print_job(d, d->next++);
	return d->next > before ? flush_out(d) : 0;
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
	if (d->json) {
		fputs("\n]\n", d->out);
		return flush_out(d);
	}
	if (stop)
		fprintf(d->out, "Bail out! %s, %u of %u tests have no result\n",
			strsignal(stop), missing, d->nr_jobs);
	if (d->count[KTAP_INCONCLUSIVE])
		fprintf(d->out, "# %u of %u tests were inconclusive\n",
			d->count[KTAP_INCONCLUSIVE], d->nr_jobs);
	if (d->count[KTAP_SKIP])
		fprintf(d->out, "# %u of %u tests were skipped\n", d->count[KTAP_SKIP],
			d->nr_jobs);
	if (d->nr_unrecorded)
		fprintf(d->out, "# %u of %u results could not be recorded\n", d->nr_unrecorded,
			d->nr_jobs);
	if (d->head->table)
		d->head->table(d);
	fprintf(d->out, "# Totals: pass:%u fail:%u xfail:%u xpass:%u skip:%u error:%u\n",
		d->count[KTAP_PASS], d->count[KTAP_FAIL] + d->count[KTAP_INCONCLUSIVE],
		d->count[KTAP_XFAIL],
		d->count[KTAP_XPASS], d->count[KTAP_SKIP], d->count[KTAP_ERROR]);
	return flush_out(d);
}

int document__exit_status(const struct document *d)
{
	if (d->count[KTAP_FAIL] || d->count[KTAP_ERROR] || d->nr_unrecorded)
		return 1;
	if (d->count[KTAP_INCONCLUSIVE])
		return 2;
	return d->count[KTAP_SKIP] == d->nr_jobs ? 4 : 0;
}
