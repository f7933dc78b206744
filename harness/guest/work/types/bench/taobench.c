// SPDX-License-Identifier: GPL-2.0
/*
 * Taobench: a cache server under a read load. Clients look keys up in a sharded cache; a hit is
 * served at once (the fast path), a miss goes to a slow thread that fetches it, as if from a
 * database, and puts it in the place of the oldest entry (FIFO). A client has one request at a time.
 *
 * Keys are uniform, so the hit ratio is that of the sizes of cache and key space. Without a rate
 * the next request follows the last (closed loop). With a rate, requests have scheduled times from
 * which their latency counts: a client that is late has let the request wait.
 *
 * Fetches and objects are alike, or have a Pareto distribution, by its smallest value and its
 * 99th percentile: few are much larger than most. An object has its size by its key.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"
#include "tree.h"

#define OBJECT		1024	/* bytes */
#define SHARDS		16
#define MIN_KIB		(4 * SHARDS)
#define MAX_THREADS	1024	/* of each kind */
#define NOWHERE		UINT32_MAX
#define MIN_SIZE	64	/* with size_p99 */
#define MAX_SIZE_P99	65536
#define MIN_CHANCE	1e-4	/* cuts the tail at p99^2 / smallest */

enum { FAST, SLOW };		/* for work_thread_done() */

struct shard {
	pthread_mutex_t mutex;
	uint32_t oldest;		/* slot to be replaced next */
	uint32_t *slot_of;		/* by key; NOWHERE: absent */
	uint32_t *key_of;		/* by slot */
	uint8_t *objects;
} __attribute__((aligned(64)));

/* One a client; with the slow threads while it is a miss. */
struct request {
	struct request *next;
	struct shard *shard;
	uint32_t key;
	uint32_t fetched;		/* futex: counts answers */
	uint64_t woken_ns;
} __attribute__((aligned(64)));

struct taobench {
	struct work_tree tree;
	uint32_t clients, slots, keys;	/* slots and keys of a shard */
	uint64_t period_ns;		/* of one client; 0: closed loop */
	double slow_exp, size_exp;	/* of the Pareto distributions; 0: all alike */
	pthread_mutex_t mutex;		/* of the queue */
	struct request *first, **last;
	uint32_t queued;		/* futex: counts misses */
	struct shard shards[SHARDS];
	struct request requests[];
};

static void taobench_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->taobench.kib, 65536);
	WORK_DEFAULT(work->taobench.hit_pct, 90);
	WORK_DEFAULT(work->taobench.slow_ns, 100 * NSEC_PER_USEC);
}

static const char *taobench_validate(const struct ktstr_work *work)
{
	if (work->taobench.clients > MAX_THREADS || work->taobench.slow > MAX_THREADS)
		return "clients or slow exceeds 1024";
	if (work->taobench.kib < MIN_KIB || work->taobench.kib > 1 << 20)
		return "kib is not between 64 and 1048576";
	if (work->taobench.hit_pct > 99)
		return "hit_pct is not between 1 and 99";
	if (work->taobench.rps > 10000000)
		return "rps exceeds ten million";
	if (work->taobench.slow_p99_ns && work->taobench.slow_p99_ns < work->taobench.slow_ns)
		return "slow_p99_ns is less than slow_ns";
	if (work->taobench.size_p99 &&
	    (work->taobench.size_p99 < MIN_SIZE || work->taobench.size_p99 > MAX_SIZE_P99))
		return "size_p99 is not between 64 and 65536";
	return work->taobench.slow_ns > WORK_MAX_NS || work->taobench.slow_p99_ns > WORK_MAX_NS ?
	       "slow_ns or slow_p99_ns exceeds an hour" : NULL;
}

/*
 * P(X > x) = (min / x)^a with a such that it is 1 % at @p99: X = min * u^(-1/a) for a uniform
 * u. This is 1/a.
 */
static double pareto_exp(double min, double p99)
{
	return p99 ? log(p99 / min) / log(100) : 0;
}

static uint64_t pareto(uint64_t min, double exp, uint64_t random)
{
	double u = (double)(random >> 11) * 0x1p-53;

	return exp ? (uint64_t)((double)min * pow(u > MIN_CHANCE ? u : MIN_CHANCE, -exp)) : min;
}

/* ---- slow threads ---- */

static struct request *take_miss(struct taobench *s)
{
	struct request *r;

	pthread_mutex_lock(&s->mutex);
	r = s->first;
	if (r)
		s->first = r->next;
	if (!s->first)
		s->last = &s->first;
	pthread_mutex_unlock(&s->mutex);
	return r;
}

