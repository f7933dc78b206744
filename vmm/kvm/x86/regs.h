/* SPDX-License-Identifier: GPL-2.0 */
/* The registers of an x86 vCPU: what it starts with, and what is shown when it fails. */
#ifndef KTSTR_VMM_KVM_X86_REGS_H
#define KTSTR_VMM_KVM_X86_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../err.h"

/*
 * Bring a fresh vCPU to where its kernel expects it: the boot processor in 64-bit mode at
 * @entry, the others waiting for INIT and SIPI as the in-kernel APIC leaves them. With @x2apic its
 * APIC is in that mode already, after CPUID said that there is one. 0 or -errno with @err naming
 * @cpu.
 */
int x86_regs_init(int vcpu_fd, uint32_t cpu, bool boot, uint64_t entry, bool x2apic,
		  struct vm_err *err);

/* One line with the registers that say where it stands. The vCPU must not be running. */
void x86_regs_format(int vcpu_fd, char *buf, size_t size);

/* What a stopped vCPU was doing. 0 or -errno. */
struct x86_stand {
	uint64_t rip;
	bool started;		/* has had its INIT and SIPI */
	bool halted;
	bool interrupts;	/* enabled */
	bool user;
};

int x86_regs_stand(int vcpu_fd, struct x86_stand *stand);

#endif
