/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a device of the bundled VMM sees of its machine: two address spaces in which it owns
 * ranges, an interrupt line and guest RAM. A device is one file here with a create and a destroy
 * function; the backend calls create before the vCPUs run.
 *
 * Threads: ranges are added before the first vCPU runs and never change then, so lookups take
 * no lock. Accesses come from any vCPU thread, several at once: a device locks itself.
 */
#ifndef KTSTR_VMM_DEV_BUS_H
#define KTSTR_VMM_DEV_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

struct vm_ram;

enum bus_space { BUS_PIO, BUS_MMIO, BUS_NR_SPACES };

#define BUS_MAX_RANGES	64

/*
 * @offset is relative to the range, @len is 1, 2, 4 or 8, and [offset, offset + len) lies in the
 * range. *data is all ones when read() is called; bits that it does not set stay ones. Values are
 * little endian in the low @len bytes.
 */
struct bus_ops {
	void (*read)(void *dev, uint64_t offset, uint64_t *data, unsigned int len);
	void (*write)(void *dev, uint64_t offset, uint64_t data, unsigned int len);
};

struct bus_range {
	uint64_t base, len;
	const struct bus_ops *ops;
	void *dev;
};

struct bus {
	struct bus_range range[BUS_NR_SPACES][BUS_MAX_RANGES];	/* sorted by base */
	unsigned int nr[BUS_NR_SPACES];
};

/* 0, -EEXIST when the range overlaps another, -ENOSPC, -EINVAL for an empty or wrapping one. */
int bus_add(struct bus *bus, enum bus_space space, uint64_t base, uint64_t len,
	    const struct bus_ops *ops, void *dev, struct ktstr_err *err);

/*
 * One access of a vCPU. An access that does not lie completely in one range reads as all ones, or
 * is dropped when it is a write. The functions return false then, so that the caller can count it.
 */
bool bus_read(const struct bus *bus, enum bus_space space, uint64_t addr, void *data,
	      unsigned int len);
bool bus_write(const struct bus *bus, enum bus_space space, uint64_t addr, const void *data,
	       unsigned int len);

/*
 * An interrupt line: an eventfd that KVM turns into an edge on a GSI (KVM_IRQFD). -1: the line is
 * not connected, and raising it does nothing. The machine owns the descriptor.
 */
struct irq_line {
	int fd;
	uint32_t gsi;
};

void bus_raise_irq(const struct irq_line *irq);

/* Ways in which a guest ends its machine. */
enum dev_stop { DEV_STOP_RESET, DEV_STOP_POWER_OFF };

/* What every device gets. Lives as long as the machine. */
struct dev_env {
	struct bus *bus;
	const struct vm_ram *ram;
	/* Make an irqfd for @gsi. 0 or -errno with @err. */
	int (*connect_irq)(struct dev_env *env, uint32_t gsi, struct irq_line *irq,
			   struct ktstr_err *err);
	/*
	 * Let KVM signal @fd when the guest writes @data (@len bytes) at @addr (KVM_IOEVENTFD);
	 * @len 0: any write. 0 or -errno with @err.
	 */
	int (*connect_doorbell)(struct dev_env *env, enum bus_space space, uint64_t addr,
				unsigned int len, uint64_t data, int fd, struct ktstr_err *err);
	/* A message signalled interrupt (KVM_SIGNAL_MSI). Any thread. */
	void (*signal_msi)(struct dev_env *env, uint64_t addr, uint32_t data);
	/* The guest asked for it. Called on the vCPU's thread, may come more than once. */
	void (*stop)(struct dev_env *env, enum dev_stop how);
	void *machine;			/* of the backend */
};

#endif
