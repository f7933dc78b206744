// SPDX-License-Identifier: GPL-2.0
/* The PCI bus and virtio on it, found and driven the way Linux does it. */
#include <linux/pci_regs.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#include "vmm/dev/pci.h"
#include "vmm/dev/virtio/cards.h"
#include "kselftest_harness.h"
#include "virtio_pci_guest.h"

#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define HDR	0x20000u
#define STATUS	0x20100u
#define DATA	0x21000u

FIXTURE(pci)
{
	struct fake_machine m;
	struct cards *c;
};

FIXTURE_SETUP(pci)
{
	static const struct vm_disk disk[] = {
		{ .bytes = 1 << 20, .serial = "first" }, { .bytes = 1 << 21, .serial = "second" },
	};
	static const struct vm_nic nic = { .mac = { 2, 1, 2, 3, 4, 5 } };
	static const struct vm_device device[] = {
		{ &vm_disk_class, &disk[0] }, { &vm_disk_class, &disk[1] }, { &vm_nic_class, &nic },
	};
	const struct vm_spec spec = { .devices = device, .nr_devices = 3 };
	struct ktstr_err err;

	fake_machine_init(&self->m);
	ASSERT_EQ(0, cards_create(&self->c, &self->m.env, &spec, &err));
}

FIXTURE_TEARDOWN(pci)
{
	cards_destroy(self->c);
	fake_machine_free(&self->m);
}

TEST_F(pci, the_bus_has_a_bridge_the_disks_and_the_card_in_order)
{
	EXPECT_EQ(0x060000, cfg_read(&self->m, 0, PCI_CLASS_REVISION, 4) >> 8);
	EXPECT_EQ(0x10421af4, cfg_read(&self->m, 1, PCI_VENDOR_ID, 4));
	EXPECT_EQ(0x10421af4, cfg_read(&self->m, 2, PCI_VENDOR_ID, 4));
	EXPECT_EQ(0x10411af4, cfg_read(&self->m, 3, PCI_VENDOR_ID, 4));
	for (unsigned int slot = 4; slot < 32; slot++)
		EXPECT_EQ(0xffffffff, cfg_read(&self->m, slot, PCI_VENDOR_ID, 4));
	EXPECT_EQ(0x1af4, cfg_read(&self->m, 1, PCI_VENDOR_ID, 2));
	EXPECT_EQ(0x42, cfg_read(&self->m, 1, PCI_DEVICE_ID, 1));
	/* the other functions, the other buses, the enable bit */
	out(&self->m, PCI_ADDRESS_PORT, 0x80000000u | 1 << 11 | 1 << 8, 4);
	EXPECT_EQ(0xffffffff, in(&self->m, PCI_DATA_PORT, 4));
	out(&self->m, PCI_ADDRESS_PORT, 0x80000000u | 1 << 16 | 1 << 11, 4);
	EXPECT_EQ(0xffffffff, in(&self->m, PCI_DATA_PORT, 4));
	out(&self->m, PCI_ADDRESS_PORT, 1 << 11, 4);
	EXPECT_EQ(0xffffffff, in(&self->m, PCI_DATA_PORT, 4));
	EXPECT_EQ(1 << 11, in(&self->m, PCI_ADDRESS_PORT, 4));
	/* across the end of the data port */
	EXPECT_EQ(0xffffffff, in(&self->m, PCI_DATA_PORT + 2, 4));
}

TEST_F(pci, bars_tell_their_size_and_keep_their_address)
{
	uint32_t bar[4];

	for (unsigned int slot = 1; slot <= 3; slot++) {
		bar[slot] = cfg_read(&self->m, slot, PCI_BASE_ADDRESS_0, 4);
		EXPECT_GE(bar[slot], PCI_WINDOW_BASE);
		cfg_write(&self->m, slot, PCI_BASE_ADDRESS_0, 0xffffffff, 4);
		EXPECT_EQ(0xffff8000, cfg_read(&self->m, slot, PCI_BASE_ADDRESS_0, 4));
		cfg_write(&self->m, slot, PCI_BASE_ADDRESS_0, bar[slot], 4);
		EXPECT_EQ(bar[slot], cfg_read(&self->m, slot, PCI_BASE_ADDRESS_0, 4));
		cfg_write(&self->m, slot, PCI_BASE_ADDRESS_1, 0xffffffff, 4);
		EXPECT_EQ(0, cfg_read(&self->m, slot, PCI_BASE_ADDRESS_1, 4));
		cfg_write(&self->m, slot, PCI_VENDOR_ID, 0, 4);
		EXPECT_EQ(0x1af4, cfg_read(&self->m, slot, PCI_VENDOR_ID, 2));
	}
	EXPECT_NE(bar[1], bar[2]);
}

