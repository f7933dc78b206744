/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a run found: an outcome, the details that led to it, and the statistics. The guest
 * builds one, sends it (core/wire.c), the host adds what only it can know and reports it.
 *
 * The outcome is never stored apart from its reasons: it is computed from the details, so
 * that no later step can lose a failure.
 */
#ifndef KTSTR_CORE_VERDICT_H
#define KTSTR_CORE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktstr/attrs.h>
#include <ktstr/stats.h>

#define KTSTR_MAX_DETAILS	256	/* further ones are counted, not kept */
#define KTSTR_MAX_CGROUPS	256
#define KTSTR_MAX_KEPT_WORKERS	1024	/* with figures of their own */
#define KTSTR_DETAIL_LEN	512	/* bytes, terminating NUL included */
#define KTSTR_NAME_LEN		64
#define KTSTR_MAX_NODES		64	/* of NUMA, so that a set is one word */

/* In the order of the fold: the largest one present wins. */
enum ktstr_outcome {
	KTSTR_SKIP,		/* nothing was judged, on purpose */
	KTSTR_PASS,
	KTSTR_INCONCLUSIVE,	/* something was to be judged and there was no data */
	KTSTR_FAIL,
};

enum ktstr_severity {
	KTSTR_NOTE,		/* information; never changes the outcome */
	KTSTR_SKIPS,
	KTSTR_UNDECIDED,
	KTSTR_FAILS,
};

struct ktstr_detail {
	enum ktstr_severity severity;
	enum ktstr_kind kind;
	char text[KTSTR_DETAIL_LEN];
};

/* What kind of worker a report is of. */
#define KTSTR_WORKER_BLOCKS	(1u << 0)	/* sleeps on purpose: off-CPU time says nothing */
#define KTSTR_WORKER_MESSENGER	(1u << 1)	/* drives others: no part of fairness */

