/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The channel between guest and host: a ring of typed, CRC-protected messages plus a few
 * signal slots, in a stretch of guest RAM that the guest's allocator does not own. The guest
 * finds it on its kernel command line (ktstr.chan=ADDRESS,SIZE) and maps it through
 * /dev/mem; the host sees the same bytes in its mapping of guest RAM.
 *
 * One writer (the guest's PID 1), one reader (the host). Positions are monotonic byte counts,
 * position modulo data size is the place; a message may wrap. The writer stores the message,
 * then releases write_pos; the reader acquires write_pos, copies, checks, then releases
 * read_pos. What the guest wrote before it died stays readable.
 *
 * The host trusts nothing: positions, lengths and types come from the guest. A violated
 * invariant makes the reader stop for good with -EBADMSG; a message whose CRC is wrong is
 * reported as such and skipped.
 */
#ifndef KTSTR_CHAN_H
#define KTSTR_CHAN_H

#include <stddef.h>
#include <stdint.h>

#define KTSTR_CHAN_SIZE		(16u << 20)	/* bytes of guest RAM */
#define KTSTR_CHAN_MAX_PAYLOAD	(1u << 20)	/* one message */

enum ktstr_msg_type {
	KTSTR_MSG_START = 1,	/* PID 1 runs: struct ktstr_msg_start, then release string */
	KTSTR_MSG_SCHED_START,	/* the scheduler was started: s32 pid */
	KTSTR_MSG_SCHED_ATTACHED, /* root/ops of sched_ext, as text */
	KTSTR_MSG_BODY,		/* the test body starts: empty */
	KTSTR_MSG_STIMULUS,	/* a step began: struct ktstr_msg_stimulus */
	KTSTR_MSG_RESULT,	/* ktstr_result__encode(); the last valid one counts */
	KTSTR_MSG_SCHED_EXIT,	/* struct ktstr_msg_sched_exit */
	KTSTR_MSG_SCHED_LOG,	/* scheduler stdout+stderr, a piece of text */
	KTSTR_MSG_KMSG,		/* one /dev/kmsg record, as read */
	KTSTR_MSG_CRASH,	/* text: how the body or PID 1 died */
	KTSTR_MSG_TEARDOWN,	/* the body is over, cleaning up: empty */
	KTSTR_MSG_EXIT,		/* s32 status; nothing follows */
	KTSTR_NR_MSG_TYPES,
};

struct ktstr_msg_start {
	uint32_t version;	/* KTSTR_CHAN_VERSION of the guest */
	uint32_t nr_cpus;	/* online in the guest */
};

struct ktstr_msg_stimulus {
	uint32_t step;
	uint32_t op_kinds;	/* bit per enum ktstr_op_kind */
	uint32_t cgroups;
	uint32_t workers;
	uint64_t iterations;	/* of all workers so far */
};

struct ktstr_msg_sched_exit {
	int32_t status;		/* waitpid() status */
	uint32_t planned;	/* 1: we asked it to leave */
};

#define KTSTR_CHAN_MAGIC	0x6b747372u	/* "kstr" read as bytes r s t k */
#define KTSTR_CHAN_VERSION	1u

/* Signal slots: u32, release/acquire. */
enum ktstr_slot {
	KTSTR_SLOT_HOST_REQUEST,	/* host to guest */
	KTSTR_SLOT_GUEST_PHASE,		/* guest to host */
	KTSTR_NR_SLOTS = 16,
};

struct ktstr_chan;	/* one side's view; chan.c */

struct ktstr_msg {
	enum ktstr_msg_type type;
	uint32_t seq;		/* counts from 0 */
	uint64_t time_ns;	/* guest CLOCK_MONOTONIC */
	uint32_t len;
	const void *payload;	/* private copy, NUL-terminated; valid until the next read */
	int bad_crc;
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
/* Guest: a message had to be given up; the host will report the count. */
void ktstr_chan__count_drop(struct ktstr_chan *c);

/* Host: 1 and *@msg, 0 when there is none, -EBADMSG when the guest broke the ring. */
int ktstr_chan__read(struct ktstr_chan *c, struct ktstr_msg *msg);
uint64_t ktstr_chan__drops(const struct ktstr_chan *c);

uint32_t ktstr_chan__slot_get(const struct ktstr_chan *c, enum ktstr_slot slot);
void ktstr_chan__slot_set(struct ktstr_chan *c, enum ktstr_slot slot, uint32_t value);

#endif
