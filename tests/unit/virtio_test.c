// SPDX-License-Identifier: GPL-2.0
/* virtio devices behind the MMIO transport, driven as a driver would, without their thread. */
/* Links: vmm/dev/bus.c vmm/dev/virtqueue.c vmm/dev/virtio.c vmm/dev/virtio_mmio.c
 *	vmm/dev/virtio_blk.c vmm/dev/virtio_net.c vmm/dev/virtio_console.c vmm/dev/throttle.c
 *	vmm/dev/sink.c vmm/devfile.c vmm/ram.c vmm/topology.c vmm/err.c
 */
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <sys/mman.h>

#include "../../vmm/dev/throttle.h"
#include "../../vmm/dev/virtio_blk.h"
#include "../../vmm/dev/virtio_console.h"
#include "../../vmm/dev/virtio_mmio.h"
#include "../../vmm/dev/virtio_net.h"
#include "../../vmm/devfile.h"
#include "kselftest_harness.h"
#include "virtio_guest.h"

#define BASE	0xd0000000u
#define GSI	5
#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define HDR	0x20000u	/* where requests are put together */
#define STATUS	0x20100u
#define DATA	0x21000u

#define ACK	VIRTIO_CONFIG_S_ACKNOWLEDGE
#define DRIVER	VIRTIO_CONFIG_S_DRIVER
#define FEAT	VIRTIO_CONFIG_S_FEATURES_OK
#define OK	VIRTIO_CONFIG_S_DRIVER_OK
#define FAILED	VIRTIO_CONFIG_S_FAILED
#define RESET	VIRTIO_CONFIG_S_NEEDS_RESET

static uint32_t rd(struct fake_machine *m, uint64_t reg)
{
	uint32_t v = 0;

	bus_read(&m->bus, BUS_MMIO, BASE + reg, &v, 4);
	return v;
}

static void wr(struct fake_machine *m, uint64_t reg, uint32_t v)
{
	bus_write(&m->bus, BUS_MMIO, BASE + reg, &v, 4);
}

static uint32_t set_status(struct fake_machine *m, uint32_t v)
{
	wr(m, VIRTIO_MMIO_STATUS, v);
	return rd(m, VIRTIO_MMIO_STATUS);
}

/* Take what is offered; @drop: features that this driver does not have. */
static uint32_t negotiate(struct fake_machine *m, uint64_t drop)
{
	set_status(m, 0);
	set_status(m, ACK);
	set_status(m, ACK | DRIVER);
	for (uint32_t i = 0; i < 2; i++) {
		wr(m, VIRTIO_MMIO_DEVICE_FEATURES_SEL, i);
		wr(m, VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
		wr(m, VIRTIO_MMIO_DRIVER_FEATURES,
		   rd(m, VIRTIO_MMIO_DEVICE_FEATURES) & ~(uint32_t)(drop >> (32 * i)));
	}
	return set_status(m, ACK | DRIVER | FEAT);
}

static struct guest_ring start_queue(struct fake_machine *m, uint32_t q)
{
	memset(m->ram.base + RING_BASE(q), 0, RING_BYTES);
	wr(m, VIRTIO_MMIO_QUEUE_SEL, q);
	wr(m, VIRTIO_MMIO_QUEUE_NUM, RING_SIZE);
	wr(m, VIRTIO_MMIO_QUEUE_DESC_LOW, RING_BASE(q) + DESC_AT);
	wr(m, VIRTIO_MMIO_QUEUE_AVAIL_LOW, RING_BASE(q) + AVAIL_AT);
	wr(m, VIRTIO_MMIO_QUEUE_USED_LOW, RING_BASE(q) + USED_AT);
	wr(m, VIRTIO_MMIO_QUEUE_READY, 1);
	return guest_ring(m, q);
}

/* No event indices: their absence is the simpler driver. */
#define NO_EVENT_IDX	(UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)
#define ALL_OK		(ACK | DRIVER | FEAT | OK)

FIXTURE(blk)
{
	struct fake_machine m;
	struct vm_disk disk;
	int fd;
	struct virtio_blk *b;
	struct virtio_mmio *t;
	struct guest_ring r;
};

static void open_disk(struct __test_metadata *_metadata, FIXTURE_DATA(blk) *self)
{
	struct vm_err err;

	self->fd = vm_disk_open(&self->disk, &err);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, virtio_blk_create(&self->b, &self->m.env, &self->disk, self->fd, &err));
	ASSERT_EQ(0, virtio_mmio_create(&self->t, virtio_blk_base(self->b), BASE, GSI, &err));
}

