// SPDX-License-Identifier: GPL-2.0
/*
 * Stops a scheduler where it attaches, so that the host can do something in between: what it was
 * loaded with is in kernel memory then, and nothing has read it. A seccomp filter lets the one system
 * call by which a scheduler attaches, bpf(BPF_LINK_CREATE), wait for PID 1.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/kernel.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#define ANSWER(_what)	BPF_STMT(BPF_RET | BPF_K, _what)
#define LOAD(_member)								\
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, _member))
/* Go on with the next statement, or skip @_skip of them. */
#define UNLESS(_value, _skip)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, _value, 0, _skip)

/* The descriptor by which calls are answered, or -errno. */
static int install_filter(void)
{
	struct sock_filter code[] = {
		LOAD(nr), UNLESS(__NR_bpf, 3),
		LOAD(args[0]), UNLESS(BPF_LINK_CREATE, 1),
		ANSWER(SECCOMP_RET_USER_NOTIF),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = ARRAY_SIZE(code), .filter = code };
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			  &prog);

	return fd < 0 ? -errno : (int)fd;
}

union fd_room {
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(int))];
};

int guest_hold__arm(int sock)
{
	int fd = install_filter(), ret = fd < 0 ? fd : 0;
	struct iovec iov = { .iov_base = &ret, .iov_len = sizeof(ret) };
	union fd_room room = { .buf = "" };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = room.buf;
		msg.msg_controllen = sizeof(room.buf);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret;
}

int guest_hold__take(int sock)
{
	int fd, ret = -EPIPE;
	struct iovec iov = { .iov_base = &ret, .iov_len = sizeof(ret) };
	union fd_room room;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = room.buf, .msg_controllen = sizeof(room.buf),
	};
	struct cmsghdr *c;
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&msg);
	if (n != sizeof(ret) || ret || !c || c->cmsg_type != SCM_RIGHTS)
		return ret ?: -EPIPE;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

void guest_hold__serve(struct guest *g)
{
	struct seccomp_notif call = { .id = 0 };
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	int fd = g->sched.hold_fd;

	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &call)) {
		/* a signal was faster; else no process has the filter any more */
		if (errno == EINTR || errno == EAGAIN)
			return;
		close(fd);
		g->sched.hold_fd = -1;
		return;
	}
	guest_probe__operations(g);
	guest_link__send(&g->link, KTSTR_MSG_SCHED_ATTACHING, NULL, 0);
	guest_link__ring(&g->link);
	answer.id = call.id;
	ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}
