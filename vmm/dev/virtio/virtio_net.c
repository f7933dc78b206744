// SPDX-License-Identifier: GPL-2.0
/*
 * The class of virtio network cards (virtio 1.2, 5.1): a receive and a transmit queue, no
 * offloads. The card is in loopback: a frame that the guest sends arrives on the same card, byte
 * for byte. A frame for which the driver has posted no buffer is lost, as on real hardware. There
 * is no network beyond the guest.
 */
#include <errno.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/fd.h"
#include "virtio.h"
#include "vmm/argv.h"
#include "vmm/device.h"

#define RX	0
#define TX	1
/* With VERSION_1 the header always has its num_buffers (5.1.6.1). */
#define HEADER_BYTES	sizeof(struct virtio_net_hdr_v1)
/* Without MTU and offload features no correct driver sends more than Ethernet with a VLAN tag. */
#define FRAME_MAX	1518u

struct virtio_net {
	struct virtio v;		/* first member */
	/* below: the device's lock */
	struct {
		uint64_t tx_frames, tx_bytes;
		uint64_t rx_frames, rx_bytes;
		uint64_t dropped;	/* no room in the receive queue, or malformed */
	} stats;
	struct virtq_chain tx, rx;
	uint8_t buf[HEADER_BYTES + FRAME_MAX];	/* what is on the cable */
};

static const struct vm_counter counters[] = {
	VM_COUNTER(virtio_net, stats, tx_frames),
	VM_COUNTER(virtio_net, stats, tx_bytes),
	VM_COUNTER(virtio_net, stats, rx_frames),
	VM_COUNTER(virtio_net, stats, rx_bytes),
	VM_COUNTER(virtio_net, stats, dropped),
	{ NULL, 0 }
};

/* Put a frame into the next receive buffer. False: there is none, or it is too small. */
static bool deliver(struct virtio_net *n, uint32_t bytes)
{
	struct virtio_net_hdr_v1 h = { .num_buffers = 1 };
	struct virtqueue *vq = &n->v.vq[RX];

	if (virtq_pop(vq, &n->rx) <= 0)
		return false;
	if (n->rx.in_bytes < bytes) {
		virtq_unpop(vq);
		return false;
	}
	memcpy(n->buf, &h, sizeof(h));
	virtq_write(&n->rx, 0, n->buf, bytes);
	virtq_push(vq, &n->rx, bytes);
	return true;
}

static void send_frame(struct virtio_net *n)
{
	uint32_t bytes = n->tx.out_bytes, frame = bytes - (uint32_t)HEADER_BYTES;

	if (bytes <= HEADER_BYTES || bytes > sizeof(n->buf)) {
		n->stats.dropped++;
		return;
	}
	n->stats.tx_frames++;
	n->stats.tx_bytes += frame;
	virtq_read(&n->tx, n->buf, bytes);
	if (!deliver(n, bytes)) {
		n->stats.dropped++;
		return;
	}
	n->stats.rx_frames++;
	n->stats.rx_bytes += frame;
}

static void work(void *dev)
{
	struct virtio_net *n = dev;

	while (virtq_pop(&n->v.vq[TX], &n->tx) > 0) {
		send_frame(n);
		virtq_push(&n->v.vq[TX], &n->tx, 0);
	}
	virtio_notify(&n->v, RX);
	virtio_notify(&n->v, TX);
}

static const struct virtio_ops net_ops = {
	.name = "virtio-net",
	.id = VIRTIO_ID_NET,
	.nr_queues = 2,
	.features = UINT64_C(1) << VIRTIO_NET_F_MAC,
	.work = work,
};

static int check(const void *config, unsigned int nr, struct ktstr_err *err)
{
	const struct vm_nic *nic = config;

	if (nic->mac[0] & 1)
		return ktstr_err(err, EINVAL, "network card %u: its address is a multicast one",
				 nr);
	return 0;
}

static void destroy(struct virtio *v)
{
	virtio_fini(v);
	free((struct virtio_net *)v);
}

static int create(struct virtio **vp, struct dev_env *env, const void *config,
		  struct ktstr_err *err)
{
	struct virtio_net *n = calloc(1, sizeof(*n));
	const struct vm_nic *nic = config;
	int ret;

	*vp = NULL;
	if (!n)
		return ktstr_err(err, ENOMEM, "network card: out of memory");
	ret = virtio_init(&n->v, &net_ops, n, env, err);
	if (ret) {
		destroy(&n->v);
		return ret;
	}
	memcpy(n->v.config, nic->mac, sizeof(nic->mac));
	n->v.config_len = sizeof(nic->mac);
	*vp = &n->v;
	return 0;
}

/* A datagram socket that is connected to itself: what is sent on it is received on it. */
static int open_cable(const void *config, struct ktstr_err *err)
{
	struct sockaddr_un self = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(self);
	int fd = fd_high(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	int ret;

	(void)config;
	if (fd < 0)
		return ktstr_err(err, errno, "network card: socket: %s", strerror(errno));
	/* without a name of our own the kernel gives it one (unix(7), autobind) */
	if (!bind(fd, (struct sockaddr *)&self, sizeof(self.sun_family)) &&
	    !getsockname(fd, (struct sockaddr *)&self, &len) &&
	    !connect(fd, (struct sockaddr *)&self, len))
		return fd;
	ret = ktstr_err(err, errno, "network card: cable: %s", strerror(errno));
	fd_close(&fd);
	return ret;
}

/* Without romfile= the card wants the boot ROM, which is a package of its own. */
static void args(struct vm_argv *a, const void *config, unsigned int nr, int fd)
{
	const uint8_t *m = ((const struct vm_nic *)config)->mac;

	vm_argv_option(a, "-netdev", "dgram,id=net%u,local.type=fd,local.str=%d", nr, fd);
	vm_argv_option(a, "-device",
		       "virtio-net-pci,netdev=net%u,mac=%02x:%02x:%02x:%02x:%02x:%02x,disable-legacy=on,romfile=",
		       nr, m[0], m[1], m[2], m[3], m[4], m[5]);
}

const struct vm_device_class vm_nic_class = {
	.name = "network card",
	.max = VM_MAX_NICS,
	.check = check,
	.create = create,
	.destroy = destroy,
	.counters = counters,
	.open = open_cable,
	.args = args,
};
