// SPDX-License-Identifier: GPL-2.0
/* See machine.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "apic.h"
#include "boot.h"
#include "cpuid.h"
#include "machine.h"
#include "regs.h"

int x86_vm_setup(int kvm_fd, int vm_fd, const struct vm_topology *t, struct vm_err *err)
{
	int max_id = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_MAX_VCPU_ID);
	struct kvm_enable_cap no_pmu = {
		.cap = KVM_CAP_PMU_CAPABILITY, .args = { KVM_PMU_CAP_DISABLE },
	};
	uint64_t identity = X86_IDENTITY_GPA;

	/* 0: an old KVM, where the limit is that of the number of vCPUs */
	if (max_id > 0 && x86_max_apic_id(t) >= (uint32_t)max_id)
		return vm_err_missing(err, EOPNOTSUPP,
				      "this topology has APIC ids up to %" PRIu32 ", but this host's KVM ends at %d",
				      x86_max_apic_id(t), max_id - 1);
	if (ioctl(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity))
		return vm_err(err, errno, "KVM_SET_IDENTITY_MAP_ADDR: %s", strerror(errno));
	if (ioctl(vm_fd, KVM_SET_TSS_ADDR, X86_TSS_GPA))
		return vm_err(err, errno, "KVM_SET_TSS_ADDR: %s", strerror(errno));
	/* AMD's counters need no CPUID: guests would run an NMI watchdog. KVMs before 5.18 let them. */
	ioctl(vm_fd, KVM_ENABLE_CAP, &no_pmu);
	return kvm_x86_irqchip(vm_fd, t, err);
}

static struct kvm_cpuid2 *new_cpuid(struct vm_err *err)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + KVM_X86_CPUID_MAX * sizeof(c->entries[0]));

	if (!c)
		vm_err(err, ENOMEM, "out of memory");
	return c;
}

struct kvm_cpuid2 *x86_host_cpuid(int kvm_fd, struct vm_err *err)
{
	struct kvm_cpuid2 *c = new_cpuid(err);

	if (!c)
		return NULL;
	c->nent = KVM_X86_CPUID_MAX;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, c)) {
		vm_err(err, errno, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
		free(c);
		return NULL;
	}
	/* told apart, because it needs the in-kernel APIC: api.rst, KVM_GET_SUPPORTED_CPUID */
	if (ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
		kvm_x86_cpuid_add_tsc_deadline(c->entries, c->nent);
	return c;
}

int x86_vcpu_setup(int vcpu_fd, const struct kvm_cpuid2 *host, const struct vm_topology *t,
		   uint32_t cpu, uint64_t entry, struct vm_err *err)
{
	struct kvm_cpuid2 *c = new_cpuid(err);
	int r;

	if (!c)
		return -ENOMEM;
	r = kvm_x86_cpuid(host->entries, host->nent, t, cpu, c->entries, err);
	if (r >= 0) {
		c->nent = (uint32_t)r;
		r = ioctl(vcpu_fd, KVM_SET_CPUID2, c);
		if (r)
			r = vm_err(err, errno, "vCPU %" PRIu32 ": KVM_SET_CPUID2: %s", cpu,
				   strerror(errno));
	}
	free(c);
	/* Linux reads the MADT before it would turn x2APIC on, and drops the ids it cannot reach */
	return r ? r : x86_regs_init(vcpu_fd, cpu, !cpu, entry,
				     x86_max_apic_id(t) >= X86_X2APIC_FROM, err);
}
