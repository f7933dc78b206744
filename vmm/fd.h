/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors of a VMM: each is close-on-exec and above stderr, so that a child's standard
 * descriptors can be set up without treading on one that it inherits by number.
 */
#ifndef KTSTR_VMM_FD_H
#define KTSTR_VMM_FD_H

#include <errno.h>
#include <fcntl.h>
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

/* Take over @fd (may be -1 with errno set) and return it or its copy above stderr, or -1. */
static inline int fd_high(int fd)
{
	int copy;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	fd_close(&fd);
	return copy;
}

#endif