FIXTURE_SETUP(blk)
{
	fake_machine_init(&self->m);
	self->disk = (struct vm_disk){ .bytes = 64 * 512, .serial = "ktstr-scratch" };
	open_disk(_metadata, self);
}

FIXTURE_TEARDOWN(blk)
{
	virtio_blk_destroy(self->b);
	virtio_mmio_destroy(self->t);
	fake_machine_free(&self->m);
	close(self->fd);
}

static void drive(struct __test_metadata *_metadata, FIXTURE_DATA(blk) *self)
{
	ASSERT_EQ(ACK | DRIVER | FEAT, negotiate(&self->m, NO_EVENT_IDX));
	self->r = start_queue(&self->m, 0);
	ASSERT_EQ(ALL_OK, set_status(&self->m, ALL_OK));
}

/* A request of @type with @len bytes at DATA. */
static void submit(FIXTURE_DATA(blk) *self, uint32_t type, uint64_t sector, uint32_t len)
{
	struct virtio_blk_outhdr h = { .type = type, .sector = sector };
	uint16_t head, dir = type == VIRTIO_BLK_T_OUT ? 0 : WRITE;

	memcpy(self->m.ram.base + HDR, &h, sizeof(h));
	self->m.ram.base[STATUS] = 0xff;
	head = put_desc(&self->r, HDR, sizeof(h), NEXT);
	if (len)
		put_desc(&self->r, DATA, len, NEXT | dir);
	put_desc(&self->r, STATUS, 1, WRITE);
	make_available(&self->r, head);
	wr(&self->m, VIRTIO_MMIO_QUEUE_NOTIFY, 0);
}

static int ask(FIXTURE_DATA(blk) *self, uint32_t type, uint64_t sector, uint32_t len)
{
	submit(self, type, sector, len);
	virtio_work(virtio_blk_base(self->b));
	if (take_used(&self->r) < 0)
		return -1;
	return self->m.ram.base[STATUS];
}

TEST_F(blk, the_registers_say_what_it_is)
{
	uint64_t capacity;

	EXPECT_EQ(0x74726976, rd(&self->m, VIRTIO_MMIO_MAGIC_VALUE));
	EXPECT_EQ(2, rd(&self->m, VIRTIO_MMIO_VERSION));
	EXPECT_EQ(VIRTIO_ID_BLOCK, rd(&self->m, VIRTIO_MMIO_DEVICE_ID));
	EXPECT_EQ(VIRTQ_MAX_SIZE, rd(&self->m, VIRTIO_MMIO_QUEUE_NUM_MAX));
	wr(&self->m, VIRTIO_MMIO_QUEUE_SEL, 1);
	EXPECT_EQ(0, rd(&self->m, VIRTIO_MMIO_QUEUE_NUM_MAX));
	bus_read(&self->m.bus, BUS_MMIO, BASE + VIRTIO_MMIO_CONFIG, &capacity, 8);
	EXPECT_EQ(64, capacity);
	EXPECT_EQ(0, rd(&self->m, 0xffc));	/* behind the configuration */
	EXPECT_EQ(BASE + VIRTIO_MMIO_QUEUE_NOTIFY, self->m.doorbell);
}

TEST_F(blk, the_status_goes_one_step_at_a_time_and_only_forward)
{
	EXPECT_EQ(0, set_status(&self->m, DRIVER));
	EXPECT_EQ(0, set_status(&self->m, ACK | DRIVER));
	EXPECT_EQ(ACK, set_status(&self->m, ACK));
	EXPECT_EQ(ACK, set_status(&self->m, ACK | OK));
	EXPECT_EQ(ACK | DRIVER, set_status(&self->m, ACK | DRIVER));
	EXPECT_EQ(ACK | DRIVER, set_status(&self->m, ACK));
	/* nothing accepted, so no VERSION_1: an old driver */
	EXPECT_EQ(ACK | DRIVER, set_status(&self->m, ACK | DRIVER | FEAT));
	EXPECT_EQ(ACK | DRIVER | FAILED, set_status(&self->m, ACK | DRIVER | FAILED));
	EXPECT_EQ(ACK | DRIVER | FAILED,
		  set_status(&self->m, ACK | DRIVER | FAILED | FEAT));
	EXPECT_EQ(0, set_status(&self->m, 0));
}

