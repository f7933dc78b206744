// SPDX-License-Identifier: GPL-2.0
/*
 * A virtio disk and a card on the PCI bus against a guest that does what it likes: it writes
 * any register in any width, scribbles over its rings at any time, and rings. Devices touch no
 * memory but the guest's, and their status never skips a step.
 *
 * Input: operations, see enum op.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <sys/mman.h>

#include "vmm/dev/pci.h"
#include "vmm/dev/virtio/virtio_pci.h"
#include "tests/unit/dev/virtio_guest.h"
#include "fuzz.h"

#define BAR_BYTES	0x8000u
#define SECTORS		64

enum dev { DISK, CARD, NR_DEVS };

/* The first byte after OP_BAR, OP_CONFIG and OP_SOUND: bit 7 is the device. */
enum op {
	OP_BAR,		/* u8 device and width, u16 offset, u32 value */
	OP_CONFIG,	/* u8 device and width, u8 offset, u32 value: PCI configuration */
	OP_RAM,		/* u8 ring, u16 offset, u32 value: into a ring's page */
	OP_SOUND,	/* u8 device, u8 features it lacks: what a sound driver does up to DRIVER_OK */
	OP_AVAILABLE,	/* u8 ring: one entry more */
	OP_WORK,
	NR_OPS
};

/* The disk has ring 0, the card 1 and 2. */
static const struct {
	unsigned int ring, nr;
} queues[NR_DEVS] = { [DISK] = { 0, 1 }, [CARD] = { 1, 2 } };

struct input {
	const uint8_t *p, *end;
};

struct rig {
	struct fake_machine m;
	struct pci_bus *pci;
	struct virtio *dev[NR_DEVS];
	struct virtio_pci *slot[NR_DEVS];
};

static uint32_t take(struct input *in, unsigned int bytes)
{
	uint32_t v = 0;

	for (unsigned int i = 0; i < bytes && in->p < in->end; i++)
		v |= (uint32_t)*in->p++ << (8 * i);
	return v;
}

static void seeds(void)
{
	/* a disk request through ring 0: header, data and status in descriptors 0 to 2 */
	static const uint8_t disk[] = {
		OP_SOUND, 0, 0x20,
		OP_RAM, 0, 0x02, 0, 0, 0, 2, 0, OP_RAM, 0, 8, 0, 16, 0, 0, 0,
		OP_RAM, 0, 12, 0, 1, 0, 1, 0,
		OP_RAM, 0, 0x12, 0, 0, 0, 3, 0, OP_RAM, 0, 24, 0, 0, 2, 0, 0,
		OP_RAM, 0, 28, 0, 3, 0, 2, 0,
		OP_RAM, 0, 0x22, 0, 0, 0, 4, 0, OP_RAM, 0, 40, 0, 1, 0, 0, 0,
		OP_RAM, 0, 44, 0, 2, 0, 0, 0,
		OP_AVAILABLE, 0, OP_WORK,
	};
	/* a frame from ring 2 into the buffer of ring 1; then the rest of the registers */
	static const uint8_t card[] = {
		OP_SOUND, 0x80, 0x20, OP_RAM, 2, 8, 0, 72, 0, 0, 0,
		OP_RAM, 1, 0, 0, 0, 0, 2, 0, OP_RAM, 1, 8, 0, 0, 8, 0, 0,
		OP_RAM, 1, 12, 0, 2, 0, 0, 0, OP_AVAILABLE, 1, OP_AVAILABLE, 2, OP_WORK,
		OP_CONFIG, 0x82, 0x10, 0xff, 0xff, 0xff, 0xff,
		OP_BAR, 0x82, 0, 0x30, 1, 0, 0, 0, OP_WORK,
	};

	seed("disk", disk, sizeof(disk));
	seed("card", card, sizeof(card));
}

static unsigned int width(uint8_t v)
{
	return 1u << (v & 3);
}

static void mem(struct rig *r, uint64_t addr, uint64_t val, unsigned int len)
{
	uint64_t got;

	bus_write(&r->m.bus, BUS_MMIO, addr, &val, len);
	bus_read(&r->m.bus, BUS_MMIO, addr, &got, len);
}

static void config(struct rig *r, enum dev d, uint8_t offset, uint32_t val, unsigned int len)
{
	out(&r->m, PCI_ADDRESS_PORT, 0x80000000u | (d + 1u) << 11 | (offset & 0xfc), 4);
	out(&r->m, PCI_DATA_PORT + (offset & 3), val, len);
	in(&r->m, PCI_DATA_PORT + (offset & 3), len);
}

static uint64_t bar(enum dev d)
{
	return PCI_WINDOW_BASE + d * BAR_BYTES;
}

static uint64_t get(struct rig *r, uint64_t addr, unsigned int len)
{
	uint64_t v = 0;

	bus_read(&r->m.bus, BUS_MMIO, addr, &v, len);
	return v;
}

