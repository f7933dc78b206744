/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The channel between guest and host: a ring of typed, CRC-protected messages in a stretch of
 * guest RAM that the guest's allocator does not own. The kernel command line tells the guest where
 * it is (ktstr.chan=ADDRESS,SIZE), and the guest maps it through /dev/mem; the host sees the same
 * bytes in its mapping of guest RAM.
 *
 * One writer (the guest's PID 1), one reader (the host). Positions are monotonic byte counts; a
 * byte is stored at its position modulo the data size, and a message may wrap. The writer stores
 * the message, then releases write_pos; the reader acquires write_pos, copies, checks, then
 * releases read_pos. What the guest wrote before it died stays readable.
 *
 * The host does not trust positions, lengths and types, which come from the guest. After a
 * violated invariant the reader returns -EBADMSG from then on; a message with a wrong CRC is
 * reported as such and skipped.
 */
#ifndef KTSTR_CHAN_H
#define KTSTR_CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/model/msg.h"

#define KTSTR_CHAN_SIZE		(16u << 20)	/* bytes of guest RAM, the answers included */
#define KTSTR_CHAN_RING		(KTSTR_CHAN_SIZE - KTSTR_ANSWER_SIZE)
#define KTSTR_CHAN_MAX_PAYLOAD	(1u << 20)	/* one message */

#define KTSTR_CHAN_MAGIC	0x6b747372u	/* "kstr" read as bytes r s t k */

struct ktstr_chan;	/* one side's view; chan.c */

struct ktstr_msg {
	enum ktstr_msg_type type;
	uint32_t seq;		/* counts from 0 */
	uint64_t time_ns;	/* guest CLOCK_MONOTONIC */
	uint32_t len;
	const void *payload;	/* private copy, NUL-terminated; valid until the next read */
	bool bad_crc;
};

/* Host: initialise @size bytes at @base before the guest starts. NULL with errno. */
struct ktstr_chan *ktstr_chan__format(void *base, size_t size);
/* Guest: attach to a formatted region. NULL with errno EPROTO on a wrong magic or version. */
struct ktstr_chan *ktstr_chan__attach(void *base, size_t size);
void ktstr_chan__free(struct ktstr_chan *c);

/*
 * Guest: append one message. -ENOSPC when the ring is full (nothing was written; the caller
 * rings the doorbell so that the host drains, and tries again), -EMSGSIZE.
 */
int ktstr_chan__write(struct ktstr_chan *c, enum ktstr_msg_type type, uint64_t time_ns,
		      const void *payload, uint32_t len);
/* Guest: bytes that can be appended now, message headers included. */
uint64_t ktstr_chan__room(const struct ktstr_chan *c);
/* Guest: a message could not be sent; the host reports the count. */
void ktstr_chan__count_drop(struct ktstr_chan *c);

/* Host: 1 and *@msg, 0 when there is none, -EBADMSG when the guest violated the protocol. */
int ktstr_chan__read(struct ktstr_chan *c, struct ktstr_msg *msg);
/*
 * The same, but the guest does not learn of it: it gets the room back with the next
 * ktstr_chan__read(), which does not return the message again.
 */
int ktstr_chan__peek(struct ktstr_chan *c, struct ktstr_msg *msg);
uint64_t ktstr_chan__drops(const struct ktstr_chan *c);

#endif
