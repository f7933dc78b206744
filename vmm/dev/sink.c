// SPDX-License-Identifier: GPL-2.0
/* Guest output to a file; see sink.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sink.h"

void sink_init(struct sink *s, int fd, uint64_t max)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->max = max;
}

/* Returns how many bytes were written: fewer than @len when the file cannot grow. */
static size_t write_all(int fd, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, data + done, len - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	return done;
}

static void keep_tail(struct sink *s, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		s->tail[s->past++ % SINK_TAIL] = data[i];
}

void sink_flush(struct sink *s)
{
	size_t room = s->past ? 0 : s->max - s->written;
	size_t len = s->fill < room ? s->fill : room;
	size_t done = s->fd < 0 ? 0 : write_all(s->fd, s->buf, len);

	s->written += done;
	keep_tail(s, s->buf + done, s->fill - done);
	s->fill = 0;
}

void sink_put(struct sink *s, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		size_t room = SINK_BUF - s->fill;
		size_t n = len < room ? len : room;

		memcpy(s->buf + s->fill, p, n);
		s->fill += n;
		if (s->fill == SINK_BUF || memchr(p, '\n', n))
			sink_flush(s);
		p += n;
		len -= n;
	}
}

void sink_close(struct sink *s)
{
	size_t start, len;
	char note[80];

	sink_flush(s);
	if (!s->past || s->fd < 0)
		return;
	len = s->past < SINK_TAIL ? s->past : SINK_TAIL;
	start = (s->past - len) % SINK_TAIL;
	if (s->past > len) {
		int n = snprintf(note, sizeof(note), "\n[%" PRIu64 " bytes left out here]\n",
				 s->past - len);

		write_all(s->fd, note, (size_t)n);
	}
	if (start + len > SINK_TAIL) {
		write_all(s->fd, s->tail + start, SINK_TAIL - start);
		len -= SINK_TAIL - start;
		start = 0;
	}
	write_all(s->fd, s->tail + start, len);
}
