/* SPDX-License-Identifier: GPL-2.0 */
/*
 * APIC ids, and the interrupt controllers that know them. An id has one bit field per level
 * (thread, core, LLC), each as wide as its count needs, so ids have gaps where a count is no
 * power of two. KVM gives a vCPU the id that KVM_CREATE_VCPU is called with: pass this one.
 */
#ifndef KTSTR_VMM_KVM_X86_APIC_H
#define KTSTR_VMM_KVM_X86_APIC_H

#include <stdint.h>

#include "../../vm.h"

/* Bits of an id below the core, and below the LLC (= package). */
unsigned int kvm_x86_thread_bits(const struct vm_topology *t);
unsigned int kvm_x86_llc_shift(const struct vm_topology *t);

uint32_t kvm_x86_apic_id(const struct vm_topology *t, uint32_t cpu);
uint32_t kvm_x86_max_apic_id(const struct vm_topology *t);

/* Ids from here on exist in x2APIC mode only: 255 addresses everybody in the old one. */
#define KVM_X86_X2APIC_FROM	255

/*
 * How many CPUs, counted from 0, an IOAPIC pin can interrupt. Where that is not all of them
 * the guest needs irqaffinity=0-<this - 1> on its command line: KVM's own IOAPIC has 8 bits for
 * a destination and does not know the guest's extended ones.
 */
uint32_t kvm_x86_ioapic_cpus(const struct vm_topology *t);

/*
 * Create the in-kernel interrupt controllers and the PIT of @vm_fd, before any vCPU. GSIs keep
 * KVM's default routing: GSI n is IOAPIC pin n, also for n = 0. 0 or -errno with @err.
 */
int kvm_x86_irqchip(int vm_fd, const struct vm_topology *t, struct vm_err *err);

#endif
