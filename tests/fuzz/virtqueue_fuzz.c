// SPDX-License-Identifier: GPL-2.0
/*
 * A split virtqueue whose rings are the fuzzer's. Whatever a driver writes into them, the
 * device is only ever given memory of the guest's, as many bytes as it is told.
 *
 * Input: a byte of flags, then the bytes of the rings, which the device works through.
 */
#include "fuzz.h"
#include "tests/unit/dev/virtio_guest.h"

static void seeds(void)
{
	static uint8_t b[8 + USED_AT] __attribute__((aligned(8)));
	struct vring_desc *d = (void *)(b + 8 + DESC_AT);
	struct vring_avail *a = (void *)(b + 8 + AVAIL_AT);

	d[0] = (struct vring_desc){ 0x20000, 16, VRING_DESC_F_NEXT, 1 };
	d[1] = (struct vring_desc){ 0x21000, 512, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2 };
	d[2] = (struct vring_desc){ 0x22000, 1, VRING_DESC_F_WRITE, 0 };
	/* an indirect table: the ring itself */
	d[3] = (struct vring_desc){ RING_BASE(0), 48, VRING_DESC_F_INDIRECT, 0 };
	a->idx = 2;
	a->ring[1] = 3;
	seed("chains", b + 7, sizeof(b) - 7);	/* the flags before the rings */
}

static void check(const struct fake_machine *m, const struct virtq_chain *c)
{
	uint64_t out = 0, in = 0;

	must(c->nr_out + c->nr_in <= VIRTQ_MAX_SEGS);
	for (unsigned int i = 0; i < c->nr_out + c->nr_in; i++) {
		const uint8_t *p = c->seg[i].iov_base;

		must(p >= m->ram.base && p <= m->ram.base + FAKE_RAM);
		must(c->seg[i].iov_len <= (size_t)(m->ram.base + FAKE_RAM - p));
		*(i < c->nr_out ? &out : &in) += c->seg[i].iov_len;
	}
	must(out == c->out_bytes && in == c->in_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct virtq_chain c;
	struct fake_machine m;
	struct virtqueue q;
	uint8_t buf[64];

	if (size < 2 || size > RING_BYTES)
		return 0;
	fake_machine_init(&m);
	virtq_reset(&q, &m.ram);
	q.size = RING_SIZE;
	q.desc = RING_BASE(0) + DESC_AT;
	q.avail = RING_BASE(0) + AVAIL_AT;
	q.used = RING_BASE(0) + USED_AT;
	must(!virtq_enable(&q, data[0] & 1));
	memcpy(m.ram.base + RING_BASE(0), data + 1, size - 1);
	for (int i = 0; i < 64 && virtq_pop(&q, &c) == 1; i++) {
		check(&m, &c);
		virtq_read(&c, buf, data[0] % sizeof(buf));
		virtq_write(&c, data[0], buf, sizeof(buf));
		if (data[0] & 2)
			virtq_push(&q, &c, c.in_bytes);
		virtq_wants_interrupt(&q);
	}
	fake_machine_free(&m);
	return 0;
}
