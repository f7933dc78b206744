/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interrupt controllers. A vCPU has the APIC id that KVM_CREATE_VCPU is called with, which is
 * that of apic_id.h.
 */
#ifndef KTSTR_VMM_KVM_X86_APIC_H
#define KTSTR_VMM_KVM_X86_APIC_H

#include "vmm/apic_id.h"

/*
 * How many CPUs, counted from 0, an IOAPIC pin can interrupt. When that is fewer than all, the
 * guest needs irqaffinity=0-<this - 1> on its command line: KVM's IOAPIC has 8 bits for a
 * destination and does not support extended destination ids.
 */
uint32_t x86_apic_ioapic_cpus(const struct vm_topology *t);

/*
 * Create the in-kernel interrupt controllers and the PIT of @vm_fd, before any vCPU. GSIs keep
 * KVM's default routing: GSI n is IOAPIC pin n, also for n = 0. 0 or -errno with @err.
 */
int x86_apic_create(int vm_fd, const struct vm_topology *t, struct ktstr_err *err);

#endif
