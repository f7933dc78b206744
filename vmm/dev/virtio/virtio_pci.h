/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio over PCI (virtio 1.2, 4.1), modern only, with MSI-X; distribution kernels have the driver
 * built in. All structures are in BAR 0, one page each. The window in configuration space
 * (VIRTIO_PCI_CAP_PCI_CFG) is for firmware and is not implemented.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_VIRTIO_PCI_H
#define KTSTR_VMM_DEV_VIRTIO_VIRTIO_PCI_H

#include "vmm/dev/pci.h"
#include "virtio.h"

struct virtio_pci;

/* @bus and @v must outlive the result. 0 or -errno with @err. */
int virtio_pci_create(struct virtio_pci **vpp, struct pci_bus *bus, struct virtio *v,
		      struct ktstr_err *err);
/* The vCPUs and the device's thread have stopped. NULL is allowed. */
void virtio_pci_destroy(struct virtio_pci *vp);

#endif