/* Another client may have missed the same key: then it is there. */
static void insert(const struct taobench *s, struct shard *sh, uint32_t key)
{
	uint32_t slot;

	pthread_mutex_lock(&sh->mutex);
	if (sh->slot_of[key] == NOWHERE) {
		slot = sh->oldest;
		sh->oldest = (slot + 1) % s->slots;
		sh->slot_of[sh->key_of[slot]] = NOWHERE;
		sh->key_of[slot] = key;
		sh->slot_of[key] = slot;
		memset(sh->objects + (size_t)slot * OBJECT, (int)key, OBJECT);
	}
	pthread_mutex_unlock(&sh->mutex);
}

static void run_slow(struct work_thread *t, struct taobench *s)
{
	struct request *r;
	uint32_t seen;
	uint64_t ns;

	while (!work_thread_stopped(t)) {
		seen = __atomic_load_n(&s->queued, __ATOMIC_ACQUIRE);
		r = take_miss(s);
		if (!r) {
			work_thread_wait(t, &s->queued, seen);
			continue;
		}
		ns = pareto(t->tree->w->work->taobench.slow_ns, s->slow_exp,
			    ktstr_rand_next(&t->rng));
		if (!work_thread_sleep_until(t, ktstr_now_ns() + ns))
			return;
		insert(s, r->shard, r->key);
		r->woken_ns = ktstr_now_ns();
		work_thread_wake(&r->fetched);
	}
}

/* ---- clients ---- */

static uint32_t size_of(const struct taobench *s, uint32_t key)
{
	uint64_t random = ktstr_rand_seed(0, key, 0);

	return s->size_exp ? (uint32_t)pareto(MIN_SIZE, s->size_exp, random) : OBJECT;
}

/* @size bytes from the position of @slot on; larger objects extend into the next slots. */
static void read_object(const struct taobench *s, const struct shard *sh, uint32_t slot,
			uint32_t size)
{
	size_t all = (size_t)s->slots * OBJECT, at = (size_t)slot * OBJECT, n;
	uint8_t object[OBJECT];

	for (; size; size -= (uint32_t)n) {
		n = size < OBJECT ? size : OBJECT;
		memcpy(object, sh->objects + at, n);
		__asm__ volatile("" : : "r"(object) : "memory");
		at = (at + OBJECT) % all;
	}
}

static bool hit(struct work_thread *t, const struct taobench *s, struct shard *sh, uint32_t key)
{
	uint32_t slot, size = size_of(s, key);

	pthread_mutex_lock(&sh->mutex);
	slot = sh->slot_of[key];
	if (slot != NOWHERE)
		read_object(s, sh, slot, size);
	pthread_mutex_unlock(&sh->mutex);
	if (slot != NOWHERE)
		t->bytes += size;
	return slot != NOWHERE;
}

/* false: told to stop; the request may still be with a slow thread. */
static bool fetch(struct work_thread *t, struct taobench *s, struct request *r)
{
	uint32_t seen = __atomic_load_n(&r->fetched, __ATOMIC_ACQUIRE);

	r->next = NULL;
	pthread_mutex_lock(&s->mutex);
	*s->last = r;
	s->last = &r->next;
	pthread_mutex_unlock(&s->mutex);
	work_thread_wake(&s->queued);
	if (!work_thread_wait(t, &r->fetched, seen))
		return false;
	ktstr_sampler__add(&t->sampler, KTSTR_SAMPLES_WAKE, ktstr_now_ns() - r->woken_ns);
	return true;
}

static void run_client(struct work_thread *t, struct taobench *s, struct request *r)
{
	uint64_t next = t->tree->start_ns + s->period_ns * t->index / s->clients, before;
	uint64_t random;
	int path;

	while (!work_thread_stopped(t)) {
		if (s->period_ns && !work_thread_sleep_until(t, next))
			return;
		before = s->period_ns ? next : ktstr_now_ns();
		next += s->period_ns;
		random = ktstr_rand_next(&t->rng);
		r->shard = &s->shards[random % SHARDS];
		r->key = (random >> 32) % s->keys;
		path = hit(t, s, r->shard, r->key) ? FAST : SLOW;
		if (path == SLOW && !fetch(t, s, r))
			return;
		ktstr_sampler__add(&t->sampler, KTSTR_SAMPLES_COST, ktstr_now_ns() - before);
		work_thread_done(t, path);
	}
}

static void taobench_run(struct work_thread *t)
{
	struct taobench *s = t->tree->priv;

	if (t->index < s->clients)
		run_client(t, s, &s->requests[t->index]);
	else
		run_slow(t, s);
}

/* ---- the work type ---- */

/*
 * The cache is full from the beginning, so that the hit ratio is right from the first request on.
 */