/* Features as offered, but for those of the lowest 32 that are in @lacks. */
static void sound(struct rig *r, enum dev d, uint8_t lacks)
{
	static const uint8_t status[] = { 0, 1, 3 };
	uint64_t c = bar(d);

	for (size_t i = 0; i < sizeof(status); i++)
		mem(r, c + VIRTIO_PCI_COMMON_STATUS, status[i], 1);
	for (unsigned int i = 0; i < 2; i++) {
		mem(r, c + VIRTIO_PCI_COMMON_DFSELECT, i, 4);
		mem(r, c + VIRTIO_PCI_COMMON_GFSELECT, i, 4);
		mem(r, c + VIRTIO_PCI_COMMON_GF, get(r, c + VIRTIO_PCI_COMMON_DF, 4) &
		    ~(i ? UINT64_C(0) : (uint64_t)lacks * 0x01010101), 4);
	}
	mem(r, c + VIRTIO_PCI_COMMON_STATUS, 11, 1);
	for (unsigned int q = 0; q < queues[d].nr; q++) {
		uint64_t ring = RING_BASE(queues[d].ring + q);

		mem(r, c + VIRTIO_PCI_COMMON_Q_SELECT, q, 2);
		mem(r, c + VIRTIO_PCI_COMMON_Q_SIZE, RING_SIZE, 2);
		mem(r, c + VIRTIO_PCI_COMMON_Q_DESCLO, ring + DESC_AT, 8);
		mem(r, c + VIRTIO_PCI_COMMON_Q_AVAILLO, ring + AVAIL_AT, 8);
		mem(r, c + VIRTIO_PCI_COMMON_Q_USEDLO, ring + USED_AT, 8);
		mem(r, c + VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2);
	}
	mem(r, c + VIRTIO_PCI_COMMON_STATUS, 15, 1);
}

static void check_status(struct virtio *v)
{
	static const uint8_t steps[] = { 0, 1, 3, 11, 15 };
	uint8_t s = v->status & ~(VIRTIO_CONFIG_S_FAILED | VIRTIO_CONFIG_S_NEEDS_RESET);
	bool known = false;

	for (size_t i = 0; i < sizeof(steps); i++)
		known |= s == steps[i];
	must(known);
}

static void work(struct rig *r)
{
	for (int d = 0; d < NR_DEVS; d++)
		virtio_work(r->dev[d]);
}

static void step(struct rig *r, struct input *in)
{
	enum op op = take(in, 1) % NR_OPS;
	struct guest_ring ring;
	uint32_t a, b;
	enum dev d;

	switch (op) {
	case OP_BAR:
		a = take(in, 1);
		b = take(in, 2) % BAR_BYTES;
		mem(r, bar(a >> 7) + b, take(in, 4), width(a));
		break;
	case OP_CONFIG:
		a = take(in, 1);
		b = take(in, 1);
		config(r, a >> 7, b, take(in, 4), width(a));
		break;
	case OP_RAM:
		a = take(in, 1) & 3;
		b = take(in, 2) & 0xffc;
		a = RING_BASE(a) + b;
		b = take(in, 4);
		memcpy(r->m.ram.base + a, &b, sizeof(b));
		break;
	case OP_SOUND:
		d = take(in, 1) >> 7;
		sound(r, d, take(in, 1));
		break;
	case OP_AVAILABLE:
		ring = guest_ring(&r->m, take(in, 1) & 3);
		ring.avail->idx++;
		break;
	default:
		work(r);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct vm_disk disk = { .bytes = SECTORS * VM_SECTOR, .serial = "fuzz" };
	const struct vm_nic nic = { .mac = { 2 } };
	struct input in = { .p = data, .end = data + size };
	struct ktstr_err err;
	struct rig r;

	fake_machine_init(&r.m);
	must(!pci_create(&r.pci, &r.m.env, &err));
	must(!vm_disk_class.create(&r.dev[DISK], &r.m.env, &disk, &err));
	must(!vm_nic_class.create(&r.dev[CARD], &r.m.env, &nic, &err));
	for (int d = 0; d < NR_DEVS; d++)
		must(!virtio_pci_create(&r.slot[d], r.pci, r.dev[d], &err));
	while (in.p < in.end) {
		step(&r, &in);
		for (int d = 0; d < NR_DEVS; d++)
			check_status(r.dev[d]);
	}
	work(&r);
	for (int d = 0; d < NR_DEVS; d++)
		virtio_pci_destroy(r.slot[d]);
	vm_nic_class.destroy(r.dev[CARD]);
	vm_disk_class.destroy(r.dev[DISK]);
	pci_destroy(r.pci);
	fake_machine_free(&r.m);
	return 0;
}
