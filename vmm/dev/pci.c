// SPDX-License-Identifier: GPL-2.0
/* The PCI bus and its host bridge; see pci.h. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pci.h"

#define ADDRESS_ENABLE	0x80000000u
/* A bridge that no driver or quirk of Linux knows. */
#define BRIDGE_VENDOR	0x1b36
#define BRIDGE_DEVICE	0x0008
#define CLASS_HOST	0x060000u
#define FIRST_CAP	0x40

struct pci_bus {
	struct dev_env *env;
	pthread_mutex_t lock;			/* the address register and all config[] */
	uint32_t address;
	struct pci_function bridge;
	struct pci_function *slot[PCI_MAX_SLOTS];	/* constant once the vCPUs run */
	unsigned int nr_slots;
	uint64_t next_bar;
};

void pci_put(struct pci_function *f, unsigned int offset, uint32_t val, unsigned int len)
{
	for (unsigned int i = 0; i < len; i++)
		f->config[offset + i] = (uint8_t)(val >> (8 * i));
}

uint32_t pci_get(const struct pci_function *f, unsigned int offset, unsigned int len)
{
	uint32_t val = 0;

	for (unsigned int i = 0; i < len; i++)
		val |= (uint32_t)f->config[offset + i] << (8 * i);
	return val;
}

unsigned int pci_add_capability(struct pci_function *f, const void *cap, unsigned int len)
{
	unsigned int at = FIRST_CAP, last = PCI_CAPABILITY_LIST;

	for (; f->config[last]; last = f->config[last] + PCI_CAP_LIST_NEXT) {
		unsigned int c = f->config[last];

		at = c + f->config[c + 2];	/* our own capabilities say their length there */
	}
	memcpy(f->config + at, cap, len);
	f->config[at + PCI_CAP_LIST_NEXT] = 0;
	f->config[last] = (uint8_t)at;
	f->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	return at;
}

/* The function that the address register selects, or NULL. */
static struct pci_function *selected(const struct pci_bus *p)
{
	unsigned int slot = p->address >> 11 & 0x1f;

	/* enabled, bus 0, function 0 */
	if ((p->address & (ADDRESS_ENABLE | 0xff0700)) != ADDRESS_ENABLE || slot >= p->nr_slots)
		return NULL;
	return p->slot[slot];
}

static void address_read(void *dev, uint64_t offset, uint64_t *data, unsigned int len)
{
	struct pci_bus *p = dev;

	if (offset || len != 4)
		return;
	pthread_mutex_lock(&p->lock);
	*data = p->address;
	pthread_mutex_unlock(&p->lock);
}

static void address_write(void *dev, uint64_t offset, uint64_t data, unsigned int len)
{
	struct pci_bus *p = dev;

	if (offset || len != 4)
		return;
	pthread_mutex_lock(&p->lock);
	p->address = (uint32_t)data;
	pthread_mutex_unlock(&p->lock);
}

static void data_read(void *dev, uint64_t offset, uint64_t *data, unsigned int len)
{
	struct pci_bus *p = dev;
	const struct pci_function *f;

	pthread_mutex_lock(&p->lock);
	f = selected(p);
	if (f)
		*data = pci_get(f, (p->address & 0xfc) + (unsigned int)offset, len);
	pthread_mutex_unlock(&p->lock);
}

static void data_write(void *dev, uint64_t offset, uint64_t data, unsigned int len)
{
	struct pci_bus *p = dev;
	struct pci_function *f;

	pthread_mutex_lock(&p->lock);
	f = selected(p);
	for (unsigned int i = 0; f && i < len; i++) {
		unsigned int at = (p->address & 0xfc) + (unsigned int)offset + i;
		uint8_t can = f->writable[at], val = (uint8_t)(data >> (8 * i));

		f->config[at] = (uint8_t)((f->config[at] & ~can) | (val & can));
	}
	if (f && f->written)
		f->written(f->dev);
	pthread_mutex_unlock(&p->lock);
}

static const struct bus_ops address_ops = { .read = address_read, .write = address_write };
static const struct bus_ops data_ops = { .read = data_read, .write = data_write };

int pci_add(struct pci_bus *p, struct pci_function *f, uint32_t bar_bytes,
	    const struct bus_ops *ops, struct ktstr_err *err)
{
	uint64_t base = (p->next_bar + bar_bytes - 1) & ~(uint64_t)(bar_bytes - 1);
	int ret;

	if (p->nr_slots == PCI_MAX_SLOTS ||
	    base + bar_bytes > PCI_WINDOW_BASE + PCI_WINDOW_BYTES)
		return ktstr_err(err, ENOSPC, "PCI: more than %u devices", p->nr_slots - 1);
	ret = bus_add(p->env->bus, BUS_MMIO, base, bar_bytes, ops, f->dev, err);
	if (ret)
		return ret;
	f->bar_base = base;
	pci_put(f, PCI_BASE_ADDRESS_0, (uint32_t)base, 4);
	for (unsigned int i = 0; i < 4; i++)
		f->writable[PCI_BASE_ADDRESS_0 + i] = (uint8_t)(~(bar_bytes - 1) >> (8 * i));
	pci_put(f, PCI_COMMAND, PCI_COMMAND_MEMORY, 2);
	f->writable[PCI_COMMAND] = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	f->writable[PCI_COMMAND + 1] = PCI_COMMAND_INTX_DISABLE >> 8;
	f->writable[PCI_INTERRUPT_LINE] = 0xff;
	p->next_bar = base + bar_bytes;
	p->slot[p->nr_slots++] = f;
	return 0;
}

int pci_create(struct pci_bus **pp, struct dev_env *env, struct ktstr_err *err)
{
	struct pci_bus *p = calloc(1, sizeof(*p));
	int ret;

	*pp = NULL;
	if (!p)
		return ktstr_err(err, ENOMEM, "PCI: out of memory");
	p->env = env;
	p->next_bar = PCI_WINDOW_BASE;
	pthread_mutex_init(&p->lock, NULL);
	pci_put(&p->bridge, PCI_VENDOR_ID, BRIDGE_VENDOR, 2);
	pci_put(&p->bridge, PCI_DEVICE_ID, BRIDGE_DEVICE, 2);
	pci_put(&p->bridge, PCI_CLASS_REVISION, CLASS_HOST << 8, 4);
	p->slot[p->nr_slots++] = &p->bridge;
	ret = bus_add(env->bus, BUS_PIO, PCI_ADDRESS_PORT, 4, &address_ops, p, err);
	if (!ret)
		ret = bus_add(env->bus, BUS_PIO, PCI_DATA_PORT, 4, &data_ops, p, err);
	if (ret) {
		pci_destroy(p);
		return ret;
	}
	*pp = p;
	return 0;
}

void pci_destroy(struct pci_bus *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p);
}
