// SPDX-License-Identifier: GPL-2.0
/* Files and sockets behind devices: see devfile.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devfile.h"
#include "fd.h"

int vm_disk_open(const struct vm_disk *disk, struct vm_err *err)
{
	int fd = fd_high(memfd_create("ktstr-disk", MFD_CLOEXEC));
	int ret;

	if (fd < 0)
		return vm_err(err, errno, "disk %s: memfd: %s", disk->serial, strerror(errno));
	if (!ftruncate(fd, (off_t)disk->bytes))
		return fd;
	ret = vm_err(err, errno, "disk %s: a file of %" PRIu64 " bytes: %s", disk->serial,
		     disk->bytes, strerror(errno));
	fd_close(&fd);
	return ret;
}

int vm_cable_open(struct vm_err *err)
{
	struct sockaddr_un self = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(self);
	int fd = fd_high(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	int ret;

	if (fd < 0)
		return vm_err(err, errno, "network card: socket: %s", strerror(errno));
	/* without a name of our own the kernel gives it one (unix(7), autobind) */
	if (!bind(fd, (struct sockaddr *)&self, sizeof(self.sun_family)) &&
	    !getsockname(fd, (struct sockaddr *)&self, &len) &&
	    !connect(fd, (struct sockaddr *)&self, len))
		return fd;
	ret = vm_err(err, errno, "network card: cable: %s", strerror(errno));
	fd_close(&fd);
	return ret;
}
