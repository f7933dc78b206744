// SPDX-License-Identifier: GPL-2.0
/* The document on stdout; see report.h. Progress is in progress.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "util.h"

#define CLEAR_LINE	"\r\033[K"

static void print_lines(struct report *r, const struct ktap_reader *from)
{
	unsigned int i;

	for (i = 0; i < from->nr_diag; i++)
		ktap_print_diag(r->out, from->diag[i]);
	if (from->dropped_diag)
		fprintf(r->out, "# (%u more lines)\n", from->dropped_diag);
}

/* What was neither result nor diagnostic is worth showing only when something is wrong. */
static void print_noise(struct report *r, const struct ktap_reader *from, const char *stream)
{
	char text[KTAP_LINE_LEN + 8];
	const char *line;
	unsigned int i;

	if (from->nr_noise)
		fprintf(r->out, "# last lines of %s:\n", stream);
	for (i = 0; (line = ktap_reader__noise(from, i)); i++) {
		snprintf(text, sizeof(text), "  %s", line);
		ktap_print_diag(r->out, text);
	}
}

static bool is_bad(enum ktap_status s)
{
	return s >= KTAP_INCONCLUSIVE;
}

static void print_ktap(struct report *r, unsigned int i)
{
	const struct job *job = &r->jobs[i];
	char id[KTAP_LINE_LEN], remark[64] = "";
	int n;

	print_lines(r, &job->out);
	print_lines(r, &job->err);
	if (is_bad(job->verdict.status)) {
		print_noise(r, &job->out, "stdout");
		print_noise(r, &job->err, "stderr");
	}
	snprintf(id, sizeof(id), "%s/%s", job->fixture, job->test);
	if (r->nr_repeats > 1) {
		n = snprintf(remark, sizeof(remark), "repeat %u/%u", job->repeat, r->nr_repeats);
		if (job->seeded)
			snprintf(remark + n, sizeof(remark) - n, ", seed %llu",
				 (unsigned long long)job->seed);
	}
	ktap_print_result(r->out, i + 1, id, &job->verdict, remark);
}

static void json_member(struct report *r, const char *key, const char *value)
{
	char clean[2048];

	ktap_clean(clean, sizeof(clean), value, strlen(value));
	fprintf(r->out, ",\n  \"%s\": ", key);
	json_string(r->out, clean);
}

static void json_lines(struct report *r, const struct job *job)
{
	const struct ktap_reader *from[] = { &job->out, &job->err };
	const char *line, *comma = "";
	unsigned int i, s;

	fputs(",\n  \"diagnostics\": [", r->out);
	for (s = 0; s < ARRAY_LEN(from); s++) {
		for (i = 0; i < from[s]->nr_diag; i++, comma = ",") {
			fprintf(r->out, "%s\n    ", comma);
			json_string(r->out, from[s]->diag[i]);
		}
		for (i = 0; is_bad(job->verdict.status); i++, comma = ",") {
			line = ktap_reader__noise(from[s], i);
			if (!line)
				break;
			fprintf(r->out, "%s\n    ", comma);
			json_string(r->out, line);
		}
	}
	fputs(*comma ? "\n  ]" : "]", r->out);
}

static void json_sidecar(struct report *r, const struct job *job)
{
	char *path = sidecar__find(r->head->runs_root, job->run_id, job->test, job->started_at);
	struct vm_err err;
	char *text;

	if (!path) {
		fputs(",\n  \"sidecar\": null", r->out);
		return;
	}
	json_member(r, "sidecar", path);
	text = sidecar__read(path, &err);
	if (text)
		fprintf(r->out, ",\n  \"result\": %s", text);
	else
		json_member(r, "sidecar_error", err.msg);
	free(text);
	free(path);
}

static void print_json(struct report *r, unsigned int i)
{
	const struct job *job = &r->jobs[i];
	char id[KTAP_LINE_LEN];

	snprintf(id, sizeof(id), "%s/%s", job->fixture, job->test);
	fprintf(r->out, "%s{\n  \"id\": ", r->nr_printed ? ",\n" : "");
	json_string(r->out, id);
	json_member(r, "program", job->program);
	if (job->state != JOB_DONE) {
		json_member(r, "verdict", "none");
		fputs("\n}", r->out);
		return;
	}
	json_member(r, "verdict", ktap_status__name(job->verdict.status));
	json_member(r, "reason", job->verdict.note);
	fprintf(r->out, ",\n  \"seconds\": %.3f,\n  \"repeat\": %u", job->seconds, job->repeat);
	if (job->seeded)
		fprintf(r->out, ",\n  \"seed\": %llu", (unsigned long long)job->seed);
	json_member(r, "run_id", job->run_id);
	json_member(r, "kernel", r->head->kernel);
	json_member(r, "accelerator", r->head->accel);
	json_lines(r, job);
	json_sidecar(r, job);
	fputs("\n}", r->out);
}

