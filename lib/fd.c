// SPDX-License-Identifier: GPL-2.0
/* See fd.h. */
#include "fd.h"

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
