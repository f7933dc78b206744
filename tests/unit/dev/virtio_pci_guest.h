/* SPDX-License-Identifier: GPL-2.0 */
/* The driver's side of the PCI bus and of virtio over it, for tests. */
#ifndef KTSTR_TESTS_UNIT_DEV_VIRTIO_PCI_GUEST_H
#define KTSTR_TESTS_UNIT_DEV_VIRTIO_PCI_GUEST_H

#include <linux/pci_regs.h>
#include <linux/virtio_pci.h>

#include "vmm/dev/pci.h"
#include "virtio_guest.h"

#define MSI_ADDR UINT64_C(0xfee01000)
#define MSI_DATA 0x4041u

static inline uint32_t cfg_read(struct fake_machine *m, unsigned int slot, unsigned int off,
				unsigned int len)
{
	out(m, PCI_ADDRESS_PORT, 0x80000000u | slot << 11 | (off & 0xfc), 4);
	return (uint32_t)in(m, PCI_DATA_PORT + (off & 3), len);
}

static inline void cfg_write(struct fake_machine *m, unsigned int slot, unsigned int off,
			     uint32_t val, unsigned int len)
{
	out(m, PCI_ADDRESS_PORT, 0x80000000u | slot << 11 | (off & 0xfc), 4);
	out(m, PCI_DATA_PORT + (off & 3), val, len);
}

static inline uint64_t mem_read(struct fake_machine *m, uint64_t addr, unsigned int len)
{
	uint64_t v = 0;

	bus_read(&m->bus, BUS_MMIO, addr, &v, len);
	return v;
}

static inline void mem_write(struct fake_machine *m, uint64_t addr, uint64_t v, unsigned int len)
{
	bus_write(&m->bus, BUS_MMIO, addr, &v, len);
}

/* Where structure @type of the device in @slot is; 0: it has none. */
static inline uint64_t structure(struct fake_machine *m, unsigned int slot, uint8_t type)
{
	uint32_t bar = cfg_read(m, slot, PCI_BASE_ADDRESS_0, 4);
	uint32_t at = cfg_read(m, slot, PCI_CAPABILITY_LIST, 1);

	for (int n = 0; at && n < 16; n++, at = cfg_read(m, slot, at + 1, 1))
		if (cfg_read(m, slot, at, 1) == PCI_CAP_ID_VNDR &&
		    cfg_read(m, slot, at + 3, 1) == type)
			return bar + cfg_read(m, slot, at + 8, 4);
	return 0;
}

static inline unsigned int capability(struct fake_machine *m, unsigned int slot, uint8_t id)
{
	uint32_t at = cfg_read(m, slot, PCI_CAPABILITY_LIST, 1);

	for (int n = 0; at && n < 16; n++, at = cfg_read(m, slot, at + 1, 1))
		if (cfg_read(m, slot, at, 1) == id)
			return at;
	return 0;
}

/* Message MSI_DATA to MSI_ADDR as vector 1 of the device in @slot. Returns its table's address. */
static inline uint64_t enable_vector(struct fake_machine *m, unsigned int slot)
{
	unsigned int msix = capability(m, slot, PCI_CAP_ID_MSIX);
	uint64_t table = cfg_read(m, slot, PCI_BASE_ADDRESS_0, 4) +
			 (cfg_read(m, slot, msix + PCI_MSIX_TABLE, 4) & ~7u);

	cfg_write(m, slot, msix + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE, 2);
	mem_write(m, table + 16, MSI_ADDR, 4);
	mem_write(m, table + 24, MSI_DATA, 4);
	mem_write(m, table + 28, 0, 4);
	return table;
}

#endif
