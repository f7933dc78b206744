/* SPDX-License-Identifier: GPL-2.0 */
/* What an x86 machine needs of KVM beyond memory and vCPUs. */
#ifndef KTSTR_VMM_KVM_X86_MACHINE_H
#define KTSTR_VMM_KVM_X86_MACHINE_H

#include <linux/kvm.h>

#include "../../vm.h"

/*
 * After KVM_CREATE_VM, before memory and vCPUs: KVM's own pages and the interrupt controllers. 0
 * or -errno with @err.
 */
int x86_vm_setup(int kvm_fd, int vm_fd, const struct vm_topology *t, struct vm_err *err);

/* KVM_GET_SUPPORTED_CPUID, asked once for all vCPUs. NULL with @err; free() it. */
struct kvm_cpuid2 *x86_host_cpuid(int kvm_fd, struct vm_err *err);

/* After KVM_CREATE_VCPU: CPUID, then the registers it starts with. 0 or -errno with @err. */
int x86_vcpu_setup(int vcpu_fd, const struct kvm_cpuid2 *host, const struct vm_topology *t,
		   uint32_t cpu, uint64_t entry, struct vm_err *err);

#endif
