// SPDX-License-Identifier: GPL-2.0
/*
 * The machine's devices and what they get: interrupts as irqfds, doorbells as ioeventfds, a way to
 * end the machine. The devices themselves are in vmm/dev/.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "lib/fd.h"
#include "vmm/dev/serial.h"
#include "vmm/dev/serial_feed.h"
#include "vmm/dev/virtio/cards.h"
#include "vmm/output.h"
#include "kvm.h"
#include "state.h"

/* A guest that floods its console must not fill a disk. */
#define CONSOLE_MAX_BYTES	(64ull << 20)

struct kvm_devices {
	struct serial *serial[KVM_NR_CONSOLES];
	int out_fd[KVM_NR_CONSOLES];
	struct serial_feed *feed;	/* of the last console; NULL: nobody talks to the guest */
	struct kvm_arch_devices *arch;
	struct cards *cards;
};

static int connect_irq(struct dev_env *env, uint32_t gsi, struct irq_line *irq,
		       struct ktstr_err *err)
{
	struct kvm_machine *m = env->machine;
	struct kvm_irqfd req = { .gsi = gsi };
	int fd;

	if (m->nr_irqs == KVM_MAX_IRQS)
		return ktstr_err(err, ENOSPC, "more than %d interrupt lines", KVM_MAX_IRQS);
	fd = fd_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (fd < 0)
		return ktstr_err(err, errno, "eventfd: %s", strerror(errno));
	m->irq_fd[m->nr_irqs++] = fd;
	req.fd = (uint32_t)fd;
	if (ioctl(m->fd, KVM_IRQFD, &req))
		return ktstr_err(err, errno, "KVM_IRQFD for GSI %" PRIu32 ": %s", gsi,
				 strerror(errno));
	*irq = (struct irq_line){ .fd = fd, .gsi = gsi };
	return 0;
}

static int connect_doorbell(struct dev_env *env, enum bus_space space, uint64_t addr,
			    unsigned int len, uint64_t data, int fd, struct ktstr_err *err)
{
	struct kvm_machine *m = env->machine;
	struct kvm_ioeventfd req = { .addr = addr, .len = len, .datamatch = data, .fd = fd };

	if (len)
		req.flags |= KVM_IOEVENTFD_FLAG_DATAMATCH;
	if (space == BUS_PIO)
		req.flags |= KVM_IOEVENTFD_FLAG_PIO;
	if (ioctl(m->fd, KVM_IOEVENTFD, &req))
		return ktstr_err(err, errno, "KVM_IOEVENTFD at %#" PRIx64 ": %s", addr,
				 strerror(errno));
	return 0;
}

static void signal_msi(struct dev_env *env, uint64_t addr, uint32_t data)
{
	struct kvm_machine *m = env->machine;
	struct kvm_msi msi = kvm_arch_msi(addr, data);

	/* a message to nowhere is the guest's mistake, and without effect on real buses too */
	ioctl(m->fd, KVM_SIGNAL_MSI, &msi);
}

static void stop(struct dev_env *env, enum dev_stop how)
{
	kvm_vcpus_end(env->machine, VM_EVENT_EXIT, "%s",
		how == DEV_STOP_POWER_OFF ? "power off" : "reset");
}

/* What the machine had printed when it was saved. */
static int fill_outputs(const struct kvm_devices *d, const struct vm_saved *from,
			struct ktstr_err *err)
{
	int r = vm_output_copy(from->console_fd, d->out_fd[0]);

	if (!r)
		r = vm_output_copy(from->output_fd, d->out_fd[1]);
	return r ? ktstr_err(err, -r, "saved console: %s", strerror(-r)) : 0;
}

static int create_all(struct kvm_machine *m, struct kvm_devices *d, const struct vm_spec *spec,
		      struct ktstr_err *err)
{
	const char *const what[] = { "console_path", "output_path" };
	const char *const path[] = { spec->console_path, spec->output_path };
	int r;

