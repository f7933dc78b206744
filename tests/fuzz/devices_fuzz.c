// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's devices against a driver that reads and writes where it likes: a disk and a
 * network card over MMIO, the same over PCI, UART and keyboard controller. A step can also be a
 * whole sound negotiation, so that the fuzzer gets behind it, or bytes put into RAM.
 *
 * Input: steps of a kind byte and eight more, see step().
 */
/* Links: vmm/dev/bus.c vmm/dev/pci.c vmm/dev/virtio_pci.c vmm/dev/virtio_mmio.c
 *	vmm/dev/virtio.c vmm/dev/virtqueue.c vmm/dev/virtio_blk.c vmm/dev/virtio_net.c
 *	vmm/dev/throttle.c vmm/dev/cards.c vmm/devfile.c vmm/ram.c vmm/topology.c vmm/err.c
 */
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#include "fuzz.h"
#include "../../vmm/dev/cards.h"
#include "../../vmm/dev/pci.h"
#include "../../vmm/dev/virtio_blk.h"
#include "../../vmm/dev/virtio_mmio.h"
#include "../../vmm/dev/virtio_net.h"
#include "../../vmm/devfile.h"
#include "../unit/virtio_guest.h"

#define BLK	0xd0000000u
#define NET	0xd0001000u
#define STEP	9

enum kind { PORT_READ, PORT_WRITE, BAR, MMIO_READ, MMIO_WRITE, START, RAM, WORK, NR_KINDS };

struct machine {
	struct fake_machine m;
	struct cards *cards;
	struct virtio_blk *blk;
	struct virtio_net *net;
	struct virtio_mmio *blk_mmio, *net_mmio;
	int disk_fd;
};

static const struct vm_disk disk = { .bytes = 64 * 512, .serial = "fuzz" };
static const struct vm_nic nic = { .mac = { 2, 1, 2, 3, 4, 5 } };

