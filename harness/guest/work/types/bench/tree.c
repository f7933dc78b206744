// SPDX-License-Identifier: GPL-2.0
/* Worker threads of a work type with several threads: see tree.h. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/checks/judge.h"
#include "harness/guest/work/worker.h"
#include "tree.h"

#define SLICE_NS	(100 * NSEC_PER_MSEC)
#define LOOK_NS		(10 * NSEC_PER_MSEC)	/* between two counts of units */

bool work_thread_wait(const struct work_thread *t, uint32_t *word, uint32_t seen)
{
	static const struct timespec slice = { .tv_nsec = SLICE_NS };

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == seen) {
		if (work_thread_stopped(t))
			return false;
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, &slice, NULL, 0);
	}
	return true;
}

void work_thread_wake(uint32_t *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

bool work_thread_sleep_until(const struct work_thread *t, uint64_t ns)
{
	uint64_t now, piece;
	struct timespec at;

	while (!work_thread_stopped(t)) {
		now = ktstr_now_ns();
		if (now >= ns)
			return true;
		piece = ns - now > SLICE_NS ? now + SLICE_NS : ns;
		at = ktstr_ns_timespec(piece);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	}
	return false;
}

static void *thread_main(void *arg)
{
	struct ktstr_sched_figures from, to;
	struct work_thread *t = arg;
	bool known;

	if (!work_thread_wait(t, &t->tree->go, 0))
		return NULL;
	known = ktstr_schedstat(0, &from);
	t->tree->run(t);
	if (known && ktstr_schedstat(0, &to))
		t->run_delay_ns = to.run_delay_ns - from.run_delay_ns;
	return NULL;
}

int work_tree_init(struct work_tree *tree, struct ktstr_work_ctx *w, uint32_t nr,
		   void (*run)(struct work_thread *t), void *priv)
{
	struct work_thread *t;
	int ret;

	*tree = (struct work_tree){ .w = w, .priv = priv, .run = run };
	tree->threads = aligned_alloc(64, nr * sizeof(*tree->threads));
	if (!tree->threads)
		return -ENOMEM;
	memset(tree->threads, 0, nr * sizeof(*tree->threads));
	ret = ktstr_samples__init(&tree->store, nr);
	while (!ret && tree->nr < nr) {
		t = &tree->threads[tree->nr];
		t->tree = tree;
		t->index = tree->nr;
		t->rng = ktstr_rand_seed(w->rng, t->index, 0);
		ktstr_sampler__init(&t->sampler, &tree->store, t->index, w->rng);
		ret = -pthread_create(&t->thread, NULL, thread_main, t);
		tree->nr += !ret;
	}
	return ret;		/* the process ends with those that exist */
}

uint64_t work_tree_done(const struct work_tree *tree, uint32_t what)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < tree->nr; i++)
		sum += __atomic_load_n(&tree->threads[i].done[what], __ATOMIC_RELAXED);
	return sum;
}

uint64_t work_tree_bytes(const struct work_tree *tree)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < tree->nr; i++)
		sum += tree->threads[i].bytes;
	return sum;
}

void work_tree_iterate(struct work_tree *tree)
{
	if (!tree->go) {
		tree->start_ns = ktstr_now_ns();
		__atomic_store_n(&tree->go, 1, __ATOMIC_RELEASE);
		syscall(SYS_futex, &tree->go, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	}
	work_sleep(tree->w, LOOK_NS);
	tree->w->units = work_tree_done(tree, 0) + work_tree_done(tree, 1);
}

void work_tree_join(struct work_tree *tree)
{
	struct ktstr_worker_samples s;
	uint32_t i, k;

	for (i = 0; i < tree->nr; i++)
		pthread_join(tree->threads[i].thread, NULL);
	for (i = 0; i < tree->nr; i++) {
		ktstr_samples__get(&tree->store, i, &s);
		for (k = 0; k < s.kind[KTSTR_SAMPLES_WAKE].nr; k++)
			work_sample_wake(tree->w, s.kind[KTSTR_SAMPLES_WAKE].ns[k]);
	}
}

void work_tree_free(struct work_tree *tree)
{
	ktstr_samples__fini(&tree->store);
	free(tree->threads);
}

void work_tree_percentiles(struct work_tree *tree, enum ktstr_sample_kind kind, const char *prefix)
{
	static const struct {
		unsigned int permille;
		const char *suffix;
	} wanted[] = { { 500, "p50" }, { 900, "p90" }, { 990, "p99" }, { 999, "p99_9" } };
	struct ktstr_worker_samples s;
	size_t n = 0, max = 0;
	uint64_t *all;
	char name[32];
	uint32_t i;

	for (i = 0; i < tree->nr; i++) {
		ktstr_samples__get(&tree->store, i, &s);
		max += s.kind[kind].nr;
	}
	all = max ? malloc(max * sizeof(*all)) : NULL;
	if (!all)
		return;
	for (i = 0; i < tree->nr; i++) {
		ktstr_samples__get(&tree->store, i, &s);
		memcpy(all + n, s.kind[kind].ns, s.kind[kind].nr * sizeof(*all));
		n += s.kind[kind].nr;
	}
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		snprintf(name, sizeof(name), "%s_%s", prefix, wanted[i].suffix);
		work_metric(tree->w, name, "us", KTSTR_LOWER_IS_BETTER,
			    (double)ktstr_permille(all, n, wanted[i].permille) / 1e3);
	}
	free(all);
}

double work_tree_rate(const struct work_tree *tree, uint64_t nr, uint64_t end_ns)
{
	return tree->start_ns && end_ns > tree->start_ns ?
	       (double)nr * 1e9 / (double)(end_ns - tree->start_ns) : 0;
}
