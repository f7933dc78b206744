// SPDX-License-Identifier: GPL-2.0
/* See output.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/fd.h"
#include "output.h"

int vm_output_open(const char *what, const char *path, struct ktstr_err *err)
{
	int fd = fd_high(open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY,
			      0644));

	if (fd < 0)
		return ktstr_err(err, errno, "%s %s: %s", what, path, strerror(errno));
	return fd;
}

int vm_output_copy(int from, int to)
{
	char buf[16384];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(from, buf, sizeof(buf), at)) > 0) {
		if (write(to, buf, (size_t)n) != n)
			return errno ? -errno : -ENOSPC;
		at += n;
	}
	return n ? -errno : 0;
}