TEST_F(blk, features_that_were_not_offered_are_refused)
{
	negotiate(&self->m, 0);
	set_status(&self->m, 0);
	set_status(&self->m, ACK);
	set_status(&self->m, ACK | DRIVER);
	wr(&self->m, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1);
	wr(&self->m, VIRTIO_MMIO_DRIVER_FEATURES, 1);
	wr(&self->m, VIRTIO_MMIO_DRIVER_FEATURES_SEL, 0);
	wr(&self->m, VIRTIO_MMIO_DRIVER_FEATURES, 1u << 31);
	EXPECT_EQ(ACK | DRIVER, set_status(&self->m, ACK | DRIVER | FEAT));
	wr(&self->m, VIRTIO_MMIO_DRIVER_FEATURES, 0);
	EXPECT_EQ(ACK | DRIVER | FEAT, set_status(&self->m, ACK | DRIVER | FEAT));
}

TEST_F(blk, queues_are_set_up_between_features_and_driver_ok_only)
{
	start_queue(&self->m, 0);
	EXPECT_EQ(0, rd(&self->m, VIRTIO_MMIO_QUEUE_READY));
	negotiate(&self->m, 0);
	set_status(&self->m, ALL_OK);
	start_queue(&self->m, 0);
	EXPECT_EQ(0, rd(&self->m, VIRTIO_MMIO_QUEUE_READY));
	drive(_metadata, self);
	EXPECT_EQ(1, rd(&self->m, VIRTIO_MMIO_QUEUE_READY));
}

TEST_F(blk, what_is_written_is_read_back_and_counted)
{
	struct vm_disk_stats s;

	drive(_metadata, self);
	memset(self->m.ram.base + DATA, 0xa5, 1024);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_OUT, 62, 1024));
	memset(self->m.ram.base + DATA, 0, 1024);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_IN, 63, 512));
	EXPECT_EQ(0xa5, self->m.ram.base[DATA + 511]);
	EXPECT_EQ(0, self->m.ram.base[DATA + 512]);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_FLUSH, 0, 0));
	EXPECT_EQ(3, edges(&self->m, GSI));
	EXPECT_EQ(1, rd(&self->m, VIRTIO_MMIO_INTERRUPT_STATUS));
	wr(&self->m, VIRTIO_MMIO_INTERRUPT_ACK, 1);
	EXPECT_EQ(0, rd(&self->m, VIRTIO_MMIO_INTERRUPT_STATUS));
	virtio_blk_stats(self->b, &s);
	EXPECT_EQ(1, s.writes);
	EXPECT_EQ(1024, s.written_bytes);
	EXPECT_EQ(1, s.reads);
	EXPECT_EQ(512, s.read_bytes);
	EXPECT_EQ(1, s.flushes);
	EXPECT_EQ(0, s.failed + s.delayed);
}

TEST_F(blk, its_serial_number_is_what_the_machine_was_given)
{
	drive(_metadata, self);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_GET_ID, 0, VIRTIO_BLK_ID_BYTES));
	EXPECT_STREQ("ktstr-scratch", (char *)self->m.ram.base + DATA);
}

TEST_F(blk, requests_beyond_the_disk_fail_alone)
{
	static const struct {
		uint32_t type;
		uint64_t sector;
		uint32_t len;
		int status;
	} row[] = {
		{ VIRTIO_BLK_T_IN, 64, 512, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, 63, 1024, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_IN, UINT64_MAX, 512, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, UINT64_MAX / 512 + 1, 512, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_IN, 0, 511, VIRTIO_BLK_S_IOERR },
		{ 77, 0, 512, VIRTIO_BLK_S_UNSUPP },
		{ VIRTIO_BLK_T_IN, 63, 512, VIRTIO_BLK_S_OK },
	};
	struct vm_disk_stats s;

	drive(_metadata, self);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		EXPECT_EQ(row[i].status, ask(self, row[i].type, row[i].sector, row[i].len))
			TH_LOG("row %zu", i);
	}
	virtio_blk_stats(self->b, &s);
	EXPECT_EQ(6, s.failed);
}

TEST_F(blk, a_request_without_header_or_status_stops_the_device_until_reset)
{
	for (int i = 0; i < 2; i++) {
		drive(_metadata, self);
		make_available(&self->r, put_desc(&self->r, HDR, i ? 16 : 15, 0));
		virtio_work(virtio_blk_base(self->b));
		EXPECT_EQ(ALL_OK | RESET, rd(&self->m, VIRTIO_MMIO_STATUS));
		EXPECT_EQ(2, rd(&self->m, VIRTIO_MMIO_INTERRUPT_STATUS));
		EXPECT_EQ(-1, ask(self, VIRTIO_BLK_T_FLUSH, 0, 0));
	}
	drive(_metadata, self);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_FLUSH, 0, 0));
}

