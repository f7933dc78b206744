// SPDX-License-Identifier: GPL-2.0
/*
 * What the channel promises (harness/chan/chan.h), the hostile guest included. The tests
 * hold the region in a heap block of exact size, so that a sanitizer sees every stray byte.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "harness/chan/chan.h"
#include "lib/clock.h"

/* docs/channel.md: places that a hostile guest may reach */
#define OFF_WRITE_POS	64
#define OFF_DATA	192
#define HDR		24
#define HDR_CRC		0
#define HDR_TYPE	4
#define HDR_LEN		8

struct region {
	uint8_t *mem;
	size_t size;
	struct ktstr_chan *host, *guest;
};

static int region_open(struct region *r, size_t size)
{
	r->size = size;
	r->mem = aligned_alloc(64, (size + 63) / 64 * 64);
	if (!r->mem)
		return -ENOMEM;
	r->host = ktstr_chan__format(r->mem, size);
	r->guest = ktstr_chan__attach(r->mem, size);
	return r->host && r->guest ? 0 : -errno;
}

static void region_close(struct region *r)
{
	ktstr_chan__free(r->host);
	ktstr_chan__free(r->guest);
	free(r->mem);
}

static void poke32(struct region *r, size_t off, uint32_t v)
{
	memcpy(r->mem + off, &v, sizeof(v));
}

static void poke64(struct region *r, size_t off, uint64_t v)
{
	memcpy(r->mem + off, &v, sizeof(v));
}

static uint64_t peek64(struct region *r, size_t off)
{
	uint64_t v;

	memcpy(&v, r->mem + off, sizeof(v));
	return v;
}

FIXTURE(chan)
{
	struct region r;
	struct ktstr_msg m;
};

FIXTURE_SETUP(chan)
{
	ASSERT_EQ(0, region_open(&self->r, 4096));
}

FIXTURE_TEARDOWN(chan)
{
	region_close(&self->r);
}

TEST_F(chan, message_arrives_as_sent)
{
	ASSERT_EQ(0, ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 123456789, "hello", 5));
	ASSERT_EQ(0, ktstr_chan__write(self->r.guest, KTSTR_MSG_BODY, 5, NULL, 0));

	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_EQ(KTSTR_MSG_KMSG, self->m.type);
	EXPECT_EQ(0, self->m.seq);
	EXPECT_EQ(123456789, self->m.time_ns);
	EXPECT_EQ(5, self->m.len);
	EXPECT_STREQ("hello", (const char *)self->m.payload);
	EXPECT_FALSE(self->m.bad_crc);
	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_EQ(KTSTR_MSG_BODY, self->m.type);
	EXPECT_EQ(1, self->m.seq);
	EXPECT_EQ(0, self->m.len);
	EXPECT_STREQ("", (const char *)self->m.payload);
	EXPECT_EQ(0, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, a_look_is_not_seen_by_the_guest)
{
	uint64_t room;
	char before[OFF_DATA];

	ASSERT_EQ(0, ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 1, "one", 3));
	ASSERT_EQ(0, ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 2, "two", 3));
	room = ktstr_chan__room(self->r.guest);
	memcpy(before, self->r.mem, sizeof(before));
	ASSERT_EQ(1, ktstr_chan__peek(self->r.host, &self->m));
	EXPECT_STREQ("one", (const char *)self->m.payload);
	EXPECT_EQ(room, ktstr_chan__room(self->r.guest));
	EXPECT_EQ(0, memcmp(before, self->r.mem, sizeof(before)));
	/* what was looked at does not come again, and its room is given back with the next one's */
	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_STREQ("two", (const char *)self->m.payload);
	EXPECT_EQ(room + 2 * (HDR + 3), ktstr_chan__room(self->r.guest));
	ASSERT_EQ(0, ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 3, "three", 5));
	ASSERT_EQ(1, ktstr_chan__peek(self->r.host, &self->m));
	ASSERT_EQ(0, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_EQ(room + 2 * (HDR + 3), ktstr_chan__room(self->r.guest));
}

TEST_F(chan, host_keeps_its_copy_when_the_guest_overwrites)
{
	ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 0, "before", 6);
	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	memset(self->r.mem + OFF_DATA, 'X', 100);
	EXPECT_STREQ("before", (const char *)self->m.payload);
}

TEST_F(chan, guest_refuses_a_region_that_is_not_formatted)
{
	poke32(&self->r, 0, 0x12345678);
	EXPECT_EQ(NULL, ktstr_chan__attach(self->r.mem, self->r.size));
	EXPECT_EQ(EPROTO, errno);
}