/* What one worker measured about itself; lives in shared memory, so no pointers. */
struct ktstr_worker_report {
	int32_t tid;
	uint32_t group;			/* index of its cgroup in the step */
	uint64_t work_units;
	uint64_t iterations;
	uint64_t wall_ns;		/* CLOCK_MONOTONIC, loop start to loop end */
	uint64_t start_ns;		/* of wall_ns: until it first ran */
	uint64_t cpu_ns;		/* CLOCK_THREAD_CPUTIME_ID */
	uint64_t max_gap_ns;		/* largest interval between two checkpoints */
	uint64_t max_gap_at_ns;		/* since loop start, its beginning */
	int32_t max_gap_cpu;		/* CPU before the gap */
	uint32_t completed;		/* 1: the loop ended as it should */
	uint64_t migrations;		/* CPU differs from the previous checkpoint */
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

/* Samples of one kind and worker: a uniform choice of at most so many, and a count of all. */
struct ktstr_samples {
	const uint64_t *ns;		/* @nr of them, unordered */
	uint32_t nr;
	uint64_t total;
	const uint64_t *log2;		/* [64], all samples: log2[i] counts 2^i..2^(i+1)-1, 0 in 0 */
};

struct ktstr_worker_samples {
	struct ktstr_samples kind[KTSTR_NR_SAMPLE_KINDS];
};

/*
 * What the samples of one kind say, of all workers of a cgroup together. Percentiles are
 * nearest rank: of n sorted samples number ceil(n * p), counted from 1.
 */
struct ktstr_sample_stats {
	uint64_t total;			/* seen; 0: the rest is absent */
	uint64_t kept;			/* what the rest was computed from */
	double median_us, p99_us, max_us, mean_us;
	double cv;			/* population standard deviation / mean; 0 for mean 0 */
	uint64_t log2[64];		/* of all: as in struct ktstr_samples */
};

/*
 * What part of its workers' lives an entry is about. Workers that live through several steps have
 * one for their life, which counts to the run and to no step, and one for each step, which
 * counts to that step and not again to the run.
 */
enum ktstr_span {
	KTSTR_SPAN_STEP,	/* they lived in this step only: both */
	KTSTR_SPAN_LIFE,	/* @step is that in which they were made */
	KTSTR_SPAN_PHASE,
	KTSTR_NR_SPANS,
};

/* Statistics of one cgroup in one step; the formulas stand in checks/stats.c. */
struct ktstr_cgroup_stats {
	char name[KTSTR_NAME_LEN];
	char part[KTSTR_NAME_LEN];	/* of the test: a scenario of a batch; mostly "" */
	uint32_t step;
	uint32_t span;			/* enum ktstr_span */
	uint32_t workers;
	uint32_t messengers;		/* of the workers; no part of off-CPU, spread, run delay */
	uint32_t blocks;		/* 1: some sleep on purpose, spread is that of run delays */
	uint32_t cpus;			/* union of the CPUs its workers ran on */
	struct ktstr_cpumask cpus_used;	/* that union */
	uint32_t timed_workers;		/* had a wall time; 0: the off-CPU shares are absent */
	uint32_t delay_workers;		/* had schedstat; 0: the run delays are absent */
	uint32_t spread_workers;	/* compared in the spread; below 2: it is absent */
	double min_off_cpu_pct, max_off_cpu_pct, avg_off_cpu_pct;
	double min_delay_pct, max_delay_pct;	/* run delay / wall time */
	uint64_t wall_ns, cpu_ns;	/* sums over the workers */
	double spread_pct;		/* max - min, of off-CPU or of run delay shares */
	double max_start_ms;		/* from the start of all until the last of these ran */
	double max_gap_ms;
	int32_t max_gap_cpu;
	uint64_t migrations;
	uint64_t work_units;
	uint64_t iterations;
	double migration_ratio;
	double mean_run_delay_us, worst_run_delay_us;
	struct ktstr_sample_stats samples[KTSTR_NR_SAMPLE_KINDS];
	uint64_t pages;			/* counted; 0: the next two are absent */
	uint32_t locality_known;	/* 1: local_pages is known, the cpuset has nodes */
	uint32_t migrated_known;
	uint64_t local_pages;		/* of pages: on the nodes of the cpuset */
	uint64_t migrated_pages;	/* by the kernel, between nodes, system-wide */
};

/* What one worker did in one step. */
struct ktstr_worker_stats {
	uint32_t cgroup;		/* index of its cgroup and step */
	int32_t tid;
	uint32_t flags;			/* KTSTR_WORKER_* */
	uint32_t schedstat_valid;
	int32_t max_gap_cpu;
	uint64_t work_units, iterations, migrations;
	uint64_t wall_ns, cpu_ns, max_gap_ns, run_delay_ns;
	uint64_t pages, local_pages;
	uint64_t wake_total;		/* samples seen; 0: the next are absent */
	double median_wake_us, p99_wake_us, max_wake_us;
	struct ktstr_cpumask cpus_used;
};

/*
 * A figure under a name of its own: of a payload, or of a work type that measures more than
 * the common telemetry. No pointers: it also travels in shared memory and on the wire.
 */
#define KTSTR_MAX_EXT_METRICS	256

struct ktstr_ext_metric {
	char source[KTSTR_NAME_LEN];	/* name of the payload or work type */
	char cgroup[KTSTR_NAME_LEN];	/* where it ran, may be empty */
	char name[KTSTR_NAME_LEN];
	char unit[16];
	uint32_t step;			/* counts from 0, as in ktstr_cgroup_stats */
	uint32_t polarity;		/* enum ktstr_polarity */
	double value;			/* finite */
};

/*
 * A worker that made no progress over several looks of the guest's stall monitor
 * (guest/stall.c). What it looked like then is text, as /proc has it; "" where there is none.
 */
#define KTSTR_MAX_STALLS	16

enum ktstr_stall_why {
	KTSTR_STALL_FORGOTTEN,		/* runnable, and a CPU that it may use was idle */
	KTSTR_STALL_WAITS,		/* runnable, its CPUs were busy */
	KTSTR_STALL_LIMITED,		/* runnable, and cpu.max limits its cgroup */
	KTSTR_STALL_SLEEPS,
	KTSTR_STALL_BLOCKED,		/* uninterruptible */
	KTSTR_STALL_STOPPED,		/* by a signal or a tracer */
	KTSTR_NR_STALL_WHYS,
};

struct ktstr_stall {
	uint32_t why;			/* enum ktstr_stall_why */
	uint32_t step;			/* in which it was found */
	int32_t tid;
	uint32_t resumed;		/* 1: it went on later */
	uint64_t at_ns;			/* since the first step, when it began */
	uint64_t for_ns;		/* how long, as far as the monitor saw */
	char cgroup[KTSTR_NAME_LEN];
	char part[KTSTR_NAME_LEN];	/* as in ktstr_cgroup_stats */
	char comm[32];
	char cpus[64];			/* that were idle; else those that it may use */
	char status[208];		/* state and switches */
	char wchan[64];
	char syscall[128];		/* number, arguments, stack and instruction pointer */
	char path[128];			/* of its cgroup, below the mount */
	char loadavg[64];
	char stack[512];		/* of the kernel, innermost function first */
};

/* Its texts, for whoever carries or prints all of them. */
struct ktstr_stall_text {
	const char *key;
	size_t offset, size;
};
#define KTSTR_NR_STALL_TEXTS	10
extern const struct ktstr_stall_text ktstr_stall_texts[KTSTR_NR_STALL_TEXTS];

/* Everything about one run. Allocated by ktstr_result__new(), about 840 KiB. */
struct ktstr_result {
	uint32_t nr_details;
	uint32_t dropped_details;
	uint32_t dropped_fails;		/* of those: severity KTSTR_FAILS */
	uint32_t nr_cgroups;
	uint32_t dropped_cgroups;
	uint32_t nr_workers;
	uint32_t dropped_workers;	/* they are in their cgroup's figures all the same */
	uint32_t claims_held;
	uint32_t passes_logged;		/* of those, by KTSTR_LOG_PASSES */
	struct ktstr_cpumask cpus_used;	/* by any worker */
	uint32_t nr_ext_metrics;
	uint32_t dropped_ext_metrics;
	struct ktstr_ext_metric ext_metrics[KTSTR_MAX_EXT_METRICS];
	uint32_t stall_poll_ms;		/* how often the guest looked for stalls; 0: never */
	uint32_t nr_stalls;
	uint32_t dropped_stalls;
	struct ktstr_stall stalls[KTSTR_MAX_STALLS];
	struct ktstr_detail details[KTSTR_MAX_DETAILS];
	struct ktstr_cgroup_stats cgroups[KTSTR_MAX_CGROUPS];
	struct ktstr_worker_stats workers[KTSTR_MAX_KEPT_WORKERS];
};

/* NULL with ENOMEM. A fresh result has no details: its outcome is PASS. */
struct ktstr_result *ktstr_result__new(void);
void ktstr_result__free(struct ktstr_result *r);

void ktstr_result__add(struct ktstr_result *r, enum ktstr_severity severity,
		       enum ktstr_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Texts that are too long are cut; a value that is not finite is refused: false. */
bool ktstr_result__add_metric(struct ktstr_result *r, const struct ktstr_ext_metric *m);

/* The next free one, all 0; NULL: there is none, which is counted. */
struct ktstr_stall *ktstr_result__add_stall(struct ktstr_result *r);
/* "forgotten", ...; never NULL. And "runnable, left waiting while CPU 1 idled". */
const char *ktstr_stall__name(uint32_t why);
void ktstr_stall__describe(const struct ktstr_stall *s, char *buf, size_t size);

/* Append everything of @from to @to. The same cgroup and step twice stays two entries. */
void ktstr_result__merge(struct ktstr_result *to, const struct ktstr_result *from);
/* Append what was measured, without the details, as that of the test's part called @part. */
void ktstr_result__merge_part(struct ktstr_result *to, struct ktstr_result *from,
			      const char *part);

/* Bring everything within bounds: a process that crashed may have written anything. */
void ktstr_result__bound(struct ktstr_result *r);

/*
 * FAIL if any detail fails, else INCONCLUSIVE if any is undecided, else SKIP if the only
 * verdicts are skips and nothing was measured, else PASS.
 */
enum ktstr_outcome ktstr_result__outcome(const struct ktstr_result *r);

/* First detail of severity KTSTR_FAILS, or NULL. */
const struct ktstr_detail *ktstr_result__first_failure(const struct ktstr_result *r);

/* Text of the first detail that could not be decided, or "". */
const char *ktstr_result__undecided(const struct ktstr_result *r);

/* "starved", "sched-stalled", ...; never NULL. And "pass", "fail", "inconclusive", "skip". */
const char *ktstr_kind__name(enum ktstr_kind kind);
const char *ktstr_outcome__name(enum ktstr_outcome outcome);
/* "step", "life", "phase" */
const char *ktstr_span__name(uint32_t span);

/* Of one cgroup in one step; @c may be any of r->cgroups[]. */
void ktstr_cgroup_stats__figures(const struct ktstr_cgroup_stats *c, struct ktstr_stats *out);

/* Bitmap helpers; CPUs beyond KTSTR_MAX_CPUS are ignored. */
void ktstr_cpumask__set(struct ktstr_cpumask *m, uint32_t cpu);
bool ktstr_cpumask__test(const struct ktstr_cpumask *m, uint32_t cpu);
void ktstr_cpumask__or(struct ktstr_cpumask *to, const struct ktstr_cpumask *from);
uint32_t ktstr_cpumask__weight(const struct ktstr_cpumask *m);
/* "0-3,8", "" for none; always terminated. */
void ktstr_cpumask__format(const struct ktstr_cpumask *m, char *buf, size_t size);
/* Strict: ascending or not, ranges and single CPUs, nothing else. 0 or -EINVAL. */
int ktstr_cpumask__parse(const char *text, struct ktstr_cpumask *m);

/*
 * The wire form of a result (little endian, versioned, every length inside).
 * encode: returns a malloc()ed buffer and its length in *@len, or NULL with ENOMEM.
 * decode: trusts nothing; returns 0 or -EBADMSG and leaves @r unspecified then.
 */
void *ktstr_result__encode(const struct ktstr_result *r, size_t *len);
int ktstr_result__decode(struct ktstr_result *r, const void *buf, size_t len);

#endif
