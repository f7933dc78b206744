// SPDX-License-Identifier: GPL-2.0
/*
 * The main function of a worker, process or thread: get ready, park, work until told to stop,
 * report.
 *
 * A worker's clock starts when the gate opens, not when it first runs: time in which the
 * scheduler does not let it begin is a gap like any other. It updates its report as it goes,
 * so there is nothing to transfer in the end and nothing to lose when it dies.
 *
 * A checkpoint is one clock read and one look at the CPU number, both without a system call;
 * the row of the work type says how many iterations share one. Measured cost: docs/workers.md.
 */
#include <errno.h>
#include <linux/futex.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/counters.h"
#include "worker.h"

struct ktstr_loop {
	struct ktstr_worker_slot *slot;
	const struct ktstr_control *control;
	int cpu;			/* at the last checkpoint */
	uint32_t phase;			/* of the control block, as of then */
	bool base_pages_valid;
	uint64_t base_pages[KTSTR_MAX_NODES];	/* inherited by the fork */
	struct ktstr_sampler sampler;
};

long ktstr_futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

void ktstr_worker_slot__sched_figures(struct ktstr_worker_slot *s,
				      const struct ktstr_sched_figures *now)
{
	s->report.run_delay_ns = now->run_delay_ns - s->base.run_delay_ns;
	s->report.timeslices = now->timeslices - s->base.timeslices;
	s->report.schedstat_valid = 1;
}

/* What began before the phase counts from its beginning, which may be later than @now. */
static void note_gap_of_phase(struct ktstr_loop *l, uint64_t now)
{
	struct ktstr_phase_part *part = &l->slot->part;
	uint64_t from = l->slot->last_ns;

	if (from < l->control->phase_ns)
		from = l->control->phase_ns;
	if (now <= from || now - from <= part->max_gap_ns)
		return;
	part->max_gap_ns = now - from;
	part->max_gap_cpu = l->cpu;
}

/* Out of a phase the part stays as it is: the parent reads it then. */
static void change_phase(struct ktstr_loop *l, uint32_t phase, int cpu)
{
	struct ktstr_phase_part *part = &l->slot->part;

	l->phase = phase;
	l->sampler.in_phase = false;
	if (!(phase & 1))
		return;
	part->max_gap_ns = 0;
	part->max_gap_cpu = -1;
	memset(&part->cpus_used, 0, sizeof(part->cpus_used));
	ktstr_cpumask__set(&part->cpus_used, cpu);
	ktstr_sampler__begin_phase(&l->sampler);
	__atomic_store_n(&part->phase, phase, __ATOMIC_RELEASE);
}

/* Account for the gap from slot->last_ns to @now. */
static inline void note_gap(struct ktstr_loop *l, uint64_t now)
{
	struct ktstr_worker_report *r = &l->slot->report;
	uint64_t gap = now - l->slot->last_ns;

	if (l->sampler.in_phase)
		note_gap_of_phase(l, now);
	if (gap <= r->max_gap_ns)
		return;
	r->max_gap_ns = gap;
	r->max_gap_at_ns = l->slot->last_ns - l->control->start_ns;
	r->max_gap_cpu = l->cpu;
}

/* Rare: the instructions stay out of those of every checkpoint. */
static void __attribute__((noinline, cold)) note_migration(struct ktstr_loop *l, uint64_t now,
							   int cpu)
{
	struct ktstr_worker_slot *s = l->slot;

	ktstr_migration_ring__add(&s->migrations, &s->report.migrations, &(struct ktstr_migration){
		.at_ns = now, .from = l->cpu, .to = cpu });
	ktstr_cpumask__set(&s->report.cpus_used, cpu);
	ktstr_cpumask__set(&s->recent_cpus, cpu);
	if (l->sampler.in_phase)
		ktstr_cpumask__set(&s->part.cpus_used, cpu);
	l->cpu = cpu;
}

static inline void checkpoint(struct ktstr_loop *l)
{
	struct ktstr_worker_report *r = &l->slot->report;
	uint64_t now = ktstr_now_ns();
	/* Before the CPU: what is used in an epoch must have been read in it. */
	uint32_t epoch = __atomic_load_n(&l->control->epoch, __ATOMIC_ACQUIRE);
	uint32_t phase = __atomic_load_n(&l->control->phase, __ATOMIC_ACQUIRE);
	int cpu = sched_getcpu();

	if (phase != l->phase)
		change_phase(l, phase, cpu);
	note_gap(l, now);
	if (epoch != l->slot->epoch) {
		memset(&l->slot->recent_cpus, 0, sizeof(l->slot->recent_cpus));
		ktstr_cpumask__set(&l->slot->recent_cpus, cpu);
		l->slot->epoch = epoch;
	}
	if (cpu != l->cpu)
		note_migration(l, now, cpu);
	r->wall_ns = now - l->control->start_ns;
	l->slot->last_ns = now;
}

