// SPDX-License-Identifier: GPL-2.0
/*
 * Asks the scheduler for its statistics, for snapshots: the socket of scx_stats (model/msg.h has the
 * protocol). At a snapshot on request the question comes first, and the body's goes to the host when
 * it is over; at periodic ones PID 1 knows from the clock when the host will take them, and tells the
 * host at once what the answer is.
 *
 * Nobody waits for an answer in here: it arrives in the event loop, or its time is over. The
 * connection is kept from one question to the next, as servers compute rates from one answer to the
 * next on the same connection. After anything but an answer it is closed, so that a late answer is
 * not taken for that of the next question.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

static const char request[] = "{\"req\":\"stats\",\"args\":{\"target\":\"top\"}}\n";

#define REQUEST_LEN	(sizeof(request) - 1)

void guest_stats__open(struct guest *g)
{
	struct guest_stats *s = &g->stats;

	*s = (struct guest_stats){ .fd = -1, .timer_fd = -1, .path = KTSTR_SCX_STATS_PATH };
	s->off = g->args.no_scx_stats;
	s->window.nr = g->args.num_snapshots;
	if (!s->off)
		s->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

static void hang_up(struct guest_stats *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Wake up when the answer is late, or the next periodic one is due. */
static void set_timer(struct guest_stats *s)
{
	uint64_t next = s->waiting ? s->deadline_ns : ktstr_window__due(&s->window, s->next);
	struct itimerspec t = { .it_value = ktstr_ns_timespec(next) };

	if (s->timer_fd >= 0)
		timerfd_settime(s->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
}

static void finish(struct guest *g, enum ktstr_scx_stats outcome, int error)
{
	struct guest_stats *s = &g->stats;
	struct ktstr_msg_scx_stats *m = (struct ktstr_msg_scx_stats *)s->answer;
	size_t len = outcome == KTSTR_SCX_STATS_ANSWER ? s->len : 0;
	uint64_t us = (ktstr_now_ns() - s->start_ns) / 1000;

	s->waiting = false;
	if (outcome != KTSTR_SCX_STATS_ANSWER)
		hang_up(s);
	if (outcome == KTSTR_SCX_STATS_SILENCE)
		s->silent++;
	else if (outcome != KTSTR_SCX_STATS_GIVEN_UP)
		s->silent = 0;
	*m = (struct ktstr_msg_scx_stats){
		.snapshot = s->snapshot, .outcome = outcome, .error = error,
		.waited_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX,
	};
	guest_link__send(&g->link, KTSTR_MSG_SCX_STATS, s->answer, sizeof(*m) + len);
	if (s->snapshot == KTSTR_SCX_STATS_ASKED) {
		s->asked = GUEST_STATS_DONE;
		return;		/* the question that follows rings */
	}
	s->next = s->snapshot + 1;
	guest_link__ring(&g->link);
}

/* 0 or -errno */
static int dial(struct guest *g)
{
	struct guest_stats *s = &g->stats;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	hang_up(s);
	s->server = g->sched.pid;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", s->path);
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return 0;
}

/* Is the connection of before still good: of this scheduler, open, and nothing to be read? */
static bool still_connected(const struct guest *g)
{
	const struct guest_stats *s = &g->stats;
	char c;

	return s->fd >= 0 && s->server == g->sched.pid &&
	       recv(s->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* A request is so short that the socket takes all of it, or nothing. */
static int post(struct guest_stats *s)
{
	ssize_t n = send(s->fd, request, REQUEST_LEN, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n == (ssize_t)REQUEST_LEN ? 0 : n < 0 ? -errno : -EMSGSIZE;
}

static enum ktstr_scx_stats reason(int ret)
{
	switch (-ret) {
	case ENOENT:
	case ENOTDIR:
		return KTSTR_SCX_STATS_NO_SOCKET;
	case ECONNREFUSED:
		return KTSTR_SCX_STATS_NO_LISTENER;
	default:
		return KTSTR_SCX_STATS_FAILED;
	}
}

/* Ask for @snapshot. This may be over at once. */
static void start(struct guest *g, uint32_t snapshot)
{
	struct guest_stats *s = &g->stats;
	uint32_t scale = g->args.time_scale ?: 1;
	int ret = 0;

	s->snapshot = snapshot;
	s->start_ns = ktstr_now_ns();
	s->deadline_ns = s->start_ns + KTSTR_SCX_STATS_MS * NSEC_PER_MSEC * scale;
	s->len = 0;
	if (!g->sched.pid) {
		finish(g, KTSTR_SCX_STATS_NO_SCHEDULER, 0);
		return;
	}
	if (s->silent >= KTSTR_SCX_STATS_SILENT) {
		finish(g, KTSTR_SCX_STATS_GIVEN_UP, 0);
		return;
	}
	if (!still_connected(g))
		ret = dial(g);
	if (!ret)
		ret = post(s);
	if (ret)
		finish(g, reason(ret), -ret);
	else
		s->waiting = true;
}

/* Ask what is to be asked next, if nothing is on its way. */
static void go_on(struct guest *g)
{
	struct guest_stats *s = &g->stats;
	uint64_t now = ktstr_now_ns(), due;

	while (!s->waiting) {
		if (s->asked == GUEST_STATS_WANTED) {
			start(g, KTSTR_SCX_STATS_ASKED);
			continue;
		}
		/* of several that PID 1 has slept through, only the last is worth asking for */
		due = ktstr_window__due(&s->window, s->next);
		if (!due || due > now)
			break;
		due = ktstr_window__due(&s->window, s->next + 1);
		if (due && due <= now)
			s->next++;
		else
			start(g, s->next);
	}
	set_timer(s);
}

/* Take over what came. False: the request is over. */
static bool receive(struct guest *g)
{
	struct guest_stats *s = &g->stats;
	char *line = s->answer + sizeof(struct ktstr_msg_scx_stats), *end;
	ssize_t n = recv(s->fd, line + s->len, KTSTR_SCX_STATS_MAX - s->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0 && errno != ECONNRESET) {
		finish(g, KTSTR_SCX_STATS_FAILED, errno);
		return false;
	}
	if (n <= 0) {
		finish(g, KTSTR_SCX_STATS_CLOSED, 0);
		return false;
	}
	end = memchr(line + s->len, '\n', (size_t)n);
	s->len += (size_t)n;
	if (!end && s->len < KTSTR_SCX_STATS_MAX)
		return true;
	if (!end) {
		finish(g, KTSTR_SCX_STATS_TOO_LONG, 0);
		return false;
	}
	/* what is behind the line was not asked for: still_connected() would not see it */
	n = line + s->len - (end + 1);
	s->len = (size_t)(end - line);
	finish(g, KTSTR_SCX_STATS_ANSWER, 0);
	if (n)
		hang_up(s);
	return false;
}

void guest_stats__on_socket(struct guest *g)
{
	if (!g->stats.waiting)
		hang_up(&g->stats);	/* it closed, or says what nobody asked */
	else if (!receive(g))
		go_on(g);
}

void guest_stats__on_timer(struct guest *g)
{
	struct guest_stats *s = &g->stats;
	uint64_t expired;

	if (read(s->timer_fd, &expired, sizeof(expired)) < 0)
		return;
	if (s->waiting && ktstr_now_ns() >= s->deadline_ns)
		finish(g, KTSTR_SCX_STATS_SILENCE, 0);
	go_on(g);
}

static bool has_room(struct guest_stats *s)
{
	if (!s->answer)
		s->answer = malloc(sizeof(struct ktstr_msg_scx_stats) + KTSTR_SCX_STATS_MAX);
	return s->answer;
}

void guest_stats__body(struct guest *g)
{
	struct guest_stats *s = &g->stats;
	uint64_t now = ktstr_now_ns();

	if (s->off || !s->window.nr || !has_room(s))
		return;
	s->body_ns = now;
	s->window.start_ns = now;
	s->window.end_ns = now + g->args.duration_s * NSEC_PER_SEC;
	set_timer(s);
}

void guest_stats__step(struct guest *g)
{
	struct guest_stats *s = &g->stats;
	uint64_t now = ktstr_now_ns(), duration = g->args.duration_s * NSEC_PER_SEC;

	if (!s->body_ns)
		return;
	/* a body without steps has shown by then that it has none (snapshot/part.c) */
	if (now < s->body_ns + duration / 10) {
		s->window.start_ns = now;
		s->window.end_ns = now + duration;
		set_timer(s);
	}
	s->body_ns = 0;
}

bool guest_stats__ask_first(struct guest *g)
{
	struct guest_stats *s = &g->stats;

	if (s->off || !g->sched.pid || !has_room(s))
		return false;
	s->asked = GUEST_STATS_WANTED;
	go_on(g);
	return true;
}

bool guest_stats__asked(struct guest *g)
{
	bool done = g->stats.asked == GUEST_STATS_DONE;

	if (done)
		g->stats.asked = GUEST_STATS_IDLE;
	return done;
}

void guest_stats__close(struct guest *g)
{
	struct guest_stats *s = &g->stats;

	hang_up(s);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	s->timer_fd = -1;
	s->waiting = false;
	s->off = true;
	s->body_ns = 0;
	free(s->answer);
	s->answer = NULL;
}
