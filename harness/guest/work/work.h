/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work types as a table: a type is one row and one function that does one iteration. The loop
 * around it, checkpoints, sampling and reports are the same for all (worker_loop.c).
 *
 * Workers of a type with a group size G form groups: worker i is member i % G of group i / G.
 * What a group shares (descriptors, a region) is made in the parent before the fork.
 */
#ifndef KTSTR_GUEST_WORK_WORK_H
#define KTSTR_GUEST_WORK_WORK_H

#include <stdarg.h>

#include <ktstr/cpumask.h>
#include <ktstr/scenario.h>
#include <ktstr/verdict.h>

#include "harness/result/worker_report.h"
#include "lib/clock.h"

#define KTSTR_WORK_MAX_FDS	64	/* of one group */

/* One group of cooperating workers; lives in the parent, inherited by the fork. */
struct ktstr_work_group {
	const struct ktstr_work *work;	/* parameters, defaults filled in */
	uint32_t size;			/* members */
	void *shared;			/* row->shared_size() bytes, zeroed, MAP_SHARED */
	int fds[KTSTR_WORK_MAX_FDS];	/* -1: unused; closed by the runner */
	const char *cgroup_dir;		/* absolute path of the group's cgroup, or NULL */
	const char *workload_root;	/* absolute path of the test's cgroup root, or NULL */
};

enum ktstr_role {
	KTSTR_ROLE_WORKER,
	KTSTR_ROLE_MESSENGER,	/* drives the others: not part of fairness statistics */
};

/* What an iteration sees of its worker. */
struct ktstr_work_ctx {
	const struct ktstr_work *work;	/* parameters, defaults filled in */
	struct ktstr_work_group *group;
	uint32_t index;			/* of the worker in its cgroup's work */
	uint32_t member;		/* position in the group */
	enum ktstr_role role;		/* init() may change it */
	bool alone;			/* init() found no SMT siblings for its pair */
	uint64_t units;			/* work units so far; the iteration adds to it */
	uint64_t rng;			/* own state, seeded from (run seed, worker): see work_rand() */
	const struct ktstr_cpumask *cpus; /* CPUs it may run on, as of init() */
	void *priv;			/* the type's own, made by init(), freed by fini() */
	const uint32_t *stop;		/* use work_stopped() */
	struct ktstr_sampler *sampler;	/* use work_sample_wake() and friends */
};

struct ktstr_work_row {
	const char *name;		/* as users write it: "FutexPingPong" */
	const char *description;	/* one line: what it does to a scheduler */
	const char *parameters;		/* "fan = 4, spin = 1024" for lists; "" for none */
	uint32_t checkpoint_every;	/* iterations per clock read; 1 for types that block */
	uint32_t flags;			/* KTSTR_WORK_* */
	/* Fill in what the author left 0. NULL: the type has no parameters. */
	void (*defaults)(struct ktstr_work *work);
	/* Members of a group; NULL: 1. @work has its defaults. */
	uint32_t (*group_size)(const struct ktstr_work *work);
	/* NULL, or why these parameters make no sense. */
	const char *(*validate)(const struct ktstr_work *work);
	size_t (*shared_size)(const struct ktstr_work *work);	/* NULL: none */
	int (*setup_group)(struct ktstr_work_group *g);		/* parent; 0 or -errno */
	int (*init)(struct ktstr_work_ctx *w);			/* worker, before the gate */
	void (*iterate)(struct ktstr_work_ctx *w);
	void (*fini)(struct ktstr_work_ctx *w);			/* worker, after its last iteration */
};

#define KTSTR_WORK_SAMPLES_WAKE	(1u << 0)	/* reports wake latencies */
#define KTSTR_WORK_FORK_ONLY	(1u << 1)	/* acts on its whole process: no thread may do it */
#define KTSTR_WORK_BLOCKS	(1u << 2)	/* sleeps on purpose: off-CPU time is no unfairness */