	for (unsigned int i = 0; i < KVM_NR_CONSOLES; i++) {
		struct serial_config cfg = {
			.space = kvm_arch.console[i].space, .base = kvm_arch.console[i].base,
			.gsi = kvm_arch.console[i].gsi, .out_max = CONSOLE_MAX_BYTES,
		};

		d->out_fd[i] = vm_output_open(what[i], path[i], err);
		if (d->out_fd[i] < 0)
			return d->out_fd[i];
		cfg.out_fd = d->out_fd[i];
		if (spec->terminal_fd && i == KVM_NR_CONSOLES - 1) {
			cfg.out_fd = spec->terminal_fd;
			cfg.out_max = UINT64_MAX;
		}
		r = serial_create(&d->serial[i], &m->env, &cfg, err);
		if (r)
			return r;
	}
	if (spec->terminal_fd) {
		r = serial_feed_create(&d->feed, d->serial[KVM_NR_CONSOLES - 1], spec->terminal_fd,
				       err);
		if (r)
			return r;
	}
	r = spec->from ? fill_outputs(d, spec->from, err) : 0;
	if (!r)
		r = kvm_arch_create_devices(&d->arch, &m->env, err);
	return r ? r : cards_create(&d->cards, &m->env, spec, err);
}

int kvm_devices_create(struct kvm_machine *m, const struct vm_spec *spec, struct ktstr_err *err)
{
	struct kvm_devices *d = calloc(1, sizeof(*d));

	if (!d)
		return ktstr_err(err, ENOMEM, "out of memory");
	for (unsigned int i = 0; i < KVM_NR_CONSOLES; i++)
		d->out_fd[i] = -1;
	m->devices = d;
	m->env = (struct dev_env){
		.bus = &m->bus, .ram = &m->ram, .connect_irq = connect_irq,
		.connect_doorbell = connect_doorbell, .signal_msi = signal_msi,
		.stop = stop, .machine = m,
	};
	return create_all(m, d, spec, err);
}

int kvm_devices_start(struct kvm_devices *d, struct ktstr_err *err)
{
	return cards_start(d->cards, err);
}

#define TYPE_SERIAL	KVM_STATE_TYPE('u', 'a', 'r', 't')

int kvm_devices_save(struct kvm_devices *d, struct kvm_state *s)
{
	struct serial_state st;
	int r = 0;

	for (unsigned int i = 0; i < KVM_NR_CONSOLES && !r; i++) {
		serial_save(d->serial[i], &st);
		r = kvm_state_put(s, TYPE_SERIAL, i, &st, sizeof(st));
	}
	return r ? r : kvm_arch_save_devices(d->arch, s);
}

int kvm_devices_load(struct kvm_devices *d, const struct kvm_state *s)
{
	int r = 0;

	for (unsigned int i = 0; i < KVM_NR_CONSOLES && !r; i++) {
		uint32_t bytes = 0;
		const struct serial_state *st = kvm_state_get(s, TYPE_SERIAL, i, &bytes);

		r = st && bytes == sizeof(*st) ? serial_load(d->serial[i], st) : -EBADMSG;
	}
	return r ? r : kvm_arch_load_devices(d->arch, s);
}

struct cards *kvm_devices_cards(struct kvm_devices *d)
{
	return d->cards;
}

void kvm_devices_flush(struct kvm_devices *d)
{
	for (unsigned int i = 0; i < KVM_NR_CONSOLES; i++)
		serial_flush(d->serial[i]);
}

void kvm_devices_hang_up(struct kvm_devices *d)
{
	if (d)
		serial_feed_hang_up(d->feed);
}

void kvm_devices_destroy(struct kvm_devices *d)
{
	if (!d)
		return;
	cards_destroy(d->cards);
	kvm_arch_destroy_devices(d->arch);
	serial_feed_destroy(d->feed);
	for (unsigned int i = 0; i < KVM_NR_CONSOLES; i++) {
		serial_destroy(d->serial[i]);
		fd_close(&d->out_fd[i]);
	}
	free(d);
}
