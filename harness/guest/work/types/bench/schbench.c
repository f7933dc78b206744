// SPDX-License-Identifier: GPL-2.0
/*
 * Schbench: the request pattern of a web server, after Chris Mason's benchmark of that name. A
 * messenger hands requests to its workers; a worker waits for one, sleeps as if for the network,
 * multiplies matrices under the lock of its CPU and reports back. Two latencies count: from
 * the messenger's wake-up to the worker running, and of the whole request.
 *
 * Without a rate a messenger hands out a request as soon as a worker is free. With a rate, the
 * latency of a request counts from its scheduled time: when all workers are busy it waits, and the
 * wait is part of its latency. With auto_rps the waiting thread controls the rate until the
 * server's CPU time is the wanted share of its CPUs; a new rate begins a new schedule.
 *
 * With pipe_bytes a request does no work: the messenger writes them, the worker reads them.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"
#include "tree.h"

#define MAX_MESSENGERS	64
#define MAX_WORKERS	1024	/* threads of all messengers */
#define MAX_RPS		1000000
#define MAX_PIPE	(1U << 20)
#define FIRST_RPS	10	/* with auto_rps */
#define STEER_NS	(250 * NSEC_PER_MSEC)
#define STEER_FACTOR	2.0	/* at most up or down in one go */

/* One per worker: its entry in the messenger's queue. */
struct job {
	struct job *next;
	uint32_t handed;		/* futex: counts requests */
	uint64_t arrived_ns, woken_ns;
	struct work_matrices *matrices;
	struct work_matrices shared;	/* factors that all read, product of its own */
	uint8_t *pipe;			/* twice pipe_bytes: written, read; NULL: no pipe */
} __attribute__((aligned(64)));

struct post {
	struct job *free;		/* workers that want a request, the last one first */
	uint32_t posted;		/* futex: counts them */
} __attribute__((aligned(64)));

struct cpu_lock {
	pthread_mutex_t mutex;
} __attribute__((aligned(64)));

struct schbench {
	struct work_tree tree;
	uint32_t messengers, workers;	/* workers of each */
	uint64_t period_ns;		/* of one messenger, may change; 0: no rate */
	double rps, busy_pct;		/* with auto_rps: at the last adjustment */
	uint64_t looked_ns, looked_cpu_ns;
	struct work_matrices *shared;	/* NULL: no split */
	struct post posts[MAX_MESSENGERS];
	struct cpu_lock locks[KTSTR_MAX_CPUS];
	struct job jobs[];
};

static void schbench_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->schbench.messengers, 1);
	WORK_DEFAULT(work->schbench.kib, 256);
	WORK_DEFAULT(work->schbench.ops, 5);
	WORK_DEFAULT(work->schbench.sleep_ns, 100 * NSEC_PER_USEC);
}

static const char *schbench_validate(const struct ktstr_work *work)
{
	if (work->schbench.messengers > MAX_MESSENGERS)
		return "messengers exceeds 64";
	if (work->schbench.workers > MAX_WORKERS / work->schbench.messengers)
		return "messengers x workers exceeds 1024";
	if (work->schbench.kib > 1 << 20)
		return "kib exceeds 1 GiB";
	if (work->schbench.rps > MAX_RPS)
		return "rps exceeds a million";
	if (work->schbench.auto_rps > 100 || work->schbench.split > 100)
		return "auto_rps or split exceeds 100 %";
	if (work->schbench.auto_rps && work->schbench.rps)
		return "rps and auto_rps exclude each other";
	if (work->schbench.pipe_bytes > MAX_PIPE)
		return "pipe_bytes exceeds 1 MiB";
	return work->schbench.sleep_ns > WORK_MAX_NS ? "sleep_ns exceeds an hour" : NULL;
}

/* ---- messengers ---- */

/* Append the free workers to @tail, in the order in which they came. The new tail. */
static struct job **take_free(struct post *p, struct job **tail)
{
	struct job *j = __atomic_exchange_n(&p->free, NULL, __ATOMIC_ACQUIRE), *next, *in_order;

	for (in_order = NULL; j; j = next) {
		next = j->next;
		j->next = in_order;
		in_order = j;
	}
	*tail = in_order;
	while (*tail)
		tail = &(*tail)->next;
	return tail;
}

static void hand_out(struct job *j, uint64_t arrived, uint64_t now, uint32_t pipe_bytes)
{
	if (pipe_bytes)
		memset(j->pipe, (int)now, pipe_bytes);
	j->arrived_ns = arrived;
	j->woken_ns = now;
	work_thread_wake(&j->handed);
}

static void run_messenger(struct work_thread *t, struct schbench *s, struct post *p)
{
	uint32_t seen, pipe_bytes = t->tree->w->work->schbench.pipe_bytes;
	uint64_t next = t->tree->start_ns, now, period, last = 0;
	struct job *idle = NULL, **tail = &idle, *j;

	while (!work_thread_stopped(t)) {
		seen = __atomic_load_n(&p->posted, __ATOMIC_ACQUIRE);
		tail = take_free(p, tail);
		period = __atomic_load_n(&s->period_ns, __ATOMIC_RELAXED);
		if (last && last != period)
			next = ktstr_now_ns();
		last = period;
		while (idle) {
			now = ktstr_now_ns();
			if (period && now < next)
				break;
			j = idle;
			idle = j->next;
			hand_out(j, period ? next : now, now, pipe_bytes);
			next += period;
		}
		if (!idle) {
			tail = &idle;
			work_thread_wait(t, &p->posted, seen);
		} else {
			work_thread_sleep_until(t, next);
		}
	}
}

