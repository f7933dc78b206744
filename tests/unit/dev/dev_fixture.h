/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine without vCPUs for tests of its devices: a bus, interrupt lines whose edges can be
 * counted, and a record of what the devices asked for.
 */
#ifndef KTSTR_TESTS_UNIT_DEV_DEV_FIXTURE_H
#define KTSTR_TESTS_UNIT_DEV_DEV_FIXTURE_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vmm/dev/bus.h"
#include "vmm/ram.h"

#define FAKE_GSIS	64
#define FAKE_RAM	(1u << 20)

struct fake_machine {
	struct bus bus;
	struct dev_env env;
	int gsi_fd[FAKE_GSIS];
	unsigned int resets, power_offs;
	struct vm_ram ram;	/* FAKE_RAM bytes at guest physical 0 */
	uint64_t doorbell;	/* address of the last one */
	uint64_t msi_addr;	/* of the last message */
	uint32_t msi_data;
	unsigned int msis;
	int msi_fd;		/* counts them too, for whoever waits */
};

static inline int fake_connect_irq(struct dev_env *env, uint32_t gsi, struct irq_line *irq,
				   struct ktstr_err *err)
{
	struct fake_machine *m = env->machine;

	if (gsi >= FAKE_GSIS)
		return ktstr_err(err, 22, "no GSI %u", gsi);
	if (m->gsi_fd[gsi] < 0)
		m->gsi_fd[gsi] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*irq = (struct irq_line){ .fd = m->gsi_fd[gsi], .gsi = gsi };
	return 0;
}

static inline int fake_connect_doorbell(struct dev_env *env, enum bus_space space, uint64_t addr,
					unsigned int len, uint64_t data, int fd,
					struct ktstr_err *err)
{
	struct fake_machine *m = env->machine;

	(void)space, (void)len, (void)data, (void)fd, (void)err;
	m->doorbell = addr;
	return 0;
}

static inline void fake_signal_msi(struct dev_env *env, uint64_t addr, uint32_t data)
{
	struct fake_machine *m = env->machine;

	m->msi_addr = addr;
	m->msi_data = data;
	m->msis++;
	eventfd_write(m->msi_fd, 1);
}

static inline void fake_stop(struct dev_env *env, enum dev_stop how)
{
	struct fake_machine *m = env->machine;

	if (how == DEV_STOP_RESET)
		m->resets++;
	else
		m->power_offs++;
}

static inline void fake_machine_init(struct fake_machine *m)
{
	memset(m, 0, sizeof(*m));
	for (int i = 0; i < FAKE_GSIS; i++)
		m->gsi_fd[i] = -1;
	m->msi_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	m->env.bus = &m->bus;
	m->env.connect_irq = fake_connect_irq;
	m->env.connect_doorbell = fake_connect_doorbell;
	m->env.signal_msi = fake_signal_msi;
	m->env.stop = fake_stop;
	m->env.machine = m;
	m->ram = (struct vm_ram){
		.base = calloc(1, FAKE_RAM), .bytes = FAKE_RAM,
		.region = { { .gpa = 0, .len = FAKE_RAM } }, .nr_regions = 1,
	};
	m->env.ram = &m->ram;
}

static inline void fake_machine_free(struct fake_machine *m)
{
	for (int i = 0; i < FAKE_GSIS; i++)
		if (m->gsi_fd[i] >= 0)
			close(m->gsi_fd[i]);
	close(m->msi_fd);
	free(m->ram.base);
}

/* Edges on @gsi since the last call. */
static inline uint64_t edges(struct fake_machine *m, uint32_t gsi)
{
	uint64_t n = 0;

	if (m->gsi_fd[gsi] < 0 || read(m->gsi_fd[gsi], &n, sizeof(n)) < 0)
		return 0;
	return n;
}

/* Messages since the last call. */
static inline uint64_t messages(struct fake_machine *m)
{
	eventfd_t n = 0;

	return eventfd_read(m->msi_fd, &n) ? 0 : n;
}

static inline uint64_t in(struct fake_machine *m, uint64_t port, unsigned int len)
{
	uint64_t v = 0;

	bus_read(&m->bus, BUS_PIO, port, &v, len);
	return v;
}

static inline void out(struct fake_machine *m, uint64_t port, uint64_t v, unsigned int len)
{
	bus_write(&m->bus, BUS_PIO, port, &v, len);
}

#endif