static void seeds(void)
{
	static const uint8_t steps[] = {
		START, 0, 0, 0, 0, 0, 0, 0, 0,
		RAM, 0, 0, 0, 0, 2, 0, 0, 0,		/* desc[0].addr */
		RAM, 8, 0, 16, 0, 0, 0, 1, 0,		/* len, flags, next */
		RAM, 16, 0, 0, 16, 2, 0, 0, 0,
		RAM, 24, 0, 1, 2, 0, 0, 2, 0,
		RAM, 0, 4, 0, 0, 1, 0, 0, 0,		/* avail.idx */
		MMIO_WRITE, 0x50, 0, 4, 0, 0, 0, 0, 0,	/* notify */
		WORK, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t config[] = {
		PORT_WRITE, 0xf8, 0x0c, 4, 0x10, 8, 0, 0x80, 0,
		PORT_WRITE, 0xfc, 0x0c, 4, 0xff, 0xff, 0xff, 0xff, 0,
		PORT_READ, 0xfc, 0x0c, 4, 0, 0, 0, 0, 0,
		BAR, 0, 0, 1, 4, 0, 0, 0, 0,
		MMIO_READ, 0, 1, 4, 0, 0, 0, 0, 0,
	};

	seed("disk", steps, sizeof(steps));
	seed("config", config, sizeof(config));
}

static void setup(struct machine *f)
{
	const struct vm_spec spec = { .disks = &disk, .nr_disks = 1, .nics = &nic, .nr_nics = 1 };
	struct dev_env *env = &f->m.env;
	struct vm_err err;

	fake_machine_init(&f->m);
	must(!cards_create(&f->cards, env, &spec, &err));
	f->disk_fd = vm_disk_open(&disk, &err);
	must(f->disk_fd >= 0);
	must(!virtio_blk_create(&f->blk, env, &disk, f->disk_fd, &err));
	must(!virtio_mmio_create(&f->blk_mmio, virtio_blk_base(f->blk), BLK, 5, &err));
	must(!virtio_net_create(&f->net, env, &nic, &err));
	must(!virtio_mmio_create(&f->net_mmio, virtio_net_base(f->net), NET, 6, &err));
}

static void teardown(struct machine *f)
{
	virtio_blk_destroy(f->blk);
	virtio_net_destroy(f->net);
	virtio_mmio_destroy(f->blk_mmio);
	virtio_mmio_destroy(f->net_mmio);
	cards_destroy(f->cards);
	close(f->disk_fd);
	fake_machine_free(&f->m);
}

static void wr(struct machine *f, uint64_t addr, uint32_t v)
{
	bus_write(&f->m.bus, BUS_MMIO, addr, &v, 4);
}

/* What a sound driver does up to DRIVER_OK, with @nr queues; features as offered but @drop. */
static void start(struct machine *f, uint64_t base, uint32_t nr, uint32_t drop)
{
	uint32_t v, s = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	wr(f, base + VIRTIO_MMIO_STATUS, 0);
	wr(f, base + VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	wr(f, base + VIRTIO_MMIO_STATUS, s);
	for (uint32_t i = 0; i < 2; i++) {
		wr(f, base + VIRTIO_MMIO_DEVICE_FEATURES_SEL, i);
		wr(f, base + VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
		v = 0;
		bus_read(&f->m.bus, BUS_MMIO, base + VIRTIO_MMIO_DEVICE_FEATURES, &v, 4);
		wr(f, base + VIRTIO_MMIO_DRIVER_FEATURES, i ? v : v & ~drop);
	}
	s |= VIRTIO_CONFIG_S_FEATURES_OK;
	wr(f, base + VIRTIO_MMIO_STATUS, s);
	for (uint32_t q = 0; q < nr; q++) {
		wr(f, base + VIRTIO_MMIO_QUEUE_SEL, q);
		wr(f, base + VIRTIO_MMIO_QUEUE_NUM, RING_SIZE);
		wr(f, base + VIRTIO_MMIO_QUEUE_DESC_LOW, RING_BASE(q) + DESC_AT);
		wr(f, base + VIRTIO_MMIO_QUEUE_AVAIL_LOW, RING_BASE(q) + AVAIL_AT);
		wr(f, base + VIRTIO_MMIO_QUEUE_USED_LOW, RING_BASE(q) + USED_AT);
		wr(f, base + VIRTIO_MMIO_QUEUE_READY, 1);
	}
	wr(f, base + VIRTIO_MMIO_STATUS, s | VIRTIO_CONFIG_S_DRIVER_OK);
}

static void step(struct machine *f, const uint8_t *p)
{
	static const unsigned int lens[] = { 1, 2, 4, 8 };
	uint16_t at = (uint16_t)(p[1] | p[2] << 8);
	unsigned int len = lens[p[3] % 4];
	uint64_t v = 0;

	memcpy(&v, p + 4, 5);
	switch (p[0] % NR_KINDS) {
	case PORT_READ:
		bus_read(&f->m.bus, BUS_PIO, at, &v, len);
		break;
	case PORT_WRITE:
		bus_write(&f->m.bus, BUS_PIO, at, &v, len);
		break;
	case BAR:
		if (p[3] & 4)
			bus_write(&f->m.bus, BUS_MMIO, PCI_WINDOW_BASE + at, &v, len);
		else
			bus_read(&f->m.bus, BUS_MMIO, PCI_WINDOW_BASE + at, &v, len);
		break;
	case MMIO_READ:
		bus_read(&f->m.bus, BUS_MMIO, BLK + at % 0x2000, &v, len);
		break;
	case MMIO_WRITE:
		bus_write(&f->m.bus, BUS_MMIO, BLK + at % 0x2000, &v, len);
		break;
	case START:
		if (p[3] & 1)
			start(f, NET, 2, p[4]);
		else
			start(f, BLK, 1, p[4]);
		break;
	case RAM:
		at %= 2 * RING_BYTES - 8;
		memcpy(f->m.ram.base + RING_BASE(0) + at, p + 3, 6);
		break;
	default:
		virtio_work(virtio_blk_base(f->blk));
		virtio_work(virtio_net_base(f->net));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine f;

	if (size > 200 * STEP)
		return 0;
	setup(&f);
	for (; size >= STEP; data += STEP, size -= STEP)
		step(&f, data);
	teardown(&f);
	return 0;
}