TEST_F(chan, guest_refuses_another_version_and_another_size)
{
	EXPECT_EQ(NULL, ktstr_chan__attach(self->r.mem, self->r.size - 64));
	EXPECT_EQ(EPROTO, errno);
	poke32(&self->r, 4, KTSTR_CHAN_VERSION + 1);
	EXPECT_EQ(NULL, ktstr_chan__attach(self->r.mem, self->r.size));
	EXPECT_EQ(EPROTO, errno);
}

TEST_F(chan, tiny_or_crooked_regions_are_refused)
{
	EXPECT_EQ(NULL, ktstr_chan__format(self->r.mem, OFF_DATA));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, ktstr_chan__format(self->r.mem + 1, 2048));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(NULL, ktstr_chan__attach(NULL, 4096));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(chan, too_long_a_message_is_refused_and_leaves_no_trace)
{
	static uint8_t big[KTSTR_CHAN_MAX_PAYLOAD + 1];

	EXPECT_EQ(-EMSGSIZE, ktstr_chan__write(self->r.guest, KTSTR_MSG_RESULT, 0, big,
					       KTSTR_CHAN_MAX_PAYLOAD + 1));
	EXPECT_EQ(-EMSGSIZE, ktstr_chan__write(self->r.guest, KTSTR_MSG_RESULT, 0, big,
					       4096 - OFF_DATA - HDR + 1));
	EXPECT_EQ(0, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, one_message_may_fill_the_whole_ring)
{
	uint8_t big[4096 - OFF_DATA - HDR];

	memset(big, 'b', sizeof(big));
	ASSERT_EQ(0, ktstr_chan__write(self->r.guest, KTSTR_MSG_RESULT, 0, big, sizeof(big)));
	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_EQ(0, memcmp(big, self->m.payload, sizeof(big)));
}

TEST_F(chan, full_ring_refuses_until_the_host_drains)
{
	char line[100];
	int n = 0, got = 0;

	memset(line, 'l', sizeof(line));
	while (!ktstr_chan__write(self->r.guest, KTSTR_MSG_SCHED_LOG, n, line, sizeof(line)))
		n++;
	EXPECT_EQ((4096 - OFF_DATA) / (HDR + 100), n);
	EXPECT_EQ(-ENOSPC, ktstr_chan__write(self->r.guest, KTSTR_MSG_SCHED_LOG, 0, line, 100));

	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_EQ(0, ktstr_chan__write(self->r.guest, KTSTR_MSG_SCHED_LOG, n, line, 100));
	for (got = 1; ktstr_chan__read(self->r.host, &self->m) == 1; got++)
		EXPECT_EQ((uint64_t)got, self->m.time_ns);
	EXPECT_EQ(n + 1, got);
}

TEST_F(chan, room_is_what_a_message_with_its_header_may_take)
{
	EXPECT_EQ(4096 - OFF_DATA, ktstr_chan__room(self->r.guest));
	ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 0, "hello", 5);
	EXPECT_EQ(4096 - OFF_DATA - HDR - 5, ktstr_chan__room(self->r.guest));
	poke64(&self->r, 128, 1ULL << 40);	/* a reader ahead of its writer */
	EXPECT_EQ(0, ktstr_chan__room(self->r.guest));
}

TEST_F(chan, drops_are_counted_and_never_wrap)
{
	EXPECT_EQ(0, ktstr_chan__drops(self->r.host));
	ktstr_chan__count_drop(self->r.guest);
	ktstr_chan__count_drop(self->r.guest);
	EXPECT_EQ(2, ktstr_chan__drops(self->r.host));
	poke64(&self->r, OFF_WRITE_POS + 8, UINT64_MAX);
	ktstr_chan__count_drop(self->r.guest);
	EXPECT_EQ(UINT64_MAX, ktstr_chan__drops(self->r.host));
}

/* A capacity of 101 bytes is prime to the message size: every place becomes a wrap. */
TEST(messages_wrap_at_every_offset)
{
	const size_t capacity = 101;
	struct region r;
	struct ktstr_msg m;
	char text[32];
	unsigned int i;

	ASSERT_EQ(0, region_open(&r, OFF_DATA + capacity));
	for (i = 0; i < 3 * capacity; i++) {
		int len = snprintf(text, sizeof(text), "message %u", i);

		ASSERT_EQ(0, ktstr_chan__write(r.guest, KTSTR_MSG_KMSG, i, text, len));
		ASSERT_EQ(1, ktstr_chan__read(r.host, &m));
		ASSERT_FALSE(m.bad_crc);
		ASSERT_EQ(i, m.seq);
		ASSERT_STREQ(text, (const char *)m.payload);
		ASSERT_EQ(0, ktstr_chan__read(r.host, &m));
	}
	region_close(&r);
}