TEST_F(blk, its_thread_serves_what_the_doorbell_announces)
{
	struct pollfd irq = { .events = POLLIN };
	struct vm_err err;

	ASSERT_EQ(0, virtio_start(virtio_blk_base(self->b), &err));
	drive(_metadata, self);
	irq.fd = self->m.gsi_fd[GSI];
	for (int i = 0; i < 100; i++) {
		submit(self, VIRTIO_BLK_T_IN, 0, 512);
		ASSERT_EQ(1, poll(&irq, 1, 10000));
		EXPECT_EQ(1, edges(&self->m, GSI));
		EXPECT_EQ(513, take_used(&self->r));
	}
}

TEST_F(blk, a_limited_disk_delays_and_loses_nothing)
{
	struct pollfd irq = { .events = POLLIN };
	struct vm_disk_stats s;
	struct vm_err err;
	uint64_t got = 0;

	virtio_blk_destroy(self->b);
	virtio_mmio_destroy(self->t);
	close(self->fd);
	self->m.bus.nr[BUS_MMIO] = 0;
	self->disk.max_iops = 20;	/* two at once, then one every 50 ms */
	open_disk(_metadata, self);
	ASSERT_EQ(0, virtio_start(virtio_blk_base(self->b), &err));
	drive(_metadata, self);
	irq.fd = self->m.gsi_fd[GSI];
	for (int i = 0; i < 5; i++)
		submit(self, VIRTIO_BLK_T_IN, 0, 512);
	while (got < 5 && poll(&irq, 1, 10000) == 1) {
		edges(&self->m, GSI);
		while (take_used(&self->r) >= 0)
			got++;
	}
	EXPECT_EQ(5, got);
	virtio_blk_stats(self->b, &s);
	EXPECT_EQ(5, s.reads);
	EXPECT_GE(s.delayed, 1);
}

TEST(a_limit_holds_on_average_and_allows_a_burst)
{
	struct throttle t = { .per_s = 100 };
	uint64_t now = 5000000000, taken = 0;

	for (int ms = 0; ms < 2000; ms++, now += 1000000)
		while (!throttle_wait(&t, now)) {
			throttle_take(&t, now, 1);
			taken++;
		}
	/* two seconds' worth and the bucket's tenth */
	EXPECT_GE(taken, 209);
	EXPECT_LE(taken, 211);
	throttle_take(&t, now, 1000);
	EXPECT_GE(throttle_wait(&t, now), 9000000000);
	EXPECT_EQ(0, throttle_wait(&t, now + throttle_wait(&t, now)));
}

TEST(no_limit_never_waits)
{
	struct throttle t = { .per_s = 0 };

	throttle_take(&t, 1, UINT32_MAX);
	EXPECT_EQ(0, throttle_wait(&t, 1));
}

FIXTURE(net)
{
	struct fake_machine m;
	struct virtio_net *n;
	struct virtio_mmio *t;
	struct guest_ring rx, tx;
};

FIXTURE_SETUP(net)
{
	const struct vm_nic nic = { .mac = { 2, 0, 0, 0, 0, 7 } };
	struct vm_err err;

	fake_machine_init(&self->m);
	ASSERT_EQ(0, virtio_net_create(&self->n, &self->m.env, &nic, &err));
	ASSERT_EQ(0, virtio_mmio_create(&self->t, virtio_net_base(self->n), BASE, GSI, &err));
	ASSERT_EQ(ACK | DRIVER | FEAT, negotiate(&self->m, NO_EVENT_IDX));
	self->rx = start_queue(&self->m, 0);
	self->tx = start_queue(&self->m, 1);
	ASSERT_EQ(ALL_OK, set_status(&self->m, ALL_OK));
}

FIXTURE_TEARDOWN(net)
{
	virtio_net_destroy(self->n);
	virtio_mmio_destroy(self->t);
	fake_machine_free(&self->m);
}

#define NET_HDR	sizeof(struct virtio_net_hdr_v1)

/* Send @len bytes, header included, with @room bytes posted for receiving (0: none). */
static int64_t send_len(FIXTURE_DATA(net) *self, uint32_t len, uint32_t room)
{
	if (room)
		make_available(&self->rx, put_desc(&self->rx, DATA, room, WRITE));
	make_available(&self->tx, put_desc(&self->tx, HDR, len, 0));
	virtio_work(virtio_net_base(self->n));
	return take_used(&self->rx);
}

