// SPDX-License-Identifier: GPL-2.0
/* The MMIO transport: see virtio_mmio.h. Registers are 32 bits wide and taken only so. */
#include <errno.h>
#include <linux/virtio_mmio.h>
#include <stdlib.h>

#include "virtio_mmio.h"

#define MAGIC		0x74726976	/* "virt" */
#define VERSION		2
#define VENDOR		0

struct virtio_mmio {
	struct virtio *v;
	struct irq_line irq;
	/* below: the device's lock */
	uint32_t device_select, driver_select, queue_select;
};

static void interrupt(void *transport, int queue)
{
	struct virtio_mmio *m = transport;

	(void)queue;
	irq_raise(&m->irq);
}

static uint32_t queue_read(const struct virtio_mmio *m, uint64_t reg)
{
	const struct virtio *v = m->v;

	if (m->queue_select >= v->ops->nr_queues)
		return 0;		/* there is no such queue: its size is 0 */
	switch (reg) {
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return VIRTQ_MAX_SIZE;
	case VIRTIO_MMIO_QUEUE_READY:
		return v->vq[m->queue_select].enabled;
	default:
		return 0;
	}
}

static uint32_t read_register(const struct virtio_mmio *m, uint64_t reg)
{
	const struct virtio *v = m->v;

	switch (reg) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VERSION;
	case VIRTIO_MMIO_DEVICE_ID:
		return v->ops->id;
	case VIRTIO_MMIO_VENDOR_ID:
		return VENDOR;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return virtio_device_features(v, m->device_select);
	case VIRTIO_MMIO_STATUS:
		return v->status;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return 0;		/* the configuration never changes */
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
		return UINT32_MAX;	/* no shared memory region (4.2.2) */
	default:
		return queue_read(m, reg);
	}
}

static void set_half(uint64_t *addr, uint32_t val, bool high)
{
	*addr = high ? (uint32_t)*addr | (uint64_t)val << 32 :
		       (*addr & ~UINT64_C(0xffffffff)) | val;
}

static void queue_write(struct virtio_mmio *m, uint64_t reg, uint32_t val)
{
	struct virtqueue *vq = virtio_queue_setup(m->v, m->queue_select);

	if (!vq)
		return;
	switch (reg) {
	case VIRTIO_MMIO_QUEUE_NUM:
		vq->size = val <= VIRTQ_MAX_SIZE ? (uint16_t)val : 0;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		if (val == 1)
			virtio_queue_enable(m->v, m->queue_select);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		set_half(&vq->desc, val, reg == VIRTIO_MMIO_QUEUE_DESC_HIGH);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		set_half(&vq->avail, val, reg == VIRTIO_MMIO_QUEUE_AVAIL_HIGH);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		set_half(&vq->used, val, reg == VIRTIO_MMIO_QUEUE_USED_HIGH);
		break;
	default:
		break;
	}
}

static void write_register(struct virtio_mmio *m, uint64_t reg, uint32_t val)
{
	struct virtio *v = m->v;

	switch (reg) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		m->device_select = val;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		m->driver_select = val;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		virtio_set_driver_features(v, m->driver_select, val);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		m->queue_select = val;
		break;
	case VIRTIO_MMIO_STATUS:
		virtio_set_status(v, (uint8_t)val);
		if (!val)
			m->device_select = m->driver_select = m->queue_select = 0;
		break;
	default:
		queue_write(m, reg, val);
	}
}

static void mmio_read(void *dev, uint64_t reg, uint64_t *data, unsigned int len)
{
	struct virtio_mmio *m = dev;

	/* no lock: an interrupt handler must not wait for the device's work */
	if (reg == VIRTIO_MMIO_INTERRUPT_STATUS && len == 4) {
		*data = m->v->isr;
		return;
	}
	pthread_mutex_lock(&m->v->lock);
	if (reg >= VIRTIO_MMIO_CONFIG)
		*data = virtio_config_read(m->v, reg - VIRTIO_MMIO_CONFIG, len);
	else if (len == 4 && reg % 4 == 0)
		*data = read_register(m, reg);
	pthread_mutex_unlock(&m->v->lock);
}

static void mmio_write(void *dev, uint64_t reg, uint64_t data, unsigned int len)
{
	struct virtio_mmio *m = dev;

	if (len != 4)
		return;
	if (reg == VIRTIO_MMIO_QUEUE_NOTIFY) {
		virtio_kick(m->v);
		return;
	}
	if (reg == VIRTIO_MMIO_INTERRUPT_ACK) {
		atomic_fetch_and(&m->v->isr, ~(uint32_t)data);
		return;
	}
	pthread_mutex_lock(&m->v->lock);
	write_register(m, reg, (uint32_t)data);
	pthread_mutex_unlock(&m->v->lock);
}

static const struct bus_ops mmio_ops = { .read = mmio_read, .write = mmio_write };

int virtio_mmio_create(struct virtio_mmio **vmp, struct virtio *v, uint64_t base, uint32_t gsi,
		       struct vm_err *err)
{
	struct virtio_mmio *m = calloc(1, sizeof(*m));
	int ret;

	*vmp = NULL;
	if (!m)
		return vm_err(err, ENOMEM, "%s: out of memory", v->ops->name);
	m->v = v;
	v->transport = m;
	v->interrupt = interrupt;
	ret = v->env->connect_irq(v->env, gsi, &m->irq, err);
	if (!ret)
		ret = bus_add(v->env->bus, BUS_MMIO, base, VIRTIO_MMIO_BYTES, &mmio_ops, m, err);
	if (!ret)
		ret = v->env->connect_doorbell(v->env, BUS_MMIO, base + VIRTIO_MMIO_QUEUE_NOTIFY,
					       0, 0, v->kick_fd, err);
	if (ret) {
		virtio_mmio_destroy(m);
		return ret;
	}
	*vmp = m;
	return 0;
}

void virtio_mmio_destroy(struct virtio_mmio *m)
{
	free(m);
}
