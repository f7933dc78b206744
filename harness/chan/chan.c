// SPDX-License-Identifier: GPL-2.0
/*
 * The ring between guest and host; chan.h has the interface, docs/channel.md the format.
 *
 * Each side keeps its own state in private memory. The host does not read its position or the size
 * of the ring from shared memory once the region is formatted, and a message is checked only after
 * it has been copied. So a guest that changes shared memory at any time can only damage its own
 * messages.
 *
 * Threads: one writer, one reader, in different address spaces. write_pos is stored with release
 * after the bytes and loaded with acquire before them; read_pos the other way round. There is no
 * other ordering.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "chan.h"

#define CHAN_LINE	64	/* cache line; the two sides' positions must not share one */

/* What lies at the start of the region. Data follows. */
struct chan_shared {
	/* line 0: written by the host before the guest starts, then constant */
	uint32_t magic;
	uint32_t version;
	uint64_t size;			/* of the region, this header included */
	uint8_t pad0[CHAN_LINE - 16];
	/* line 1: written by the guest */
	_Atomic uint64_t write_pos;	/* bytes ever written */
	_Atomic uint64_t drops;		/* messages given up */
	uint8_t pad1[CHAN_LINE - 16];
	/* line 2: written by the host */
	_Atomic uint64_t read_pos;	/* bytes ever consumed */
	uint8_t pad2[CHAN_LINE - 8];
	uint8_t data[];
};

_Static_assert(offsetof(struct chan_shared, write_pos) == CHAN_LINE, "guest line");
_Static_assert(offsetof(struct chan_shared, read_pos) == 2 * CHAN_LINE, "host line");
_Static_assert(sizeof(struct chan_shared) == 3 * CHAN_LINE, "header is three lines");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
	       "a lock inside shared memory would be in the wrong address space");

/* Precedes each payload. The CRC is first and covers everything behind it. */
struct chan_hdr {
	uint32_t crc32;
	uint32_t type;
	uint32_t len;			/* of the payload */
	uint32_t seq;
	uint64_t time_ns;
};

_Static_assert(sizeof(struct chan_hdr) == 24, "no padding in the wire format");

/* Smallest region that makes sense: some room for data behind the header. */
#define CHAN_MIN_SIZE	(sizeof(struct chan_shared) + 2 * sizeof(struct chan_hdr))

struct ktstr_chan {
	struct chan_shared *shared;
	uint64_t capacity;		/* bytes of data[] */
	uint64_t pos;			/* writer: write_pos; reader: read_pos */
	uint64_t seen;			/* reader: newest write_pos it accepted */
	uint32_t seq;			/* writer: of the next message */
	bool broken;			/* reader: an invariant was violated */
	uint8_t *buf;			/* reader: the longest payload that fits, and a NUL */
};

static uint32_t chan_crc(const struct chan_hdr *h, const void *payload)
{
	const uint8_t *p = (const uint8_t *)h + sizeof(h->crc32);
	uLong crc = crc32(0, p, sizeof(*h) - sizeof(h->crc32));

	/* zlib takes a NULL buffer as "give me the initial value" */
	return h->len ? crc32(crc, payload, h->len) : crc;
}

static struct ktstr_chan *chan_new(void *base, size_t size)
{
	struct ktstr_chan *c;

	if (!base || (uintptr_t)base % CHAN_LINE || size < CHAN_MIN_SIZE) {
		errno = EINVAL;
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->shared = base;
	c->capacity = size - sizeof(struct chan_shared);
	return c;
}

struct ktstr_chan *ktstr_chan__format(void *base, size_t size)
{
	struct ktstr_chan *c = chan_new(base, size);
	size_t longest = KTSTR_CHAN_MAX_PAYLOAD;

	if (!c)
		return NULL;
	if (longest > c->capacity)
		longest = c->capacity;
	c->buf = malloc(longest + 1);
	if (!c->buf) {
		free(c);
		errno = ENOMEM;
		return NULL;
	}
	memset(c->shared, 0, sizeof(*c->shared));
	c->shared->version = KTSTR_CHAN_VERSION;
	c->shared->size = size;
	c->shared->magic = KTSTR_CHAN_MAGIC;
	/* whoever starts the guest orders this before the guest's first instruction */
	atomic_thread_fence(memory_order_seq_cst);
	return c;
}

struct ktstr_chan *ktstr_chan__attach(void *base, size_t size)
{
	struct ktstr_chan *c = chan_new(base, size);

