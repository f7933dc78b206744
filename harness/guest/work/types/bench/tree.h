/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A worker with threads of its own, which do the work; the thread of the worker's loop only waits.
 * Each thread measures itself; at the end all samples are pooled and become named metrics. CPU
 * time and gaps in the report are those of the waiting thread.
 *
 * The threads inherit policy, nice, affinity and cgroup. They check the worker's stop flag
 * themselves, so each of their waits ends within 100 ms of it.
 */
#ifndef KTSTR_GUEST_WORK_TYPES_BENCH_TREE_H
#define KTSTR_GUEST_WORK_TYPES_BENCH_TREE_H

#include <pthread.h>

#include "harness/guest/work/samples.h"
#include "harness/guest/work/work.h"

struct work_tree;

struct work_thread {
	struct work_tree *tree;
	uint32_t index;
	uint64_t rng;			/* for ktstr_rand_next() */
	uint64_t done[2];		/* work_thread_done() */
	uint64_t bytes;			/* of payload, counted by the type itself */
	uint64_t run_delay_ns;		/* once it has ended */
	struct ktstr_sampler sampler;	/* of WAKE and of COST, the latter for requests */
	pthread_t thread;
} __attribute__((aligned(64)));

struct work_tree {
	struct ktstr_work_ctx *w;
	void *priv;			/* the type's own */
	void (*run)(struct work_thread *t);	/* returns when told to stop */
	uint32_t nr;			/* threads that exist */
	uint32_t go;			/* futex: the gate is open */
	uint64_t start_ns;		/* when it was opened */
	struct ktstr_sample_store store;
	struct work_thread *threads;
};

/* For init(): @nr threads that wait for the gate. 0 or -errno. */
int work_tree_init(struct work_tree *tree, struct ktstr_work_ctx *w, uint32_t nr,
		   void (*run)(struct work_thread *t), void *priv);
/* For iterate(): start them, sleep for a while, count their units. */
void work_tree_iterate(struct work_tree *tree);
/* For fini(): wait for the end of all, give their wake samples to the worker. */
void work_tree_join(struct work_tree *tree);
void work_tree_free(struct work_tree *tree);

/* Of all threads together. */
uint64_t work_tree_done(const struct work_tree *tree, uint32_t what);
uint64_t work_tree_bytes(const struct work_tree *tree);	/* after join */
/*
 * Metrics PREFIX_p50, _p90, _p99 and _p99_9 in us; none without samples. To be called after join.
 */
void work_tree_percentiles(struct work_tree *tree, enum ktstr_sample_kind kind, const char *prefix);
/* @nr a second since the start, until @end_ns. */
double work_tree_rate(const struct work_tree *tree, uint64_t nr, uint64_t end_ns);

/* ---- in a thread ---- */

static inline bool work_thread_stopped(const struct work_thread *t)
{
	return work_stopped(t->tree->w);
}

/* Count a request of kind 0 or 1, each a unit of the worker. */
static inline void work_thread_done(struct work_thread *t, uint32_t what)
{
	__atomic_store_n(&t->done[what], t->done[what] + 1, __ATOMIC_RELAXED);
}

/* Wait while *@word is @seen; false: told to stop. */
bool work_thread_wait(const struct work_thread *t, uint32_t *word, uint32_t seen);
/* Add 1 to *@word and wake one that waits for it. */
void work_thread_wake(uint32_t *word);
/* false: told to stop before. */
bool work_thread_sleep_until(const struct work_thread *t, uint64_t ns);

#endif
