/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `ktstr run` prints: one KTAP or JSON document on stdout, and progress on stderr. Results
 * are in the order of the listing, in whatever order the tests end.
 */
#ifndef KTSTR_TOOL_RUN_DOCUMENT_H
#define KTSTR_TOOL_RUN_DOCUMENT_H

#include "job-pool.h"
#include "junit.h"

#define CLEAR_LINE	"\r\033[K"	/* of a terminal */

struct document;

/* What is the same for all tests. It is printed at the top (KTAP) or in every object (JSON). */
struct document_header {
	char kernel[1024];	/* release, path, how it was found; or why there is none */
	const struct run_kernels *kernels;	/* of more than one kernel: all of them; else NULL */
	char accel[512];
	char seed[64];
	char scheduler[6144];	/* of all tests, with its arguments; empty: each test's own */
	void (*table)(const struct document *d, FILE *f);	/* before the totals; NULL: none */
	char budget[128];	/* what it covers; empty: there is none */
	char shard[96];		/* as tap-file.h reads it; empty: there is none */
	const char *runs_root;
	const char *run_id;
};

struct document {
	FILE *out;
	bool json;
	FILE *tap;			/* the same as KTAP in the run's folder; NULL: it has none */
	const char *junit_path;		/* NULL: no JUnit file */
	struct junit junit;
	bool plain;			/* others write to stderr too: no live line */
	bool tty;			/* stderr is a terminal: one live line */
	bool out_tty;			/* stdout is one too: clear the live line before printing */
	bool colour;			/* of result lines */
	const struct document_header *head;
	struct job *jobs;
	unsigned int nr_jobs;
	unsigned int nr_repeats;	/* how often each test is run */
	unsigned int next;		/* first job that has not been printed */
	unsigned int nr_printed;
	unsigned int count[KTAP_ERROR + 1];
	unsigned int nr_unrecorded;	/* results of which a file could not be written */
	uint64_t started_ns;
};

/* "ktstr/NAME", with the kernel's label behind it where several run. */
void document__id(const struct document *d, const struct job *job, char *buf, size_t size);

/* Why @job ended as it did, in one line; "" for a pass. */
const char *job__reason(const struct job *job);

void document__begin(struct document *d);
/* Print every job up to the first unfinished one, and forget it. 0, or -errno when stdout fails. */
int document__flush(struct document *d);
/*
 * Print the rest and the trailer. @stop is the signal that ended the run early, or 0. After a
 * signal the trailer says how many jobs have no result. 0, or -errno when stdout fails.
 */
int document__end(struct document *d, int stop);
/* Write the JUnit file, if there is to be one. 0 or -errno with @err. */
int document__junit(struct document *d, struct ktstr_err *err);
/* See tally__exit_status(). */
int document__exit_status(const struct document *d);

/*
 * What a job_pool calls, with the document as @ctx: on stderr a line for @done and, on a terminal, the
 * live line with the running tests; and document__flush().
 */
int document__progress(void *ctx, struct job_pool *pool, struct job *done);

#endif
