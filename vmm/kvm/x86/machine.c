// SPDX-License-Identifier: GPL-2.0
/* See machine.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "boot.h"
#include "machine.h"
#include "regs.h"

#define NR_CPUID	256

uint32_t kvm_x86_apic_id(const struct vm_topology *t, uint32_t cpu)
{
	(void)t;
	return cpu;
}

int x86_vm_setup(int vm_fd, const struct vm_topology *t, struct vm_err *err)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity = X86_IDENTITY_GPA;

	(void)t;
	if (ioctl(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity))
		return vm_err(err, errno, "KVM_SET_IDENTITY_MAP_ADDR: %s", strerror(errno));
	if (ioctl(vm_fd, KVM_SET_TSS_ADDR, X86_TSS_GPA))
		return vm_err(err, errno, "KVM_SET_TSS_ADDR: %s", strerror(errno));
	if (ioctl(vm_fd, KVM_CREATE_IRQCHIP, 0))
		return vm_err(err, errno, "KVM_CREATE_IRQCHIP: %s", strerror(errno));
	if (ioctl(vm_fd, KVM_CREATE_PIT2, &pit))
		return vm_err(err, errno, "KVM_CREATE_PIT2: %s", strerror(errno));
	return 0;
}

int x86_vcpu_setup(int kvm_fd, int vcpu_fd, const struct vm_topology *t, uint32_t cpu,
		   uint64_t entry, struct vm_err *err)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entry[NR_CPUID];
	} id = { .head.nent = NR_CPUID };

	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, &id))
		return vm_err(err, errno, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	for (uint32_t i = 0; i < id.head.nent; i++)
		if (id.entry[i].function == 1)
			id.entry[i].ebx = (id.entry[i].ebx & 0xffffff) |
					  kvm_x86_apic_id(t, cpu) << 24;
	if (ioctl(vcpu_fd, KVM_SET_CPUID2, &id))
		return vm_err(err, errno, "vCPU %" PRIu32 ": KVM_SET_CPUID2: %s", cpu,
			      strerror(errno));
	return x86_regs_init(vcpu_fd, cpu, !cpu, entry, err);
}

int x86_write_acpi(const struct vm_ram *ram, const struct vm_topology *t, uint64_t *rsdp_gpa,
		   struct vm_err *err)
{
	(void)ram;
	(void)t;
	(void)err;
	*rsdp_gpa = 0;
	return 0;
}
