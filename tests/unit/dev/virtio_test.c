// SPDX-License-Identifier: GPL-2.0
/* virtio devices on the PCI bus, driven as a driver would, mostly without their thread. */
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <poll.h>

#include "vmm/dev/throttle.h"
#include "vmm/dev/virtio/virtio_pci.h"
#include "kselftest_harness.h"
#include "virtio_pci_guest.h"

#define SLOT	1u		/* of the only device */
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

/* A register of the common configuration. */
static uint64_t rd(struct fake_machine *m, unsigned int reg, unsigned int len)
{
	return mem_read(m, structure(m, SLOT, VIRTIO_PCI_CAP_COMMON_CFG) + reg, len);
}

static void wr(struct fake_machine *m, unsigned int reg, uint64_t v, unsigned int len)
{
	mem_write(m, structure(m, SLOT, VIRTIO_PCI_CAP_COMMON_CFG) + reg, v, len);
}

static uint8_t get_status(struct fake_machine *m)
{
	return (uint8_t)rd(m, VIRTIO_PCI_COMMON_STATUS, 1);
}

static uint8_t set_status(struct fake_machine *m, uint8_t v)
{
	wr(m, VIRTIO_PCI_COMMON_STATUS, v, 1);
	return get_status(m);
}

/* Why it interrupted; asking takes the cause away. */
static uint8_t cause(struct fake_machine *m)
{
	return (uint8_t)mem_read(m, structure(m, SLOT, VIRTIO_PCI_CAP_ISR_CFG), 1);
}

static uint64_t device_config(struct fake_machine *m, unsigned int at, unsigned int len)
{
	return mem_read(m, structure(m, SLOT, VIRTIO_PCI_CAP_DEVICE_CFG) + at, len);
}

/* Take what is offered; @drop: features that this driver does not have. */
static uint8_t negotiate(struct fake_machine *m, uint64_t drop)
{
	set_status(m, 0);
	set_status(m, ACK);
	set_status(m, ACK | DRIVER);
	for (uint32_t i = 0; i < 2; i++) {
		wr(m, VIRTIO_PCI_COMMON_DFSELECT, i, 4);
		wr(m, VIRTIO_PCI_COMMON_GFSELECT, i, 4);
		wr(m, VIRTIO_PCI_COMMON_GF,
		   rd(m, VIRTIO_PCI_COMMON_DF, 4) & ~(uint32_t)(drop >> (32 * i)), 4);
	}
	return set_status(m, ACK | DRIVER | FEAT);
}

static struct guest_ring start_queue(struct fake_machine *m, uint32_t q)
{
	memset(m->ram.base + RING_BASE(q), 0, RING_BYTES);
	wr(m, VIRTIO_PCI_COMMON_Q_SELECT, q, 2);
	wr(m, VIRTIO_PCI_COMMON_Q_SIZE, RING_SIZE, 2);
	wr(m, VIRTIO_PCI_COMMON_Q_MSIX, 1, 2);
	wr(m, VIRTIO_PCI_COMMON_Q_DESCLO, RING_BASE(q) + DESC_AT, 4);
	wr(m, VIRTIO_PCI_COMMON_Q_AVAILLO, RING_BASE(q) + AVAIL_AT, 4);
	wr(m, VIRTIO_PCI_COMMON_Q_USEDLO, RING_BASE(q) + USED_AT, 4);
	wr(m, VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2);
	return guest_ring(m, q);
}

/* A bus with one device. */
struct plug {
	struct pci_bus *bus;
	struct virtio_pci *card;
};

static int plug_in(struct plug *p, struct fake_machine *m, struct virtio *v)
{
	struct ktstr_err err;
	int r = pci_create(&p->bus, &m->env, &err);

	if (!r)
		r = virtio_pci_create(&p->card, p->bus, v, &err);
	if (!r)
		enable_vector(m, SLOT);
	return r;
}

static void unplug(struct plug *p, struct fake_machine *m)
{
	virtio_pci_destroy(p->card);
	pci_destroy(p->bus);
	memset(m->bus.nr, 0, sizeof(m->bus.nr));
}