static void print_job(struct report *r, unsigned int i)
{
	if (r->tty && r->out_tty)
		fputs(CLEAR_LINE, stderr);
	if (r->json)
		print_json(r, i);
	else
		print_ktap(r, i);
	r->nr_printed++;
	if (r->jobs[i].state == JOB_DONE)
		r->count[r->jobs[i].verdict.status]++;
	ktap_reader__free(&r->jobs[i].out);
	ktap_reader__free(&r->jobs[i].err);
}

static int flush_out(struct report *r)
{
	if (fflush(r->out) || ferror(r->out))
		return errno ? -errno : -EIO;
	return 0;
}

static void print_head(struct report *r, const char *key, const char *value)
{
	char line[2048], clean[2048];

	snprintf(line, sizeof(line), "%s: %s", key, value);
	ktap_clean(clean, sizeof(clean), line, strlen(line));
	ktap_print_diag(r->out, clean);
}

void report__begin(struct report *r)
{
	char where[1024];

	r->started = now_s();
	r->tty = isatty(2);
	r->out_tty = isatty(fileno(r->out));
	if (r->json) {
		fputs("[\n", r->out);
		return;
	}
	fputs("KTAP version 1\n", r->out);
	print_head(r, "kernel", r->head->kernel);
	print_head(r, "accelerator", r->head->accel);
	print_head(r, "seed", r->head->seed);
	snprintf(where, sizeof(where), "%s/%s", r->head->runs_root, r->head->run_id);
	print_head(r, "artefacts", where);
	fprintf(r->out, "1..%u%s\n", r->nr_jobs,
		r->nr_jobs ? "" : " # SKIP no test is left in this shard");
	fflush(r->out);
}

int report__flush(struct report *r)
{
	unsigned int before = r->next;

	while (r->next < r->nr_jobs && r->jobs[r->next].state == JOB_DONE)
		print_job(r, r->next++);
	return r->next > before ? flush_out(r) : 0;
}

int report__end(struct report *r, int stop)
{
	unsigned int missing = 0, i;

	if (r->tty)
		fputs(CLEAR_LINE, stderr);
	for (i = r->next; i < r->nr_jobs; i++) {
		missing += r->jobs[i].state != JOB_DONE;
		if (r->json || r->jobs[i].state == JOB_DONE)
			print_job(r, i);
	}
	r->next = r->nr_jobs;
	if (r->json) {
		fputs("\n]\n", r->out);
		return flush_out(r);
	}
	if (stop)
		fprintf(r->out, "Bail out! %s, %u of %u tests have no result\n",
			strsignal(stop), missing, r->nr_jobs);
	if (r->count[KTAP_INCONCLUSIVE])
		fprintf(r->out, "# %u of %u tests were inconclusive\n",
			r->count[KTAP_INCONCLUSIVE], r->nr_jobs);
	if (r->count[KTAP_SKIP])
		fprintf(r->out, "# %u of %u tests were skipped\n", r->count[KTAP_SKIP],
			r->nr_jobs);
	fprintf(r->out, "# Totals: pass:%u fail:%u xfail:%u xpass:%u skip:%u error:%u\n",
		r->count[KTAP_PASS], r->count[KTAP_FAIL] + r->count[KTAP_INCONCLUSIVE],
		r->count[KTAP_XFAIL],
		r->count[KTAP_XPASS], r->count[KTAP_SKIP], r->count[KTAP_ERROR]);
	return flush_out(r);
}

int report__exit_status(const struct report *r)
{
	if (r->count[KTAP_FAIL] || r->count[KTAP_ERROR])
		return 1;
	if (r->count[KTAP_INCONCLUSIVE])
		return 2;
	return r->count[KTAP_SKIP] == r->nr_jobs ? 4 : 0;
}
