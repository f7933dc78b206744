// SPDX-License-Identifier: GPL-2.0
/* See sweep-table.h. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "harness/model/verifier.h"
#include "harness/report/schedlog.h"
#include "lib/paths.h"
#include "sweep-table.h"

#define LOG_MAX		(64 * 1024 * 1024)

/* "7_3": the head of the document has the whole label. */
static const char *column(const struct run_kernel *k)
{
	return k->label + strlen("kernel_");
}

static int width_of(const struct run_kernel *k)
{
	size_t len = strlen(column(k));

	return len > 7 ? (int)len : 7;
}

static void print_head(const struct run_kernels *ks, const char *what, int names, FILE *f)
{
	unsigned int k;

	fprintf(f, "# %-*s", names, what);
	for (k = 0; k < ks->nr; k++)
		fprintf(f, "  %*s", width_of(&ks->item[k]), column(&ks->item[k]));
	fputc('\n', f);
}

/* The count of @program, or of all programs together (NULL). False: there is none. */
static bool count_of(const struct sweep_cell *c, const char *program, uint64_t *n)
{
	const struct sweep_count *one = program ? sweep_cell__count(c, program) : NULL;
	size_t i;

	*n = one ? one->insns : 0;
	for (i = 0; !program && i < c->nr_counts; i++)
		*n += c->counts[i].insns;
	return one || (!program && c->nr_counts);
}

/* The smallest and the largest count over topologies. */
static bool bounds(const struct sweep *s, const struct sweep_scheduler *sched,
		   const struct run_kernel *k, const char *program, uint64_t *min, uint64_t *max)
{
	bool any = false;
	uint64_t n;
	size_t i;

	for (i = 0; i < s->nr_cells; i++) {
		if (s->cells[i].scheduler != sched || s->cells[i].kernel != k ||
		    !count_of(&s->cells[i], program, &n))
			continue;
		*min = !any || n < *min ? n : *min;
		*max = !any || n > *max ? n : *max;
		any = true;
	}
	return any;
}

static void print_counts(const struct sweep *s, const struct sweep_scheduler *sched,
			 const struct run_kernels *ks, const char *program, int names, FILE *f)
{
	uint64_t min = 0, max = 0;
	char cell[48];
	unsigned int k;

	fprintf(f, "#   %-*s", names - 2, program ?: "all programs");
	for (k = 0; k < ks->nr; k++) {
		if (!bounds(s, sched, &ks->item[k], program, &min, &max))
			snprintf(cell, sizeof(cell), "-");
		else if (min == max)
			snprintf(cell, sizeof(cell), "%" PRIu64, min);
		else
			snprintf(cell, sizeof(cell), "%" PRIu64 "..%" PRIu64, min, max);
		fprintf(f, "  %*s", width_of(&ks->item[k]), cell);
	}
	fputc('\n', f);
}

/* Was @program of cell @at seen in an earlier cell of the scheduler? */
static bool seen_before(const struct sweep *s, size_t at, const char *program)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (s->cells[i].scheduler == s->cells[at].scheduler &&
		    sweep_cell__count(&s->cells[i], program))
			return true;
	return false;
}

/* Its programs on any kernel, in the order in which they are first seen. */
static void print_scheduler(const struct sweep *s, const struct sweep_scheduler *sched,
			    const struct run_kernels *ks, int names, FILE *f)
{
	bool any = false;
	size_t i, p;

	for (i = 0; i < s->nr_cells; i++) {
		const struct sweep_cell *c = &s->cells[i];

		for (p = 0; c->scheduler == sched && p < c->nr_counts; p++) {
			if (seen_before(s, i, c->counts[p].name))
				continue;
			if (!any)
				fprintf(f, "# %s\n", sched->label);
			any = true;
			print_counts(s, sched, ks, c->counts[p].name, names, f);
		}
	}
	if (any)
		print_counts(s, sched, ks, NULL, names, f);
}

void sweep_table__counts(const struct sweep *s, const struct run_kernels *ks, FILE *f)
{
	int names = strlen("verified instructions");
	size_t i;

	for (i = 0; i < s->nr_schedulers; i++)
		if ((int)strlen(s->schedulers[i].label) > names)
			names = (int)strlen(s->schedulers[i].label);
	print_head(ks, "verified instructions", names, f);
	for (i = 0; i < s->nr_schedulers; i++)
		print_scheduler(s, &s->schedulers[i], ks, names, f);
}

