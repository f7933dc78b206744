// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's messages about sched_ext, from two sources that both work with poll():
 *
 * /dev/kmsg, where the kernel logs why a scheduler was disabled, at any console log level;
 * model/scxlog.c reads it, here and on the host.
 *
 * Kernel uevents: "add" when a scheduler is attached (after the state became "enabled"), "remove"
 * when it is being detached.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

int guest_kmsg__open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int guest_uevent__open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 /* kernel */ };
	int fd, ret;

	fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

/* "ACTION@/kernel/sched_ext/root", then NUL-separated variables. */
bool guest_uevent__is_scx(const char *buf, size_t len)
{
	static const char path[] = "@/kernel/sched_ext/";
	const char *at = memchr(buf, '@', len);

	return at && len - (size_t)(at - buf) >= sizeof(path) - 1 &&
	       !memcmp(at, path, sizeof(path) - 1);
}
