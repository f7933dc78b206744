// SPDX-License-Identifier: GPL-2.0
/* Virtqueues against drivers that are sound and drivers that are not. */
#include <errno.h>

#include "kselftest_harness.h"
#include "virtio_guest.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define IND	VRING_DESC_F_INDIRECT
#define DATA	0x20000u

FIXTURE(vq)
{
	struct fake_machine m;
	struct virtqueue q;
	struct guest_ring r;
	struct virtq_chain c;
};

FIXTURE_SETUP(vq)
{
	fake_machine_init(&self->m);
	self->r = guest_ring(&self->m, 0);
	virtq_reset(&self->q, &self->m.ram);
	self->q.size = RING_SIZE;
	self->q.desc = RING_BASE(0) + DESC_AT;
	self->q.avail = RING_BASE(0) + AVAIL_AT;
	self->q.used = RING_BASE(0) + USED_AT;
	ASSERT_EQ(0, virtq_enable(&self->q, false));
}

FIXTURE_TEARDOWN(vq)
{
	fake_machine_free(&self->m);
}

TEST_F(vq, a_chain_is_what_the_device_reads_then_what_it_writes)
{
	char buf[8] = "";

	memcpy(self->m.ram.base + DATA, "abcd", 4);
	put_desc(&self->r, DATA, 3, NEXT);
	put_desc(&self->r, DATA + 3, 1, NEXT);
	put_desc(&self->r, DATA + 100, 2, NEXT | WRITE);
	put_desc(&self->r, DATA + 200, 6, WRITE);
	make_available(&self->r, 0);
	ASSERT_EQ(1, virtq_pop(&self->q, &self->c));
	EXPECT_EQ(2, self->c.nr_out);
	EXPECT_EQ(2, self->c.nr_in);
	EXPECT_EQ(4, self->c.out_bytes);
	EXPECT_EQ(8, self->c.in_bytes);
	EXPECT_TRUE(virtq_read(&self->c, buf, 4));
	EXPECT_STREQ("abcd", buf);
	EXPECT_FALSE(virtq_read(&self->c, buf, 5));
	EXPECT_TRUE(virtq_write(&self->c, 1, "xyz", 3));
	EXPECT_EQ('x', self->m.ram.base[DATA + 101]);
	EXPECT_EQ('y', self->m.ram.base[DATA + 200]);
	EXPECT_FALSE(virtq_write(&self->c, 6, "xyz", 3));
	virtq_push(&self->q, &self->c, 8);
	EXPECT_EQ(8, take_used(&self->r));
	EXPECT_EQ(0, virtq_pop(&self->q, &self->c));
}

TEST_F(vq, an_indirect_table_is_followed_once)
{
	struct vring_desc *t = (void *)(self->m.ram.base + DATA);

	t[0] = (struct vring_desc){ .addr = DATA + 512, .len = 16, .flags = NEXT, .next = 1 };
	t[1] = (struct vring_desc){ .addr = DATA + 1024, .len = 1, .flags = WRITE };
	make_available(&self->r, put_desc(&self->r, DATA, 32, IND));
	ASSERT_EQ(1, virtq_pop(&self->q, &self->c));
	EXPECT_EQ(16, self->c.out_bytes);
	EXPECT_EQ(1, self->c.in_bytes);
	t[1].flags = IND;
	make_available(&self->r, put_desc(&self->r, DATA, 32, IND));
	EXPECT_EQ(-EINVAL, virtq_pop(&self->q, &self->c));
}

TEST_F(vq, a_full_ring_of_requests_comes_in_order_across_the_wrap)
{
	for (unsigned int i = 0; i < 5 * RING_SIZE; i++) {
		make_available(&self->r, put_desc(&self->r, DATA + i, 1, WRITE));
		ASSERT_EQ(1, virtq_pop(&self->q, &self->c));
		EXPECT_EQ(self->m.ram.base + DATA + i, self->c.seg[0].iov_base);
		virtq_push(&self->q, &self->c, i);
		EXPECT_EQ((int64_t)i, take_used(&self->r));
	}
}

TEST_F(vq, what_was_put_back_comes_again)
{
	make_available(&self->r, put_desc(&self->r, DATA, 1, WRITE));
	ASSERT_EQ(1, virtq_pop(&self->q, &self->c));
	virtq_unpop(&self->q);
	EXPECT_EQ(1, virtq_pop(&self->q, &self->c));
	EXPECT_EQ(0, virtq_pop(&self->q, &self->c));
}

TEST_F(vq, interrupts_are_what_the_driver_asks_for)
{
	for (int i = 0; i < 2; i++) {
		make_available(&self->r, put_desc(&self->r, DATA, 1, WRITE));
		ASSERT_EQ(1, virtq_pop(&self->q, &self->c));
		virtq_push(&self->q, &self->c, 0);
		EXPECT_EQ(!i, virtq_wants_interrupt(&self->q));
		EXPECT_FALSE(virtq_wants_interrupt(&self->q));
		self->r.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	}
}