static const struct sweep_cell *cell_of(const struct sweep *s, const struct sweep_scheduler *sched,
					const char *topology, const struct run_kernel *k)
{
	size_t i;

	for (i = 0; i < s->nr_cells; i++)
		if (s->cells[i].scheduler == sched && s->cells[i].kernel == k &&
		    !strcmp(s->cells[i].topology->name, topology))
			return &s->cells[i];
	return NULL;
}

static void row_name(const struct sweep_cell *c, char *buf, size_t size)
{
	snprintf(buf, size, "%s  %s", c->scheduler->label, c->topology->name);
}

/* Is this the first cell of its row? */
static bool begins_row(const struct sweep *s, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (s->cells[k].scheduler == s->cells[i].scheduler &&
		    !strcmp(s->cells[k].topology->name, s->cells[i].topology->name))
			return false;
	return true;
}

static void print_reasons(const struct sweep *s, const char *verdict, FILE *f)
{
	size_t i;

	for (i = 0; i < s->nr_cells; i++) {
		const struct sweep_cell *c = &s->cells[i];

		if (strcmp(c->verdict, verdict))
			continue;
		fprintf(f, "# %s: %s on %s, %s: %s\n", verdict, c->scheduler->label,
			column(c->kernel), c->topology->name, c->reason ?: "see its report");
		if (c->folder && !strcmp(verdict, "FAIL"))
			fprintf(f, "#   %s\n", c->folder);
	}
}

void sweep_table__grid(const struct sweep *s, const struct run_kernels *ks, FILE *f)
{
	int names = strlen("verdict");
	const struct sweep_cell *c;
	char name[512];
	unsigned int k;
	size_t i;

	for (i = 0; i < s->nr_cells; i++) {
		row_name(&s->cells[i], name, sizeof(name));
		if ((int)strlen(name) > names)
			names = (int)strlen(name);
	}
	print_head(ks, "verdict", names, f);
	for (i = 0; i < s->nr_cells; i++) {
		if (!begins_row(s, i))
			continue;
		row_name(&s->cells[i], name, sizeof(name));
		fprintf(f, "# %-*s", names, name);
		for (k = 0; k < ks->nr; k++) {
			c = cell_of(s, s->cells[i].scheduler, s->cells[i].topology->name,
				    &ks->item[k]);
			fprintf(f, "  %*s", width_of(&ks->item[k]), c ? c->verdict : "-");
		}
		fputc('\n', f);
	}
	print_reasons(s, "SKIP", f);
	print_reasons(s, "FAIL", f);
}

static void print_block(const struct ktstr_verifier_block *b, bool raw, FILE *f)
{
	struct ktstr_verifier_stats st;
	const char *line, *end;
	char *text;

	fprintf(f, "#   program %.*s: rejected", (int)b->name_len, b->name);
	if (ktstr_verifier__stats(b, &st)) {
		fprintf(f, ", processed=%llu states=%llu/%llu", st.processed, st.peak_states,
			st.total_states);
		if (st.time_us)
			fprintf(f, " time=%lluus", st.time_us);
	}
	fputc('\n', f);
	text = raw ? strndup(b->text, b->len) : ktstr_schedlog__collapse(b->text, b->len);
	for (line = text; line && *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		fprintf(f, "#     %.*s\n", (int)(end - line), line);
	}
	free(text);
}

void sweep_table__logs(const struct sweep *s, bool raw, FILE *f)
{
	struct ktstr_verifier_block b;
	const char *pos;
	char path[PATH_MAX], *log;
	size_t i, len;

	for (i = 0; i < s->nr_cells; i++) {
		const struct sweep_cell *c = &s->cells[i];

		if (strcmp(c->verdict, "FAIL") || !c->folder ||
		    ktstr_paths__fmt(path, sizeof(path), "%s/sched.log", c->folder))
			continue;
		log = ktstr_paths__read(path, LOG_MAX, &len);
		pos = log;
		for (bool first = true; log && ktstr_verifier__next(&pos, &b); first = false) {
			if (first)
				fprintf(f, "# %s, kernel %s, %s\n", c->scheduler->label,
					column(c->kernel), c->topology->name);
			print_block(&b, raw, f);
		}
		free(log);
	}
}