TEST_F(net, a_frame_comes_back_as_it_was_sent)
{
	struct virtio_net_hdr_v1 h;
	struct vm_nic_stats s;

	EXPECT_EQ(7, rd(&self->m, VIRTIO_MMIO_CONFIG + 4) >> 8 & 0xff);
	memset(self->m.ram.base + HDR, 0xee, NET_HDR);
	memcpy(self->m.ram.base + HDR + NET_HDR, "a frame", 7);
	EXPECT_EQ((int64_t)NET_HDR + 7, send_len(self, NET_HDR + 7, 2048));
	memcpy(&h, self->m.ram.base + DATA, sizeof(h));
	EXPECT_EQ(0, h.flags | h.gso_type);
	EXPECT_EQ(1, h.num_buffers);
	EXPECT_EQ(0, memcmp(self->m.ram.base + DATA + NET_HDR, "a frame", 7));
	EXPECT_EQ(0, take_used(&self->tx));
	virtio_net_stats(self->n, &s);
	EXPECT_EQ(1, s.tx_frames);
	EXPECT_EQ(7, s.tx_bytes);
	EXPECT_EQ(1, s.rx_frames);
	EXPECT_EQ(7, s.rx_bytes);
	EXPECT_EQ(0, s.dropped);
}

TEST_F(net, what_nobody_receives_is_lost_and_counted)
{
	struct vm_nic_stats s;

	EXPECT_EQ(-1, send_len(self, NET_HDR + 60, 0));
	EXPECT_EQ(-1, send_len(self, NET_HDR + 60, NET_HDR + 59));
	EXPECT_EQ(-1, send_len(self, NET_HDR, 0));		/* no frame behind it */
	EXPECT_EQ(-1, send_len(self, 20000, 0));
	virtio_net_stats(self->n, &s);
	EXPECT_EQ(4, s.dropped);
	EXPECT_EQ(2, s.tx_frames);
	EXPECT_EQ(0, s.rx_frames);
	/* the buffer that was too small is still there for the next */
	EXPECT_EQ((int64_t)NET_HDR + 20, send_len(self, NET_HDR + 20, 0));
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(0, take_used(&self->tx));
}

FIXTURE(hvc)
{
	struct fake_machine m;
	struct virtio_console *c;
	struct virtio_mmio *t;
	struct guest_ring rx, tx;
	int fd;
};

FIXTURE_SETUP(hvc)
{
	struct vm_err err;

	fake_machine_init(&self->m);
	self->fd = memfd_create("hvc", MFD_CLOEXEC);
	ASSERT_EQ(0, virtio_console_create(&self->c, &self->m.env, self->fd, 1 << 20, &err));
	ASSERT_EQ(0, virtio_mmio_create(&self->t, virtio_console_base(self->c), BASE, GSI,
					&err));
	ASSERT_EQ(ACK | DRIVER | FEAT, negotiate(&self->m, NO_EVENT_IDX));
	self->rx = start_queue(&self->m, 0);
	self->tx = start_queue(&self->m, 1);
	ASSERT_EQ(ALL_OK, set_status(&self->m, ALL_OK));
}

FIXTURE_TEARDOWN(hvc)
{
	virtio_console_destroy(self->c);
	virtio_mmio_destroy(self->t);
	fake_machine_free(&self->m);
	close(self->fd);
}

TEST_F(hvc, output_is_in_the_file_at_once)
{
	char got[16] = "";
	uint16_t head;

	memcpy(self->m.ram.base + DATA, "prompt> ", 8);
	head = put_desc(&self->tx, DATA, 6, NEXT);
	put_desc(&self->tx, DATA + 6, 2, 0);
	make_available(&self->tx, head);
	virtio_work(virtio_console_base(self->c));
	EXPECT_EQ(8, pread(self->fd, got, sizeof(got), 0));
	EXPECT_STREQ("prompt> ", got);
	EXPECT_EQ(0, take_used(&self->tx));
}

TEST_F(hvc, input_waits_for_buffers_and_loses_nothing)
{
	static char sent[4096];
	char got[4096];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7);
	EXPECT_EQ(sizeof(sent), virtio_console_receive(self->c, sent, sizeof(sent)));
	EXPECT_EQ(0, virtio_console_receive(self->c, "x", 1));
	virtio_work(virtio_console_base(self->c));
	while (n < sizeof(got)) {
		int64_t len;

		make_available(&self->rx, put_desc(&self->rx, DATA, 100, WRITE));
		virtio_work(virtio_console_base(self->c));
		len = take_used(&self->rx);
		ASSERT_GT(len, 0);
		memcpy(got + n, self->m.ram.base + DATA, (size_t)len);
		n += (size_t)len;
	}
	EXPECT_EQ(sizeof(sent), n);
	EXPECT_EQ(0, memcmp(sent, got, sizeof(sent)));
	EXPECT_EQ(1, virtio_console_receive(self->c, "x", 1));
}

TEST_HARNESS_MAIN
