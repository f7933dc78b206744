// SPDX-License-Identifier: GPL-2.0
/* The device's side of split virtqueues; see virtq.h. */
#include <errno.h>
#include <linux/compiler.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "virtq.h"

void virtq_reset(struct virtqueue *vq, const struct vm_ram *ram)
{
	memset(vq, 0, sizeof(*vq));
	vq->ram = ram;
	vq->size = VIRTQ_MAX_SIZE;
}

/* The event indices stand behind the rings (virtio 1.2, 2.7.7 and 2.7.8). */
static uint16_t *used_event(const struct virtqueue *vq)
{
	return &vq->avail_p->ring[vq->size];
}

static uint16_t *avail_event(const struct virtqueue *vq)
{
	return (uint16_t *)&vq->used_p->ring[vq->size];
}

int virtq_enable(struct virtqueue *vq, bool event_idx)
{
	size_t n = vq->size;

	if (!n || n > VIRTQ_MAX_SIZE || (n & (n - 1)))
		return -EINVAL;
	if (vq->desc % 16 || vq->avail % 2 || vq->used % 4)
		return -EINVAL;
	vq->desc_p = vm_ram_at(vq->ram, vq->desc, n * sizeof(struct vring_desc));
	vq->avail_p = vm_ram_at(vq->ram, vq->avail, 6 + 2 * n);
	vq->used_p = vm_ram_at(vq->ram, vq->used, 6 + 8 * n);
	if (!vq->desc_p || !vq->avail_p || !vq->used_p)
		return -EINVAL;
	vq->event_idx = event_idx;
	vq->next_avail = vq->next_used = vq->signalled = 0;
	vq->enabled = true;
	return 0;
}

static int broken(struct virtqueue *vq)
{
	vq->broken = true;
	return -EINVAL;
}

/* Add one buffer to @chain. False: the descriptor is invalid. */
static bool add_segment(const struct virtqueue *vq, struct virtq_chain *c,
			const struct vring_desc *d)
{
	bool in = d->flags & VRING_DESC_F_WRITE;
	uint32_t *bytes = in ? &c->in_bytes : &c->out_bytes;
	unsigned int n = c->nr_out + c->nr_in;
	void *p;

	if (!in && c->nr_in)		/* all that is read comes first (2.7.4.2) */
		return false;
	if (!d->len)
		return true;
	p = vm_ram_at(vq->ram, d->addr, d->len);
	if (!p || n == VIRTQ_MAX_SEGS || *bytes + d->len < *bytes)
		return false;
	c->seg[n] = (struct iovec){ .iov_base = p, .iov_len = d->len };
	*bytes += d->len;
	if (in)
		c->nr_in++;
	else
		c->nr_out++;
	return true;
}

/* Guest memory may change between two looks: everything is decided on this copy. */
/*
 * Guest memory may change between two looks: everything is decided on this copy. Nothing says
 * that an indirect table is aligned.
 */
static struct vring_desc read_desc(const void *d)
{
	struct vring_desc copy;

	memcpy(&copy, d, sizeof(copy));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return copy;
}

/*
 * Follow the chain from entry @i of @table, which has @nr entries. A chain visits each entry
 * at most once, so that after @nr steps it must have ended. *@indirect gets the descriptor
 * that leads on to another table, if @indirect is given; such a table has no further ones.
 */
static bool walk(const struct virtqueue *vq, struct virtq_chain *c,
		 const struct vring_desc *table, uint32_t nr, uint32_t i,
		 struct vring_desc *indirect)
{
	for (uint32_t steps = 0; steps < nr; steps++) {
		struct vring_desc d;

		if (i >= nr)
			return false;
		d = read_desc(&table[i]);
		if (d.flags & VRING_DESC_F_INDIRECT) {
			if (!indirect || d.flags & VRING_DESC_F_NEXT)
				return false;
			*indirect = d;
			return true;
		}
		if (!add_segment(vq, c, &d))
			return false;
		if (!(d.flags & VRING_DESC_F_NEXT))
			return true;
		i = d.next;
	}
	return false;
}

