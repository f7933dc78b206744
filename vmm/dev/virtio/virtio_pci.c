// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI transport: see virtio_pci.h. BAR 0 has a page for each structure, so that an access
 * is first sorted by page and then by register.
 *
 * Locks: the device's lock covers the MSI-X table. The PCI bus's lock is taken before it.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>
#include <stdlib.h>
#include <string.h>

#include "virtio_pci.h"

#define VENDOR_REDHAT	0x1af4
#define DEVICE_BASE	0x1040		/* plus the device's virtio id (4.1.2.1) */
#define CLASS_OTHER	0xff0000u
#define REVISION	1		/* not transitional */

#define PAGE		0x1000
enum bar_page { PAGE_COMMON, PAGE_ISR, PAGE_DEVICE, PAGE_NOTIFY, PAGE_TABLE, PAGE_PBA };
#define BAR_BYTES	0x8000

#define NR_VECTORS	(VIRTIO_MAX_QUEUES + 1)
#define NO_VECTOR	0xffff		/* VIRTIO_MSI_NO_VECTOR */

struct vector {
	uint32_t addr_lo, addr_hi, data, ctrl;	/* as in the table (PCI 3.0, 6.8.2) */
};

struct virtio_pci {
	struct virtio *v;
	struct pci_function f;		/* the bus's lock */
	unsigned int msix_cap;		/* offset in configuration space */
	/* all below: the device's lock */
	bool msix_on, msix_masked;
	struct vector vector[NR_VECTORS];
	uint32_t pending;		/* bit per vector */
	uint32_t device_select, driver_select;
	uint16_t queue_select;
	uint16_t config_vector, queue_vector[VIRTIO_MAX_QUEUES];
};

static bool masked(const struct virtio_pci *vp, unsigned int i)
{
	return vp->msix_masked || vp->vector[i].ctrl & PCI_MSIX_ENTRY_CTRL_MASKBIT;
}

static void deliver_pending(struct virtio_pci *vp)
{
	for (unsigned int i = 0; vp->msix_on && i < NR_VECTORS; i++) {
		const struct vector *e = &vp->vector[i];

		if (!(vp->pending & 1u << i) || masked(vp, i))
			continue;
		vp->pending &= ~(1u << i);
		vp->v->env->signal_msi(vp->v->env, (uint64_t)e->addr_hi << 32 | e->addr_lo,
				       e->data);
	}
}

static void interrupt(void *transport, int queue)
{
	struct virtio_pci *vp = transport;
	uint16_t i = queue < 0 ? vp->config_vector : vp->queue_vector[queue];

	if (i >= NR_VECTORS)
		return;
	vp->pending |= 1u << i;
	deliver_pending(vp);
}

/* On a vCPU that wrote to configuration space: the MSI-X control bits may have changed. */
static void config_written(void *dev)
{
	struct virtio_pci *vp = dev;
	uint32_t flags = pci_get(&vp->f, vp->msix_cap + PCI_MSIX_FLAGS, 2);

	pthread_mutex_lock(&vp->v->lock);
	vp->msix_on = flags & PCI_MSIX_FLAGS_ENABLE;
	vp->msix_masked = flags & PCI_MSIX_FLAGS_MASKALL;
	deliver_pending(vp);
	pthread_mutex_unlock(&vp->v->lock);
}

/* ---- common configuration (4.1.4.3) ---- */

/* 64-bit queue addresses may be accessed as two halves of 32 bits. */
static uint64_t *queue_address(struct virtqueue *vq, uint64_t offset)
{
	switch (offset & ~UINT64_C(7)) {
	case VIRTIO_PCI_COMMON_Q_DESCLO:
		return &vq->desc;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
		return &vq->avail;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		return &vq->used;
	default:
		return NULL;
	}
}

static uint64_t queue_read(struct virtio_pci *vp, uint64_t offset)
{
	struct virtqueue *vq = &vp->v->vq[vp->queue_select];
	const uint64_t *addr;

	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return vq->size;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		return vp->queue_vector[vp->queue_select];
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return vq->enabled;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		return 0;		/* one doorbell for all queues */
	default:
		addr = queue_address(vq, offset);
		return addr ? *addr >> (8 * (offset & 4)) : 0;
	}
}

