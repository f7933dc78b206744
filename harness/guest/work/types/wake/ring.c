// SPDX-License-Identifier: GPL-2.0
/*
 * ProducerConsumerImbalance: paced producers and slower (or faster) consumers around a bounded
 * ring. Which side blocks depends on the rates and on the CPU time that the scheduler gives each
 * side, and both directions wake: producers wake consumers from an empty ring, consumers wake
 * producers from a full one. The wake samples are the times spent blocked.
 *
 * The ring is Vyukov's bounded queue: a cell's sequence number says whose turn it is, so that any
 * number of processes may put and take without a lock.
 */
#include <errno.h>
#include <stdlib.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

struct cell {
	uint64_t sequence;		/* pos: free for put number pos; pos + 1: filled by it */
	uint64_t item;
};

/* One side waits on it; the other adds 1 when there is something to wait for no longer. */
struct gate {
	uint32_t word;			/* futex */
	uint32_t waiting;
} __attribute__((aligned(64)));

struct ring {
	uint64_t head __attribute__((aligned(64)));	/* next to put */
	uint64_t tail __attribute__((aligned(64)));	/* next to take */
	struct gate not_empty, not_full;
	struct cell cell[];
};

static void ring_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->producer_consumer.producers, 2);
	WORK_DEFAULT(work->producer_consumer.consumers, 1);
	WORK_DEFAULT(work->producer_consumer.rate_hz, 1000);
	WORK_DEFAULT(work->producer_consumer.consume, 4096);
	WORK_DEFAULT(work->producer_consumer.depth, 1024);
}

static uint32_t ring_group(const struct ktstr_work *work)
{
	return work->producer_consumer.producers + work->producer_consumer.consumers;
}

static const char *ring_validate(const struct ktstr_work *work)
{
	if (work->producer_consumer.producers > WORK_MAX_GROUP ||
	    work->producer_consumer.consumers > WORK_MAX_GROUP)
		return "producers or consumers exceeds 4096";
	if (work->producer_consumer.rate_hz > NSEC_PER_SEC)
		return "rate_hz exceeds one item a nanosecond";
	/* With one cell, "filled by put n" and "free for put n + 1" are the same number. */
	if (work->producer_consumer.depth < 2 || work->producer_consumer.depth > 1 << 20)
		return "depth is not within 2..1048576";
	return NULL;
}

static size_t ring_shared(const struct ktstr_work *work)
{
	return sizeof(struct ring) + work->producer_consumer.depth * sizeof(struct cell);
}

static int ring_setup(struct ktstr_work_group *g)
{
	struct ring *r = g->shared;
	uint32_t i;

	for (i = 0; i < g->work->producer_consumer.depth; i++)
		r->cell[i].sequence = i;
	return 0;
}

/*
 * Claim the next position of @end whose cell has come to @position + @ahead. NULL: it has not,
 * the ring is full or empty.
 */
