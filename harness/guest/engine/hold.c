// SPDX-License-Identifier: GPL-2.0
/*
 * A hold ends when its time is over or when the scheduler ends, whichever comes first. The runner
 * does not wake up in between, except to poll for stalled workers.
 *
 * The end of the scheduler's process is seen through its pidfd. When the kernel ejects a scheduler
 * whose process keeps running, there is a uevent: scx_root_disable() deletes the kobject
 * /kernel/sched_ext/root, which sends "remove" because enabling sent "add" (kernel/sched/ext/ext.c
 * of 7.3). The state file cannot be polled, as nothing calls sysfs_notify() for it, but it is read
 * before and after every hold. A lost event therefore costs time, not a verdict. A kernel without
 * uevents (no CONFIG_NET) is polled every 100 ms.
 *
 * A scheduler that the kernel has asked to restart, because a CPU came or went, is waited for: PID 1
 * reads the reason, and leaves its decision in shared memory. The hold goes on when it is back, and is
 * longer by that time.
 *
 * The same socket has the events of CPUs.
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

#include "harness/model/ctx.h"
#include "lib/clock.h"
#include "hold.h"

#define STATE_POLL_NS	(100 * NSEC_PER_MSEC)
#define UEVENT_KERNEL	1		/* multicast group of the kernel's own events */
#define UEVENT_GONE	"remove@/kernel/sched_ext/root"
#define UEVENT_CPU	"line@/devices/system/cpu/cpu"	/* behind "on" or "off" */
#define DECIDE_NS	(200 * NSEC_PER_MSEC)	/* PID 1 has read the reason within */
#define LOOK_AGAIN_NS	(5 * NSEC_PER_MSEC)

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

int ktstr_hold__open(struct ktstr_hold_ctx *h, const char *sysfs, int pidfd, bool attached)
{
	h->pidfd = pidfd;
	h->wake = -1;
	h->is_timer = false;
	snprintf(h->state, sizeof(h->state), "%s/kernel/sched_ext/state", sysfs);
	/* A scheduler under test that does not use sched_ext has no state in sysfs. */
	h->attached = attached && !access(h->state, R_OK);
	h->wake = open_uevents();
	if (h->wake < 0 && h->attached) {
		h->is_timer = true;
		h->wake = open_timer();
	}
	return h->wake < 0 && h->attached ? h->wake : 0;
}

void ktstr_hold__close(struct ktstr_hold_ctx *h)
{
	if (h->wake >= 0)
		close(h->wake);
	h->wake = -1;
}

static bool state_enabled(const struct ktstr_hold_ctx *h)
{
	int fd = open(h->state, O_RDONLY | O_CLOEXEC);
	char buf[32];
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, sizeof(buf));
	close(fd);
	return n >= 7 && !strncmp(buf, "enabled", 7) && (n == 7 || buf[7] == '\n');
}

static bool is_cpu_event(const char *text)
{
	return (!strncmp(text, "on", 2) && !strncmp(text + 2, UEVENT_CPU, strlen(UEVENT_CPU))) ||
	       (!strncmp(text, "off", 3) && !strncmp(text + 3, UEVENT_CPU, strlen(UEVENT_CPU)));
}

static enum ktstr_sched_phase phase_of(const struct ktstr_hold_ctx *h)
{
	return h->phase ? __atomic_load_n(h->phase, __ATOMIC_ACQUIRE) : KTSTR_SCHED_PHASE_GONE;
}

/*
 * The scheduler is not enabled: wait for it if it restarts. False: it does not, or its process
 * has ended. PID 1 ends the wait for one that does not come.
 */