static uint64_t common_read(struct virtio_pci *vp, uint64_t offset)
{
	struct virtio *v = vp->v;

	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		return vp->device_select;
	case VIRTIO_PCI_COMMON_DF:
		return virtio_device_features(v, vp->device_select);
	case VIRTIO_PCI_COMMON_GFSELECT:
		return vp->driver_select;
	case VIRTIO_PCI_COMMON_GF:
		return virtio_driver_features(v, vp->driver_select);
	case VIRTIO_PCI_COMMON_MSIX:
		return vp->config_vector;
	case VIRTIO_PCI_COMMON_NUMQ:
		return v->ops->nr_queues;
	case VIRTIO_PCI_COMMON_STATUS:
		return v->status;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return 0;		/* the configuration never changes */
	case VIRTIO_PCI_COMMON_Q_SELECT:
		return vp->queue_select;
	default:
		/* a queue that does not exist has size 0 and nothing else */
		return vp->queue_select < v->ops->nr_queues ? queue_read(vp, offset) : 0;
	}
}

static void queue_write(struct virtio_pci *vp, uint64_t offset, uint64_t val, unsigned int len)
{
	struct virtqueue *vq = virtio_queue_setup(vp->v, vp->queue_select);
	uint64_t *addr;

	if (!vq)
		return;
	switch (offset) {
	case VIRTIO_PCI_COMMON_Q_SIZE:
		vq->size = (uint16_t)val;
		return;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		if (val == 1)
			virtio_queue_enable(vp->v, vp->queue_select);
		return;
	default:
		addr = queue_address(vq, offset);
		if (!addr)
			return;
		if (len == 8)
			*addr = val;
		else if (offset & 4)
			*addr = (uint32_t)*addr | val << 32;
		else
			*addr = (*addr & ~UINT64_C(0xffffffff)) | val;
	}
}

static uint16_t valid_vector(uint64_t val)
{
	return val < NR_VECTORS ? (uint16_t)val : NO_VECTOR;
}

static void set_status(struct virtio_pci *vp, uint8_t val)
{
	virtio_set_status(vp->v, val);
	if (val)
		return;
	vp->device_select = vp->driver_select = 0;
	vp->queue_select = 0;
	vp->config_vector = NO_VECTOR;
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++)
		vp->queue_vector[i] = NO_VECTOR;
}

static void common_write(struct virtio_pci *vp, uint64_t offset, uint64_t val, unsigned int len)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		vp->device_select = (uint32_t)val;
		break;
	case VIRTIO_PCI_COMMON_GFSELECT:
		vp->driver_select = (uint32_t)val;
		break;
	case VIRTIO_PCI_COMMON_GF:
		virtio_set_driver_features(vp->v, vp->driver_select, (uint32_t)val);
		break;
	case VIRTIO_PCI_COMMON_MSIX:
		vp->config_vector = valid_vector(val);
		break;
	case VIRTIO_PCI_COMMON_STATUS:
		set_status(vp, (uint8_t)val);
		break;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		vp->queue_select = (uint16_t)val;
		break;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		if (vp->queue_select < vp->v->ops->nr_queues)
			vp->queue_vector[vp->queue_select] = valid_vector(val);
		break;
	default:
		queue_write(vp, offset, val, len);
	}
}

/* ---- BAR 0 ---- */

/* The table takes accesses of 4 and 8 bytes, aligned (PCI 3.0, 6.8.2). */
static void *table_entry(struct virtio_pci *vp, uint64_t offset, unsigned int len)
{
	if (len < 4 || offset % len || offset + len > sizeof(vp->vector))
		return NULL;
	return (char *)vp->vector + offset;
}

static void bar_read(void *dev, uint64_t addr, uint64_t *data, unsigned int len)
{
	struct virtio_pci *vp = dev;
	uint64_t offset = addr % PAGE;
	const void *entry;

	if (addr / PAGE == PAGE_ISR) {
		*data = offset ? 0 : atomic_exchange(&vp->v->isr, 0);
		return;
	}
	pthread_mutex_lock(&vp->v->lock);
	switch (addr / PAGE) {
	case PAGE_COMMON:
		*data = common_read(vp, offset);
		break;
	case PAGE_DEVICE:
		*data = virtio_config_read(vp->v, offset, len);
		break;
	case PAGE_TABLE:
		entry = table_entry(vp, offset, len);
		if (entry)
			memcpy(data, entry, len);
		break;
	case PAGE_PBA:
		*data = offset ? 0 : vp->pending;
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&vp->v->lock);
}

