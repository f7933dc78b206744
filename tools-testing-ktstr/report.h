/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `ktstr run` says: one KTAP or JSON document on stdout, in listing order whatever the
 * order in which tests end, and progress on stderr.
 */
#ifndef KTSTR_TOOL_REPORT_H
#define KTSTR_TOOL_REPORT_H

#include "pool.h"

/* What holds for all tests; printed at the head (KTAP) or in every object (JSON). */
struct report_header {
	char kernel[1024];	/* release, path, how it was found; or why there is none */
	char accel[512];
	char seed[64];
	const char *runs_root;
	const char *run_id;
};

struct report {
	FILE *out;
	bool json;
	bool tty;			/* stderr is a terminal: one live line */
	bool out_tty;			/* stdout is one too: keep them apart */
	const struct report_header *head;
	struct job *jobs;
	unsigned int nr_jobs;
	unsigned int nr_repeats;	/* how often each test is run */
	unsigned int next;		/* first job that has not been printed */
	unsigned int nr_printed;
	unsigned int count[KTAP_ERROR + 1];
	double started;
};

void report__begin(struct report *r);
/* Print every job up to the first unfinished one. 0, or -errno when stdout fails. */
int report__flush(struct report *r);
/*
 * Print the rest and the trailer. @stop: the signal that ended the run early, or 0: then jobs
 * without a result are named. 0, or -errno when stdout fails.
 */
int report__end(struct report *r, int stop);
/* 0 all is well, 1 failures, 4 nothing but skips. */
int report__exit_status(const struct report *r);

/* stderr: a line for @done, or the live line with what is running. */
void report__progress(struct report *r, const struct pool *pool, const struct job *done);

/*
 * The file that a run of @test, begun at @since, left in KTSTR_SIDECAR_DIR, else below
 * @root/@run_id; malloc()ed, or NULL.
 */
char *sidecar__find(const char *root, const char *run_id, const char *test, int64_t since);
/*
 * The text of the JSON object in @path, malloc()ed; NULL with @err when it cannot be read or
 * is not one valid JSON object.
 */
char *sidecar__read(const char *path, struct vm_err *err);

#endif
