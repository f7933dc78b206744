/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio over MMIO (virtio 1.2, 4.2), version 2: for kernels that have the driver, as those of
 * machines without PCI do. One page and one interrupt line per device.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_MMIO_H
#define KTSTR_VMM_DEV_VIRTIO_MMIO_H

#include "bus.h"
#include "virtio.h"

#define VIRTIO_MMIO_BYTES	0x1000

struct virtio_mmio;

/* @v outlives what is created here. 0 or -errno with @err. */
int virtio_mmio_create(struct virtio_mmio **vmp, struct virtio *v, uint64_t base, uint32_t gsi,
		       struct vm_err *err);
/* The vCPUs and the device's thread have stopped. NULL is allowed. */
void virtio_mmio_destroy(struct virtio_mmio *vm);

#endif
