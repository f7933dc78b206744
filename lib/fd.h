/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File descriptors that are close-on-exec and above stderr, so that setting up a child's standard
 * descriptors cannot overwrite one that it inherits by number.
 */
#ifndef KTSTR_LIB_FD_H
#define KTSTR_LIB_FD_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

/* Close *@fd if it is open; errno is kept. */
static inline void fd_close(int *fd)
{
	int e = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = e;
}

/* Take over @fd (may be -1 with errno set). Return it, or a copy above stderr, or -1. */
static inline int fd_high(int fd)
{
	int copy;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	fd_close(&fd);
	return copy;
}

/* All @bytes, to or from offset @at of a file. 0 or -errno; -ENODATA: the file is shorter. */
int fd_write_at(int fd, const void *buf, uint64_t bytes, uint64_t at);
/* The same in a new file: pages of zeroes become holes. The caller sets the file's size. */
int fd_write_sparse(int fd, const void *buf, uint64_t bytes, uint64_t at);
int fd_read_at(int fd, void *buf, uint64_t bytes, uint64_t at);

#endif
