// SPDX-License-Identifier: GPL-2.0
/* See taskstats.h. Requests and answers are one message each, one after another. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/taskstats.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/fd.h"
#include "taskstats.h"

#define ANSWER_MAX	4096		/* struct taskstats has less than 1 KiB */
#define ANSWER_S	2		/* the kernel answers at once */
#define V15		15		/* has maxima in the middle; 16 moved them to the end */

struct ctprof_taskstats {
	int fd;
	uint16_t family;
	uint32_t seq;
	char answer[ANSWER_MAX] __attribute__((aligned(8)));
};

/* The attribute at @at within @len bytes, and its payload. NULL: none, or one that does not fit. */
static const struct nlattr *attr_at(const char *at, size_t len, const char **payload, size_t *nr)
{
	const struct nlattr *a = (const struct nlattr *)at;

	if (len < NLA_HDRLEN || a->nla_len < NLA_HDRLEN || a->nla_len > len)
		return NULL;
	*payload = at + NLA_HDRLEN;
	*nr = a->nla_len - NLA_HDRLEN;
	return a;
}

/* The payload of the first attribute of a type; NULL: there is none. */
static const char *find_attr(const char *at, size_t len, uint16_t type, size_t *nr)
{
	const struct nlattr *a;
	const char *payload;

	while ((a = attr_at(at, len, &payload, nr))) {
		size_t step = NLA_ALIGN(a->nla_len);

		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return payload;
		if (step >= len)
			break;
		at += step;
		len -= step;
	}
	return NULL;
}

/* The attributes of a whole message of generic netlink. NULL with *@ret. */
static const char *message_attrs(const void *msg, size_t len, size_t *nr, int *ret)
{
	const struct nlmsghdr *h = msg;
	const struct nlmsgerr *e;

	*ret = -EPROTO;
	if (len < NLMSG_HDRLEN || h->nlmsg_len < NLMSG_HDRLEN || h->nlmsg_len > len)
		return NULL;
	if (h->nlmsg_type == NLMSG_ERROR) {
		e = NLMSG_DATA(h);
		if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(e->error)) && e->error < 0 && e->error >= -4095)
			*ret = e->error;
		return NULL;
	}
	if (h->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return NULL;
	*ret = 0;
	*nr = h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	return (const char *)msg + NLMSG_LENGTH(GENL_HDRLEN);
}

int ctprof_taskstats__parse(const void *msg, size_t len, int32_t tid, const void **stats,
			    size_t *stats_len)
{
	const char *attrs, *pair, *pid, *data;
	size_t nr, pair_len, pid_len;
	uint16_t version;
	uint32_t of;
	int ret;

	attrs = message_attrs(msg, len, &nr, &ret);
	if (!attrs)
		return ret;
	pair = find_attr(attrs, nr, TASKSTATS_TYPE_AGGR_PID, &pair_len);
	pid = pair ? find_attr(pair, pair_len, TASKSTATS_TYPE_PID, &pid_len) : NULL;
	data = pid ? find_attr(pair, pair_len, TASKSTATS_TYPE_STATS, stats_len) : NULL;
	if (!data || pid_len < sizeof(of) || *stats_len < sizeof(version))
		return -EPROTO;
	memcpy(&of, pid, sizeof(of));
	memcpy(&version, data, sizeof(version));
	if (of != (uint32_t)tid || version == V15)
		return -EPROTO;
	*stats = data;
	return 0;
}

bool ctprof_taskstats__u64(const void *stats, size_t len, size_t offset, uint64_t *v)
{
	if (offset > len || len - offset < sizeof(*v))
		return false;
	memcpy(v, (const char *)stats + offset, sizeof(*v));
	return true;
}

/* One request with one attribute, and its answer: the length of it, or -errno. */
static ssize_t ask(struct ctprof_taskstats *ts, uint16_t type, uint8_t command, uint16_t attr,
		   const void *payload, size_t len)
{
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
		char attrs[64];
	} m = {
		.h = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = ++ts->seq },
		.g = { .cmd = command, .version = 1 },
	};
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + len), .nla_type = attr };
	const struct nlmsghdr *h = (const struct nlmsghdr *)ts->answer;
	ssize_t n;

	memcpy(m.attrs, &a, sizeof(a));
	memcpy(m.attrs + NLA_HDRLEN, payload, len);
	m.h.nlmsg_len = (uint32_t)(NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(a.nla_len));
	if (send(ts->fd, &m, m.h.nlmsg_len, 0) < 0)
		return -errno;
	/* an answer that came too late belongs to an earlier request */
	do {
		n = recv(ts->fd, ts->answer, sizeof(ts->answer), 0);
	} while ((n < 0 && errno == EINTR) ||
		 (n >= (ssize_t)sizeof(*h) && h->nlmsg_seq != ts->seq));
	return n < 0 ? -errno : n;
}

/* The number that the kernel has given to "TASKSTATS". */
static int find_family(struct ctprof_taskstats *ts)
{
	const char *attrs, *id;
	size_t nr, id_len;
	ssize_t n = ask(ts, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
			TASKSTATS_GENL_NAME, sizeof(TASKSTATS_GENL_NAME));
	int ret;

	if (n < 0)
		return (int)n;
	attrs = message_attrs(ts->answer, (size_t)n, &nr, &ret);
	if (!attrs)
		return ret;
	id = find_attr(attrs, nr, CTRL_ATTR_FAMILY_ID, &id_len);
	if (!id || id_len < sizeof(ts->family))
		return -EPROTO;
	memcpy(&ts->family, id, sizeof(ts->family));
	return 0;
}

struct ctprof_taskstats *ctprof_taskstats__open(struct ktstr_err *err)
{
	struct timeval limit = { .tv_sec = ANSWER_S };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct ctprof_taskstats *ts = calloc(1, sizeof(*ts));
	int ret;

	if (!ts) {
		ktstr_err(err, ENOMEM, "no memory");
		return NULL;
	}
	ts->fd = fd_high(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
	ret = ts->fd < 0 || connect(ts->fd, (struct sockaddr *)&kernel, sizeof(kernel)) ||
	      setsockopt(ts->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ? -errno : 0;
	if (!ret)
		ret = find_family(ts);
	if (!ret)
		return ts;
	if (ret == -ENOENT)
		ktstr_err(err, ENOENT, "the kernel has none (CONFIG_TASKSTATS)");
	else
		ktstr_err(err, -ret, "%s", strerror(-ret));
	ctprof_taskstats__close(ts);
	return NULL;
}

void ctprof_taskstats__close(struct ctprof_taskstats *ts)
{
	if (!ts)
		return;
	fd_close(&ts->fd);
	free(ts);
}

int ctprof_taskstats__get(struct ctprof_taskstats *ts, int32_t tid, const void **stats, size_t *len)
{
	uint32_t pid = (uint32_t)tid;
	ssize_t n = ask(ts, ts->family, TASKSTATS_CMD_GET, TASKSTATS_CMD_ATTR_PID, &pid, sizeof(pid));

	return n < 0 ? (int)n : ctprof_taskstats__parse(ts->answer, (size_t)n, tid, stats, len);
}
