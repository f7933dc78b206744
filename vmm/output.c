// SPDX-License-Identifier: GPL-2.0
/* See output.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fd.h"
#include "output.h"

int vm_open_output(const char *what, const char *path, struct vm_err *err)
{
	int fd = fd_high(open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY,
			      0644));

	if (fd < 0)
		return vm_err(err, errno, "%s %s: %s", what, path, strerror(errno));
	return fd;
}