static void bar_write(void *dev, uint64_t addr, uint64_t data, unsigned int len)
{
	struct virtio_pci *vp = dev;
	uint64_t offset = addr % PAGE;
	void *entry;

	if (addr / PAGE == PAGE_NOTIFY) {
		virtio_kick(vp->v);
		return;
	}
	pthread_mutex_lock(&vp->v->lock);
	switch (addr / PAGE) {
	case PAGE_COMMON:
		common_write(vp, offset, data, len);
		break;
	case PAGE_TABLE:
		entry = table_entry(vp, offset, len);
		if (entry)
			memcpy(entry, &data, len);
		deliver_pending(vp);
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&vp->v->lock);
}

static const struct bus_ops bar_ops = { .read = bar_read, .write = bar_write };

/* ---- configuration space ---- */

static void add_structure(struct virtio_pci *vp, uint8_t type, enum bar_page page, uint32_t len)
{
	struct virtio_pci_notify_cap cap = {
		.cap = {
			.cap_vndr = PCI_CAP_ID_VNDR,
			.cap_len = type == VIRTIO_PCI_CAP_NOTIFY_CFG ? sizeof(cap) : sizeof(cap.cap),
			.cfg_type = type, .offset = page * PAGE, .length = len,
		},
		.notify_off_multiplier = 0,
	};

	pci_add_capability(&vp->f, &cap, cap.cap.cap_len);
}

static void fill_config(struct virtio_pci *vp)
{
	/* the length in its third byte is none of PCI's: see pci_add_capability() */
	static const uint8_t msix[] = {
		PCI_CAP_ID_MSIX, 0, NR_VECTORS - 1, 0,
		0, PAGE_TABLE * PAGE >> 8, 0, 0, 0, PAGE_PBA * PAGE >> 8, 0, 0,
	};
	struct pci_function *f = &vp->f;

	pci_put(f, PCI_VENDOR_ID, VENDOR_REDHAT, 2);
	pci_put(f, PCI_DEVICE_ID, DEVICE_BASE + vp->v->ops->id, 2);
	pci_put(f, PCI_CLASS_REVISION, CLASS_OTHER << 8 | REVISION, 4);
	pci_put(f, PCI_SUBSYSTEM_VENDOR_ID, VENDOR_REDHAT, 2);
	pci_put(f, PCI_SUBSYSTEM_ID, DEVICE_BASE + vp->v->ops->id, 2);
	add_structure(vp, VIRTIO_PCI_CAP_COMMON_CFG, PAGE_COMMON,
		      sizeof(struct virtio_pci_common_cfg));
	add_structure(vp, VIRTIO_PCI_CAP_ISR_CFG, PAGE_ISR, 4);
	add_structure(vp, VIRTIO_PCI_CAP_DEVICE_CFG, PAGE_DEVICE, VIRTIO_CONFIG_BYTES);
	add_structure(vp, VIRTIO_PCI_CAP_NOTIFY_CFG, PAGE_NOTIFY, 4);
	/* last, since nothing can be added behind it */
	vp->msix_cap = pci_add_capability(f, msix, sizeof(msix));
	f->writable[vp->msix_cap + PCI_MSIX_FLAGS + 1] =
		(PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL) >> 8;
}

int virtio_pci_create(struct virtio_pci **vpp, struct pci_bus *bus, struct virtio *v,
		      struct ktstr_err *err)
{
	struct virtio_pci *vp = calloc(1, sizeof(*vp));
	int ret;

	*vpp = NULL;
	if (!vp)
		return ktstr_err(err, ENOMEM, "%s: out of memory", v->ops->name);
	vp->v = v;
	vp->f.dev = vp;
	vp->f.written = config_written;
	v->transport = vp;
	v->interrupt = interrupt;
	set_status(vp, 0);
	for (unsigned int i = 0; i < NR_VECTORS; i++)
		vp->vector[i].ctrl = PCI_MSIX_ENTRY_CTRL_MASKBIT;
	fill_config(vp);
	ret = pci_add(bus, &vp->f, BAR_BYTES, &bar_ops, err);
	if (!ret)
		ret = v->env->connect_doorbell(v->env, BUS_MMIO,
					       vp->f.bar_base + PAGE_NOTIFY * PAGE, 0, 0,
					       v->kick_fd, err);
	if (ret) {
		virtio_pci_destroy(vp);
		return ret;
	}
	*vpp = vp;
	return 0;
}

void virtio_pci_destroy(struct virtio_pci *vp)
{
	free(vp);
}
