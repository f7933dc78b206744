/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCI bus: configuration mechanism #1 (ports 0xcf8 and 0xcfc), bus 0, one function per slot,
 * slot 0 the host bridge. No firmware assigns addresses, so BARs have them from the start, in a
 * window that ACPI describes to the kernel. Writing to a BAR does not move it. Interrupts are
 * MSI-X; there is no INTx routing.
 */
#ifndef KTSTR_VMM_DEV_PCI_H
#define KTSTR_VMM_DEV_PCI_H

#include "bus.h"

#define PCI_CONFIG_BYTES	256
#define PCI_ADDRESS_PORT	0xcf8
#define PCI_DATA_PORT		0xcfc
#define PCI_MAX_SLOTS		32

/* All BARs are below 4 GiB, apart from RAM and the interrupt controllers. */
#define PCI_WINDOW_BASE		UINT64_C(0xe0000000)
#define PCI_WINDOW_BYTES	UINT64_C(0x01000000)

struct pci_function {
	uint8_t config[PCI_CONFIG_BYTES];
	uint8_t writable[PCI_CONFIG_BYTES];	/* bits that the guest may change */
	uint64_t bar_base;			/* of BAR 0, see pci_add() */
	/* Something in config[] has been written; on a vCPU, bus lock held. May be NULL. */
	void (*written)(void *dev);
	void *dev;
};

struct pci_bus;

int pci_create(struct pci_bus **pp, struct dev_env *env, struct ktstr_err *err);
/* The vCPUs have stopped. Functions stay with those who added them. NULL is allowed. */
void pci_destroy(struct pci_bus *p);

/*
 * Plug @f into the next free slot. BAR 0 becomes @bar_bytes of memory (a power of two, at least
 * 4096) at f->bar_base; @ops handles accesses to it. 0 or -errno with @err.
 */
int pci_add(struct pci_bus *p, struct pci_function *f, uint32_t bar_bytes,
	    const struct bus_ops *ops, struct ktstr_err *err);

/* Little endian values at @offset of the configuration space. */
void pci_put(struct pci_function *f, unsigned int offset, uint32_t val, unsigned int len);
uint32_t pci_get(const struct pci_function *f, unsigned int offset, unsigned int len);

/*
 * Append a capability of @len bytes whose first two, id and link, are filled in here. Returns
 * its offset. The caller knows that there is room.
 */
unsigned int pci_add_capability(struct pci_function *f, const void *cap, unsigned int len);

#endif
