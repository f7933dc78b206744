/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What CPUID tells a vCPU: the host's features as KVM offers them, with the declared topology
 * in their midst. One LLC is one package. Leaves that the host lacks are made up, so that a
 * topology looks the same on every host: Linux reads 0xB (0x1F) for threads and cores, 4 or
 * 0x8000001D for what a cache is shared by.
 */
#ifndef KTSTR_VMM_KVM_X86_CPUID_H
#define KTSTR_VMM_KVM_X86_CPUID_H

#include <linux/kvm.h>

#include "../../vm.h"

/* KVM_MAX_CPUID_ENTRIES: KVM_SET_CPUID2 takes no more. */
#define KVM_X86_CPUID_MAX	256

/*
 * The entries of vCPU @cpu, made from the @nr_host ones of KVM_GET_SUPPORTED_CPUID. Pure.
 * Returns how many, or -E2BIG with @err.
 */
int kvm_x86_cpuid(const struct kvm_cpuid_entry2 *host, unsigned int nr_host,
		  const struct vm_topology *t, uint32_t cpu,
		  struct kvm_cpuid_entry2 out[KVM_X86_CPUID_MAX], struct vm_err *err);

/* Note in the host's entries that KVM has a TSC deadline timer (KVM_CAP_TSC_DEADLINE_TIMER). */
void kvm_x86_cpuid_add_tsc_deadline(struct kvm_cpuid_entry2 *host, unsigned int nr_host);

#endif
