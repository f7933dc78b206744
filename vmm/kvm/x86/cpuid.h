/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What CPUID returns on a vCPU: the host's features as KVM offers them, and the declared topology.
 * One LLC is one package. Leaves that the host lacks are added, so that a topology looks the same
 * on every host: Linux reads threads and cores from 0xB (0x1F), and which CPUs share a cache from
 * 4 or 0x8000001D.
 */
#ifndef KTSTR_VMM_KVM_X86_CPUID_H
#define KTSTR_VMM_KVM_X86_CPUID_H

#include <linux/kvm.h>

#include "vmm/vm.h"

/* KVM_MAX_CPUID_ENTRIES: KVM_SET_CPUID2 takes no more. */
#define X86_CPUID_MAX	256

/*
 * The entries of vCPU @cpu, made from the @nr_host ones of KVM_GET_SUPPORTED_CPUID. No side
 * effects. Returns their number, or -E2BIG with @err.
 */
int x86_cpuid_build(const struct kvm_cpuid_entry2 *host, unsigned int nr_host,
		    const struct vm_topology *t, uint32_t cpu,
		    struct kvm_cpuid_entry2 out[X86_CPUID_MAX], struct ktstr_err *err);

/*
 * The host's entries tell the guest that its vCPUs are never preempted for long (KVM_HINTS_REALTIME,
 * Documentation/virt/kvm/x86/cpuid.rst). Nothing where KVM does not have that leaf.
 */
void x86_cpuid_add_realtime(struct kvm_cpuid_entry2 *host, unsigned int nr_host);

/* Note in the host's entries that KVM has a TSC deadline timer (KVM_CAP_TSC_DEADLINE_TIMER). */
void x86_cpuid_add_tsc_deadline(struct kvm_cpuid_entry2 *host, unsigned int nr_host);

#endif
