// SPDX-License-Identifier: GPL-2.0
/*
 * A hold ends with its time or with the scheduler, whichever is first. It costs the guest no
 * wakeup in between but those that were asked for, to look at the workers.
 *
 * The process is watched by its pidfd. That the kernel ejects a scheduler whose process lives
 * on is told by a uevent: scx_root_disable() deletes the kobject /kernel/sched_ext/root, which
 * sends "remove" because enabling sent "add" (kernel/sched/ext/ext.c of 7.3, tried there). The
 * state file itself cannot be polled: nothing calls sysfs_notify() for it, but it is read
 * before and after every hold, so that a missed event costs time and no verdict. A kernel
 * without uevents (no CONFIG_NET) is asked every 100 ms instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <ktstr/scenario.h>

#include "hold.h"

#define STATE_POLL_NS	(100 * NSEC_PER_MSEC)
#define UEVENT_KERNEL	1		/* multicast group of the kernel's own events */
#define UEVENT_GONE	"remove@/kernel/sched_ext/root"

static int open_uevents(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = UEVENT_KERNEL };
	int fd, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

static int open_timer(void)
{
	struct itimerspec every = {
		.it_interval.tv_nsec = STATE_POLL_NS,
		.it_value.tv_nsec = STATE_POLL_NS,
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	timerfd_settime(fd, 0, &every, NULL);
	return fd;
}

int ktstr_watch__open(struct ktstr_watch *w, const char *sysfs, int pidfd, bool attached)
{
	w->pidfd = pidfd;
	w->wake = -1;
	w->is_timer = false;
	snprintf(w->state, sizeof(w->state), "%s/kernel/sched_ext/state", sysfs);
	/* A scheduler under test that is no sched_ext one has no state to lose. */
	if (!attached || access(w->state, R_OK))
		return 0;
	w->wake = open_uevents();
	if (w->wake < 0) {
		w->is_timer = true;
		w->wake = open_timer();
	}
	return w->wake < 0 ? w->wake : 0;
}

void ktstr_watch__close(struct ktstr_watch *w)
{
	if (w->wake >= 0)
		close(w->wake);
	w->wake = -1;
}

static bool state_enabled(const struct ktstr_watch *w)
{
	int fd = open(w->state, O_RDONLY | O_CLOEXEC);
	char buf[32];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf));
	close(fd);
	return n >= 7 && !strncmp(buf, "enabled", 7) && (n == 7 || buf[7] == '\n');
}

/* Drain @w->wake. True when the scheduler is gone. */
static bool ejected(struct ktstr_watch *w)
{
	struct sockaddr_nl from = { };
	struct iovec iov;
	struct msghdr msg = { .msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1 };
	char buf[4096];
	bool ask = w->is_timer;
	ssize_t n;

	for (;;) {
		if (w->is_timer) {
			n = read(w->wake, buf, 8);
		} else {
			iov = (struct iovec){ buf, sizeof(buf) - 1 };
			msg.msg_namelen = sizeof(from);
			n = recvmsg(w->wake, &msg, MSG_DONTWAIT);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {	/* events were lost */
			ask = true;
			continue;
		}
		if (n <= 0)
			break;
		buf[w->is_timer ? 0 : n] = '\0';
		if (!w->is_timer && !from.nl_pid && !strcmp(buf, UEVENT_GONE))
			return true;
	}
	return ask && !state_enabled(w);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

/* Look if it is time; returns how long there is nothing to do, until @deadline at most. */
static struct timespec until_next(struct ktstr_watch *w, uint64_t now, uint64_t deadline)
{
	if (w->look_every_ns && now < deadline) {
		if (now >= w->next_look_ns) {
			w->look(w->look_arg, now);
			w->next_look_ns = now + w->look_every_ns;
			now = now_ns();
		}
		if (deadline > w->next_look_ns)
			deadline = w->next_look_ns;
	}
	if (now >= deadline)
		return (struct timespec){ 0 };
	return (struct timespec){ (time_t)((deadline - now) / NSEC_PER_SEC),
				  (long)((deadline - now) % NSEC_PER_SEC) };
}

int ktstr_watch__hold(struct ktstr_watch *w, uint64_t ns)
{
	uint64_t now = now_ns(), deadline = now + ns;
	struct pollfd p[2] = {
		{ .fd = w->pidfd, .events = POLLIN },
		{ .fd = w->wake, .events = POLLIN },
	};
	struct timespec left;
	int n;

	/* Whatever happened since the last hold, and before the first uevent could come. */
	if (w->wake >= 0 && !state_enabled(w))
		ns = 0;
	if (!ns)
		deadline = now;
	for (;; now = now_ns()) {
		left = until_next(w, now, deadline);
		n = ppoll(p, 2, &left, NULL);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[0].revents)
			return KTSTR_HOLD_SCHED_EXITED;
		if (n > 0 && p[1].revents && ejected(w))
			return KTSTR_HOLD_SCHED_EJECTED;
		if (now >= deadline && n >= 0)
			break;
	}
	if (w->wake >= 0 && !state_enabled(w))
		return KTSTR_HOLD_SCHED_EJECTED;
	return KTSTR_HOLD_OVER;
}