static bool comes_back(const struct ktstr_hold_ctx *h)
{
	uint64_t deadline = ktstr_now_ns() + DECIDE_NS;
	struct timespec pause = { .tv_nsec = LOOK_AGAIN_NS };
	struct pollfd p = { .fd = h->pidfd, .events = POLLIN };
	enum ktstr_sched_phase phase;

	for (;;) {
		/* the phase first: PID 1 may see that it is back between the two */
		phase = phase_of(h);
		if (state_enabled(h))
			return true;
		if (phase == KTSTR_SCHED_PHASE_GONE ||
		    (phase != KTSTR_SCHED_PHASE_RESTARTS && ktstr_now_ns() >= deadline))
			return false;
		if (ppoll(&p, 1, &pause, NULL) > 0)
			return false;
	}
}

/* The same; a hold is longer by the time in which the scheduler was away. */
static bool came_back(const struct ktstr_hold_ctx *h, uint64_t *deadline)
{
	uint64_t before = ktstr_now_ns();
	bool back = comes_back(h);

	*deadline += ktstr_now_ns() - before;
	return back;
}

/* Drain @h->wake. True when the scheduler is gone. */
static bool ejected(struct ktstr_hold_ctx *h)
{
	struct sockaddr_nl from = { };
	struct iovec iov;
	struct msghdr msg = { .msg_name = &from, .msg_iov = &iov, .msg_iovlen = 1 };
	char buf[4096];
	bool ask = h->is_timer, gone = false;
	ssize_t n;

	for (;;) {
		if (h->is_timer) {
			n = read(h->wake, buf, 8);
		} else {
			iov = (struct iovec){ buf, sizeof(buf) - 1 };
			msg.msg_namelen = sizeof(from);
			n = recvmsg(h->wake, &msg, MSG_DONTWAIT);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == ENOBUFS) {	/* events were lost */
			ask = true;
			continue;
		}
		if (n <= 0)
			break;
		buf[h->is_timer ? 0 : n] = '\0';
		if (h->is_timer || from.nl_pid)
			continue;
		gone |= !strcmp(buf, UEVENT_GONE);
		if (h->cpus_changed && is_cpu_event(buf))
			h->cpus_changed(h->look_arg);
	}
	return h->attached && (gone || (ask && !state_enabled(h)));
}

/* Call look() if it is due. Returns the time to sleep, until @deadline at most. */
static struct timespec until_next(struct ktstr_hold_ctx *h, uint64_t now, uint64_t deadline)
{
	if (h->look_every_ns && now < deadline) {
		if (now >= h->next_look_ns) {
			h->look(h->look_arg, now);
			h->next_look_ns = now + h->look_every_ns;
			now = ktstr_now_ns();
		}
		if (deadline > h->next_look_ns)
			deadline = h->next_look_ns;
	}
	return ktstr_ns_timespec(now < deadline ? deadline - now : 0);
}

int ktstr_hold__wait(struct ktstr_hold_ctx *h, uint64_t ns, enum ktstr_hold_end *end)
{
	uint64_t now = ktstr_now_ns(), deadline = now + ns;
	struct pollfd p[2] = {
		{ .fd = h->pidfd, .events = POLLIN },
		{ .fd = h->wake, .events = POLLIN },
	};
	struct timespec left;
	int n;

	*end = KTSTR_HOLD_SCHED_EXITED;
	/* The scheduler may have ended since the last hold, before the uevent socket was polled. */
	if (h->attached && !state_enabled(h) && !came_back(h, &deadline))
		ns = 0;
	if (!ns)
		deadline = now;
	for (;; now = ktstr_now_ns()) {
		left = until_next(h, now, deadline);
		n = ppoll(p, 2, &left, NULL);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && p[0].revents)
			return 0;
		if (n > 0 && p[1].revents && ejected(h) && !came_back(h, &deadline))
			break;
		if (now >= deadline && n >= 0) {
			*end = !h->attached || state_enabled(h) || comes_back(h) ?
			       KTSTR_HOLD_OVER : KTSTR_HOLD_SCHED_EJECTED;
			return 0;
		}
	}
	*end = h->pidfd >= 0 && poll(p, 1, 0) > 0 ? KTSTR_HOLD_SCHED_EXITED :
						     KTSTR_HOLD_SCHED_EJECTED;
	return 0;
}
