/* SPDX-License-Identifier: GPL-2.0 */
/* A BPF ring buffer as a guest has it, kernel/bpf/ringbuf.c: pages of its memory, in no order. */
#ifndef TEST_MADE_RING_H
#define TEST_MADE_RING_H

#include <string.h>

#include "harness/probe/ring.h"

#define PAGE		4096u
#define NR_PAGES	2u		/* of the data; a record crosses from one to the other, and the end */
#define RAM_AT		0x100000ull	/* where the guest's memory begins */
#define RING_BUSY	(1u << 31)
#define RING_DISCARDED	(1u << 30)

struct made_ring {
	/* the data backwards, then the consumer's page, the producer's, and the count of what was lost */
	uint8_t ram[(NR_PAGES + 3) * PAGE] __attribute__((aligned(8)));
	uint64_t msg[sizeof(struct ktstr_probe_ring) / sizeof(uint64_t) + NR_PAGES];
	uint64_t produced;
};

static inline struct ktstr_probe_ring *made_ring_msg(struct made_ring *m)
{
	return (struct ktstr_probe_ring *)m->msg;
}

static inline void *made_ring_mem(void *arg, uint64_t gpa, size_t len)
{
	struct made_ring *m = arg;

	if (gpa < RAM_AT || gpa - RAM_AT > sizeof(m->ram) || len > sizeof(m->ram) - (gpa - RAM_AT))
		return NULL;
	return m->ram + (gpa - RAM_AT);
}

static inline void made_ring_init(struct made_ring *m, uint32_t cpu)
{
	memset(m, 0, sizeof(*m));
	*made_ring_msg(m) = (struct ktstr_probe_ring){
		.says = KTSTR_PROBE_RING, .cpu = cpu, .bytes = NR_PAGES * PAGE, .page_bytes = PAGE,
		.consumer = RAM_AT + NR_PAGES * PAGE, .producer = RAM_AT + (NR_PAGES + 1) * PAGE,
		.lost = RAM_AT + (NR_PAGES + 2) * PAGE + 8,
	};
	for (uint32_t i = 0; i < NR_PAGES; i++)
		made_ring_msg(m)->page[i] = RAM_AT + (NR_PAGES - 1 - i) * PAGE;
}

static inline uint64_t *made_ring_number(struct made_ring *m, uint64_t gpa)
{
	return (uint64_t *)(void *)(m->ram + (gpa - RAM_AT));
}

static inline void made_ring_copy(struct made_ring *m, uint64_t pos, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++, pos++) {
		uint64_t at = pos % (NR_PAGES * PAGE);

		m->ram[made_ring_msg(m)->page[at / PAGE] - RAM_AT + at % PAGE] = ((const uint8_t *)data)[i];
	}
}

/* Where it begins. @len is what its header says. */
static inline uint64_t made_ring_put(struct made_ring *m, const struct ktstr_ring_record *rec, uint32_t len)
{
	const uint32_t header[2] = { len };
	uint64_t pos = m->produced;

	made_ring_copy(m, pos, header, sizeof(header));
	made_ring_copy(m, pos + sizeof(header), rec, sizeof(*rec));
	m->produced += sizeof(header) + sizeof(*rec);
	*made_ring_number(m, made_ring_msg(m)->producer) = m->produced;
	return pos;
}

static inline void made_ring_set_len(struct made_ring *m, uint64_t pos, uint32_t len)
{
	made_ring_copy(m, pos, &len, sizeof(len));
}

#endif