static bool walk_chain(const struct virtqueue *vq, struct virtq_chain *c)
{
	struct vring_desc ind = { .flags = 0 };
	const struct vring_desc *table;

	if (!walk(vq, c, vq->desc_p, vq->size, c->head, &ind))
		return false;
	if (!(ind.flags & VRING_DESC_F_INDIRECT))
		return true;
	if (!ind.len || ind.len % sizeof(*table))
		return false;
	table = vm_ram_at(vq->ram, ind.addr, ind.len);
	return table && walk(vq, c, table, ind.len / sizeof(*table), 0, NULL);
}

/* The number of entries that the driver has made available and we have not taken, or -EINVAL. */
static int available(struct virtqueue *vq)
{
	uint16_t idx = __atomic_load_n(&vq->avail_p->idx, __ATOMIC_ACQUIRE);
	uint16_t n = idx - vq->next_avail;

	return n > vq->size ? broken(vq) : n;
}

int virtq_pop(struct virtqueue *vq, struct virtq_chain *chain)
{
	int n;

	if (!vq->enabled || vq->broken)
		return vq->broken ? -EINVAL : 0;
	n = available(vq);
	if (!n && vq->event_idx) {
		/* ask for a notification, then look again: it may have come just before */
		__atomic_store_n(avail_event(vq), vq->next_avail, __ATOMIC_SEQ_CST);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		n = available(vq);
	}
	if (n <= 0)
		return n;
	chain->nr_out = chain->nr_in = 0;
	chain->out_bytes = chain->in_bytes = 0;
	chain->head = READ_ONCE(vq->avail_p->ring[vq->next_avail % vq->size]);
	if (!walk_chain(vq, chain))
		return broken(vq);
	vq->next_avail++;
	return 1;
}

void virtq_unpop(struct virtqueue *vq)
{
	vq->next_avail--;
}

void virtq_push(struct virtqueue *vq, const struct virtq_chain *chain, uint32_t written)
{
	struct vring_used_elem *e = &vq->used_p->ring[vq->next_used % vq->size];

	__atomic_store_n(&e->id, chain->head, __ATOMIC_RELAXED);
	__atomic_store_n(&e->len, written, __ATOMIC_RELAXED);
	__atomic_store_n(&vq->used_p->idx, ++vq->next_used, __ATOMIC_RELEASE);
}

bool virtq_wants_interrupt(struct virtqueue *vq)
{
	uint16_t old = vq->signalled;

	if (!vq->enabled || vq->next_used == old)
		return false;
	/* the driver enables interrupts and then reads the index; we do the opposite */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	vq->signalled = vq->next_used;
	if (vq->event_idx)
		return vring_need_event(READ_ONCE(*used_event(vq)), vq->next_used, old);
	return !(READ_ONCE(vq->avail_p->flags) & VRING_AVAIL_F_NO_INTERRUPT);
}

bool virtq_read(const struct virtq_chain *c, void *buf, size_t len)
{
	char *to = buf;

	for (unsigned int i = 0; len && i < c->nr_out; i++) {
		size_t n = c->seg[i].iov_len < len ? c->seg[i].iov_len : len;

		memcpy(to, c->seg[i].iov_base, n);
		to += n;
		len -= n;
	}
	return !len;
}

bool virtq_write(const struct virtq_chain *c, size_t from, const void *buf, size_t len)
{
	const char *src = buf;

	for (unsigned int i = c->nr_out; len && i < c->nr_out + c->nr_in; i++) {
		const struct iovec *v = &c->seg[i];
		size_t n;

		if (from >= v->iov_len) {
			from -= v->iov_len;
			continue;
		}
		n = v->iov_len - from < len ? v->iov_len - from : len;
		memcpy((char *)v->iov_base + from, src, n);
		src += n;
		len -= n;
		from = 0;
	}
	return !len;
}
