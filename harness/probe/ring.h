/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BPF ring buffers in guest memory, with the host as their consumer: records are taken out while the guest
 * runs, and nobody in the guest has to be woken for that. Layout and protocol are those that user space
 * has, kernel/bpf/ringbuf.c: positions are counts of bytes, a record begins with its length and a bit
 * that says that it is still being written.
 *
 * Everything is the guest's: addresses, positions and lengths are checked. What is written is the
 * position of the consumer, into a page that the guest has named.
 */
#ifndef KTSTR_PROBE_RING_H
#define KTSTR_PROBE_RING_H

#include "harness/model/probe.h"

struct ktstr_ring {
	const uint64_t *producer, *lost;
	uint64_t *consumer;
	const uint8_t **page;		/* of the data; NULL: there is no ring */
	uint32_t bytes, page_bytes;
	uint64_t pos;			/* of the next record */
};

/* Guest memory at a guest physical address, or NULL: vm_mem(). */
typedef void *(*ktstr_ring_mem_fn)(void *arg, uint64_t gpa, size_t len);

/* Where the ring of the message @msg is. 0, -EBADMSG: it makes no sense, -ENOMEM. */
int ktstr_ring__open(struct ktstr_ring *r, const void *msg, size_t len, ktstr_ring_mem_fn mem, void *arg);
void ktstr_ring__close(struct ktstr_ring *r);

/*
 * The next record. 1, 0: there is none, -EBUSY: it is still being written, -EBADMSG: the ring is damaged.
 * The guest gets the room back with ktstr_ring__release().
 */
int ktstr_ring__read(struct ktstr_ring *r, struct ktstr_ring_record *rec);
void ktstr_ring__release(struct ktstr_ring *r);
/* Records so far for which there was no room. */
uint64_t ktstr_ring__lost(const struct ktstr_ring *r);

#endif