TEST_F(pci, the_card_has_its_address_and_the_disks_their_sizes)
{
	uint64_t at = structure(&self->m, 3, VIRTIO_PCI_CAP_DEVICE_CFG);

	EXPECT_EQ(0x050403020102, mem_read(&self->m, at, 4) |
		  mem_read(&self->m, at + 4, 2) << 32);
	EXPECT_EQ(2048, mem_read(&self->m,
				 structure(&self->m, 1, VIRTIO_PCI_CAP_DEVICE_CFG), 4));
	EXPECT_EQ(4096, mem_read(&self->m,
				 structure(&self->m, 2, VIRTIO_PCI_CAP_DEVICE_CFG), 4));
}

/* Vector 1 for queue 0 of the device in @slot. */
static uint64_t start_disk(struct __test_metadata *_metadata, struct fake_machine *m,
			   unsigned int slot)
{
	uint64_t c = structure(m, slot, VIRTIO_PCI_CAP_COMMON_CFG);
	uint64_t table = enable_vector(m, slot);

	mem_write(m, c + VIRTIO_PCI_COMMON_STATUS, 0, 1);
	for (uint8_t s = 1; s <= 3; s = (uint8_t)(s << 1 | 1))
		mem_write(m, c + VIRTIO_PCI_COMMON_STATUS, s, 1);
	mem_write(m, c + VIRTIO_PCI_COMMON_GFSELECT, 1, 4);
	mem_write(m, c + VIRTIO_PCI_COMMON_GF, 1, 4);		/* VERSION_1 */
	mem_write(m, c + VIRTIO_PCI_COMMON_STATUS, 11, 1);
	EXPECT_EQ(11, mem_read(m, c + VIRTIO_PCI_COMMON_STATUS, 1));
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_SELECT, 0, 2);
	EXPECT_EQ(VIRTQ_MAX_SIZE, mem_read(m, c + VIRTIO_PCI_COMMON_Q_SIZE, 2));
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_SIZE, RING_SIZE, 2);
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_MSIX, 1, 2);
	EXPECT_EQ(1, mem_read(m, c + VIRTIO_PCI_COMMON_Q_MSIX, 2));
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_DESCLO, RING_BASE(0) + DESC_AT, 4);
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_DESCHI, 0, 4);
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_AVAILLO, RING_BASE(0) + AVAIL_AT, 8);
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_USEDLO, RING_BASE(0) + USED_AT, 4);
	mem_write(m, c + VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2);
	EXPECT_EQ(1, mem_read(m, c + VIRTIO_PCI_COMMON_Q_ENABLE, 2));
	mem_write(m, c + VIRTIO_PCI_COMMON_STATUS, 15, 1);
	EXPECT_EQ(15, mem_read(m, c + VIRTIO_PCI_COMMON_STATUS, 1));
	return table;
}

static void read_sector(struct fake_machine *m, struct guest_ring *r, unsigned int slot)
{
	struct virtio_blk_outhdr h = { .type = VIRTIO_BLK_T_IN };
	uint16_t head;

	memcpy(m->ram.base + HDR, &h, sizeof(h));
	head = put_desc(r, HDR, sizeof(h), NEXT);
	put_desc(r, DATA, 512, NEXT | WRITE);
	put_desc(r, STATUS, 1, WRITE);
	make_available(r, head);
	mem_write(m, structure(m, slot, VIRTIO_PCI_CAP_NOTIFY_CFG), 0, 2);
}

