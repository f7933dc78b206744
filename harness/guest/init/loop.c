// SPDX-License-Identifier: GPL-2.0
/*
 * The event loop of PID 1. It knows only the descriptors and functions of event sources, so that
 * every wait can use it. Each wait is a condition and a deadline in guest time; nothing polls.
 */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "lib/clock.h"
#include "internal.h"

#define MAX_SOURCES	10
#define DRAIN_ROUNDS	256	/* of a wait without deadline: a child may print forever */

static int *source_fd(struct guest *g, const struct guest_source *s)
{
	return (int *)((char *)g + s->fd);
}

/* Wait until something happens or @deadline_ns; 0 does not wait. Events are handled. */
static int serve_once(struct guest *g, uint64_t deadline_ns)
{
	uint64_t now = deadline_ns ? ktstr_now_ns() : 0;
	uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec timeout = {
		.tv_sec = (time_t)(left / NSEC_PER_SEC),
		.tv_nsec = (long)(left % NSEC_PER_SEC),
	};
	const struct guest_source *s = g->sources;
	struct pollfd fds[MAX_SOURCES];
	nfds_t nr, i;
	int n;

	for (nr = 0; nr < MAX_SOURCES && s[nr].ready; nr++)
		fds[nr] = (struct pollfd){ .fd = *source_fd(g, &s[nr]), .events = POLLIN };
	n = ppoll(fds, nr, &timeout, NULL);
	for (i = 0; n > 0 && i < nr; i++)
		/* the function of an earlier source may have closed it */
		if (fds[i].revents && *source_fd(g, &s[i]) == fds[i].fd)
			s[i].ready(g);
	return n;
}

bool guest_loop__serve(struct guest *g, bool (*done)(const struct guest *g), uint64_t deadline_ns)
{
	int rounds = 0;

	for (;;) {
		if (done && done(g))
			return true;
		if (deadline_ns && ktstr_now_ns() >= deadline_ns)
			return false;
		if (serve_once(g, deadline_ns) <= 0 && !deadline_ns)
			return done && done(g);
		if (!deadline_ns && ++rounds >= DRAIN_ROUNDS)
			return done && done(g);
	}
}