	if (!c)
		return NULL;
	if (c->shared->magic != KTSTR_CHAN_MAGIC || c->shared->version != KTSTR_CHAN_VERSION ||
	    c->shared->size != size) {
		free(c);
		errno = EPROTO;
		return NULL;
	}
	c->pos = atomic_load_explicit(&c->shared->write_pos, memory_order_acquire);
	return c;
}

void ktstr_chan__free(struct ktstr_chan *c)
{
	if (!c)
		return;
	free(c->buf);
	free(c);
}

/* @len never exceeds the capacity; both callers have checked. */
static void chan_put(struct ktstr_chan *c, uint64_t pos, const void *src, uint32_t len)
{
	uint64_t at = pos % c->capacity;
	uint64_t first = c->capacity - at;

	if (first > len)
		first = len;
	memcpy(c->shared->data + at, src, first);
	if (first < len)
		memcpy(c->shared->data, (const uint8_t *)src + first, len - first);
}

static void chan_get(const struct ktstr_chan *c, uint64_t pos, void *dst, uint32_t len)
{
	uint64_t at = pos % c->capacity;
	uint64_t first = c->capacity - at;

	if (first > len)
		first = len;
	memcpy(dst, c->shared->data + at, first);
	if (first < len)
		memcpy((uint8_t *)dst + first, c->shared->data, len - first);
	/* the compiler must not read the original again instead of the copy */
	atomic_signal_fence(memory_order_seq_cst);
}

uint64_t ktstr_chan__room(const struct ktstr_chan *c)
{
	uint64_t used = c->pos - atomic_load_explicit(&c->shared->read_pos,
						      memory_order_acquire);

	return used > c->capacity ? 0 : c->capacity - used;
}

/* Async-signal-safe: PID 1 calls it from its crash handler. */
int ktstr_chan__write(struct ktstr_chan *c, enum ktstr_msg_type type, uint64_t time_ns,
		      const void *payload, uint32_t len)
{
	struct chan_hdr h = { .type = type, .len = len, .time_ns = time_ns };
	uint64_t need = sizeof(h) + (uint64_t)len;

	if (len > KTSTR_CHAN_MAX_PAYLOAD || need > c->capacity)
		return -EMSGSIZE;
	if (need > ktstr_chan__room(c))
		return -ENOSPC;

	h.seq = c->seq;
	h.crc32 = chan_crc(&h, payload);
	chan_put(c, c->pos, &h, sizeof(h));
	if (len)
		chan_put(c, c->pos + sizeof(h), payload, len);
	c->pos += need;
	c->seq++;
	atomic_store_explicit(&c->shared->write_pos, c->pos, memory_order_release);
	return 0;
}

void ktstr_chan__count_drop(struct ktstr_chan *c)
{
	uint64_t drops = atomic_load_explicit(&c->shared->drops, memory_order_relaxed);

	/* one writer: load and store need not be one operation */
	if (drops != UINT64_MAX)
		atomic_store_explicit(&c->shared->drops, drops + 1, memory_order_release);
}

static int chan_broken(struct ktstr_chan *c)
{
	c->broken = true;
	return -EBADMSG;
}

int ktstr_chan__peek(struct ktstr_chan *c, struct ktstr_msg *msg)
{
	uint64_t written, avail;
	struct chan_hdr h;

	if (c->broken || !c->buf)
		return -EBADMSG;
	written = atomic_load_explicit(&c->shared->write_pos, memory_order_acquire);
	avail = written - c->pos;
	/* as a position: never behind what it was, never further than one ring ahead */
	if (avail > c->capacity || avail < c->seen - c->pos)
		return chan_broken(c);
	c->seen = written;
	if (!avail)
		return 0;
	/* a message is published whole or not at all */
	if (avail < sizeof(h))
		return chan_broken(c);

	chan_get(c, c->pos, &h, sizeof(h));
	if (h.len > KTSTR_CHAN_MAX_PAYLOAD || h.len > avail - sizeof(h))
		return chan_broken(c);
	chan_get(c, c->pos + sizeof(h), c->buf, h.len);
	c->buf[h.len] = '\0';

	*msg = (struct ktstr_msg) {
		.seq = h.seq,
		.time_ns = h.time_ns,
		.len = h.len,
		.payload = c->buf,
		.bad_crc = chan_crc(&h, c->buf) != h.crc32,
	};
	/* callers index tables with the type: it is 0 when it is not one */
	if (h.type >= KTSTR_MSG_START && h.type < KTSTR_NR_MSG_TYPES)
		msg->type = (enum ktstr_msg_type)h.type;
	else if (!msg->bad_crc)
		return chan_broken(c);

	c->pos += sizeof(h) + h.len;
	return 1;
}

int ktstr_chan__read(struct ktstr_chan *c, struct ktstr_msg *msg)
{
	int ret = ktstr_chan__peek(c, msg);

	if (ret >= 0)
		atomic_store_explicit(&c->shared->read_pos, c->pos, memory_order_release);
	return ret;
}

uint64_t ktstr_chan__drops(const struct ktstr_chan *c)
{
	return atomic_load_explicit(&c->shared->drops, memory_order_acquire);
}
