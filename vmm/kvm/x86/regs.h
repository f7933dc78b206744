/* SPDX-License-Identifier: GPL-2.0 */
/* The registers of an x86 vCPU: what it starts with, and what is shown when it fails. */
#ifndef KTSTR_VMM_KVM_X86_REGS_H
#define KTSTR_VMM_KVM_X86_REGS_H

#include "vmm/kvm/arch.h"

/*
 * Put a new vCPU into the state that the kernel expects: the boot processor in 64-bit mode at
 * @entry, the others waiting for INIT and SIPI as the in-kernel APIC leaves them. With @x2apic the
 * APIC is in x2APIC mode already; CPUID must have been set, with x2APIC. 0 or -errno with @err
 * naming @cpu.
 */
int x86_regs_init(int vcpu_fd, uint32_t cpu, bool boot, uint64_t entry, bool x2apic,
		  struct ktstr_err *err);

/* One line with the registers that show where it is. The vCPU must not be running. */
void x86_regs_format(int vcpu_fd, char *buf, size_t size);

/* 0 or -errno. */
int x86_regs_snapshot(int vcpu_fd, struct kvm_snapshot *s);
int x86_regs_get(int vcpu_fd, struct vm_regs *r);

#endif
