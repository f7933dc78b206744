// SPDX-License-Identifier: GPL-2.0
/*
 * virtio-net without offloads: a receive and a transmit queue. A frame for which the driver
 * has no buffer posted is lost, as on any wire.
 */
#include <errno.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>

#include "virtio_net.h"

#define RX	0
#define TX	1
/* With VERSION_1 the header always has its num_buffers (5.1.6.1). */
#define HEADER_BYTES	sizeof(struct virtio_net_hdr_v1)
/* Without MTU and offload features no sound driver sends more than Ethernet with a VLAN tag. */
#define FRAME_MAX	1518u

struct virtio_net {
	struct virtio v;
	/* below: the device's lock */
	struct vm_nic_stats stats;
	struct virtq_chain tx, rx;
	uint8_t buf[HEADER_BYTES + FRAME_MAX];	/* what is on the cable */
};

/* Into the next receive buffer. False: there is none, or it is too small. */
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

int virtio_net_create(struct virtio_net **np, struct dev_env *env, const struct vm_nic *nic,
		      struct vm_err *err)
{
	struct virtio_net *n = calloc(1, sizeof(*n));
	int ret;

	*np = NULL;
	if (!n)
		return vm_err(err, ENOMEM, "network card: out of memory");
	ret = virtio_init(&n->v, &net_ops, n, env, err);
	if (ret) {
		virtio_net_destroy(n);
		return ret;
	}
	memcpy(n->v.config, nic->mac, sizeof(nic->mac));
	n->v.config_len = sizeof(nic->mac);
	*np = n;
	return 0;
}

void virtio_net_destroy(struct virtio_net *n)
{
	if (!n)
		return;
	virtio_fini(&n->v);
	free(n);
}

struct virtio *virtio_net_base(struct virtio_net *n)
{
	return &n->v;
}

void virtio_net_stats(struct virtio_net *n, struct vm_nic_stats *stats)
{
	pthread_mutex_lock(&n->v.lock);
	*stats = n->stats;
	pthread_mutex_unlock(&n->v.lock);
}
