// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1's end of the channel: it finds the region on the kernel command line, maps it once, and
 * sends messages.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/parse.h"
#include "internal.h"

/*
 * The amount of logs and reports of steps is not bounded. They leave this much of the ring free,
 * so that the verdict fits even when the host does not drain it.
 */
#define LINK_RESERVE	(2ull * KTSTR_CHAN_MAX_PAYLOAD)

static void no_doorbell(void)
{
}

int guest_cmdline__get(const char *cmdline, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);
	const char *p = cmdline;

	for (;;) {
		size_t word;

		p += strspn(p, "\n ");
		word = strcspn(p, "\n ");
		if (!word)
			return -ENOENT;
		if (word > len && !strncmp(p, key, len) && p[len] == '=') {
			word -= len + 1;
			if (word >= size)
				return -E2BIG;
			memcpy(buf, p + len + 1, word);
			buf[word] = '\0';
			return 0;
		}
		p += word;
	}
}

int guest_link__parse(const char *text, uint64_t *addr, uint64_t *size)
{
	if (!ktstr_take_u64(&text, 0, addr) || *text++ != ',' ||
	    !ktstr_take_u64(&text, 0, size) || *text)
		return -EINVAL;
	if (!*size || *size > (1ULL << 30) || *addr + *size < *addr)
		return -EINVAL;
	return 0;
}

static int map_channel(struct guest_link *l, uint64_t addr, uint64_t size)
{
	void *p = guest_devmem__map(addr, size);
	int ret;

	if (!p)
		return -errno;
	if (size > KTSTR_ANSWER_SIZE) {
		size -= KTSTR_ANSWER_SIZE;
		l->answer = (const struct ktstr_answer *)((const char *)p + size);
	}
	l->chan = ktstr_chan__attach(p, size);
	if (!l->chan) {
		/* the mapping stays: the guest is about to end */
		ret = -errno;
		guest_mount__console("no channel of version %u at 0x%llx: %m", KTSTR_CHAN_VERSION,
				     (unsigned long long)addr);
		return ret;
	}
	l->reserve = ktstr_chan__room(l->chan) / 2;
	if (l->reserve > LINK_RESERVE)
		l->reserve = LINK_RESERVE;
	return 0;
}

int guest_link__open(struct guest_link *l)
{
	char cmdline[4096], value[64];
	uint64_t addr, size;
	ssize_t len;

	*l = (struct guest_link) { .doorbell = no_doorbell };
	len = guest_file__read("/proc/cmdline", cmdline, sizeof(cmdline));
	if (len < 0) {
		guest_mount__console("cannot read /proc/cmdline: %s", strerror((int)-len));
		return (int)len;
	}
	if (!guest_cmdline__get(cmdline, "ktstr.doorbell", value, sizeof(value))) {
		guest_doorbell_fn ring = guest_doorbell__find(value);

		if (ring)
			l->doorbell = ring;
		else
			guest_mount__console("ktstr.doorbell=%s: not a method of this build",
					     value);
	}
	if (guest_cmdline__get(cmdline, "ktstr.chan", value, sizeof(value)) ||
	    guest_link__parse(value, &addr, &size)) {
		guest_mount__console("no usable ktstr.chan=ADDRESS,SIZE on the command line");
		return -EINVAL;
	}
	return map_channel(l, addr, size);
}

static bool may_flood(enum ktstr_msg_type type)
{
	return type == KTSTR_MSG_KMSG || type == KTSTR_MSG_SCHED_LOG ||
	       type == KTSTR_MSG_STIMULUS || type == KTSTR_MSG_OP || type == KTSTR_MSG_OUTPUT ||
	       type == KTSTR_MSG_PROBE || type == KTSTR_MSG_COUNTERS;
}

static int try_send(struct guest_link *l, enum ktstr_msg_type type, uint64_t now,
		    const void *payload, size_t len)
{
	if (may_flood(type) && ktstr_chan__room(l->chan) < l->reserve)
		return -ENOSPC;
	return ktstr_chan__write(l->chan, type, now, payload, (uint32_t)len);
}

void guest_link__send(struct guest_link *l, enum ktstr_msg_type type, const void *payload,
		      size_t len)
{
	uint64_t now = ktstr_now_ns();
	int ret;

	if (!l->chan)
		return;
	if (len > KTSTR_CHAN_MAX_PAYLOAD)
		len = KTSTR_CHAN_MAX_PAYLOAD;	/* only text can be that long */
	ret = try_send(l, type, now, payload, len);
	if (ret == -ENOSPC) {
		/* the host drains before it lets the guest go on */
		l->doorbell();
		ret = try_send(l, type, now, payload, len);
	}
	if (ret)
		ktstr_chan__count_drop(l->chan);
}

void guest_link__ring(const struct guest_link *l)
{
	l->doorbell();
}

static void no_answer(struct ktstr_answer *a, int ret, const char *why)
{
	*a = (struct ktstr_answer){ .ret = ret };
	snprintf(a->text, sizeof(a->text), "%s", why);
}

void guest_link__ask(struct guest_link *l, struct ktstr_msg_ask *ask, const void *data,
		     struct ktstr_answer *answer)
{
	bool writes = ask->what == KTSTR_ASK_WRITE_HOT || ask->what == KTSTR_ASK_WRITE_COLD;
	struct {
		struct ktstr_msg_ask ask;
		uint8_t data[KTSTR_ASK_MAX];
	} msg;
	size_t len = writes ? ask->len : 0;

	if (!l->chan || !l->answer || len > sizeof(msg.data)) {
		no_answer(answer, -EOPNOTSUPP, "there is no way to ask the host");
		return;
	}
	ask->nr = ++l->asked;
	msg.ask = *ask;
	memcpy(msg.data, data, len);
	guest_link__send(l, KTSTR_MSG_ASK, &msg, sizeof(msg.ask) + len);
	l->doorbell();
	atomic_thread_fence(memory_order_acquire);
	memcpy(answer, l->answer, sizeof(*answer));
	answer->text[sizeof(answer->text) - 1] = '\0';
	if (answer->nr != ask->nr || answer->len > sizeof(answer->data))
		no_answer(answer, -EPROTO, "the host did not answer");
}
