// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's own word about sched_ext, from two sources that both wake a poll():
 *
 * /dev/kmsg, because only there the kernel says why a scheduler was disabled, at any console
 * log level (kernel/sched/ext/ext.c, scx_log_sched_disable(); one file kernel/sched/ext.c
 * in older kernels; scenarios/scheduler_faults.c passed with these texts on 6.12 to 7.3):
 *	sched_ext: BPF scheduler "NAME" disabled (REASON)
 *	sched_ext: NAME: MESSAGE		(second line, errors only)
 * Errors are printed at level 3, wanted exits at level 6.
 *
 * Kernel uevents: "add" when a scheduler has become the scheduler (after the state became
 * "enabled"), "remove" when it is being taken away.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define KMSG_LEVEL_ERR	3

/* "LEVEL,SEQ,TIME,FLAGS;TEXT\n KEY=VALUE\n..." -> level and text of one line. */
static int kmsg_split(const char *record, size_t len, unsigned int *level, char *text,
		      size_t size)
{
	const char *semi = memchr(record, ';', len), *nl;
	size_t text_len;

	if (!semi || *record < '0' || *record > '9')
		return -EINVAL;
	*level = 0;
	for (; record < semi && *record >= '0' && *record <= '9'; record++, len--)
		*level = *level * 10 + (unsigned int)(*record - '0');
	*level &= 7;	/* the rest is the facility */
	semi++;
	len -= (size_t)(semi - record);
	nl = memchr(semi, '\n', len);
	text_len = nl ? (size_t)(nl - semi) : len;
	if (text_len >= size)
		text_len = size - 1;
	memcpy(text, semi, text_len);
	text[text_len] = '\0';
	return 0;
}

static void copy_range(char *dst, size_t size, const char *from, const char *to)
{
	size_t len = (size_t)(to - from);

	if (len >= size)
		len = size - 1;
	memcpy(dst, from, len);
	dst[len] = '\0';
}

bool guest_scx_log__feed(struct guest_scx_log *log, const char *record, size_t len)
{
	static const char prefix[] = "sched_ext: ", sched[] = "BPF scheduler \"";
	static const char disabled[] = "\" disabled (";
	char text[2200];
	const char *p = text, *mid, *end;
	unsigned int level;

	if (kmsg_split(record, len, &level, text, sizeof(text)) ||
	    strncmp(p, prefix, sizeof(prefix) - 1))
		return false;
	p += sizeof(prefix) - 1;

	if (!strncmp(p, sched, sizeof(sched) - 1)) {
		p += sizeof(sched) - 1;
		mid = strstr(p, disabled);
		end = strrchr(text, ')');
		/* the first one counts: what follows is a consequence */
		if (!mid || !end || end < mid + sizeof(disabled) - 1 || log->disabled)
			return false;
		copy_range(log->ops, sizeof(log->ops), p, mid);
		copy_range(log->reason, sizeof(log->reason), mid + sizeof(disabled) - 1, end);
		log->disabled = true;
		log->error = level <= KMSG_LEVEL_ERR;
		if (!log->error)
			log->kind = KTSTR_SCHED_EXITED;
		else if (!strcmp(log->reason, "runnable task stall"))
			log->kind = KTSTR_SCHED_STALLED;
		else
			log->kind = KTSTR_SCHED_ERROR;
		return true;
	}

	len = strlen(log->ops);
	if (log->disabled && log->error && !log->msg[0] && !strncmp(p, log->ops, len) &&
	    p[len] == ':' && p[len + 1] == ' ')
		copy_range(log->msg, sizeof(log->msg), p + len + 2, p + strlen(p));
	return false;
}

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