static uint64_t count(struct virtio *v, const struct vm_device_class *class, const char *name)
{
	uint64_t value[VM_MAX_COUNTERS];

	virtio_counters(v, class->counters, value);
	for (unsigned int i = 0; class->counters[i].name; i++)
		if (!strcmp(class->counters[i].name, name))
			return value[i];
	return UINT64_MAX;
}

/* No event indices: their absence is the simpler driver. */
#define NO_EVENT_IDX	(UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)
#define ALL_OK		(ACK | DRIVER | FEAT | OK)

FIXTURE(blk)
{
	struct fake_machine m;
	struct vm_disk disk;
	struct virtio *v;
	struct plug plug;
	struct guest_ring r;
};

static void open_disk(struct __test_metadata *_metadata, FIXTURE_DATA(blk) *self)
{
	struct ktstr_err err;

	ASSERT_EQ(0, vm_disk_class.create(&self->v, &self->m.env, &self->disk, &err));
	ASSERT_EQ(0, plug_in(&self->plug, &self->m, self->v));
}

FIXTURE_SETUP(blk)
{
	fake_machine_init(&self->m);
	self->disk = (struct vm_disk){ .bytes = 64 * 512, .serial = "ktstr-scratch" };
	open_disk(_metadata, self);
}

FIXTURE_TEARDOWN(blk)
{
	vm_disk_class.destroy(self->v);
	unplug(&self->plug, &self->m);
	fake_machine_free(&self->m);
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
	mem_write(&self->m, structure(&self->m, SLOT, VIRTIO_PCI_CAP_NOTIFY_CFG), 0, 2);
}

static int ask(FIXTURE_DATA(blk) *self, uint32_t type, uint64_t sector, uint32_t len)
{
	submit(self, type, sector, len);
	virtio_work(self->v);
	if (take_used(&self->r) < 0)
		return -1;
	return self->m.ram.base[STATUS];
}

TEST_F(blk, the_registers_say_what_it_is)
{
	EXPECT_EQ(1, rd(&self->m, VIRTIO_PCI_COMMON_NUMQ, 2));
	EXPECT_EQ(VIRTQ_MAX_SIZE, rd(&self->m, VIRTIO_PCI_COMMON_Q_SIZE, 2));
	wr(&self->m, VIRTIO_PCI_COMMON_Q_SELECT, 1, 2);
	EXPECT_EQ(0, rd(&self->m, VIRTIO_PCI_COMMON_Q_SIZE, 2));
	EXPECT_EQ(64, device_config(&self->m, 0, 8));
	EXPECT_EQ(0, device_config(&self->m, 0xffc, 4));	/* behind the configuration */
	EXPECT_EQ(structure(&self->m, SLOT, VIRTIO_PCI_CAP_NOTIFY_CFG), self->m.doorbell);
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
	wr(&self->m, VIRTIO_PCI_COMMON_GFSELECT, 1, 4);
	wr(&self->m, VIRTIO_PCI_COMMON_GF, 1, 4);
	wr(&self->m, VIRTIO_PCI_COMMON_GFSELECT, 0, 4);
	wr(&self->m, VIRTIO_PCI_COMMON_GF, 1u << 31, 4);
	EXPECT_EQ(ACK | DRIVER, set_status(&self->m, ACK | DRIVER | FEAT));
	wr(&self->m, VIRTIO_PCI_COMMON_GF, 0, 4);
	EXPECT_EQ(ACK | DRIVER | FEAT, set_status(&self->m, ACK | DRIVER | FEAT));
}

TEST_F(blk, queues_are_set_up_between_features_and_driver_ok_only)
{
	start_queue(&self->m, 0);
	EXPECT_EQ(0, rd(&self->m, VIRTIO_PCI_COMMON_Q_ENABLE, 2));
	negotiate(&self->m, 0);
	set_status(&self->m, ALL_OK);
	start_queue(&self->m, 0);
	EXPECT_EQ(0, rd(&self->m, VIRTIO_PCI_COMMON_Q_ENABLE, 2));
	drive(_metadata, self);
	EXPECT_EQ(1, rd(&self->m, VIRTIO_PCI_COMMON_Q_ENABLE, 2));
}

