// SPDX-License-Identifier: GPL-2.0
/*
 * Promises of harness/probe/ring.h: records come out as they were put in, in their order and once, and no
 * address, position or length of a guest leads out of its memory.
 */
#include <errno.h>

#include "kselftest_harness.h"

#include "made_ring.h"

#define LEN	((uint32_t)sizeof(struct ktstr_ring_record))

FIXTURE(ring) {
	struct made_ring made;
	struct ktstr_ring ring;
	struct ktstr_ring_record rec;
};

FIXTURE_SETUP(ring)
{
	made_ring_init(&self->made, 0);
}

FIXTURE_TEARDOWN(ring)
{
	ktstr_ring__close(&self->ring);
}

static int open_made(FIXTURE_DATA(ring) *self)
{
	return ktstr_ring__open(&self->ring, self->made.msg, sizeof(self->made.msg), made_ring_mem,
				&self->made);
}

static uint64_t put(FIXTURE_DATA(ring) *self, uint64_t time_ns, uint32_t len)
{
	struct ktstr_ring_record rec = { .time_ns = time_ns };

	for (unsigned int i = 0; i < KTSTR_RING_WORDS; i++)
		rec.word[i] = time_ns * 100 + i;
	return made_ring_put(&self->made, &rec, len);
}

TEST_F(ring, records_arrive_as_they_were_written_also_across_pages_and_the_end)
{
	ASSERT_EQ(0, open_made(self));
	for (uint64_t n = 1; n < 200; n++) {
		put(self, n, LEN);
		ASSERT_EQ(1, ktstr_ring__read(&self->ring, &self->rec));
		EXPECT_EQ(n, self->rec.time_ns);
		for (unsigned int i = 0; i < KTSTR_RING_WORDS; i++)
			ASSERT_EQ(n * 100 + i, self->rec.word[i]);
		EXPECT_EQ(0, ktstr_ring__read(&self->ring, &self->rec));
	}
}

TEST_F(ring, the_guest_gets_room_back_when_it_is_released)
{
	uint64_t *consumer = made_ring_number(&self->made, made_ring_msg(&self->made)->consumer);

	ASSERT_EQ(0, open_made(self));
	put(self, 1, LEN);
	ASSERT_EQ(1, ktstr_ring__read(&self->ring, &self->rec));
	EXPECT_EQ(0, *consumer);
	ktstr_ring__release(&self->ring);
	EXPECT_EQ(self->made.produced, *consumer);
}

TEST_F(ring, a_record_that_is_being_written_holds_up_those_behind_it)
{
	uint64_t first = put(self, 1, LEN | RING_BUSY);

	put(self, 2, LEN);
	ASSERT_EQ(0, open_made(self));
	EXPECT_EQ(-EBUSY, ktstr_ring__read(&self->ring, &self->rec));
	made_ring_set_len(&self->made, first, LEN);
	ASSERT_EQ(1, ktstr_ring__read(&self->ring, &self->rec));
	EXPECT_EQ(1, self->rec.time_ns);
	ASSERT_EQ(1, ktstr_ring__read(&self->ring, &self->rec));
	EXPECT_EQ(2, self->rec.time_ns);
}

TEST_F(ring, a_discarded_record_is_left_out)
{
	put(self, 1, LEN | RING_DISCARDED);
	put(self, 2, LEN);
	ASSERT_EQ(0, open_made(self));
	ASSERT_EQ(1, ktstr_ring__read(&self->ring, &self->rec));
	EXPECT_EQ(2, self->rec.time_ns);
}

TEST_F(ring, what_was_lost_is_the_guests_count)
{
	ASSERT_EQ(0, open_made(self));
	*made_ring_number(&self->made, made_ring_msg(&self->made)->lost) = 7;
	EXPECT_EQ(7, ktstr_ring__lost(&self->ring));
}

TEST_F(ring, positions_and_lengths_that_make_no_sense_are_damage)
{
	static const uint32_t lens[] = { 0, 1, LEN - 1, LEN + 1, LEN + 8, RING_BUSY - 1, RING_DISCARDED - 1,
					 0xffffffff & ~RING_BUSY };
	uint64_t *producer = made_ring_number(&self->made, made_ring_msg(&self->made)->producer);
	uint64_t first = put(self, 1, LEN), good = *producer;
	const uint64_t positions[] = { 1, 4, 8, 12, good - 8, good + 4, NR_PAGES * PAGE + 8, UINT64_MAX,
				       UINT64_MAX - 7, 1ull << 63 };

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		ASSERT_EQ(0, open_made(self));
		made_ring_set_len(&self->made, first, lens[i]);
		EXPECT_EQ(-EBADMSG, ktstr_ring__read(&self->ring, &self->rec)) {
			TH_LOG("length %#x", lens[i]);
		}
		ktstr_ring__close(&self->ring);
	}
	made_ring_set_len(&self->made, first, LEN);
	for (size_t i = 0; i < ARRAY_SIZE(positions); i++) {
		ASSERT_EQ(0, open_made(self));
		*producer = positions[i];
		EXPECT_EQ(-EBADMSG, ktstr_ring__read(&self->ring, &self->rec)) {
			TH_LOG("position %llu", (unsigned long long)positions[i]);
		}
		ktstr_ring__close(&self->ring);
	}
}

TEST_F(ring, a_place_that_is_no_ring_is_refused)
{
	struct ktstr_probe_ring *r = made_ring_msg(&self->made);
	const struct ktstr_probe_ring good = *r;
	const uint64_t end = RAM_AT + sizeof(self->made.ram), page = made_ring_msg(&self->made)->page[1];
	const uint64_t bad[] = { 0, RAM_AT - 8, RAM_AT + 4, end - 4, end, UINT64_MAX - 7, UINT64_MAX };
	const uint32_t sizes[] = { 0, 1, PAGE / 2, PAGE, PAGE * 3, PAGE * 4, KTSTR_PROBE_RING_MAX * 2, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		r->producer = bad[i];
		EXPECT_EQ(-EBADMSG, open_made(self));
		*r = good;
		r->consumer = bad[i];
		EXPECT_EQ(-EBADMSG, open_made(self));
		*r = good;
		r->lost = bad[i];
		EXPECT_EQ(-EBADMSG, open_made(self));
		*r = good;
		made_ring_msg(&self->made)->page[1] = bad[i];
		EXPECT_EQ(-EBADMSG, open_made(self));
		made_ring_msg(&self->made)->page[1] = page;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		r->bytes = sizes[i];
		EXPECT_EQ(-EBADMSG, open_made(self));
		*r = good;
		r->page_bytes = sizes[i];
		EXPECT_EQ(sizes[i] == PAGE ? 0 : -EBADMSG, open_made(self));
		ktstr_ring__close(&self->ring);
		*r = good;
	}
	for (size_t len = 0; len < sizeof(self->made.msg); len++)
		EXPECT_EQ(-EBADMSG, ktstr_ring__open(&self->ring, self->made.msg, len, made_ring_mem, &self->made));
	EXPECT_EQ(0, open_made(self));
}

TEST_HARNESS_MAIN
