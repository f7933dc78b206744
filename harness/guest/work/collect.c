// SPDX-License-Identifier: GPL-2.0
/*
 * Ends workers. All reports come first, then the processes exit: a worker that has reported waits
 * for KTSTR_LEAVE, because the exit of a process uses a CPU for longer than a report does, and
 * would affect the reports of others.
 *
 * A worker that does not report in time is killed; the rest of its report is completed from /proc
 * and from its last checkpoint. Slots are read only after their worker has reported or was reaped.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "worker.h"

void ktstr_workers__tell(struct ktstr_workers *ws)
{
	uint32_t running = 0;

	__atomic_compare_exchange_n(&ws->control->stop, &running, KTSTR_STOP, false,
				    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* What a worker that will say nothing more could not write itself: figures of the kernel, */
static void complete_figures(struct ktstr_workers *ws, uint32_t i)
{
	struct ktstr_worker_slot *s = &ws->slots[i];
	struct ktstr_sched_figures f;

	if (s->base_valid && ktstr_schedstat(ktstr_workers__pid(ws, i), &f)) {
		ktstr_worker_slot__sched_figures(s, &f);
		s->report.cpu_ns = f.cpu_ns - s->base.cpu_ns;
	}
}

/* and the time since its last checkpoint; it lived until @until. */
static void complete_times(struct ktstr_workers *ws, uint32_t i, uint64_t until)
{
	struct ktstr_worker_report *r = &ws->slots[i].report;
	uint64_t start = ws->control->start_ns, last = ws->slots[i].last_ns;

	if (!start)
		return;
	last = last ? last : start;
	r->wall_ns = until - start;
	if (until > last && until - last > r->max_gap_ns) {
		r->max_gap_ns = until - last;
		r->max_gap_at_ns = last - start;
	}
}

static bool completed(const struct ktstr_workers *ws, uint32_t i)
{
	return __atomic_load_n(&ws->slots[i].report.completed, __ATOMIC_ACQUIRE);
}

/* It will not write any more. */
static bool reported(const struct ktstr_workers *ws, uint32_t i)
{
	return completed(ws, i) ||
	       __atomic_load_n(&ws->slots[i].report.setup_error, __ATOMIC_ACQUIRE);
}

/* Is worker @i the first of those that share one process? */
static bool is_first(const struct ktstr_workers *ws, uint32_t i)
{
	return !i || ws->workers[i - 1].process != ws->workers[i].process;
}

static bool lives(const struct ktstr_workers *ws, uint32_t i)
{
	return ws->workers[i].process->pidfd >= 0;
}

/* Its process was reaped, here or for another store. */
static void note_end(struct ktstr_workers *ws, uint32_t i)
{
	struct ktstr_worker *w = &ws->workers[i];
	struct ktstr_process *p = w->process;
	struct ktstr_worker_report *r = &ws->slots[i].report;

	r->exit_status = p->status;
	if (w->status != KTSTR_WORKER_ALIVE)
		return;
	w->status = completed(ws, i) ? KTSTR_WORKER_COMPLETED :
		  p->killed && !reported(ws, i) ? KTSTR_WORKER_KILLED : KTSTR_WORKER_DIED;
	if (w->status == KTSTR_WORKER_KILLED)
		complete_times(ws, i, p->killed_ns);
}

/* The pidfd of worker @i says that its process has ended. */
static void reap(struct ktstr_workers *ws, uint32_t i)
{
	struct ktstr_process *p = ws->workers[i].process;
	struct ktstr_worker_slot *s = &ws->slots[i];
	bool whole = completed(ws, i);

	/* A zombie still has its /proc entry, its dead threads have none. */
	if (!p->threads && !whole && ws->workers[i].status == KTSTR_WORKER_ALIVE)
		complete_figures(ws, i);
	ktstr_process__reap(p);
	if (!p->threads && !whole) {
		s->report.voluntary_switches = p->usage.ru_nvcsw - s->base_voluntary;
		s->report.involuntary_switches = p->usage.ru_nivcsw - s->base_involuntary;
	}
}

/* Has a worker of this process not reported yet? They are neighbours. */
static bool report_missing(const struct ktstr_workers *ws, uint32_t first)
{
	uint32_t i;

	for (i = first; i < ws->nr && (i == first || !is_first(ws, i)); i++)
		if (!reported(ws, i))
			return true;
	return false;
}

void ktstr_workers__collect(struct ktstr_workers *ws, uint64_t stop_ns)
{
	uint64_t deadline = ktstr_now_ns() + stop_ns, count;
	struct timespec left;
	uint32_t i, n;
	int ready;

	ktstr_workers__tell(ws);
	do {
		ws->polls[0] = (struct pollfd){ ws->done_fd, POLLIN, 0 };
		for (i = 0, n = 1; i < ws->nr; i++) {
			if (!lives(ws, i) || !is_first(ws, i) || !report_missing(ws, i))
				continue;
			ws->polls[n] = (struct pollfd){ ws->workers[i].process->pidfd, POLLIN, 0 };
			ws->poll_index[n++] = i;
		}
		left = ktstr_left_timespec(deadline);
		ready = n > 1 ? ppoll(ws->polls, n, &left, NULL) : 0;
		if (ready > 0 && ws->polls[0].revents)
			(void)!read(ws->done_fd, &count, sizeof(count));
		for (i = 1; ready > 0 && i < n; i++)
			if (ws->polls[i].revents)
				reap(ws, ws->poll_index[i]);
	} while (ready > 0 || (ready < 0 && errno == EINTR));
}

