// SPDX-License-Identifier: GPL-2.0
/*
 * Types driven by the interrupts of a network card. A test's card receives what it sends
 * (docs/devices.md), so they need only a raw socket: NetTraffic keeps softirqs busy, IrqWake
 * sleeps until the interrupt of its own frame wakes it. With STEER_IRQ a test chooses the CPU.
 *
 * Frames have a tag of their worker, and a filter in the socket drops those of others before they
 * wake a task. The card may lose a frame, so no wait for one is longer than 100 ms.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/kernel.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/guest/work/types/pieces.h"
#include "harness/guest/work/types/types.h"
#include "harness/guest/work/types/wait.h"

#define ETHERTYPE	0x88b5		/* for local experiments (IEEE 802) */
#define TAG_AT		ETH_HLEN	/* of the tag in a frame, 4 bytes */
#define WAIT_MS		100
#define MAX_BURST	1024

struct card {
	int fd;
	uint32_t bytes;			/* of a frame */
	uint8_t frame[ETH_FRAME_LEN], got[ETH_FRAME_LEN];
};

/* ---- the card ---- */

static int only_own_frames(int fd, uint32_t tag)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, TAG_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, tag, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ETH_FRAME_LEN),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { ARRAY_SIZE(code), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

/* Switch it on, take its address, listen to it alone. */
static int bind_to(struct card *c, const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE) };
	struct ifreq req = { };

	at.sll_ifindex = (int)if_nametoindex(name);
	if (!at.sll_ifindex)
		return -ENODEV;
	memcpy(req.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (ioctl(c->fd, SIOCGIFFLAGS, &req))
		return -errno;
	req.ifr_flags |= IFF_UP;
	if (ioctl(c->fd, SIOCSIFFLAGS, &req) || ioctl(c->fd, SIOCGIFHWADDR, &req) ||
	    bind(c->fd, (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	memcpy(c->frame, req.ifr_hwaddr.sa_data, ETH_ALEN);
	memcpy(c->frame + ETH_ALEN, req.ifr_hwaddr.sa_data, ETH_ALEN);
	return 0;
}

static int open_card(struct ktstr_work_ctx *w, const char *name, uint32_t bytes)
{
	uint32_t tag = (uint32_t)getpid(), sent = htonl(tag);
	struct card *c = calloc(1, sizeof(*c));
	int ret;

	w->priv = c;
	if (!c)
		return -ENOMEM;
	c->bytes = bytes;
	/* No protocol yet: nothing arrives before the filter is there. */
	c->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return -errno;
	ret = only_own_frames(c->fd, tag);
	if (!ret)
		ret = bind_to(c, name);
	c->frame[2 * ETH_ALEN] = ETHERTYPE >> 8;
	c->frame[2 * ETH_ALEN + 1] = ETHERTYPE & 0xff;
	memcpy(c->frame + TAG_AT, &sent, sizeof(sent));
	return ret;
}

static void close_card(struct ktstr_work_ctx *w)
{
	struct card *c = w->priv;

	close(c->fd);
	work_free_priv(w);
}

static const char *check_card(const char *name)
{
	return !*name || strlen(name) >= IFNAMSIZ ? "card is no name of a network card" : NULL;
}

/* Wait for a frame, without the CPU. */
static void await_frame(struct ktstr_work_ctx *w, struct card *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	uint64_t before = ktstr_now_ns();

	poll(&p, 1, WAIT_MS);
	work_blocked(w, before, ktstr_now_ns());
}

/* ---- NetTraffic ---- */

static void net_traffic_defaults(struct ktstr_work *work)
{
	if (!work->net_traffic.card)
		work->net_traffic.card = "eth0";
	WORK_DEFAULT(work->net_traffic.bytes, 1024);
	WORK_DEFAULT(work->net_traffic.burst, 32);
	WORK_DEFAULT(work->net_traffic.pause_ns, NSEC_PER_MSEC);
}

static const char *net_traffic_validate(const struct ktstr_work *work)
{
	if (work->net_traffic.bytes < ETH_ZLEN || work->net_traffic.bytes > ETH_FRAME_LEN)
		return "bytes is not between 60 and 1514";
	if (work->net_traffic.burst > MAX_BURST)
		return "burst exceeds 1024";
	if (work->net_traffic.pause_ns > WORK_MAX_NS)
		return "pause_ns exceeds an hour";
	return check_card(work->net_traffic.card);
}

static int net_traffic_init(struct ktstr_work_ctx *w)
{
	return open_card(w, w->work->net_traffic.card, w->work->net_traffic.bytes);
}

/* A burst out, then whatever has come back by the end of the pause. */
static void net_traffic(struct ktstr_work_ctx *w)
{
	struct card *c = w->priv;
	uint32_t i;

	for (i = 0; i < w->work->net_traffic.burst; i++)
		if (send(c->fd, c->frame, c->bytes, 0) < 0)
			break;		/* the card's queue is full */
	work_sleep_sampled(w, w->work->net_traffic.pause_ns);
	while (!work_stopped(w) && recv(c->fd, c->got, sizeof(c->got), 0) > 0)
		w->units++;
}

const struct ktstr_work_row ktstr_work_net_traffic = {
	.name = "NetTraffic",
	.description = "Sends bursts of raw frames on a network card in loopback, sleeps, and then "
		"reads the frames that came back: interrupts and softirqs beside the load. "
		"Unit: a frame that came back. Wake sample: how late the sleep ended.",
	.parameters = "card = eth0, bytes = 1024, burst = 32, pause_ns = 1000000",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.defaults = net_traffic_defaults,
	.validate = net_traffic_validate,
	.init = net_traffic_init,
	.iterate = net_traffic,
	.fini = close_card,
};

/* ---- IrqWake ---- */

static void irq_wake_defaults(struct ktstr_work *work)
{
	if (!work->irq_wake.card)
		work->irq_wake.card = "eth0";
	WORK_DEFAULT(work->irq_wake.spin, WORK_WAKE_SPIN);
}

static const char *irq_wake_validate(const struct ktstr_work *work)
{
	const char *why = work_spin_problem(work->irq_wake.spin);

	return why ? why : check_card(work->irq_wake.card);
}

static int irq_wake_init(struct ktstr_work_ctx *w)
{
	int ret = open_card(w, w->work->irq_wake.card, ETH_ZLEN), on = 1;
	struct card *c = w->priv;

	if (!ret && setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		ret = -errno;
	return ret;
}

/* Time since the softirq took it from the card, which is when it woke us; 0: unknown. */
static uint64_t since_arrival(struct msghdr *msg)
{
	struct cmsghdr *c;
	uint64_t now = ktstr_clock_ns(CLOCK_REALTIME), at;	/* the clock of the stamps */
	struct timespec t;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		at = ktstr_timespec_ns(&t);
		return at < now ? now - at : 0;
	}
	return 0;
}

static void irq_wake(struct ktstr_work_ctx *w)
{
	struct card *c = w->priv;
	struct iovec iov = { c->got, sizeof(c->got) };
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	uint64_t ns;

	while (!work_stopped(w) && recv(c->fd, c->got, sizeof(c->got), 0) > 0)
		;			/* late ones, of another wait */
	send(c->fd, c->frame, c->bytes, 0);	/* lost like others if the card takes none */
	await_frame(w, c);
	if (recvmsg(c->fd, &msg, 0) < 0)
		return;			/* lost: send another one */
	ns = since_arrival(&msg);
	if (ns)
		work_sample_wake(w, ns);
	work_spin(w, w->work->irq_wake.spin);
}

const struct ktstr_work_row ktstr_work_irq_wake = {
	.name = "IrqWake",
	.description = "Sends a frame on a network card in loopback and sleeps until the receive "
		"interrupt wakes it, then spins: the wake-up comes from the softirq on the "
		"CPU that handles the interrupt (STEER_IRQ). Unit: as in SpinWait. Wake "
		"sample: the time since the softirq received the frame.",
	.parameters = "card = eth0, spin = 256",
	.checkpoint_every = 1,
	.flags = KTSTR_WORK_SAMPLES_WAKE | KTSTR_WORK_FORK_ONLY | KTSTR_WORK_BLOCKS,
	.defaults = irq_wake_defaults,
	.validate = irq_wake_validate,
	.init = irq_wake_init,
	.iterate = irq_wake,
	.fini = close_card,
};