static struct cell *claim(struct ring *r, uint32_t depth, uint64_t *end, uint64_t ahead,
			  uint64_t *position)
{
	uint64_t pos = __atomic_load_n(end, __ATOMIC_RELAXED);
	struct cell *c;
	int64_t off;

	for (;;) {
		c = &r->cell[pos % depth];
		off = (int64_t)(__atomic_load_n(&c->sequence, __ATOMIC_SEQ_CST) - pos - ahead);
		if (off < 0)
			return NULL;
		if (off > 0)	/* somebody else has been here */
			pos = __atomic_load_n(end, __ATOMIC_RELAXED);
		else if (__atomic_compare_exchange_n(end, &pos, pos + 1, true,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	}
	*position = pos;
	return c;
}

static bool put(struct ring *r, uint32_t depth, uint64_t item)
{
	uint64_t pos;
	struct cell *c = claim(r, depth, &r->head, 0, &pos);

	if (!c)
		return false;
	c->item = item;
	__atomic_store_n(&c->sequence, pos + 1, __ATOMIC_SEQ_CST);
	return true;
}

static bool take(struct ring *r, uint32_t depth, uint64_t *item)
{
	uint64_t pos;
	struct cell *c = claim(r, depth, &r->tail, 1, &pos);

	if (!c)
		return false;
	*item = c->item;
	__atomic_store_n(&c->sequence, pos + depth, __ATOMIC_SEQ_CST);
	return true;
}

/* After the ring has changed: one more may go on. */
static void let_through(struct gate *g)
{
	if (!__atomic_load_n(&g->waiting, __ATOMIC_SEQ_CST))
		return;
	__atomic_add_fetch(&g->word, 1, __ATOMIC_SEQ_CST);
	work_futex_wake(&g->word, 1);
}

/*
 * Try, and between two tries wait at the gate. A waiter counts itself before it tries for the
 * last time, so whoever changes the ring after that sees the count. false: told to stop.
 */
static bool pass(struct ktstr_work_ctx *w, struct gate *g, uint64_t *item, bool putting)
{
	uint32_t depth = w->work->producer_consumer.depth, seen;
	struct ring *r = w->group->shared;
	uint64_t before;
	bool done;

	done = putting ? put(r, depth, *item) : take(r, depth, item);
	if (done)
		return true;
	before = ktstr_now_ns();
	__atomic_add_fetch(&g->waiting, 1, __ATOMIC_SEQ_CST);
	do {
		seen = __atomic_load_n(&g->word, __ATOMIC_SEQ_CST);
		done = putting ? put(r, depth, *item) : take(r, depth, item);
	} while (!done && work_futex_wait(w, &g->word, seen));
	__atomic_sub_fetch(&g->waiting, 1, __ATOMIC_SEQ_CST);
	if (done)
		work_sample_wake(w, ktstr_now_ns() - before);
	return done;
}

/* When the next item is due. */
struct pace {
	uint64_t due_ns;
};

static int ring_init(struct ktstr_work_ctx *w)
{
	if (w->member >= w->work->producer_consumer.producers)
		return 0;
	w->priv = calloc(1, sizeof(struct pace));
	return w->priv ? 0 : -ENOMEM;
}

/* A producer that was delayed does not catch up: the rate is a maximum, not a mean. */
static void produce(struct ktstr_work_ctx *w, struct pace *p)
{
	uint64_t now = ktstr_now_ns(), period = NSEC_PER_SEC / w->work->producer_consumer.rate_hz;
	struct ring *r = w->group->shared;
	uint64_t item = w->units;

	if (p->due_ns > now)
		work_sleep(w, p->due_ns - now);
	else
		p->due_ns = now;
	p->due_ns += period;
	if (work_stopped(w) || !pass(w, &r->not_full, &item, true))
		return;
	w->units++;
	let_through(&r->not_empty);
}

static void consume(struct ktstr_work_ctx *w)
{
	struct ring *r = w->group->shared;
	uint64_t item = 0;

	if (!pass(w, &r->not_empty, &item, false))
		return;
	let_through(&r->not_full);
	work_spin(w, w->work->producer_consumer.consume);
}

static void ring_iterate(struct ktstr_work_ctx *w)
{
	if (w->priv)
		produce(w, w->priv);
	else
		consume(w);
}

const struct ktstr_work_row ktstr_work_producer_consumer_imbalance = {
	.name = "ProducerConsumerImbalance",
	.description = "Producers put items into a ring at a fixed rate, consumers take them and "
		"spin; each side blocks on a full or an empty ring. Unit: an item, and for "
		"a consumer as in SpinWait. Wake sample: the time that a task was blocked.",
	.parameters = "producers = 2, consumers = 1, rate_hz = 1000, consume = 4096, depth = 1024",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = ring_defaults,
	.group_size = ring_group,
	.validate = ring_validate,
	.shared_size = ring_shared,
	.setup_group = ring_setup,
	.init = ring_init,
	.iterate = ring_iterate,
	.fini = work_free_priv,
};
