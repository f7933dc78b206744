// SPDX-License-Identifier: GPL-2.0
/* The table of tests and kernels: see kernel-table.h. */
#include <stdio.h>
#include <string.h>

#include "kernel-table.h"
#include "ktap.h"

#define CELL_LEN	20

/* Verdicts of one test on one kernel, or of all of them. */
struct tally {
	unsigned int count[KTAP_ERROR + 1], none, all;
};

static void add(struct tally *t, const struct job *job)
{
	t->all++;
	if (job->state == JOB_DONE)
		t->count[job->verdict.status]++;
	else
		t->none++;
}

static const char *name_of(enum ktap_status status)
{
	return status == KTAP_FAIL ? "FAIL" : status == KTAP_ERROR ? "ERROR" :
	       ktap_status__name(status);
}

static void format(const struct tally *t, char *buf, size_t size)
{
	unsigned int s;

	snprintf(buf, size, "-");
	for (s = 0; s <= KTAP_ERROR; s++)
		if (t->all && t->count[s] == t->all)
			snprintf(buf, size, "%s", name_of(s));
	if (t->all > 1 && buf[0] == '-')
		snprintf(buf, size, "%u/%u pass", t->count[KTAP_PASS], t->all);
}

/* "7_3" of "kernel_7_3": the head of the document has the whole label. */
static const char *column(const struct run_kernel *k)
{
	return k->label + strlen("kernel_");
}

static int width_of(const struct run_kernel *k)
{
	size_t len = strlen(column(k));

	return len > CELL_LEN / 2 ? (int)len : CELL_LEN / 2;
}

/* The jobs of test @first's name; a name stands for one test. */
static void print_row(const struct document *d, FILE *f, unsigned int first, int names)
{
	const struct run_kernels *ks = d->head->kernels;
	char cell[CELL_LEN + 16];
	unsigned int k, i;

	fprintf(f, "# %-*s", names, d->jobs[first].test);
	for (k = 0; k < ks->nr; k++) {
		struct tally t = { 0 };

		for (i = first; i < d->nr_jobs; i++)
			if (d->jobs[i].kernel == &ks->item[k] &&
			    !strcmp(d->jobs[i].test, d->jobs[first].test))
				add(&t, &d->jobs[i]);
		format(&t, cell, sizeof(cell));
		fprintf(f, "  %-*s", width_of(&ks->item[k]), cell);
	}
	fputc('\n', f);
}

static void print_sums(const struct document *d, FILE *f, enum ktap_status status, int names)
{
	const struct run_kernels *ks = d->head->kernels;
	unsigned int k, i, n, all = 0;

	for (i = 0; i < d->nr_jobs; i++)
		all += d->jobs[i].state == JOB_DONE && d->jobs[i].verdict.status == status;
	if (!all)
		return;
	fprintf(f, "# %-*s", names, name_of(status));
	for (k = 0; k < ks->nr; k++) {
		for (i = n = 0; i < d->nr_jobs; i++)
			n += d->jobs[i].kernel == &ks->item[k] && d->jobs[i].state == JOB_DONE &&
			     d->jobs[i].verdict.status == status;
		fprintf(f, "  %-*u", width_of(&ks->item[k]), n);
	}
	fputc('\n', f);
}

void kernel_table__print(const struct document *d, FILE *f)
{
	const struct run_kernels *ks = d->head->kernels;
	int names = strlen("verdict by kernel");
	unsigned int i, k, s;

	for (i = 0; i < d->nr_jobs; i++)
		if ((int)strlen(d->jobs[i].test) > names)
			names = (int)strlen(d->jobs[i].test);
	fprintf(f, "# %-*s", names, "verdict by kernel");
	for (k = 0; k < ks->nr; k++)
		fprintf(f, "  %-*s", width_of(&ks->item[k]), column(&ks->item[k]));
	fputc('\n', f);
	/* all tests of the first kernel come first, in their order */
	for (i = 0; i < d->nr_jobs; i++)
		if (d->jobs[i].kernel == &ks->item[0] && d->jobs[i].repeat == 1)
			print_row(d, f, i, names);
	for (s = 0; s <= KTAP_ERROR; s++)
		print_sums(d, f, s, names);
}
