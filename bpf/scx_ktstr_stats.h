/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture scheduler's end of scx_stats: a socket at which it is asked for its counters, lines of
 * JSON in both directions. The scheduler goes on without it if it cannot be made.
 *
 *	{"req":"stats","args":{"target":"top"}}	{"errno":0,"args":{"resp":{"nr_dispatched":...}}}
 *	{"req":"stats_meta"}			what the counters are
 *	anything else				{"errno":22,"args":{"resp":"why"}}
 */
#ifndef SCX_KTSTR_STATS_H
#define SCX_KTSTR_STATS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#define FIXTURE_STATS_CLIENTS	8	/* further ones wait until one of them leaves */
#define FIXTURE_STATS_PFDS	(1 + FIXTURE_STATS_CLIENTS)

/* What it does when it is asked: what it should, or a fault. */
enum fixture_stats_how {
	FIXTURE_STATS_SERVE,
	FIXTURE_STATS_NONE,	/* there is no socket */
	FIXTURE_STATS_HANG,	/* never answers */
	FIXTURE_STATS_CLOSE,	/* hangs up instead */
	FIXTURE_STATS_GARBAGE,	/* answers what is no JSON */
	FIXTURE_STATS_ERROR,	/* answers with an error */
};

enum fixture_counter {
	FIXTURE_NR_DISPATCHED, FIXTURE_NR_ENQUEUED, FIXTURE_NR_SELECT_CPU, FIXTURE_NR_YIELDED,
	FIXTURE_STATS_MAGIC, NR_FIXTURE_COUNTERS,
};

struct fixture_stats {
	enum fixture_stats_how how;
	int fd;				/* -1: none */
	struct fixture_client {
		int fd;			/* -1: nobody */
		size_t len;
		char line[1024];	/* of a request, so far */
	} client[FIXTURE_STATS_CLIENTS];
};

void fixture_stats__open(struct fixture_stats *s, enum fixture_stats_how how);
/* What to wait for: fills FIXTURE_STATS_PFDS elements. */
void fixture_stats__want(const struct fixture_stats *s, struct pollfd *pfds);
/* poll() has returned: accept, read, answer with these values. */
void fixture_stats__serve(struct fixture_stats *s, const struct pollfd *pfds,
			  const unsigned long long *counter);

#endif
