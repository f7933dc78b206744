/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device's side of a split virtqueue (virtio 1.2, 2.7), with indirect descriptors and event
 * indices. The guest can change everything in the rings at any moment: each value is read once,
 * checked, and only then used. The first violation of the specification marks the queue as broken,
 * and a broken queue returns no more requests until it is reset.
 *
 * There is no lock here: the device has one.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_VIRTQ_H
#define KTSTR_VMM_DEV_VIRTIO_VIRTQ_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vmm/ram.h"

#define VIRTQ_MAX_SIZE	256		/* entries; what devices offer */
#define VIRTQ_MAX_SEGS	(VIRTQ_MAX_SIZE + 2)

struct virtqueue {
	const struct vm_ram *ram;
	/* as the driver set it up */
	uint16_t size;
	uint64_t desc, avail, used;	/* guest physical */
	/* since virtq_enable() */
	bool enabled;
	bool broken;
	bool event_idx;
	struct vring_desc *desc_p;
	struct vring_avail *avail_p;
	struct vring_used *used_p;
	uint16_t next_avail;		/* first entry of the avail ring that was not taken */
	uint16_t next_used;
	uint16_t signalled;		/* next_used when the guest was last interrupted */
};

/* A request: first what the device reads, then what it writes. */
struct virtq_chain {
	uint16_t head;
	unsigned int nr_out, nr_in;
	uint32_t out_bytes, in_bytes;
	struct iovec seg[VIRTQ_MAX_SEGS];
};

void virtq_reset(struct virtqueue *vq, const struct vm_ram *ram);

/*
 * Check the addresses and start. 0, or -EINVAL: a ring is not in RAM or not aligned, or the
 * size is no power of two up to VIRTQ_MAX_SIZE.
 */
int virtq_enable(struct virtqueue *vq, bool event_idx);

/*
 * Take the next request. Returns 1; 0 when there is none, and then the driver will send a
 * notification for the next one; -EINVAL when the queue is broken.
 */
int virtq_pop(struct virtqueue *vq, struct virtq_chain *chain);
/* Put back the request that was popped last. */
void virtq_unpop(struct virtqueue *vq);

/* Complete a request; the device wrote the first @written bytes of its in part. */
void virtq_push(struct virtqueue *vq, const struct virtq_chain *chain, uint32_t written);
/* Does the driver want an interrupt for what was pushed since the last time? */
bool virtq_wants_interrupt(struct virtqueue *vq);

/* Copy the first @len bytes of the out part. False: it has fewer. */
bool virtq_read(const struct virtq_chain *chain, void *buf, size_t len);
/* Copy to the in part from byte @from on. False: it does not fit. */
bool virtq_write(const struct virtq_chain *chain, size_t from, const void *buf, size_t len);

#endif
