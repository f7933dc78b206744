// SPDX-License-Identifier: GPL-2.0
/* See fd.h. */
#include <stdbool.h>
#include <string.h>

#include "fd.h"

#define PAGE	4096u

int fd_write_at(int fd, const void *buf, uint64_t bytes, uint64_t at)
{
	while (bytes) {
		ssize_t n = pwrite(fd, buf, bytes, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOSPC;
		buf = (const char *)buf + n;
		at += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return 0;
}

static bool is_zero(const char *p, uint64_t bytes)
{
	return !p[0] && !memcmp(p, p + 1, bytes - 1);
}

int fd_write_sparse(int fd, const void *buf, uint64_t bytes, uint64_t at)
{
	const char *p = buf;
	uint64_t run = 0, i, n;
	int r = 0;

	for (i = 0; i < bytes && !r; i += n) {
		n = PAGE - (at + i) % PAGE;
		if (n > bytes - i)
			n = bytes - i;
		if (!is_zero(p + i, n))
			continue;
		r = fd_write_at(fd, p + run, i - run, at + run);
		run = i + n;
	}
	return r || run >= bytes ? r : fd_write_at(fd, p + run, bytes - run, at + run);
}

int fd_read_at(int fd, void *buf, uint64_t bytes, uint64_t at)
{
	while (bytes) {
		ssize_t n = pread(fd, buf, bytes, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		buf = (char *)buf + n;
		at += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return 0;
}
