// SPDX-License-Identifier: GPL-2.0
/*
 * virtio devices, both transports and the PCI bus against a guest that does what it likes:
 * it writes any register in any width, scribbles over its rings at any time, and rings.
 * Devices touch no memory but the guest's, and their status never skips a step.
 *
 * Input: operations, see enum op.
 */
/* Links: vmm/dev/bus.c vmm/dev/pci.c vmm/dev/virtio_pci.c vmm/dev/virtio_mmio.c vmm/dev/virtio.c
 *	vmm/dev/virtqueue.c vmm/dev/virtio_blk.c vmm/dev/virtio_net.c vmm/dev/virtio_console.c
 *	vmm/dev/sink.c vmm/dev/throttle.c vmm/ram.c vmm/topology.c vmm/err.c
 */
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_pci.h>

#include "../../vmm/dev/pci.h"
#include "../../vmm/dev/virtio_blk.h"
#include "../../vmm/dev/virtio_console.h"
#include "../../vmm/dev/virtio_mmio.h"
#include "../../vmm/dev/virtio_net.h"
#include "../../vmm/dev/virtio_pci.h"
#include "../unit/virtio_guest.h"
#include "fuzz.h"

#define BLK_BASE	0xd0000000u
#define HVC_BASE	0xd0001000u
#define SECTORS		64

enum op {
	OP_MMIO,	/* blk or console: u8 which and width, u16 register, u32 value */
	OP_BAR,		/* network card: u8 width, u16 offset, u32 value */
	OP_CONFIG,	/* u8 width, u8 offset, u32 value: PCI configuration */
	OP_RAM,		/* u8 ring, u16 offset, u32 value: into a ring's page */
	OP_SOUND,	/* u8 which: what a sound driver does up to DRIVER_OK */
	OP_AVAILABLE,	/* u8 ring: one entry more */
	OP_WORK,
	NR_OPS
};

struct input {
	const uint8_t *p, *end;
};

struct rig {
	struct fake_machine m;
	struct pci_bus *pci;
	struct virtio_blk *blk;
	struct virtio_console *hvc;
	struct virtio_net *net;
	struct virtio_mmio *blk_t, *hvc_t;
	struct virtio_pci *net_t;
	uint32_t bar;
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
		OP_SOUND, 0,
		OP_RAM, 0, 0x02, 0, 0, 0, 2, 0, OP_RAM, 0, 8, 0, 16, 0, 0, 0,
		OP_RAM, 0, 12, 0, 1, 0, 1, 0,
		OP_RAM, 0, 0x12, 0, 0, 0, 3, 0, OP_RAM, 0, 24, 0, 0, 2, 0, 0,
		OP_RAM, 0, 28, 0, 3, 0, 2, 0,
		OP_RAM, 0, 0x22, 0, 0, 0, 4, 0, OP_RAM, 0, 40, 0, 1, 0, 0, 0,
		OP_RAM, 0, 44, 0, 2, 0, 0, 0,
		OP_AVAILABLE, 0, OP_WORK,
	};
	static const uint8_t card[] = {
		OP_SOUND, 2, OP_RAM, 3, 8, 0, 72, 0, 0, 0, OP_AVAILABLE, 3, OP_AVAILABLE, 2,
		OP_WORK, OP_CONFIG, 4, 0x10, 0xff, 0xff, 0xff, 0xff, OP_BAR, 4, 0, 0, 1, 0, 0, 0,
	};
	static const uint8_t console[] = {
		OP_SOUND, 1, OP_AVAILABLE, 1, OP_WORK, OP_MMIO, 0x84, 0x70, 0, 0, 0, 0, 0, OP_WORK,
	};

	seed("disk", disk, sizeof(disk));
	seed("card", card, sizeof(card));
	seed("console", console, sizeof(console));
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

static void config(struct rig *r, uint8_t offset, uint32_t val, unsigned int len)
{
	out(&r->m, PCI_ADDRESS_PORT, 0x80000800u | (offset & 0xfc), 4);
	out(&r->m, PCI_DATA_PORT + (offset & 3), val, len);
	in(&r->m, PCI_DATA_PORT + (offset & 3), len);
}

static void sound_mmio(struct rig *r, uint64_t base, unsigned int ring, unsigned int nr)
{
	static const uint8_t status[] = { 0, 1, 3 };

	for (size_t i = 0; i < sizeof(status); i++)
		mem(r, base + VIRTIO_MMIO_STATUS, status[i], 4);
	mem(r, base + VIRTIO_MMIO_DRIVER_FEATURES_SEL, 1, 4);
	mem(r, base + VIRTIO_MMIO_DRIVER_FEATURES, 1, 4);
	mem(r, base + VIRTIO_MMIO_STATUS, 11, 4);
	for (unsigned int q = 0; q < nr; q++, ring++) {
		mem(r, base + VIRTIO_MMIO_QUEUE_SEL, q, 4);
		mem(r, base + VIRTIO_MMIO_QUEUE_NUM, RING_SIZE, 4);
		mem(r, base + VIRTIO_MMIO_QUEUE_DESC_LOW, RING_BASE(ring) + DESC_AT, 4);
		mem(r, base + VIRTIO_MMIO_QUEUE_AVAIL_LOW, RING_BASE(ring) + AVAIL_AT, 4);
		mem(r, base + VIRTIO_MMIO_QUEUE_USED_LOW, RING_BASE(ring) + USED_AT, 4);
		mem(r, base + VIRTIO_MMIO_QUEUE_READY, 1, 4);
	}
	mem(r, base + VIRTIO_MMIO_STATUS, 15, 4);
}