void work_blocked(struct ktstr_work_ctx *w, uint64_t before, uint64_t now)
{
	struct ktstr_loop *l = w->sampler->loop;

	if (!l || now <= l->slot->last_ns)
		return;		/* known already */
	if (before > l->slot->last_ns)
		note_gap(l, before);
	else
		before = l->slot->last_ns;
	l->slot->report.blocked_ns += now - before;
	l->slot->report.flags |= KTSTR_WORKER_BLOCKS;	/* a custom type's row cannot say so */
	l->slot->last_ns = now;
}

void work_metric(struct ktstr_work_ctx *w, const char *name, const char *unit,
		 enum ktstr_polarity polarity, double value)
{
	struct ktstr_loop *l = w->sampler->loop;
	struct ktstr_worker_metric *m;

	if (!l || l->slot->nr_metrics >= KTSTR_WORKER_METRICS || !isfinite(value))
		return;
	m = &l->slot->metrics[l->slot->nr_metrics++];
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->unit, sizeof(m->unit), "%s", unit);
	m->polarity = polarity;
	m->value = value;
}

void work_say(struct ktstr_work_ctx *w, enum ktstr_severity severity, const char *fmt, va_list ap)
{
	struct ktstr_loop *l = w->sampler->loop;

	if (!l || l->slot->said)
		return;
	if (vsnprintf(l->slot->said_text, sizeof(l->slot->said_text), fmt, ap) < 0)
		l->slot->said_text[0] = '\0';
	__atomic_store_n(&l->slot->said, severity, __ATOMIC_RELEASE);
}

bool work_has_said(const struct ktstr_work_ctx *w)
{
	return w->sampler->loop && w->sampler->loop->slot->said;
}

uint64_t work_checkpoint(struct ktstr_work_ctx *w)
{
	struct ktstr_loop *l = w->sampler->loop;

	if (!l)
		return ktstr_now_ns();
	l->slot->report.work_units = w->units;
	checkpoint(l);
	return l->slot->last_ns;
}

/* Pages that the fork copied are on the runner's node: only pages allocated since then count. */
static void take_pages(struct ktstr_loop *l)
{
	struct ktstr_worker_report *r = &l->slot->report;
	uint64_t now[KTSTR_MAX_NODES] = { };
	int i;

	if (!l->base_pages_valid || !ktstr_anon_pages(now))
		return;
	for (i = 0; i < KTSTR_MAX_NODES; i++)
		r->node_pages[i] = now[i] > l->base_pages[i] ? now[i] - l->base_pages[i] : 0;
	r->pages_valid = 1;
}

