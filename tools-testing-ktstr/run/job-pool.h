/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs tests, several at a time: one process per test, whose output is read as it comes. What it
 * leaves behind is killed when it ends. One thread, one poll(); signals arrive through a signalfd.
 */
#ifndef KTSTR_TOOL_RUN_JOB_POOL_H
#define KTSTR_TOOL_RUN_JOB_POOL_H

#include <stdint.h>

#include "child.h"
#include "kernels.h"
#include "ktap.h"

enum job_state {
	JOB_WAITING,
	JOB_RUNNING,
	JOB_DONE,
};

/* How an earlier run of a job ended, which is repeated. */
struct attempt {
	struct ktap_reader out, err;
	struct ktap_verdict verdict;
	bool seeded;
	uint64_t seed;
	double seconds;
};

/*
 * One run of one test, or several until it passes. The creator of the job owns the strings. A test
 * that passes after it has not is flaky; one that is skipped then has not passed.
 */
struct job {
	const char *program;
	const char *fixture;
	const char *test;		/* without fixture */
	unsigned int repeat;		/* 1.. */
	bool seeded;			/* seed goes to the program as KTSTR_SEED */
	uint64_t seed;
	char run_id[160];
	const char *id;			/* in the document; NULL: FIXTURE/TEST */
	const char *topology;		/* goes to the program as KTSTR_TOPOLOGY; NULL: its own */
	const struct run_kernel *kernel; /* goes to the program as KTSTR_TEST_KERNEL; NULL: none */
	bool alone;			/* nothing else of the pool runs beside it */
	unsigned int retries;		/* how often it may be run again */
	bool retry_seeds;		/* with the next seed, as the same one ends the same way */

	struct attempt *attempts;	/* earlier ones */
	unsigned int nr_attempts;
	enum job_state state;
	struct child child;
	struct ktap_reader out, err;
	struct ktap_verdict verdict;	/* when done */
	int64_t started_at;		/* CLOCK_REALTIME, seconds: for files it wrote */
	uint64_t started_ns;		/* CLOCK_MONOTONIC */
	double seconds;			/* wall time, when done */
};

struct job_pool {
	struct job *jobs;
	unsigned int nr_jobs;
	unsigned int width;		/* at most that many at a time */
	int tick_ms;			/* call @progress at least that often; -1: no need */
	/* Called when @done (or a tick: NULL) happened. Non-zero stops the pool. */
	int (*progress)(void *ctx, struct job_pool *pool, struct job *done);
	void *ctx;
	unsigned int nr_started;
	unsigned int nr_done;
};

/*
 * Run all jobs. Returns 0 when every one is done, the number of the signal that ended it
 * early, or what progress() returned; then nothing of any job is left running.
 * Blocks SIGCHLD, SIGINT, SIGTERM, SIGHUP and SIGPIPE from then on.
 */
int job_pool__run(struct job_pool *pool);

/* What the pool has allocated for @job. */
void job__free(struct job *job);

#endif