static void sound_pci(struct rig *r)
{
	static const uint8_t status[] = { 0, 1, 3 };

	for (size_t i = 0; i < sizeof(status); i++)
		mem(r, r->bar + VIRTIO_PCI_COMMON_STATUS, status[i], 1);
	mem(r, r->bar + VIRTIO_PCI_COMMON_GFSELECT, 1, 4);
	mem(r, r->bar + VIRTIO_PCI_COMMON_GF, 1, 4);
	mem(r, r->bar + VIRTIO_PCI_COMMON_STATUS, 11, 1);
	for (unsigned int q = 0; q < 2; q++) {
		mem(r, r->bar + VIRTIO_PCI_COMMON_Q_SELECT, q, 2);
		mem(r, r->bar + VIRTIO_PCI_COMMON_Q_SIZE, RING_SIZE, 2);
		mem(r, r->bar + VIRTIO_PCI_COMMON_Q_DESCLO, RING_BASE(q + 2) + DESC_AT, 8);
		mem(r, r->bar + VIRTIO_PCI_COMMON_Q_AVAILLO, RING_BASE(q + 2) + AVAIL_AT, 8);
		mem(r, r->bar + VIRTIO_PCI_COMMON_Q_USEDLO, RING_BASE(q + 2) + USED_AT, 8);
		mem(r, r->bar + VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2);
	}
	mem(r, r->bar + VIRTIO_PCI_COMMON_STATUS, 15, 1);
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
	virtio_work(virtio_blk_base(r->blk));
	virtio_work(virtio_console_base(r->hvc));
	virtio_work(virtio_net_base(r->net));
}

static void step(struct rig *r, struct input *in)
{
	enum op op = take(in, 1) % NR_OPS;
	struct guest_ring ring;
	uint32_t a, b;

	switch (op) {
	case OP_MMIO:
		a = take(in, 1);
		b = take(in, 2) & 0xfff;
		mem(r, (a & 0x80 ? HVC_BASE : BLK_BASE) + b, take(in, 4), width(a));
		break;
	case OP_BAR:
		a = take(in, 1);
		b = take(in, 2) & 0x7fff;
		mem(r, r->bar + b, take(in, 4), width(a));
		break;
	case OP_CONFIG:
		a = take(in, 1);
		b = take(in, 1);
		config(r, b, take(in, 4), width(a));
		break;
	case OP_RAM:
		a = take(in, 1) & 3;
		b = take(in, 2) & 0xffc;
		a = RING_BASE(a) + b;
		b = take(in, 4);
		memcpy(r->m.ram.base + a, &b, sizeof(b));
		break;
	case OP_SOUND:
		a = take(in, 1) % 3;
		if (a == 2)
			sound_pci(r);
		else
			sound_mmio(r, a ? HVC_BASE : BLK_BASE, 0, a + 1);
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
	struct rig r = { .bar = (uint32_t)PCI_WINDOW_BASE };
	static int fd = -1;
	struct vm_err err;

	if (fd < 0)
		fd = memfd_create("disk", MFD_CLOEXEC);
	must(!ftruncate(fd, SECTORS * VM_SECTOR));
	fake_machine_init(&r.m);
	must(!virtio_blk_create(&r.blk, &r.m.env, &disk, fd, &err));
	must(!virtio_mmio_create(&r.blk_t, virtio_blk_base(r.blk), BLK_BASE, 1, &err));
	must(!virtio_console_create(&r.hvc, &r.m.env, -1, 4096, &err));
	must(!virtio_mmio_create(&r.hvc_t, virtio_console_base(r.hvc), HVC_BASE, 2, &err));
	must(!virtio_net_create(&r.net, &r.m.env, &nic, &err));
	must(!pci_create(&r.pci, &r.m.env, &err));
	must(!virtio_pci_create(&r.net_t, r.pci, virtio_net_base(r.net), &err));
	while (in.p < in.end) {
		step(&r, &in);
		check_status(virtio_blk_base(r.blk));
		check_status(virtio_console_base(r.hvc));
		check_status(virtio_net_base(r.net));
	}
	work(&r);
	virtio_pci_destroy(r.net_t);
	virtio_net_destroy(r.net);
	virtio_console_destroy(r.hvc);
	virtio_blk_destroy(r.blk);
	virtio_mmio_destroy(r.blk_t);
	virtio_mmio_destroy(r.hvc_t);
	pci_destroy(r.pci);
	fake_machine_free(&r.m);
	return 0;
}
