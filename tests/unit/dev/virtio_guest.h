/* SPDX-License-Identifier: GPL-2.0 */
/* The driver's side of a virtqueue, in the RAM of a fake machine, for tests and fuzzers. */
#ifndef KTSTR_TESTS_UNIT_DEV_VIRTIO_GUEST_H
#define KTSTR_TESTS_UNIT_DEV_VIRTIO_GUEST_H

#include <linux/virtio_ring.h>

#include "vmm/dev/virtio/virtq.h"
#include "dev_fixture.h"

#define RING_SIZE	16u
#define RING_BYTES	0x1000u
#define RING_BASE(q)	(0x10000u + (q) * RING_BYTES)
#define DESC_AT		0u
#define AVAIL_AT	0x400u
#define USED_AT		0x800u

struct guest_ring {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t next_desc, seen;
};

static inline struct guest_ring guest_ring(struct fake_machine *m, unsigned int q)
{
	uint8_t *p = m->ram.base + RING_BASE(q);

	return (struct guest_ring){
		.desc = (void *)(p + DESC_AT), .avail = (void *)(p + AVAIL_AT),
		.used = (void *)(p + USED_AT),
	};
}

static inline uint16_t put_desc(struct guest_ring *r, uint64_t addr, uint32_t len, uint16_t flags)
{
	uint16_t i = r->next_desc++ % RING_SIZE;

	r->desc[i] = (struct vring_desc){
		.addr = addr, .len = len, .flags = flags, .next = (uint16_t)(i + 1) % RING_SIZE,
	};
	return i;
}

static inline void make_available(struct guest_ring *r, uint16_t head)
{
	r->avail->ring[r->avail->idx % RING_SIZE] = head;
	__atomic_store_n(&r->avail->idx, r->avail->idx + 1, __ATOMIC_RELEASE);
}

/* Bytes that the device wrote for the next request it gave back, or -1: there is none. */
static inline int64_t take_used(struct guest_ring *r)
{
	if (r->seen == __atomic_load_n(&r->used->idx, __ATOMIC_ACQUIRE))
		return -1;
	return r->used->ring[r->seen++ % RING_SIZE].len;
}

#endif
