// SPDX-License-Identifier: GPL-2.0
/* See ring.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

/* include/uapi/linux/bpf.h */
#define BUSY		(1u << 31)
#define DISCARDED	(1u << 30)
#define HEADER		8u
#define MIN_PAGE	4096u

static bool is_power(uint32_t v)
{
	return v && !(v & (v - 1));
}

/* An aligned number of @size bytes. */
static void *number_at(ktstr_ring_mem_fn mem, void *arg, uint64_t gpa)
{
	return gpa % sizeof(uint64_t) ? NULL : mem(arg, gpa, sizeof(uint64_t));
}

int ktstr_ring__open(struct ktstr_ring *r, const void *msg, size_t len, ktstr_ring_mem_fn mem, void *arg)
{
	struct ktstr_probe_ring m;
	uint32_t nr;

	memset(r, 0, sizeof(*r));
	if (len < sizeof(m))
		return -EBADMSG;
	memcpy(&m, msg, sizeof(m));
	if (!is_power(m.bytes) || !is_power(m.page_bytes) || m.page_bytes < MIN_PAGE ||
	    m.bytes < m.page_bytes || m.bytes > KTSTR_PROBE_RING_MAX)
		return -EBADMSG;
	nr = m.bytes / m.page_bytes;
	if (len != sizeof(m) + nr * sizeof(uint64_t))
		return -EBADMSG;
	r->producer = number_at(mem, arg, m.producer);
	r->consumer = number_at(mem, arg, m.consumer);
	r->lost = number_at(mem, arg, m.lost);
	if (!r->producer || !r->consumer || !r->lost)
		return -EBADMSG;
	r->page = calloc(nr, sizeof(*r->page));
	if (!r->page)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t gpa;

		memcpy(&gpa, (const uint8_t *)msg + sizeof(m) + i * sizeof(gpa), sizeof(gpa));
		r->page[i] = gpa % m.page_bytes ? NULL : mem(arg, gpa, m.page_bytes);
		if (!r->page[i]) {
			ktstr_ring__close(r);
			return -EBADMSG;
		}
	}
	r->bytes = m.bytes;
	r->page_bytes = m.page_bytes;
	return 0;
}

void ktstr_ring__close(struct ktstr_ring *r)
{
	free(r->page);
	memset(r, 0, sizeof(*r));
}

static const uint8_t *data_at(const struct ktstr_ring *r, uint64_t pos)
{
	uint32_t at = (uint32_t)pos & (r->bytes - 1);

	return r->page[at / r->page_bytes] + at % r->page_bytes;
}

static void copy(const struct ktstr_ring *r, void *to, uint64_t pos, size_t len)
{
	while (len) {
		size_t n = r->page_bytes - (pos & (r->page_bytes - 1));

		n = n < len ? n : len;
		memcpy(to, data_at(r, pos), n);
		to = (uint8_t *)to + n;
		pos += n;
		len -= n;
	}
}

int ktstr_ring__read(struct ktstr_ring *r, struct ktstr_ring_record *rec)
{
	uint64_t end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
	uint64_t next;
	uint32_t len;

	while (r->pos != end) {
		if (end - r->pos > r->bytes || end - r->pos < HEADER || end % HEADER)
			return -EBADMSG;
		/* positions are multiples of 8: no number straddles two pages */
		len = __atomic_load_n((const uint32_t *)data_at(r, r->pos), __ATOMIC_ACQUIRE);
		if (len & BUSY)
			return -EBUSY;
		next = r->pos + HEADER + (((len & ~DISCARDED) + 7u) & ~7u);
		if (next - r->pos > end - r->pos)
			return -EBADMSG;
		if (!(len & DISCARDED)) {
			if (len != sizeof(*rec))
				return -EBADMSG;
			copy(r, rec, r->pos + HEADER, sizeof(*rec));
		}
		r->pos = next;
		if (!(len & DISCARDED))
			return 1;
	}
	return 0;
}

void ktstr_ring__release(struct ktstr_ring *r)
{
	__atomic_store_n(r->consumer, r->pos, __ATOMIC_RELEASE);
}

uint64_t ktstr_ring__lost(const struct ktstr_ring *r)
{
	return __atomic_load_n(r->lost, __ATOMIC_RELAXED);
}