static int fill_shard(const struct taobench *s, struct shard *sh)
{
	uint32_t i;

	pthread_mutex_init(&sh->mutex, NULL);
	sh->slot_of = malloc(s->keys * sizeof(*sh->slot_of));
	sh->key_of = malloc(s->slots * sizeof(*sh->key_of));
	sh->objects = malloc((size_t)s->slots * OBJECT);
	if (!sh->slot_of || !sh->key_of || !sh->objects)
		return -ENOMEM;
	for (i = 0; i < s->keys; i++)
		sh->slot_of[i] = i < s->slots ? i : NOWHERE;
	for (i = 0; i < s->slots; i++)
		sh->key_of[i] = i;
	memset(sh->objects, 1, (size_t)s->slots * OBJECT);
	return 0;
}

static int taobench_init(struct ktstr_work_ctx *w)
{
	uint32_t clients = w->work->taobench.clients, slow = w->work->taobench.slow, i;
	struct taobench *s;
	int ret = 0;

	if (!clients)
		clients = ktstr_cpumask__weight(w->cpus);
	if (!clients)
		return -EINVAL;
	if (!slow)
		slow = clients >= 3 ? clients / 3 : 1;
	s = aligned_alloc(64, sizeof(*s) + clients * sizeof(s->requests[0]));
	if (!s)
		return -ENOMEM;
	memset(s, 0, sizeof(*s) + clients * sizeof(s->requests[0]));
	w->priv = s;
	s->clients = clients;
	s->slots = w->work->taobench.kib / SHARDS;
	s->keys = (uint32_t)((uint64_t)s->slots * 100 / w->work->taobench.hit_pct);
	if (s->keys == s->slots)
		s->keys++;
	if (w->work->taobench.rps)
		s->period_ns = NSEC_PER_SEC * clients / w->work->taobench.rps;
	s->slow_exp = pareto_exp((double)w->work->taobench.slow_ns,
				 (double)w->work->taobench.slow_p99_ns);
	s->size_exp = pareto_exp(MIN_SIZE, w->work->taobench.size_p99);
	s->last = &s->first;
	pthread_mutex_init(&s->mutex, NULL);
	for (i = 0; i < SHARDS && !ret; i++)
		ret = fill_shard(s, &s->shards[i]);
	return ret ? ret : work_tree_init(&s->tree, w, clients + slow, taobench_run, s);
}

static void taobench_iterate(struct ktstr_work_ctx *w)
{
	struct taobench *s = w->priv;

	work_tree_iterate(&s->tree);
}

static void taobench_fini(struct ktstr_work_ctx *w)
{
	struct taobench *s = w->priv;
	uint64_t end = ktstr_now_ns(), fast = work_tree_done(&s->tree, FAST);
	uint64_t slow = work_tree_done(&s->tree, SLOW);
	uint32_t i;

	work_tree_join(&s->tree);
	work_metric(w, "total_qps", "1/s", KTSTR_HIGHER_IS_BETTER,
		    work_tree_rate(&s->tree, fast + slow, end));
	work_metric(w, "fast_qps", "1/s", KTSTR_HIGHER_IS_BETTER,
		    work_tree_rate(&s->tree, fast, end));
	work_metric(w, "slow_qps", "1/s", KTSTR_HIGHER_IS_BETTER,
		    work_tree_rate(&s->tree, slow, end));
	if (fast + slow)
		work_metric(w, "hit_ratio", "", KTSTR_NEUTRAL,
			    (double)fast / (double)(fast + slow));
	work_tree_percentiles(&s->tree, KTSTR_SAMPLES_COST, "serve");
	work_metric(w, "hit_data", "MiB/s", KTSTR_HIGHER_IS_BETTER,
		    work_tree_rate(&s->tree, work_tree_bytes(&s->tree), end) / 0x1p20);
	work_tree_free(&s->tree);
	for (i = 0; i < SHARDS; i++) {
		free(s->shards[i].slot_of);
		free(s->shards[i].key_of);
		free(s->shards[i].objects);
	}
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_taobench = {
	.name = "Taobench",
	.description = "A cache server under read load, in one worker: client threads look up keys "
		"in a sharded cache and, on a miss, wait for slow threads that fetch the "
		"object. With rps the requests form an open loop. Unit: a request. Metrics: "
		"total_qps, fast_qps, slow_qps, hit_ratio, hit_data (bytes read by hits), "
		"and serve_p50 to serve_p99_9 from the intended arrival. slow_p99_ns makes "
		"the time of a fetch, and size_p99 the size of an object (otherwise 1024 "
		"bytes), Pareto distributed from slow_ns and from 64 bytes on, with this "
		"99th percentile.",
	.parameters = "clients = (CPUs), slow = (clients / 3), kib = 65536, hit_pct = 90, slow_ns "
		"= 100000, rps = 0 (closed loop), slow_p99_ns = 0, size_p99 = 0",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.defaults = taobench_defaults,
	.validate = taobench_validate,
	.init = taobench_init,
	.iterate = taobench_iterate,
	.fini = taobench_fini,
};