static void take_base(struct ktstr_worker_slot *s, uint64_t *cpu_ns)
{
	struct rusage ru;

	getrusage(RUSAGE_THREAD, &ru);
	s->base_voluntary = ru.ru_nvcsw;
	s->base_involuntary = ru.ru_nivcsw;
	s->base_valid = ktstr_schedstat(0, &s->base);
	*cpu_ns = ktstr_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/*
 * Take the page faults of what every worker does right after the gate: all on the same pages. A
 * fault locks its page; on an overloaded CPU its task is preempted with the lock held, and the
 * others sleep until the scheduler runs it again. Seen with 512 workers on 4 CPUs (7.3, EEVDF):
 * some began 2 s late, and it looked like starvation.
 */
static void rehearse(struct ktstr_worker_slot *s)
{
	uint64_t cpu_ns;

	ktstr_now_ns();
	sched_yield();
	take_base(s, &cpu_ns);
	memset(&s->base, 0, sizeof(s->base));
	s->base_valid = 0;
	memset(&s->part, 0, sizeof(s->part));
}

static void take_end(struct ktstr_worker_slot *s, uint64_t base_cpu_ns)
{
	struct ktstr_worker_report *r = &s->report;
	struct ktstr_sched_figures end;
	struct rusage ru;

	r->cpu_ns = ktstr_clock_ns(CLOCK_THREAD_CPUTIME_ID) - base_cpu_ns;
	getrusage(RUSAGE_THREAD, &ru);
	r->voluntary_switches = ru.ru_nvcsw - s->base_voluntary;
	r->involuntary_switches = ru.ru_nivcsw - s->base_involuntary;
	if (s->base_valid && ktstr_schedstat(0, &end))
		ktstr_worker_slot__sched_figures(s, &end);
}

static void work_until_stopped(struct ktstr_loop *l, const struct ktstr_work_row *row,
			       struct ktstr_work_ctx *w)
{
	struct ktstr_worker_report *r = &l->slot->report;
	uint32_t every = row->checkpoint_every ? row->checkpoint_every : 1, until = every;
	uint64_t cpu_ns;

	/*
	 * The first gap begins at the gate; the CPU on which the worker was parked does not count
	 * as used.
	 */
	l->slot->last_ns = l->control->start_ns;
	checkpoint(l);
	r->start_ns = r->wall_ns;
	/*
	 * The first iteration of every worker is short: otherwise, with 128 workers on a CPU, the
	 * last one would wait for half a second of time slices.
	 */
	sched_yield();
	checkpoint(l);
	r->migrations = 0;
	memset(&r->cpus_used, 0, sizeof(r->cpus_used));
	ktstr_cpumask__set(&r->cpus_used, l->cpu);
	l->slot->recent_cpus = r->cpus_used;
	take_base(l->slot, &cpu_ns);

	while (!work_stopped(w)) {
		row->iterate(w);
		r->work_units = w->units;
		r->iterations++;
		if (!--until) {
			checkpoint(l);
			until = every;
		}
	}
	checkpoint(l);
	take_end(l->slot, cpu_ns);
	take_pages(l);
}

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/*
 * Close the parent's sockets and pidfds, but not the descriptors of our groups. Workers of one
 * group are neighbours.
 */
static void close_others(const struct ktstr_worker_args *b, uint32_t nr)
{
	unsigned int from = 3;
	uint32_t i, k, n = 0;
	int *keep;

	keep = malloc(nr * (sizeof(b->group->fds) + sizeof(b->done_fd)));
	if (!keep)
		return;		/* a descriptor that stays open is not an error */
	for (i = 0; i < nr; i++) {
		if (!i || b[i].done_fd != b[i - 1].done_fd)
			keep[n++] = b[i].done_fd;
		for (k = 0; k < KTSTR_WORK_MAX_FDS && (!i || b[i].group != b[i - 1].group); k++)
			if (b[i].group->fds[k] > 2)
				keep[n++] = b[i].group->fds[k];
	}
	if (n > 1)
		qsort(keep, n, sizeof(keep[0]), compare_fds);
	for (i = 0; i < n; i++) {
		if ((unsigned int)keep[i] > from)
			syscall(SYS_close_range, from, keep[i] - 1U, 0U);
		from = keep[i] + 1U;
	}
	syscall(SYS_close_range, from, ~0U, 0U);
	free(keep);
}

/* CPUs that the worker may use, in the form that iterations get. */
static void own_cpus(struct ktstr_cpumask *cpus)
{
	cpu_set_t set;
	int i;

	memset(cpus, 0, sizeof(*cpus));
	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (i = 0; i < CPU_SETSIZE && i < KTSTR_MAX_CPUS; i++)
		if (CPU_ISSET(i, &set))
			ktstr_cpumask__set(cpus, i);
}

/* Get SIGKILL when the parent dies; it may have died before this line. */
static bool tied_to_parent(pid_t parent)
{
	return !prctl(PR_SET_PDEATHSIG, SIGKILL) && getppid() == parent;
}

static int get_ready(const struct ktstr_worker_args *b, const struct ktstr_work_row *row,
		     struct ktstr_work_ctx *w, struct ktstr_cpumask *cpus)
{
	int ret = 0;

	if (b->placement.enter)
		ret = b->placement.enter(b->placement.arg, b->index);
	/* A change of credentials resets the parent death signal. */
	if (!ret && !tied_to_parent(b->parent))
		_exit(1);
	own_cpus(cpus);
	if (!ret && row->init)
		ret = row->init(w);
	return ret;
}

static void count_parked(struct ktstr_control *c)
{
	__atomic_add_fetch(&c->parked, 1, __ATOMIC_RELEASE);
	ktstr_futex(&c->parked, FUTEX_WAKE, 1, NULL);
}

static void park(const struct ktstr_worker_args *b)
{
	count_parked(b->control);
	while (__atomic_load_n(b->gate, __ATOMIC_ACQUIRE) == b->gate_closed)
		ktstr_futex(b->gate, FUTEX_WAIT, b->gate_closed, NULL);
}

/* The report is complete; this wakes the parent. */
static void ring(const struct ktstr_worker_args *b)
{
	const uint64_t one = 1;

	(void)!write(b->done_fd, &one, sizeof(one));
}

static void wait_to_leave(const struct ktstr_worker_args *b)
{
	uint32_t *stop = &b->control->stop, seen;

	while ((seen = __atomic_load_n(stop, __ATOMIC_ACQUIRE)) != KTSTR_LEAVE)
		ktstr_futex(stop, FUTEX_WAIT, seen, NULL);
}

/* false: it could not get ready. */
static bool live(const struct ktstr_worker_args *b, bool thread)
{
	const struct ktstr_work_row *row = ktstr_work__row(b->group->work->type);
	struct ktstr_loop l = { .slot = b->slot, .control = b->control };
	struct ktstr_worker_report *r = &b->slot->report;
	struct ktstr_cpumask cpus;
	struct ktstr_work_ctx w = {
		.work = b->group->work, .group = b->group, .index = b->index,
		.member = b->member, .cpus = &cpus, .stop = &b->control->stop,
		.sampler = &l.sampler,
		.rng = ktstr_rand_seed(b->seed, b->number, 0),
	};
	int ret;

	ktstr_sampler__init(&l.sampler, b->samples, b->number, b->seed);
	/* Threads share their memory: pages cannot be assigned to one of them. */
	l.base_pages_valid = !thread && ktstr_anon_pages(l.base_pages);

	ret = get_ready(b, row, &w, &cpus);
	if (row->flags & KTSTR_WORK_BLOCKS)
		r->flags |= KTSTR_WORKER_BLOCKS;
	if (w.role == KTSTR_ROLE_MESSENGER)
		r->flags |= KTSTR_WORKER_MESSENGER;
	if (w.alone)
		r->flags |= KTSTR_WORKER_ALONE;
	if (ret) {
		__atomic_store_n(&r->setup_error, ret, __ATOMIC_RELEASE);
		count_parked(b->control);
		ring(b);
		return false;
	}
	rehearse(b->slot);
	l.cpu = sched_getcpu();
	l.sampler.loop = &l;
	park(b);

	work_until_stopped(&l, row, &w);
	if (row->fini)
		row->fini(&w);
	__atomic_store_n(&r->completed, 1, __ATOMIC_RELEASE);
	ring(b);
	wait_to_leave(b);
	return true;
}

/*
 * Separate the process from its parent: a process group of its own, a parent death signal, and
 * only the descriptors of its groups.
 */
static void separate(const struct ktstr_worker_args *b, uint32_t nr)
{
	sigset_t none;

	if (!tied_to_parent(b->parent))
		_exit(1);
	setpgid(0, 0);
	close_others(b, nr);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void ktstr_worker__main(const struct ktstr_worker_args *b)
{
	bool lived;

	ktstr_counters__forked();
	separate(b, 1);
	lived = live(b, false);
	ktstr_counters__save();
	_exit(lived ? 0 : 1);
}

static void *thread_main(void *args)
{
	const struct ktstr_worker_args *b = args;

	__atomic_store_n(&b->slot->report.tid, (int32_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
	live(b, true);
	return NULL;
}

/*
 * The leader only waits for its threads. They set per-thread attributes (nice, policy, affinity,
 * ids, name) for themselves; the parent death signal is the leader's and survives a change of
 * their ids.
 */
void ktstr_leader__main(const struct ktstr_worker_args *args, uint32_t nr, const char *comm)
{
	pthread_t *threads = calloc(nr, sizeof(*threads));
	uint32_t i;
	int ret;

	ktstr_counters__forked();
	separate(args, nr);
	if (comm)
		prctl(PR_SET_NAME, comm);
	for (i = 0; i < nr; i++) {
		ret = threads ? -pthread_create(&threads[i], NULL, thread_main, (void *)&args[i]) :
				-ENOMEM;
		if (ret) {
			args[i].slot->report.setup_error = ret;
			count_parked(args[i].control);
		}
	}
	for (i = 0; i < nr; i++)
		if (threads && threads[i])
			pthread_join(threads[i], NULL);
	ktstr_counters__save();
	_exit(0);
}
