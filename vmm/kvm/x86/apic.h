/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt controllers. KVM gives a vCPU the APIC id that KVM_CREATE_VCPU is called with:
 * pass that of apic_id.h.
 */
#ifndef KTSTR_VMM_KVM_X86_APIC_H
#define KTSTR_VMM_KVM_X86_APIC_H

#include "../../apic_id.h"

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
