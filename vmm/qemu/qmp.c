// SPDX-License-Identifier: GPL-2.0
/*
 * Just enough of QEMU's machine protocol to stop and continue a multi-threaded guest, and to save
 * and restore a deterministic one. One JSON object per line; a reply carries the id of its
 * command, events in front of it are skipped. Lines are bounded, waiting is bounded, and anything
 * unexpected is -EBADMSG.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "qemu.h"

/* One line without its end into @line. 0, -ETIMEDOUT, -EPIPE, -EBADMSG, -errno. */
static int read_line(struct qmp *q, int64_t deadline, char *line, size_t size)
{
	struct pollfd p = { .fd = q->fd, .events = POLLIN };

	for (;;) {
		char *nl = memchr(q->buf, '\n', q->fill);
		ssize_t n;
		int r;

		if (nl) {
			size_t len = (size_t)(nl - q->buf);

			if (len >= size)
				return -EBADMSG;
			memcpy(line, q->buf, len);
			line[len] = '\0';
			q->fill -= len + 1;
			memmove(q->buf, nl + 1, q->fill);
			return 0;
		}
		if (q->fill == sizeof(q->buf))
			return -EBADMSG;
		r = poll(&p, 1, ktstr_left_ms(deadline));
		if (!r)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r < 0)
			continue;
		n = recv(q->fd, q->buf + q->fill, sizeof(q->buf) - q->fill, MSG_DONTWAIT);
		if (!n)
			return -EPIPE;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			q->fill += (size_t)n;
	}
}

static int send_line(struct qmp *q, const char *name, const char *args)
{
	char line[512];
	int len = snprintf(line, sizeof(line), "{\"execute\":\"%s\",\"id\":%u%s%s}\n", name, ++q->id,
			   args ? ",\"arguments\":" : "", args ?: "");

	if (len < 0 || (size_t)len >= sizeof(line))
		return -EINVAL;
	if (send(q->fd, line, (size_t)len, MSG_NOSIGNAL) != len)
		return errno == EPIPE ? -EPIPE : -EIO;
	return 0;
}

/*
 * Wait for the reply to the last command; older replies and events are skipped. With @reply, it may
 * have a value.
 */
static int await_reply(struct qmp *q, int64_t deadline, char *reply, size_t size)
{
	char line[sizeof(q->buf)], id[32];
	int r;

	snprintf(id, sizeof(id), "\"id\": %u}", q->id);
	for (;;) {
		size_t len;

		r = read_line(q, deadline, line, sizeof(line));
		if (r)
			return r;
		len = strlen(line);
		if (len && line[len - 1] == '\r')
			line[--len] = '\0';
		if (len < strlen(id) || strcmp(line + len - strlen(id), id))
			continue;
		if (!strncmp(line, "{\"return\": {}", 13))
			return 0;
		if (reply && !strncmp(line, "{\"return\": ", 11)) {
			snprintf(reply, size, "%s", line);
			return 0;
		}
		return strncmp(line, "{\"error\"", 8) ? -EBADMSG : -EIO;
	}
}

int qmp_await(struct qmp *q, const char *event, const char *with, int timeout_ms)
{
	int64_t deadline = ktstr_deadline_ms(timeout_ms);
	char line[sizeof(q->buf)], want[64];
	int r;

	snprintf(want, sizeof(want), "\"event\": \"%s\"", event);
	for (;;) {
		r = read_line(q, deadline, line, sizeof(line));
		if (r)
			return r;
		if (!strstr(line, want))
			continue;
		if (!with || strstr(line, with))
			return 0;
		if (strstr(line, "\"failed\""))
			return -EIO;
	}
}

int qmp_post(struct qmp *q, const char *name)
{
	return send_line(q, name, NULL);
}

int qmp_ask(struct qmp *q, const char *name, const char *args, char *reply, size_t size,
	    int timeout_ms)
{
	int64_t deadline = ktstr_deadline_ms(timeout_ms);
	int r;

	if (!q->ready) {
		/* the greeting has no id: await_reply() skips it too */
		r = send_line(q, "qmp_capabilities", NULL);
		if (!r)
			r = await_reply(q, deadline, NULL, 0);
		/* refused: an earlier attempt timed out here, but was carried out */
		if (r && r != -EIO)
			return r;
		q->ready = true;
	}
	r = send_line(q, name, args);
	return r ? r : await_reply(q, deadline, reply, size);
}

int qmp_command(struct qmp *q, const char *name, const char *args, int timeout_ms)
{
	return qmp_ask(q, name, args, NULL, 0, timeout_ms);
}