TEST_F(vq, with_event_indices_only_the_awaited_entry_interrupts)
{
	uint16_t *used_event = &self->r.avail->ring[RING_SIZE];
	uint16_t *avail_event = (uint16_t *)&self->r.used->ring[RING_SIZE];

	virtq_reset(&self->q, &self->m.ram);
	self->q.size = RING_SIZE;
	self->q.desc = RING_BASE(0) + DESC_AT;
	self->q.avail = RING_BASE(0) + AVAIL_AT;
	self->q.used = RING_BASE(0) + USED_AT;
	ASSERT_EQ(0, virtq_enable(&self->q, true));
	*used_event = 1;
	for (unsigned int i = 0; i < 3; i++) {
		make_available(&self->r, put_desc(&self->r, DATA, 1, WRITE));
		ASSERT_EQ(1, virtq_pop(&self->q, &self->c));
		virtq_push(&self->q, &self->c, 0);
		EXPECT_EQ(i == 1, virtq_wants_interrupt(&self->q));
	}
	EXPECT_EQ(0, virtq_pop(&self->q, &self->c));
	EXPECT_EQ(3, *avail_event);
}

TEST_F(vq, rings_outside_ram_or_of_odd_sizes_are_refused)
{
	static const struct {
		uint16_t size;
		uint64_t desc, avail, used;
	} bad[] = {
		{ 0, 0x1000, 0x2000, 0x3000 }, { 3, 0x1000, 0x2000, 0x3000 },
		{ 512, 0x1000, 0x2000, 0x3000 }, { 16, 0x1008, 0x2000, 0x3000 },
		{ 16, 0x1000, 0x2001, 0x3000 }, { 16, 0x1000, 0x2000, 0x3002 },
		{ 16, FAKE_RAM - 0xf0, 0x2000, 0x3000 }, { 16, 0x1000, FAKE_RAM - 36, 0x3000 },
		{ 16, 0x1000, 0x2000, FAKE_RAM - 132 },
		{ 16, 0xfffffffffffffff0, 0x2000, 0x3000 },
		{ 16, 0x1000, 0x2000, 0xffffffff00000000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		virtq_reset(&self->q, &self->m.ram);
		self->q.size = bad[i].size;
		self->q.desc = bad[i].desc;
		self->q.avail = bad[i].avail;
		self->q.used = bad[i].used;
		EXPECT_EQ(-EINVAL, virtq_enable(&self->q, true)) TH_LOG("row %zu", i);
		EXPECT_EQ(0, virtq_pop(&self->q, &self->c));
	}
}

/* One hostile ring each: descriptors 0 to 2, then what the ring says. */
TEST_F(vq, a_hostile_ring_breaks_the_queue_for_good)
{
	static const struct {
		struct vring_desc d[3];
		uint16_t head, idx;
	} bad[] = {
		{ .d = { { DATA, 1, 0, 0 } }, .head = RING_SIZE, .idx = 1 },
		{ .d = { { DATA, 1, 0, 0 } }, .head = 0xffff, .idx = 1 },
		{ .d = { { DATA, 1, 0, 0 } }, .idx = RING_SIZE + 1 },
		{ .d = { { DATA, 1, 0, 0 } }, .idx = 0xffff },
		{ .d = { { DATA, 1, NEXT, 0 } }, .idx = 1 },		/* to itself */
		{ .d = { { DATA, 1, NEXT, 1 }, { DATA, 1, NEXT, 0 } }, .idx = 1 },
		{ .d = { { DATA, 1, NEXT, RING_SIZE } }, .idx = 1 },
		{ .d = { { FAKE_RAM, 1, 0, 0 } }, .idx = 1 },
		{ .d = { { FAKE_RAM - 1, 2, 0, 0 } }, .idx = 1 },
		{ .d = { { UINT64_MAX, 2, 0, 0 } }, .idx = 1 },
		{ .d = { { DATA, UINT32_MAX, 0, 0 } }, .idx = 1 },
		{ .d = { { DATA, 1, WRITE | NEXT, 1 }, { DATA, 1, 0, 0 } }, .idx = 1 },
		{ .d = { { DATA, 16, IND | NEXT, 1 }, { DATA, 1, 0, 0 } }, .idx = 1 },
		{ .d = { { DATA, 0, IND, 0 } }, .idx = 1 },
		{ .d = { { DATA, 17, IND, 0 } }, .idx = 1 },
		{ .d = { { FAKE_RAM - 16, 32, IND, 0 } }, .idx = 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		virtq_reset(&self->q, &self->m.ram);
		self->q.size = RING_SIZE;
		self->q.desc = RING_BASE(0) + DESC_AT;
		self->q.avail = RING_BASE(0) + AVAIL_AT;
		self->q.used = RING_BASE(0) + USED_AT;
		memcpy(self->r.desc, bad[i].d, sizeof(bad[i].d));
		self->r.avail->ring[0] = bad[i].head;
		self->r.avail->idx = bad[i].idx;
		ASSERT_EQ(0, virtq_enable(&self->q, false));
		EXPECT_EQ(-EINVAL, virtq_pop(&self->q, &self->c)) TH_LOG("row %zu", i);
		self->r.avail->idx = 0;
		EXPECT_EQ(-EINVAL, virtq_pop(&self->q, &self->c)) TH_LOG("row %zu", i);
	}
}

TEST_F(vq, a_long_indirect_table_is_no_way_around_the_limit)
{
	struct vring_desc *t = (void *)(self->m.ram.base + DATA);
	unsigned int n = VIRTQ_MAX_SEGS + 1;

	for (unsigned int i = 0; i < n; i++)
		t[i] = (struct vring_desc){ .addr = 0x100, .len = 1,
			.flags = i + 1 < n ? NEXT : 0, .next = (uint16_t)(i + 1) };
	make_available(&self->r, put_desc(&self->r, DATA, n * 16, IND));
	EXPECT_EQ(-EINVAL, virtq_pop(&self->q, &self->c));
}

TEST_HARNESS_MAIN
