/* SPDX-License-Identifier: GPL-2.0 */
/* What an x86 machine needs of KVM beyond memory and vCPUs. */
#ifndef KTSTR_VMM_KVM_X86_MACHINE_H
#define KTSTR_VMM_KVM_X86_MACHINE_H

#include "../../ram.h"
#include "../../vm.h"

/* The APIC id, which is also the vCPU id, of @cpu. */
uint32_t kvm_x86_apic_id(const struct vm_topology *t, uint32_t cpu);

/* After KVM_CREATE_VM, before memory and vCPUs: KVM's own pages and interrupt controllers. */
int x86_vm_setup(int vm_fd, const struct vm_topology *t, struct vm_err *err);

/* After KVM_CREATE_VCPU: CPUID, then the registers it starts with. */
int x86_vcpu_setup(int kvm_fd, int vcpu_fd, const struct vm_topology *t, uint32_t cpu,
		   uint64_t entry, struct vm_err *err);

/* Describe the machine in the firmware area; *@rsdp_gpa says where. */
int x86_write_acpi(const struct vm_ram *ram, const struct vm_topology *t, uint64_t *rsdp_gpa,
		   struct vm_err *err);

#endif