/* One per type, in the order of enum ktstr_work_type; types/types.h declares the rows. */
extern const struct ktstr_work_row * const ktstr_work_table[KTSTR_NR_WORK_TYPES];

/* ---- asking the table (work_lookup.c) ---- */

/* NULL: there is no such type. */
const struct ktstr_work_row *ktstr_work__row(enum ktstr_work_type type);
/* Exact PascalCase name; NULL when there is none (then *@hint may name the nearest). */
const struct ktstr_work_row *ktstr_work__find(const char *name, const char **hint);
/* The same as a type. 0 or -ENOENT. */
int ktstr_work__find_type(const char *name, enum ktstr_work_type *type);
/* Put the row's defaults where @work has 0. */
void ktstr_work__fill(struct ktstr_work *work);
/* Members of a group, 1 for types without groups. @work must be filled and valid. */
uint32_t ktstr_work__group_size(const struct ktstr_work *work);
/*
 * Can @workers workers do @work (as the author wrote it)? true, or false and why not in @why:
 * unknown type, the row's validate(), a parameter out of its range, a count that its group size
 * does not divide.
 */
bool ktstr_work__check(const struct ktstr_work *work, uint32_t workers, char *why, size_t size);
/* types/ranges.c: no parameter is too large. @work has its defaults. False with a sentence. */
bool ktstr_work__in_range(const struct ktstr_work *work, char *why, size_t size);

/* ---- for iterations (work_util.c) ---- */

/* Has the worker been told to stop? To be checked at least every few milliseconds. */
static inline bool work_stopped(const struct ktstr_work_ctx *w)
{
	return __atomic_load_n(w->stop, __ATOMIC_RELAXED);
}

uint64_t work_rand(struct ktstr_work_ctx *w);	/* xorshift64*, reproducible by seed */
void work_spin(struct ktstr_work_ctx *w, uint64_t n);	/* n units of ALU work, no pause */
/*
 * Wait until *@word != @seen, at most 100 ms a time, again until stop; true: it changed.
 * The time counts as blocked.
 */
bool work_futex_wait(struct ktstr_work_ctx *w, uint32_t *word, uint32_t seen);
void work_futex_wake(uint32_t *word, uint32_t nr);
/*
 * Sleep, in pieces of at most 100 ms so that a stop is noticed. The requested time counts as
 * blocked; the lateness does not, as the worker is runnable then.
 */
void work_sleep(struct ktstr_work_ctx *w, uint64_t ns);

/*
 * One sample of each kind: of at most 100,000 a worker for wake latencies, 16,384 for the
 * others, a uniform choice is kept; all are counted.
 */
void work_sample_wake(struct ktstr_work_ctx *w, uint64_t ns);
void work_sample_cost(struct ktstr_work_ctx *w, uint64_t ns);
void work_sample_timer(struct ktstr_work_ctx *w, uint64_t ns);
/*
 * A figure under a name of its own, for fini(): the report shows it for the worker's cgroup, with
 * the type as its source. Values that do not fit the slot or are not finite are dropped.
 */
void work_metric(struct ktstr_work_ctx *w, const char *name, const char *unit,
		 enum ktstr_polarity polarity, double value);
/* A verdict on the test with its reason; the first one of a worker counts. */
void work_say(struct ktstr_work_ctx *w, enum ktstr_severity severity, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));
bool work_has_said(const struct ktstr_work_ctx *w);
/*
 * The worker blocked on purpose from @before until @now, so the interval is not a scheduling gap.
 * work_sleep() and work_futex_wait() call this themselves; calling it again does no harm.
 */
void work_blocked(struct ktstr_work_ctx *w, uint64_t before, uint64_t now);
/*
 * Do within an iteration what the loop does after one: for iterations that take longer than
 * milliseconds by design. Returns the time.
 */
uint64_t work_checkpoint(struct ktstr_work_ctx *w);

#endif