TEST_F(blk, what_is_written_is_read_back_and_counted)
{

	drive(_metadata, self);
	memset(self->m.ram.base + DATA, 0xa5, 1024);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_OUT, 62, 1024));
	memset(self->m.ram.base + DATA, 0, 1024);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_IN, 63, 512));
	EXPECT_EQ(0xa5, self->m.ram.base[DATA + 511]);
	EXPECT_EQ(0, self->m.ram.base[DATA + 512]);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_FLUSH, 0, 0));
	EXPECT_EQ(3, messages(&self->m));
	EXPECT_EQ(1, cause(&self->m));
	EXPECT_EQ(0, cause(&self->m));
	EXPECT_EQ(1, count(self->v, &vm_disk_class, "writes"));
	EXPECT_EQ(1024, count(self->v, &vm_disk_class, "written_bytes"));
	EXPECT_EQ(1, count(self->v, &vm_disk_class, "reads"));
	EXPECT_EQ(512, count(self->v, &vm_disk_class, "read_bytes"));
	EXPECT_EQ(1, count(self->v, &vm_disk_class, "flushes"));
	EXPECT_EQ(0, count(self->v, &vm_disk_class, "failed"));
	EXPECT_EQ(0, count(self->v, &vm_disk_class, "delayed"));
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

	drive(_metadata, self);
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		EXPECT_EQ(row[i].status, ask(self, row[i].type, row[i].sector, row[i].len))
			TH_LOG("row %zu", i);
	}
	EXPECT_EQ(6, count(self->v, &vm_disk_class, "failed"));
}

TEST_F(blk, a_request_without_header_or_status_stops_the_device_until_reset)
{
	for (int i = 0; i < 2; i++) {
		drive(_metadata, self);
		make_available(&self->r, put_desc(&self->r, HDR, i ? 16 : 15, 0));
		virtio_work(self->v);
		EXPECT_EQ(ALL_OK | RESET, get_status(&self->m));
		EXPECT_EQ(2, cause(&self->m));
		EXPECT_EQ(-1, ask(self, VIRTIO_BLK_T_FLUSH, 0, 0));
	}
	drive(_metadata, self);
	EXPECT_EQ(VIRTIO_BLK_S_OK, ask(self, VIRTIO_BLK_T_FLUSH, 0, 0));
}

TEST_F(blk, its_thread_serves_what_the_doorbell_announces)
{
	struct pollfd irq = { .events = POLLIN };
	struct ktstr_err err;

	ASSERT_EQ(0, virtio_start(self->v, &err));
	drive(_metadata, self);
	irq.fd = self->m.msi_fd;
	for (int i = 0; i < 100; i++) {
		submit(self, VIRTIO_BLK_T_IN, 0, 512);
		ASSERT_EQ(1, poll(&irq, 1, 10000));
		EXPECT_EQ(1, messages(&self->m));
		EXPECT_EQ(513, take_used(&self->r));
	}
}

TEST_F(blk, a_limited_disk_delays_and_loses_nothing)
{
	struct pollfd irq = { .events = POLLIN };
	struct ktstr_err err;
	uint64_t got = 0;

	vm_disk_class.destroy(self->v);
	unplug(&self->plug, &self->m);
	self->disk.max_iops = 20;	/* two at once, then one every 50 ms */
	open_disk(_metadata, self);
	ASSERT_EQ(0, virtio_start(self->v, &err));
	drive(_metadata, self);
	irq.fd = self->m.msi_fd;
	for (int i = 0; i < 5; i++)
		submit(self, VIRTIO_BLK_T_IN, 0, 512);
	while (got < 5 && poll(&irq, 1, 10000) == 1) {
		messages(&self->m);
		while (take_used(&self->r) >= 0)
			got++;
	}
	EXPECT_EQ(5, got);
	EXPECT_EQ(5, count(self->v, &vm_disk_class, "reads"));
	EXPECT_GE(count(self->v, &vm_disk_class, "delayed"), 1);
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
	struct virtio *v;
	struct plug plug;
	struct guest_ring rx, tx;
};

