// SPDX-License-Identifier: GPL-2.0
/*
 * The KVM objects of a machine: the VM, its memory slots and its vCPUs. The capabilities that KVM
 * must have are checked here first, with one row for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/fd.h"
#include "kvm.h"

#define CREATE_RETRIES	100

/* Needed on every architecture. */
static const struct kvm_cap required[] = {
	{ KVM_CAP_USER_MEMORY,		"USER_MEMORY" },
	{ KVM_CAP_DESTROY_MEMORY_REGION_WORKS, "DESTROY_MEMORY_REGION_WORKS" },
	{ KVM_CAP_IRQCHIP,		"IRQCHIP" },
	{ KVM_CAP_IRQFD,		"IRQFD" },
	{ KVM_CAP_IOEVENTFD,		"IOEVENTFD" },
	{ KVM_CAP_MP_STATE,		"MP_STATE" },
	{ KVM_CAP_IMMEDIATE_EXIT,	"IMMEDIATE_EXIT" },
	{ 0, NULL }
};

static int check_list(int kvm_fd, const struct kvm_cap *c, struct ktstr_err *err)
{
	for (; c->name; c++)
		if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, c->cap) <= 0)
			return ktstr_err_missing(err, EOPNOTSUPP,
						 "this host's KVM lacks KVM_CAP_%s; use --accel tcg",
						 c->name);
	return 0;
}

static int check_caps(struct kvm_machine *m, struct ktstr_err *err)
{
	int version = ioctl(m->kvm_fd, KVM_GET_API_VERSION, 0), n, r;

	if (version != KVM_API_VERSION)
		return ktstr_err_missing(err, EPROTO, "/dev/kvm: API version %d, %d is needed",
					 version, KVM_API_VERSION);
	r = check_list(m->kvm_fd, required, err);
	if (!r)
		r = check_list(m->kvm_fd, kvm_arch.caps, err);
	if (r)
		return r;
	n = ioctl(m->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPUS);
	if (n < (int)m->nr_vcpus)
		return ktstr_err_missing(err, EOPNOTSUPP,
					 "%" PRIu32 " vCPUs, but this host's KVM ends at %d",
					 m->nr_vcpus, n);
	return 0;
}

int kvm_machine_open(struct kvm_machine *m, struct ktstr_err *err)
{
	int size, r, tries = 0;

	m->kvm_fd = fd_high(open("/dev/kvm", O_RDWR | O_CLOEXEC));
	if (m->kvm_fd < 0)
		return ktstr_err_missing(err, errno, "/dev/kvm: %s", strerror(errno));
	r = check_caps(m, err);
	if (r)
		return r;
	/* it starts kernel threads, which a pending signal interrupts */
	do {
		m->fd = fd_high(ioctl(m->kvm_fd, KVM_CREATE_VM, 0));
	} while (m->fd < 0 && errno == EINTR && ++tries < CREATE_RETRIES);
	if (m->fd < 0)
		return ktstr_err(err, errno, "KVM_CREATE_VM: %s", strerror(errno));
	size = ioctl(m->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run))
		return ktstr_err(err, EPROTO, "KVM_GET_VCPU_MMAP_SIZE: %d", size);
	m->run_bytes = (size_t)size;
	return 0;
}

int kvm_machine_map(struct kvm_machine *m, struct ktstr_err *err)
{
	for (uint32_t i = 0; i < m->ram.nr_regions; i++) {
		const struct vm_region *r = &m->ram.region[i];
		struct kvm_userspace_memory_region slot = {
			.slot = i, .guest_phys_addr = r->gpa, .memory_size = r->len,
			.userspace_addr = (uintptr_t)(m->ram.base + r->offset),
		};

		if (ioctl(m->fd, KVM_SET_USER_MEMORY_REGION, &slot))
			return ktstr_err(err, errno,
					 "KVM_SET_USER_MEMORY_REGION: %" PRIu64 " KiB at %#" PRIx64 ": %s",
					 r->len / 1024, r->gpa, strerror(errno));
	}
	return 0;
}

static int add_vcpu(struct kvm_machine *m, struct kvm_vcpu *v, uint32_t id, struct ktstr_err *err)
{
	void *p;

	v->fd = fd_high(ioctl(m->fd, KVM_CREATE_VCPU, id));
	if (v->fd < 0)
		return ktstr_err(err, errno, "KVM_CREATE_VCPU: CPU %" PRIu32 " with id %" PRIu32 ": %s",
				 v->cpu, id, strerror(errno));
	p = mmap(NULL, m->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (p == MAP_FAILED)
		return ktstr_err(err, errno, "vCPU %" PRIu32 ": cannot map kvm_run: %s", v->cpu,
				 strerror(errno));
	v->run = p;
	return 0;
}

int kvm_machine_add_vcpus(struct kvm_machine *m, const struct vm_topology *topo, uint64_t entry,
			  struct ktstr_err *err)
{
	int r = 0;

	for (uint32_t i = 0; !r && i < m->nr_vcpus; i++)
		r = add_vcpu(m, &m->vcpu[i], kvm_arch_vcpu_id(topo, i), err);
	return r ? r : kvm_arch_setup_vcpus(m, topo, entry, err);
}

void kvm_machine_close(struct kvm_machine *m)
{
	for (uint32_t i = 0; i < m->nr_vcpus; i++) {
		if (m->vcpu[i].run)
			munmap(m->vcpu[i].run, m->run_bytes);
		fd_close(&m->vcpu[i].fd);
	}
	for (unsigned int i = 0; i < m->nr_irqs; i++)
		fd_close(&m->irq_fd[i]);
	/* the VM before its memory is unmapped: it watches these mappings */
	fd_close(&m->fd);
	fd_close(&m->kvm_fd);
}
