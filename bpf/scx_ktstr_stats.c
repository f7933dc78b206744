// SPDX-License-Identifier: GPL-2.0
/* The statistics socket of the fixture scheduler: see scx_ktstr_stats.h. */
#include <errno.h>
#include <linux/kernel.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/jtree.h"
#include "scx_ktstr_options.h"
#include "scx_ktstr_stats.h"

#define STATS_DIR	"/var/run/scx/root"
#define REQUEST_BYTES	(64u << 10)	/* of memory for a request that is read */

static const struct {
	const char *name, *desc;
} counters[NR_FIXTURE_COUNTERS] = {
	[FIXTURE_NR_DISPATCHED] = { "nr_dispatched", "tasks moved from the shared DSQ" },
	[FIXTURE_NR_ENQUEUED] = { "nr_enqueued", "calls of ops.enqueue()" },
	[FIXTURE_NR_SELECT_CPU] = { "nr_select_cpu", "calls of ops.select_cpu()" },
	[FIXTURE_NR_YIELDED] = { "nr_yielded", "calls of ops.yield()" },
	[FIXTURE_STATS_MAGIC] = { "stats_magic", "a number to be recognised" },
};

/* A line of JSON; there is room for all that is put there. */
struct reply {
	char text[2048];
	size_t len;
};

static void __attribute__((format(printf, 2, 3))) put(struct reply *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->len += (size_t)vsnprintf(r->text + r->len, sizeof(r->text) - r->len, fmt, ap);
	va_end(ap);
}

static void put_counters(struct reply *r, const unsigned long long *counter)
{
	put(r, "{\"errno\":0,\"args\":{\"resp\":{");
	for (int i = 0; i < NR_FIXTURE_COUNTERS; i++)
		put(r, "%s\"%s\":%llu", i ? "," : "", counters[i].name, counter[i]);
	put(r, "}}}\n");
}

/* What generic clients read first: the structures by name, the topmost is marked. */
static void put_meta(struct reply *r)
{
	put(r, "{\"errno\":0,\"args\":{\"resp\":{\"Metrics\":{\"name\":\"Metrics\",\"top\":\"true\","
	       "\"desc\":\"counters of the fixture scheduler\",\"fields\":{");
	for (int i = 0; i < NR_FIXTURE_COUNTERS; i++)
		put(r, "%s\"%s\":{\"datum\":\"u64\",\"desc\":\"%s\"}", i ? "," : "",
		    counters[i].name, counters[i].desc);
	put(r, "}}}}}\n");
}

/* @why has nothing in it that JSON would escape. */
static void put_error(struct reply *r, const char *why)
{
	put(r, "{\"errno\":%d,\"args\":{\"resp\":\"%s\"}}\n", EINVAL, why);
}

static void answer(const char *line, size_t len, const unsigned long long *counter, struct reply *r)
{
	struct ktstr_err err = { .msg = "" };
	const struct ktstr_jnode *request;
	struct ktstr_jtree tree;
	const char *what;

	ktstr_jtree__init(&tree, REQUEST_BYTES);
	request = ktstr_jtree__parse(&tree, line, len, &err);
	what = ktstr_jnode__str(request, "req", "");
	if (!request)
		put_error(r, "the request is no JSON");
	else if (!strcmp(what, "stats_meta"))
		put_meta(r);
	else if (strcmp(what, "stats"))
		put_error(r, "req is neither stats nor stats_meta");
	else if (strcmp(ktstr_jnode__str(ktstr_jnode__get(request, "args"), "target", "top"), "top"))
		put_error(r, "there is no target but top");
	else
		put_counters(r, counter);
	ktstr_jtree__free(&tree);
}

static void drop(struct fixture_client *c)
{
	close(c->fd);
	*c = (struct fixture_client){ .fd = -1 };
}

/* A client that does not read what it has asked for is dropped. */
static void respond(const struct fixture_stats *s, struct fixture_client *c, size_t len,
		    const unsigned long long *counter)
{
	struct reply r = { .len = 0 };

	switch (s->how) {
	case FIXTURE_STATS_HANG:
		return;
	case FIXTURE_STATS_CLOSE:
		drop(c);
		return;
	case FIXTURE_STATS_GARBAGE:
		put(&r, "{\"errno\":0,\"args\":{\"resp\":{\"nr_dispatched\":}}}\n");
		break;
	case FIXTURE_STATS_ERROR:
		put_error(&r, "no statistics today");
		break;
	default:
		answer(c->line, len, counter, &r);
	}
	if (send(c->fd, r.text, r.len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)r.len)
		drop(c);
}

static void serve(const struct fixture_stats *s, struct fixture_client *c,
		  const unsigned long long *counter)
{
	ssize_t n = recv(c->fd, c->line + c->len, sizeof(c->line) - c->len, MSG_DONTWAIT);
	size_t len;
	char *end;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		drop(c);
		return;
	}
	c->len += (size_t)n;
	while (c->fd >= 0 && (end = memchr(c->line, '\n', c->len))) {
		len = (size_t)(end - c->line);
		respond(s, c, len, counter);
		if (c->fd < 0)
			return;
		c->len -= len + 1;
		memmove(c->line, end + 1, c->len);
	}
	if (c->len == sizeof(c->line))
		drop(c);	/* no request is so long */
}

static void admit(struct fixture_stats *s)
{
	for (int i = 0; i < FIXTURE_STATS_CLIENTS; i++)
		if (s->client[i].fd < 0) {
			s->client[i].fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
			return;
		}
}

void fixture_stats__open(struct fixture_stats *s, enum fixture_stats_how how)
{
	static const char * const dirs[] = { "/var", "/var/run", "/var/run/scx", STATS_DIR };
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = STATS_DIR "/stats" };
	size_t i;

	s->how = how;
	s->fd = -1;
	for (i = 0; i < FIXTURE_STATS_CLIENTS; i++)
		s->client[i] = (struct fixture_client){ .fd = -1 };
	if (how == FIXTURE_STATS_NONE)
		return;
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		mkdir(dirs[i], 0755);
	unlink(addr.sun_path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd >= 0 && !bind(s->fd, (struct sockaddr *)&addr, sizeof(addr)) && !listen(s->fd, 4))
		return;
	fprintf(stderr, PROG ": no statistics at %s: %s\n", addr.sun_path, strerror(errno));
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void fixture_stats__want(const struct fixture_stats *s, struct pollfd *pfds)
{
	bool room = false;
	int i;

	for (i = 0; i < FIXTURE_STATS_CLIENTS; i++) {
		pfds[1 + i] = (struct pollfd){ .fd = s->client[i].fd, .events = POLLIN };
		room |= s->client[i].fd < 0;
	}
	/* others wait in the backlog */
	pfds[0] = (struct pollfd){ .fd = room ? s->fd : -1, .events = POLLIN };
}

void fixture_stats__serve(struct fixture_stats *s, const struct pollfd *pfds,
			  const unsigned long long *counter)
{
	for (int i = 0; i < FIXTURE_STATS_CLIENTS; i++)
		if (pfds[1 + i].fd >= 0 && pfds[1 + i].revents)
			serve(s, &s->client[i], counter);
	if (pfds[0].fd >= 0 && pfds[0].revents)
		admit(s);
}