TEST_F(chan, flipped_bit_is_reported_and_the_next_message_still_arrives)
{
	/* one bit in the CRC, the time, the sequence number and the payload */
	static const size_t places[] = { HDR_CRC, 16, 12, HDR + 2 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct region r;
		struct ktstr_msg m;

		ASSERT_EQ(0, region_open(&r, 4096));
		ktstr_chan__write(r.guest, KTSTR_MSG_KMSG, 77, "hello", 5);
		ktstr_chan__write(r.guest, KTSTR_MSG_EXIT, 78, "\0\0\0\0", 4);
		r.mem[OFF_DATA + places[i]] ^= 0x10;
		ASSERT_EQ(1, ktstr_chan__read(r.host, &m));
		EXPECT_TRUE(m.bad_crc);
		ASSERT_EQ(1, ktstr_chan__read(r.host, &m));
		EXPECT_FALSE(m.bad_crc);
		EXPECT_EQ(KTSTR_MSG_EXIT, m.type);
		region_close(&r);
	}
}

TEST_F(chan, corrupt_type_never_reaches_the_caller_as_a_type)
{
	ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 0, "hello", 5);
	poke32(&self->r, OFF_DATA + HDR_TYPE, 0x41414141);
	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_EQ(0, (int)self->m.type);
	EXPECT_TRUE(self->m.bad_crc);
}