void ktstr_workers__release(struct ktstr_workers *ws)
{
	__atomic_store_n(&ws->control->stop, KTSTR_LEAVE, __ATOMIC_RELEASE);
	ktstr_futex(&ws->control->stop, FUTEX_WAKE, INT32_MAX, NULL);
}

static uint32_t silent(struct ktstr_workers *ws)
{
	uint32_t i, nr = 0;

	for (i = 0; i < ws->nr; i++)
		nr += !reported(ws, i) && lives(ws, i);
	return nr;
}

/*
 * Reap until there are none left, or until none has ended for so long: thousands of processes take
 * a while. Returns how many processes are left.
 */
static uint32_t reap_all(struct ktstr_workers *ws, uint64_t patience_ns)
{
	struct timespec left;
	uint32_t i, n;
	int ready;

	do {
		for (i = n = 0; i < ws->nr; i++) {
			if (!lives(ws, i) || !is_first(ws, i))
				continue;
			ws->polls[n] = (struct pollfd){ ws->workers[i].process->pidfd, POLLIN, 0 };
			ws->poll_index[n++] = i;
		}
		if (!n)
			break;
		left = ktstr_left_timespec(ktstr_now_ns() + patience_ns);
		ready = ppoll(ws->polls, n, &left, NULL);
		for (i = 0; ready > 0 && i < n; i++)
			if (ws->polls[i].revents)
				reap(ws, ws->poll_index[i]);
	} while (ready > 0 || (ready < 0 && errno == EINTR));
	for (i = 0; i < ws->nr; i++)
		if (!lives(ws, i))
			note_end(ws, i);
	return n;
}

static void kill_rest(struct ktstr_workers *ws, enum ktstr_worker_status status)
{
	uint64_t now = ktstr_now_ns();
	uint32_t i;

	for (i = 0; i < ws->nr; i++) {
		if (!lives(ws, i) || ws->workers[i].status != KTSTR_WORKER_ALIVE)
			continue;
		if (!reported(ws, i)) {
			complete_figures(ws, i);
			complete_times(ws, i, now);
			ws->workers[i].status = status;
		}
	}
	for (i = 0; i < ws->nr; i++)
		ktstr_process__kill(ws->workers[i].process, now);
}

void ktstr_workers__kill(struct ktstr_workers *ws)
{
	ktstr_workers__tell(ws);
	kill_rest(ws, KTSTR_WORKER_CUT);
}

void ktstr_workers__kill_silent(struct ktstr_workers *ws)
{
	if (silent(ws))
		kill_rest(ws, KTSTR_WORKER_KILLED);
}

/* One that was killed may have been writing the next one. */
static void take_migrations(struct ktstr_workers *ws, uint32_t i)
{
	const uint64_t *count = completed(ws, i) ? NULL : &ws->slots[i].report.migrations;

	ws->migrations[i].start_ns = ws->control->start_ns;
	ktstr_migration_ring__read(&ws->slots[i].migrations, count, 0, ws->reports[i].migrations,
				   &ws->migrations[i]);
}

int ktstr_workers__stop(struct ktstr_workers *ws, uint64_t stop_ns, uint64_t kill_ns)
{
	uint64_t migrated;
	uint32_t left, i;

	ktstr_workers__collect(ws, stop_ns);
	left = silent(ws);
	ktstr_workers__release(ws);
	left = reap_all(ws, left ? 0 : kill_ns);
	if (left) {
		kill_rest(ws, KTSTR_WORKER_KILLED);
		left = reap_all(ws, kill_ns);
	}
	ws->migrated_known = ws->migrated_known && ktstr_read_pages_migrated(&migrated);
	if (ws->migrated_known)
		ws->migrated = migrated - ws->migrated;
	for (i = 0; i < ws->nr; i++) {
		ws->reports[i] = ws->slots[i].report;
		ktstr_samples__get(&ws->store, i, &ws->samples[i]);
		take_migrations(ws, i);
	}
	return left ? -ETIMEDOUT : 0;
}

void ktstr_workers__free(struct ktstr_workers *ws, uint64_t kill_ns)
{
	struct ktstr_batch *b, *next;
	uint32_t i;

	if (!ws)
		return;
	if (ws->nr) {
		kill_rest(ws, KTSTR_WORKER_KILLED);
		reap_all(ws, kill_ns);
	}
	for (i = 0; i < ws->nr; i++)
		ktstr_process__put(ws->workers[i].process);
	if (ws->done_fd >= 0)
		close(ws->done_fd);
	if (ws->control)
		munmap(ws->control, ws->map_size);
	ktstr_samples__fini(&ws->store);
	for (b = ws->batches; b; b = next) {
		next = b->next;
		for (i = 0; i < b->nr; i++)
			ktstr_work_group__close(&b->groups[i]);
		if (b->map)
			munmap(b->map, b->map_size);
		free(b->groups);
		free(b);
	}
	ktstr_phase_slices__free(ws);
	free(ws->poll_index);
	free(ws->polls);
	free(ws->migrations);
	free(ws->samples);
	free(ws->reports);
	free(ws->workers);
	free(ws);
}
