/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one worker measures about itself, and the samples that it takes. The guest fills these in,
 * the checks judge them and the statistics of a cgroup are computed from them; they are not sent
 * to the host.
 */
#ifndef KTSTR_RESULT_WORKER_REPORT_H
#define KTSTR_RESULT_WORKER_REPORT_H

#include <stdint.h>

#include <ktstr/stats.h>

#define KTSTR_MAX_NODES		64	/* of NUMA, so that a set is one word */

/* What kind of worker a report is of. */
#define KTSTR_WORKER_BLOCKS	(1u << 0)	/* sleeps on purpose: no off-CPU check */
#define KTSTR_WORKER_MESSENGER	(1u << 1)	/* drives others: excluded from fairness */
#define KTSTR_WORKER_ALONE	(1u << 2)	/* no SMT sibling for the pair that it is half of */

/* How many counters of ktstr/figures.h a worker keeps. */
enum {
#define KTSTR_COUNTER(...)	+ 1
	KTSTR_NR_COUNTERS = 0
#include <ktstr/figures.h>
};

/* The report lies in shared memory: it has no pointers. */
struct ktstr_worker_report {
	int32_t tid;
	uint32_t group;			/* index of its cgroup in the step */
	/*
	 * wall_ns is CLOCK_MONOTONIC from loop start to loop end, start_ns the part of it until
	 * the worker first ran, cpu_ns CLOCK_THREAD_CPUTIME_ID.
	 */
#define KTSTR_COUNTER(_name, _raw, ...)	uint64_t _raw;
#define KTSTR_LONGEST(_name, _raw, ...)	uint64_t _raw;
#include <ktstr/figures.h>
	uint64_t max_gap_ns;		/* largest interval between two checkpoints */
	uint64_t max_gap_at_ns;		/* since loop start, its beginning */
	int32_t max_gap_cpu;		/* CPU before the gap */
	uint32_t completed;		/* 1: the loop ended as it should */
	uint64_t run_delay_ns;		/* schedstat field 2, delta */
	uint64_t timeslices;		/* schedstat field 3, delta */
	uint32_t schedstat_valid;
	int32_t exit_status;		/* waitpid() status, valid when not completed */
	uint64_t voluntary_switches;	/* getrusage, delta */
	uint64_t involuntary_switches;
	struct ktstr_cpumask cpus_used;
	uint32_t flags;			/* KTSTR_WORKER_* */
	int32_t setup_error;		/* -errno: it could not get ready and never worked */
	uint64_t blocked_ns;		/* blocked on purpose, as far as its type says so */
	uint32_t pages_valid;		/* the next is known */
	uint64_t node_pages[KTSTR_MAX_NODES];	/* own anonymous pages by NUMA node, at its end */
};

enum ktstr_sample_kind {
	KTSTR_SAMPLES_WAKE,		/* from being woken (or blocking) to running */
	KTSTR_SAMPLES_COST,		/* of one iteration */
	KTSTR_SAMPLES_TIMER,		/* lateness of a timer */
	KTSTR_NR_SAMPLE_KINDS,
};

/* Samples of one kind and worker: a bounded, uniformly chosen subset, and the count of all. */
struct ktstr_samples {
	const uint64_t *ns;		/* @nr of them, unordered */
	uint32_t nr;
	uint64_t total;
	const uint64_t *log2;		/* [64], all samples: log2[i] counts 2^i..2^(i+1)-1, 0 in 0 */
};

struct ktstr_worker_samples {
	struct ktstr_samples kind[KTSTR_NR_SAMPLE_KINDS];
};

#endif
