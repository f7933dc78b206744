// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's devices and what they are given: interrupts as irqfds, doorbells as ioeventfds,
 * a way to end the machine. How a device works is its own business, in vmm/dev/.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "../dev/acpi_pm.h"
#include "../dev/cards.h"
#include "../dev/i8042.h"
#include "../dev/serial.h"
#include "../fd.h"
#include "../output.h"
#include "kvm.h"

/* A guest that floods its console fills no disk. */
#define CONSOLE_MAX_BYTES	(64ull << 20)

static const struct {
	uint16_t port;
	uint8_t gsi;
} com[] = {
	{ 0x3f8, 4 },		/* the kernel console */
	{ 0x2f8, 3 },		/* program output */
};

#define NR_COMS	(sizeof(com) / sizeof(com[0]))

struct kvm_devices {
	struct serial *serial[NR_COMS];
	int out_fd[NR_COMS];
	struct i8042 *i8042;
	struct acpi_pm *acpi_pm;
	struct cards *cards;
};

static int connect_irq(struct dev_env *env, uint32_t gsi, struct irq_line *irq,
		       struct vm_err *err)
{
	struct kvm_machine *m = env->machine;
	struct kvm_irqfd req = { .gsi = gsi };
	int fd;

	if (m->nr_irqs == KVM_MAX_IRQS)
		return vm_err(err, ENOSPC, "more than %d interrupt lines", KVM_MAX_IRQS);
	fd = fd_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (fd < 0)
		return vm_err(err, errno, "eventfd: %s", strerror(errno));
	m->irq_fd[m->nr_irqs++] = fd;
	req.fd = (uint32_t)fd;
	if (ioctl(m->fd, KVM_IRQFD, &req))
		return vm_err(err, errno, "KVM_IRQFD for GSI %" PRIu32 ": %s", gsi,
			      strerror(errno));
	*irq = (struct irq_line){ .fd = fd, .gsi = gsi };
	return 0;
}

static int connect_doorbell(struct dev_env *env, enum bus_space space, uint64_t addr,
			    unsigned int len, uint64_t data, int fd, struct vm_err *err)
{
	struct kvm_machine *m = env->machine;
	struct kvm_ioeventfd req = { .addr = addr, .len = len, .datamatch = data, .fd = fd };

	if (len)
		req.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (space == BUS_PIO)
		req.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (ioctl(m->fd, KVM_IOEVENTFD, &req))
		return vm_err(err, errno, "KVM_IOEVENTFD at %#" PRIx64 ": %s", addr,
			      strerror(errno));
	return 0;
}

/*
 * Bits 5 to 11 of the address carry the APIC id's bits 8 to 14 (KVM_FEATURE_MSI_EXT_DEST_ID).
 * KVM itself takes them in the upper half, at their own place.
 */
static void signal_msi(struct dev_env *env, uint64_t addr, uint32_t data)
{
	struct kvm_machine *m = env->machine;
	struct kvm_msi msi = {
		.address_lo = (uint32_t)addr & ~0xfe0u,
		.address_hi = (uint32_t)(addr >> 32) | ((uint32_t)addr >> 5 & 0x7f) << 8,
		.data = data,
	};

	/* a message to nowhere is the guest's mistake, and without effect on real buses too */
	ioctl(m->fd, KVM_SIGNAL_MSI, &msi);
}

static void stop(struct dev_env *env, enum dev_stop how)
{
	kvm_end(env->machine, VM_EVENT_EXIT, "%s",
		how == DEV_STOP_POWER_OFF ? "power off" : "reset");
}

static int create_all(struct kvm_machine *m, struct kvm_devices *d, const struct vm_spec *spec,
		      struct vm_err *err)
{
	const char *const what[] = { "console_path", "output_path" };
	const char *const path[] = { spec->console_path, spec->output_path };
	int r;

	for (unsigned int i = 0; i < NR_COMS; i++) {
		struct serial_config cfg = {
			.port = com[i].port, .gsi = com[i].gsi, .out_max = CONSOLE_MAX_BYTES,
		};

		d->out_fd[i] = vm_open_output(what[i], path[i], err);
		if (d->out_fd[i] < 0)
			return d->out_fd[i];
		cfg.out_fd = d->out_fd[i];
		r = serial_create(&d->serial[i], &m->env, &cfg, err);
		if (r)
			return r;
	}
	r = i8042_create(&d->i8042, &m->env, err);
	if (!r)
		r = acpi_pm_create(&d->acpi_pm, &m->env, err);
	return r ? r : cards_create(&d->cards, &m->env, spec, err);
}

int kvm_devices_create(struct kvm_machine *m, const struct vm_spec *spec, struct vm_err *err)
{
	struct kvm_devices *d = calloc(1, sizeof(*d));

	if (!d)
		return vm_err(err, ENOMEM, "out of memory");
	for (unsigned int i = 0; i < NR_COMS; i++)
		d->out_fd[i] = -1;
	m->devices = d;
	m->env = (struct dev_env){
		.bus = &m->bus, .ram = &m->ram, .connect_irq = connect_irq,
		.connect_doorbell = connect_doorbell, .signal_msi = signal_msi,
		.stop = stop, .machine = m,
	};
	return create_all(m, d, spec, err);
}

int kvm_devices_start(struct kvm_devices *d, struct vm_err *err)
{
	return cards_start(d->cards, err);
}

struct cards *kvm_devices_cards(struct kvm_devices *d)
{
	return d->cards;
}

void kvm_devices_flush(struct kvm_devices *d)
{
	for (unsigned int i = 0; i < NR_COMS; i++)
		serial_flush(d->serial[i]);
}

void kvm_devices_destroy(struct kvm_devices *d)
{
	if (!d)
		return;
	cards_destroy(d->cards);
	acpi_pm_destroy(d->acpi_pm);
	i8042_destroy(d->i8042);
	for (unsigned int i = 0; i < NR_COMS; i++) {
		serial_destroy(d->serial[i]);
		fd_close(&d->out_fd[i]);
	}
	free(d);
}
