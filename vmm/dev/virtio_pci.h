/* SPDX-License-Identifier: GPL-2.0 */
/*
 * virtio over PCI (virtio 1.2, 4.1), modern only, with MSI-X: what every stock kernel has
 * built in. All structures are in BAR 0, one page each. Not there: the window through
 * configuration space (VIRTIO_PCI_CAP_PCI_CFG), which is for firmware.
 */
#ifndef KTSTR_VMM_DEV_VIRTIO_PCI_H
#define KTSTR_VMM_DEV_VIRTIO_PCI_H

#include "pci.h"
#include "virtio.h"

struct virtio_pci;

/* Both of them outlive what is created here. 0 or -errno with @err. */
int virtio_pci_create(struct virtio_pci **vpp, struct pci_bus *bus, struct virtio *v,
		      struct vm_err *err);
/* The vCPUs and the device's thread have stopped. NULL is allowed. */
void virtio_pci_destroy(struct virtio_pci *vp);

#endif