/* The thread gives the request back before it interrupts; counting takes the device's lock. */
static unsigned int wait_request(struct fake_machine *m, struct guest_ring *r, struct cards *c)
{
	uint64_t value[VM_MAX_COUNTERS];

	for (int i = 0; i < 10000 && take_used(r) != 513; i++)
		usleep(1000);
	cards_counters(c, 1, value);
	return m->msis;
}

TEST_F(pci, a_disk_works_and_interrupts_by_message)
{
	struct guest_ring r = guest_ring(&self->m, 0);
	struct ktstr_err err;
	uint64_t table;

	ASSERT_EQ(0, cards_start(self->c, &err));
	table = start_disk(_metadata, &self->m, 2);
	read_sector(&self->m, &r, 2);
	EXPECT_EQ(1, wait_request(&self->m, &r, self->c));
	EXPECT_EQ(MSI_ADDR, self->m.msi_addr);
	EXPECT_EQ(0x4041, self->m.msi_data);
	EXPECT_EQ(1, mem_read(&self->m, structure(&self->m, 2, VIRTIO_PCI_CAP_ISR_CFG), 1));
	EXPECT_EQ(0, mem_read(&self->m, structure(&self->m, 2, VIRTIO_PCI_CAP_ISR_CFG), 1));
	/* masked: it waits in the pending bits */
	mem_write(&self->m, table + 28, 1, 4);
	read_sector(&self->m, &r, 2);
	EXPECT_EQ(1, wait_request(&self->m, &r, self->c));
	EXPECT_EQ(2, mem_read(&self->m, table + 0x1000, 4));
	mem_write(&self->m, table + 28, 0, 4);
	EXPECT_EQ(2, self->m.msis);
	EXPECT_EQ(0, mem_read(&self->m, table + 0x1000, 4));
	/* the whole function masked */
	cfg_write(&self->m, 2, capability(&self->m, 2, PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS,
		  PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL, 2);
	read_sector(&self->m, &r, 2);
	EXPECT_EQ(2, wait_request(&self->m, &r, self->c));
	cfg_write(&self->m, 2, capability(&self->m, 2, PCI_CAP_ID_MSIX) + PCI_MSIX_FLAGS,
		  PCI_MSIX_FLAGS_ENABLE, 2);
	EXPECT_EQ(3, self->m.msis);
}

TEST_F(pci, wild_accesses_to_the_bar_do_no_harm)
{
	uint32_t bar = cfg_read(&self->m, 3, PCI_BASE_ADDRESS_0, 4);

	for (uint64_t at = 0; at < 0x8000; at++)
		for (unsigned int len = 1; len <= 8; len *= 2) {
			mem_write(&self->m, bar + at, 0xffffffffffffffff, len);
			mem_read(&self->m, bar + at, len);
		}
	for (unsigned int off = 0; off < 256; off++)
		cfg_write(&self->m, 3, off, 0xff, 1);
	EXPECT_EQ(0x10411af4, cfg_read(&self->m, 3, PCI_VENDOR_ID, 4));
}

TEST(no_devices_and_no_wish_mean_no_bus)
{
	const struct vm_spec none = { .pci = false }, bridge = { .pci = true };
	uint64_t value[VM_MAX_COUNTERS];
	struct fake_machine m;
	struct ktstr_err err;
	struct cards *c;

	fake_machine_init(&m);
	ASSERT_EQ(0, cards_create(&c, &m.env, &none, &err));
	EXPECT_EQ(NULL, c);
	EXPECT_EQ(0, cards_start(c, &err));
	EXPECT_EQ(0xffffffff, cfg_read(&m, 0, PCI_VENDOR_ID, 4));
	cards_destroy(c);
	ASSERT_EQ(0, cards_create(&c, &m.env, &bridge, &err));
	EXPECT_EQ(0x00081b36, cfg_read(&m, 0, PCI_VENDOR_ID, 4));
	EXPECT_EQ(0xffffffff, cfg_read(&m, 1, PCI_VENDOR_ID, 4));
	EXPECT_EQ(-ENOENT, cards_counters(c, 0, value));
	cards_destroy(c);
	fake_machine_free(&m);
}

TEST_HARNESS_MAIN