TEST_F(chan, unknown_type_with_a_good_crc_breaks_the_ring)
{
	ktstr_chan__write(self->r.guest, (enum ktstr_msg_type)KTSTR_NR_MSG_TYPES, 0, NULL, 0);
	EXPECT_EQ(-EBADMSG, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, length_beyond_what_was_written_breaks_the_ring_for_good)
{
	ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 0, "hello", 5);
	poke32(&self->r, OFF_DATA + HDR_LEN, 6);
	EXPECT_EQ(-EBADMSG, ktstr_chan__read(self->r.host, &self->m));
	poke32(&self->r, OFF_DATA + HDR_LEN, 5);	/* repented: too late */
	EXPECT_EQ(-EBADMSG, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, huge_length_breaks_the_ring)
{
	ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 0, "hello", 5);
	poke32(&self->r, OFF_DATA + HDR_LEN, UINT32_MAX);
	EXPECT_EQ(-EBADMSG, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, position_further_than_the_ring_breaks_it)
{
	poke64(&self->r, OFF_WRITE_POS, 4096 - OFF_DATA + 1);
	EXPECT_EQ(-EBADMSG, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, position_that_moves_back_breaks_the_ring)
{
	ktstr_chan__write(self->r.guest, KTSTR_MSG_BODY, 0, NULL, 0);
	ktstr_chan__write(self->r.guest, KTSTR_MSG_BODY, 0, NULL, 0);
	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	/* back, but still in front of the reader: only the memory of it can tell */
	poke64(&self->r, OFF_WRITE_POS, HDR);
	EXPECT_EQ(-EBADMSG, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, half_a_header_breaks_the_ring)
{
	poke64(&self->r, OFF_WRITE_POS, HDR - 1);
	EXPECT_EQ(-EBADMSG, ktstr_chan__read(self->r.host, &self->m));
}

TEST_F(chan, host_does_not_believe_the_size_or_its_own_position_in_shared_memory)
{
	ktstr_chan__write(self->r.guest, KTSTR_MSG_KMSG, 0, "hello", 5);
	poke64(&self->r, 8, UINT64_MAX);	/* size */
	poke64(&self->r, 128, 1ULL << 40);	/* read_pos */
	poke32(&self->r, 0, 0);			/* magic */
	ASSERT_EQ(1, ktstr_chan__read(self->r.host, &self->m));
	EXPECT_STREQ("hello", (const char *)self->m.payload);
	EXPECT_EQ(HDR + 5, peek64(&self->r, 128));
}

/* xorshift64: the same mutations in every run */
static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	return *s ^= *s << 17;
}

/* Whatever is in the region, the reader ends, and inside its memory. */
TEST(random_damage_never_hangs_the_reader_nor_leads_it_astray)
{
	uint64_t seed = 0x6b74737472;
	unsigned int round, i, delivered = 0, broken = 0;
	struct region r;
	struct ktstr_msg m;

	for (round = 0; round < 1500; round++) {
		int ret, reads = 0;

		ASSERT_EQ(0, region_open(&r, OFF_DATA + 700 + next(&seed) % 64));
		for (i = 0; i < 12; i++)
			ktstr_chan__write(r.guest, 1 + next(&seed) % 14, i, "0123456789abcdef",
					  next(&seed) % 17);
		for (i = 0; i < 1 + round % 4; i++)
			r.mem[next(&seed) % r.size] = (uint8_t)next(&seed);
		if (round % 8 == 0)
			poke64(&r, OFF_WRITE_POS, next(&seed) % 1024);
		if (round % 64 == 1)
			for (i = OFF_DATA; i < r.size; i++)
				r.mem[i] = (uint8_t)next(&seed);
		while ((ret = ktstr_chan__read(r.host, &m)) == 1) {
			ASSERT_LT(reads++, 1000 / HDR);
			ASSERT_LE(m.len, r.size);
			ASSERT_LT((int)m.type, KTSTR_NR_MSG_TYPES);
			ASSERT_EQ('\0', ((const char *)m.payload)[m.len]);
			delivered++;
		}
		broken += ret < 0;
		region_close(&r);
	}
	/* the loop must have seen both statuses or it proves nothing */
	EXPECT_LT(100, delivered);
	EXPECT_LT(100, broken);
}

struct stream {
	struct region r;
	int64_t end_ms;			/* a busy machine may let each wait long for the other */
	atomic_uint written;		/* how many in all; UINT_MAX: not known yet */
};

static void *stream_writer(void *arg)
{
	struct stream *s = arg;
	char text[64];
	unsigned int i;

	for (i = 0; i < 200000 && (i < 100 || ktstr_now_ms() < s->end_ms); i++) {
		int len = snprintf(text, sizeof(text), "%0*u", 1 + (int)(i % 60), i);

		while (ktstr_chan__write(s->r.guest, KTSTR_MSG_KMSG, i, text, len) == -ENOSPC)
			sched_yield();
	}
	atomic_store(&s->written, i);
	return NULL;
}

TEST(writer_and_reader_may_run_at_the_same_time)
{
	struct stream s = { .end_ms = ktstr_now_ms() + 10000, .written = UINT_MAX };
	struct ktstr_msg m;
	pthread_t thread;
	unsigned int i;

	ASSERT_EQ(0, region_open(&s.r, OFF_DATA + 1009));
	ASSERT_EQ(0, pthread_create(&thread, NULL, stream_writer, &s));
	for (i = 0; i < atomic_load(&s.written); ) {
		int ret = ktstr_chan__read(s.r.host, &m);

		if (!ret) {
			sched_yield();
			continue;
		}
		ASSERT_EQ(1, ret);
		ASSERT_FALSE(m.bad_crc);
		ASSERT_EQ(i, m.seq);
		ASSERT_EQ(i, strtoul(m.payload, NULL, 10));
		i++;
	}
	EXPECT_LE(100, i);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, ktstr_chan__read(s.r.host, &m));
	region_close(&s.r);
}

struct vandal {
	struct region r;
	atomic_bool stop;
};

static void *vandal_main(void *arg)
{
	struct vandal *v = arg;
	volatile uint64_t *write_pos = (void *)(v->r.mem + OFF_WRITE_POS);
	volatile uint32_t *words = (void *)(v->r.mem + OFF_DATA);
	uint64_t seed = 42;

	while (!atomic_load(&v->stop)) {
		words[next(&seed) % ((v->r.size - OFF_DATA) / 4)] = next(&seed) % 64;
		*write_pos += next(&seed) % 128;
		if (next(&seed) % 4096 == 0)
			*write_pos = next(&seed);
	}
	return NULL;
}

TEST(guest_that_moves_everything_concurrently_cannot_hurt_the_reader)
{
	struct vandal v = { .stop = false };
	unsigned int round, delivered = 0, broken = 0;
	struct ktstr_msg m;
	pthread_t thread;

	ASSERT_EQ(0, region_open(&v.r, 4096));
	ASSERT_EQ(0, pthread_create(&thread, NULL, vandal_main, &v));
	/* on a busy machine the other thread may come late */
	for (round = 0; round < 400 || (!delivered && !broken && round < 4000000); round++) {
		int ret = 0, i;

		/* another reader over the same, still moving memory */
		ktstr_chan__free(v.r.host);
		v.r.host = ktstr_chan__format(v.r.mem, v.r.size);
		ASSERT_NE(NULL, v.r.host);
		for (i = 0; i < 1000 && ret >= 0; i++) {
			ret = ktstr_chan__read(v.r.host, &m);
			if (ret == 1) {
				ASSERT_LE(m.len, v.r.size);
				ASSERT_LT((int)m.type, KTSTR_NR_MSG_TYPES);
				delivered++;
			}
		}
		broken += ret < 0;
	}
	atomic_store(&v.stop, true);
	pthread_join(thread, NULL);
	EXPECT_LT(0, delivered + broken);
	region_close(&v.r);
}

TEST_HARNESS_MAIN