/* ---- workers ---- */

static void wants_request(struct post *p, struct job *j)
{
	j->next = __atomic_load_n(&p->free, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&p->free, &j->next, j, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	work_thread_wake(&p->posted);
}

/* Take the lock of the CPU on which the thread runs once it holds the lock. */
static struct cpu_lock *lock_cpu(struct work_thread *t, struct schbench *s)
{
	struct cpu_lock *l;
	int cpu;

	for (;;) {
		cpu = sched_getcpu();
		l = &s->locks[cpu >= 0 && cpu < KTSTR_MAX_CPUS ? cpu : 0];
		pthread_mutex_lock(&l->mutex);
		if (sched_getcpu() == cpu || work_thread_stopped(t))
			return l;
		pthread_mutex_unlock(&l->mutex);
	}
}

static bool serve(struct work_thread *t, struct schbench *s, struct job *j)
{
	const struct ktstr_work *work = t->tree->w->work;
	uint32_t i, row, shared = work->schbench.ops * work->schbench.split / 100;
	struct work_matrices *m;
	struct cpu_lock *l;

	if (j->pipe) {
		memcpy(j->pipe + work->schbench.pipe_bytes, j->pipe, work->schbench.pipe_bytes);
		__asm__ volatile("" : : "r"(j->pipe) : "memory");
		t->bytes += work->schbench.pipe_bytes;
		return !work_thread_stopped(t);
	}
	if (!work_thread_sleep_until(t, ktstr_now_ns() + work->schbench.sleep_ns))
		return false;
	l = work->schbench.unlocked ? NULL : lock_cpu(t, s);
	for (i = 0; i < work->schbench.ops; i++) {
		m = i < shared ? &j->shared : j->matrices;
		for (row = 0; row < m->n && !work_thread_stopped(t); row++)
			work_multiply_row(m, row);
	}
	if (l)
		pthread_mutex_unlock(&l->mutex);
	return !work_thread_stopped(t);
}

static void run_worker(struct work_thread *t, struct schbench *s, struct post *p, struct job *j)
{
	uint32_t handed = 0;
	uint64_t now;

	for (;;) {
		wants_request(p, j);
		if (!work_thread_wait(t, &j->handed, handed))
			return;
		handed++;
		now = ktstr_now_ns();
		ktstr_sampler__add(&t->sampler, KTSTR_SAMPLES_WAKE, now - j->woken_ns);
		if (!serve(t, s, j))
			return;
		now = ktstr_now_ns();
		ktstr_sampler__add(&t->sampler, KTSTR_SAMPLES_COST, now - j->arrived_ns);
		work_thread_done(t, 0);
	}
}

/* First the messengers, then the workers of each. */
static void schbench_run(struct work_thread *t)
{
	struct schbench *s = t->tree->priv;
	uint32_t i = t->index - s->messengers;

	if (t->index < s->messengers)
		run_messenger(t, s, &s->posts[t->index]);
	else
		run_worker(t, s, &s->posts[i / s->workers], &s->jobs[i]);
}

/* ---- the work type ---- */

static void set_rate(struct schbench *s, double rps)
{
	s->rps = rps < 1 ? 1 : rps > MAX_RPS ? MAX_RPS : rps;
	__atomic_store_n(&s->period_ns, (uint64_t)(1e9 * s->messengers / s->rps),
			 __ATOMIC_RELAXED);
}

/* What a worker works on; the factors of a part of it may be common to all. */
static int make_job(struct schbench *s, struct job *j, const struct ktstr_work *work)
{
	uint32_t kib = work->schbench.kib, pipe_bytes = work->schbench.pipe_bytes;

	if (pipe_bytes) {
		j->pipe = calloc(2, pipe_bytes);
		return j->pipe ? 0 : -ENOMEM;
	}
	j->matrices = work_matrices(kib);
	if (!j->matrices)
		return -ENOMEM;
	if (work->schbench.split && !s->shared)
		s->shared = work_matrices(kib);
	if (work->schbench.split && !s->shared)
		return -ENOMEM;
	if (s->shared) {
		j->shared = *s->shared;
		j->shared.c = j->matrices->c;
	}
	return 0;
}

static int schbench_init(struct ktstr_work_ctx *w)
{
	uint32_t messengers = w->work->schbench.messengers, workers = w->work->schbench.workers, i;
	uint32_t cpus = ktstr_cpumask__weight(w->cpus);
	struct schbench *s;
	int ret = 0;

	if (!workers)
		workers = (cpus + messengers - 1) / messengers;
	if (!workers)
		return -EINVAL;
	i = messengers * workers;
	s = aligned_alloc(64, sizeof(*s) + i * sizeof(s->jobs[0]));
	if (!s)
		return -ENOMEM;
	memset(s, 0, sizeof(*s) + i * sizeof(s->jobs[0]));
	w->priv = s;
	s->messengers = messengers;
	s->workers = workers;
	if (w->work->schbench.rps)
		set_rate(s, w->work->schbench.rps);
	else if (w->work->schbench.auto_rps)
		set_rate(s, FIRST_RPS);
	while (i-- && !ret)
		ret = make_job(s, &s->jobs[i], w->work);
	if (ret)
		return ret;
	for (i = 0; i < KTSTR_MAX_CPUS; i++)
		pthread_mutex_init(&s->locks[i].mutex, NULL);
	return work_tree_init(&s->tree, w, messengers * (workers + 1), schbench_run, s);
}

/* Proportional control: the rate changes by the ratio of the target to the present value. */
static void steer(struct schbench *s, const struct ktstr_work_ctx *w)
{
	double factor, cpus = ktstr_cpumask__weight(w->cpus);
	uint64_t now = ktstr_now_ns(), cpu_ns;

	if (s->looked_ns && now - s->looked_ns < STEER_NS)
		return;
	cpu_ns = ktstr_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (s->looked_ns) {
		s->busy_pct = 100.0 * (double)(cpu_ns - s->looked_cpu_ns) /
			      ((double)(now - s->looked_ns) * cpus);
		factor = s->busy_pct > 0 ? w->work->schbench.auto_rps / s->busy_pct : STEER_FACTOR;
		factor = factor > STEER_FACTOR ? STEER_FACTOR : factor;
		set_rate(s, s->rps * (factor < 1 / STEER_FACTOR ? 1 / STEER_FACTOR : factor));
	}
	s->looked_ns = now;
	s->looked_cpu_ns = cpu_ns;
}

static void schbench_iterate(struct ktstr_work_ctx *w)
{
	struct schbench *s = w->priv;

	work_tree_iterate(&s->tree);
	if (w->work->schbench.auto_rps)
		steer(s, w);
}

static void schbench_fini(struct ktstr_work_ctx *w)
{
	uint64_t end = ktstr_now_ns(), loops, delay = 0;
	struct schbench *s = w->priv;
	uint32_t i;

	loops = work_tree_done(&s->tree, 0);
	work_tree_join(&s->tree);
	work_tree_percentiles(&s->tree, KTSTR_SAMPLES_WAKE, "wakeup");
	work_tree_percentiles(&s->tree, KTSTR_SAMPLES_COST, "request");
	work_metric(w, "loop_count", "", KTSTR_HIGHER_IS_BETTER, (double)loops);
	work_metric(w, "achieved_rps", "1/s", KTSTR_HIGHER_IS_BETTER,
		    work_tree_rate(&s->tree, loops, end));
	for (i = 0; i < s->tree.nr; i++)
		delay += s->tree.threads[i].run_delay_ns;
	if (loops)
		work_metric(w, "sched_delay", "us", KTSTR_LOWER_IS_BETTER,
			    (double)delay / (double)loops / 1e3);
	if (w->work->schbench.auto_rps) {
		work_metric(w, "target_rps", "1/s", KTSTR_HIGHER_IS_BETTER, s->rps);
		work_metric(w, "cpu_busy", "%", KTSTR_NEUTRAL, s->busy_pct);
	}
	if (w->work->schbench.pipe_bytes)
		work_metric(w, "transferred", "MiB/s", KTSTR_HIGHER_IS_BETTER,
			    work_tree_rate(&s->tree, work_tree_bytes(&s->tree), end) / 0x1p20);
	work_tree_free(&s->tree);
	for (i = 0; i < s->messengers * s->workers; i++) {
		free(s->jobs[i].matrices);
		free(s->jobs[i].pipe);
	}
	free(s->shared);
	work_free_priv(w);
}

const struct ktstr_work_row ktstr_work_schbench = {
	.name = "Schbench",
	.description = "The request pattern of a web server, in one worker: messenger threads hand "
		"requests to worker threads, which sleep and then multiply matrices under a "
		"lock of their CPU. Unit: a request. Metrics: wakeup_p50 to wakeup_p99_9, "
		"request_p50 to request_p99_9, loop_count, achieved_rps, sched_delay (run "
		"delay per request). auto_rps starts with 10 requests per second and "
		"controls the rate until the threads use that share of their CPUs; its "
		"metrics are target_rps and cpu_busy. With split that share of the ops "
		"multiplies factors that all workers read. With pipe_bytes a request has no "
		"work: the messenger writes that many bytes and the worker reads them; its "
		"metric is transferred.",
	.parameters = "messengers = 1, workers = (CPUs / messengers), kib = 256, ops = 5, "
		"sleep_ns = 100000, rps = 0 (no limit), unlocked = false, auto_rps = 0 (%), "
		"split = 0 (%), pipe_bytes = 0",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.defaults = schbench_defaults,
	.validate = schbench_validate,
	.init = schbench_init,
	.iterate = schbench_iterate,
	.fini = schbench_fini,
};
