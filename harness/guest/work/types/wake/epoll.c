// SPDX-License-Identifier: GPL-2.0
/*
 * EpollStorm: bursts of writes to eventfds that every consumer watches with an epoll instance of
 * its own. Each write finds all idle consumers asleep and wakes them although one read takes
 * everything: the rest wake for nothing. A scheduler sees bursts of wake-ups from one CPU, most
 * of which end after a few microseconds.
 *
 * All descriptors are made in the parent: those made by one worker after the fork would be
 * numbers without a meaning in the others.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

/* One a producer: when its eventfd was first written to since it was last read. */
struct source {
	uint64_t rung_ns;
} __attribute__((aligned(64)));

static void storm_defaults(struct ktstr_work *work)
{
	WORK_DEFAULT(work->epoll_storm.producers, 1);
	WORK_DEFAULT(work->epoll_storm.consumers, 2);
	WORK_DEFAULT(work->epoll_storm.burst, 32);
	WORK_DEFAULT(work->epoll_storm.pause_ns, 100 * NSEC_PER_USEC);
}

static uint32_t storm_group(const struct ktstr_work *work)
{
	return work->epoll_storm.producers + work->epoll_storm.consumers;
}

static const char *storm_validate(const struct ktstr_work *work)
{
	if (work->epoll_storm.producers > KTSTR_WORK_MAX_FDS ||
	    work->epoll_storm.consumers > KTSTR_WORK_MAX_FDS ||
	    storm_group(work) > KTSTR_WORK_MAX_FDS)
		return "producers and consumers together exceed 64";
	return work->epoll_storm.pause_ns > WORK_MAX_NS ? "pause_ns exceeds an hour" : NULL;
}

static size_t storm_shared(const struct ktstr_work *work)
{
	return work->epoll_storm.producers * sizeof(struct source);
}

/* fds: an eventfd a producer, then an epoll instance a consumer. */
static int storm_setup(struct ktstr_work_group *g)
{
	uint32_t producers = g->work->epoll_storm.producers, i, p;
	struct epoll_event ev = { .events = EPOLLIN };

	for (p = 0; p < producers; p++) {
		g->fds[p] = eventfd(0, EFD_NONBLOCK);
		if (g->fds[p] < 0)
			return -errno;
	}
	for (i = producers; i < g->size; i++) {
		g->fds[i] = epoll_create1(0);
		if (g->fds[i] < 0)
			return -errno;
		for (p = 0; p < producers; p++) {
			ev.data.u32 = p;
			if (epoll_ctl(g->fds[i], EPOLL_CTL_ADD, g->fds[p], &ev))
				return -errno;
		}
	}
	return 0;
}

static int storm_init(struct ktstr_work_ctx *w)
{
	if (w->member < w->work->epoll_storm.producers)
		w->role = KTSTR_ROLE_MESSENGER;
	return 0;
}

static void produce(struct ktstr_work_ctx *w)
{
	struct source *s = (struct source *)w->group->shared + w->member;
	static const uint64_t one = 1;
	uint64_t never;
	uint32_t i;

	for (i = 0; i < w->work->epoll_storm.burst && !work_stopped(w); i++) {
		never = 0;
		__atomic_compare_exchange_n(&s->rung_ns, &never, ktstr_now_ns(), false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		if (write(w->group->fds[w->member], &one, sizeof(one)) == sizeof(one))
			w->units++;
	}
	work_sleep(w, w->work->epoll_storm.pause_ns);
}

/*
 * Returns with one event or to stop. The kernel puts tasks without an event back to sleep by
 * itself.
 */
static bool wait_event(struct ktstr_work_ctx *w, struct epoll_event *ev, uint64_t *now)
{
	uint64_t before = ktstr_now_ns();
	int n = 0;

	while (n != 1 && !work_stopped(w))
		n = epoll_wait(w->group->fds[w->member], ev, 1, 100);
	*now = ktstr_now_ns();
	work_blocked(w, before, *now);
	return n == 1;
}

static void consume(struct ktstr_work_ctx *w)
{
	uint64_t before = ktstr_now_ns(), now, count, rung;
	struct source *s = w->group->shared;
	struct epoll_event ev;

	if (!wait_event(w, &ev, &now))
		return;
	if (read(w->group->fds[ev.data.u32], &count, sizeof(count)) != sizeof(count))
		return;		/* another consumer was faster */
	rung = __atomic_exchange_n(&s[ev.data.u32].rung_ns, 0, __ATOMIC_SEQ_CST);
	work_sample_ring(w, rung, before, now);
	work_spin(w, WORK_WAKE_SPIN);
}

static void storm_iterate(struct ktstr_work_ctx *w)
{
	if (w->role == KTSTR_ROLE_MESSENGER)
		produce(w);
	else
		consume(w);
}

const struct ktstr_work_row ktstr_work_epoll_storm = {
	.name = "EpollStorm",
	.description = "Producers write bursts to eventfds. Each write wakes all idle consumers, "
		"which watch the eventfds through epoll, but only one of them finds data. "
		"Unit: a write, and for a consumer as in SpinWait. Wake sample: the time "
		"from the first write to the consumer running.",
	.parameters = "producers = 1, consumers = 2, burst = 32, pause_ns = 100000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_BLOCKS,
	.defaults = storm_defaults,
	.group_size = storm_group,
	.validate = storm_validate,
	.shared_size = storm_shared,
	.setup_group = storm_setup,
	.init = storm_init,
	.iterate = storm_iterate,
};