FIXTURE_SETUP(net)
{
	const struct vm_nic nic = { .mac = { 2, 0, 0, 0, 0, 7 } };
	struct ktstr_err err;

	fake_machine_init(&self->m);
	ASSERT_EQ(0, vm_nic_class.create(&self->v, &self->m.env, &nic, &err));
	ASSERT_EQ(0, plug_in(&self->plug, &self->m, self->v));
	ASSERT_EQ(ACK | DRIVER | FEAT, negotiate(&self->m, NO_EVENT_IDX));
	self->rx = start_queue(&self->m, 0);
	self->tx = start_queue(&self->m, 1);
	ASSERT_EQ(ALL_OK, set_status(&self->m, ALL_OK));
}

FIXTURE_TEARDOWN(net)
{
	vm_nic_class.destroy(self->v);
	unplug(&self->plug, &self->m);
	fake_machine_free(&self->m);
}

#define NET_HDR	sizeof(struct virtio_net_hdr_v1)

/* Send @len bytes, header included, with @room bytes posted for receiving (0: none). */
static int64_t send_len(FIXTURE_DATA(net) *self, uint32_t len, uint32_t room)
{
	if (room)
		make_available(&self->rx, put_desc(&self->rx, DATA, room, WRITE));
	make_available(&self->tx, put_desc(&self->tx, HDR, len, 0));
	virtio_work(self->v);
	return take_used(&self->rx);
}

TEST_F(net, a_frame_comes_back_as_it_was_sent)
{
	struct virtio_net_hdr_v1 h;

	EXPECT_EQ(7, device_config(&self->m, 5, 1));
	memset(self->m.ram.base + HDR, 0xee, NET_HDR);
	memcpy(self->m.ram.base + HDR + NET_HDR, "a frame", 7);
	EXPECT_EQ((int64_t)NET_HDR + 7, send_len(self, NET_HDR + 7, 2048));
	memcpy(&h, self->m.ram.base + DATA, sizeof(h));
	EXPECT_EQ(0, h.flags | h.gso_type);
	EXPECT_EQ(1, h.num_buffers);
	EXPECT_EQ(0, memcmp(self->m.ram.base + DATA + NET_HDR, "a frame", 7));
	EXPECT_EQ(0, take_used(&self->tx));
	EXPECT_EQ(1, count(self->v, &vm_nic_class, "tx_frames"));
	EXPECT_EQ(7, count(self->v, &vm_nic_class, "tx_bytes"));
	EXPECT_EQ(1, count(self->v, &vm_nic_class, "rx_frames"));
	EXPECT_EQ(7, count(self->v, &vm_nic_class, "rx_bytes"));
	EXPECT_EQ(0, count(self->v, &vm_nic_class, "dropped"));
}

TEST_F(net, what_nobody_receives_is_lost_and_counted)
{

	EXPECT_EQ(-1, send_len(self, NET_HDR + 60, 0));
	EXPECT_EQ(-1, send_len(self, NET_HDR + 60, NET_HDR + 59));
	EXPECT_EQ(-1, send_len(self, NET_HDR, 0));		/* no frame behind it */
	EXPECT_EQ(-1, send_len(self, 20000, 0));
	EXPECT_EQ(4, count(self->v, &vm_nic_class, "dropped"));
	EXPECT_EQ(2, count(self->v, &vm_nic_class, "tx_frames"));
	EXPECT_EQ(0, count(self->v, &vm_nic_class, "rx_frames"));
	/* the buffer that was too small is still there for the next */
	EXPECT_EQ((int64_t)NET_HDR + 20, send_len(self, NET_HDR + 20, 0));
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(0, take_used(&self->tx));
}

TEST_HARNESS_MAIN
