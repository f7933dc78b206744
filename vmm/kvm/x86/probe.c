// SPDX-License-Identifier: GPL-2.0
/*
 * The probe's guest on x86: 64-bit code with a VEX-encoded instruction in its loop, which the
 * emulator inside KVM does not support. See vmm/kvm/probe.c.
 */
#include <cpuid.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "boot.h"
#include "vmm/kvm/arch.h"

#define CODE_GPA	0x1000u
#define PML4_GPA	0x2000u
#define PDPT_GPA	0x3000u
#define PD_GPA		0x4000u
#define DATA_GPA	0x5000u
#define DONE_PORT	0x10
#define NR_CPUID	256

#define LOOPS		X86_PROBE_LOOPS
#define SUM		((uint64_t)LOOPS * (LOOPS + 1) / 2)

static const uint8_t guest_code[] = {
	0xb9, LOOPS & 0xff, LOOPS >> 8 & 0xff, LOOPS >> 16 & 0xff, 0, /* mov $LOOPS,%ecx */
	0x48, 0x01, 0xc8,			/* 1: add  %rcx,%rax */
	0xc4, 0xe2, 0xf8, 0xf2, 0xd1,		/*    andn %rcx,%rax,%rdx */
	0x48, 0x31, 0x14, 0x25, 0, DATA_GPA >> 8, 0, 0,	/* xor %rdx,DATA_GPA */
	0xff, 0xc9,				/*    dec  %ecx */
	0x75, 0xec,				/*    jnz  1b */
	0xe6, DONE_PORT,			/*    out  %al,$DONE_PORT */
	0xf4,					/*    hlt */
};

#define VEX_OFFSET	8	/* of andn; NOPs replace it where BMI is missing */

void kvm_arch_probe_load(uint8_t *mem)
{
	static const uint8_t nops[5] = { 0x90, 0x90, 0x90, 0x90, 0x90 };
	const uint64_t pml4e = PDPT_GPA | 3, pdpte = PD_GPA | 3, pde = 0x83;

	memcpy(mem + CODE_GPA, guest_code, sizeof(guest_code));
	if (!__builtin_cpu_supports("bmi"))
		memcpy(mem + CODE_GPA + VEX_OFFSET, nops, sizeof(nops));
	memcpy(mem + PML4_GPA, &pml4e, sizeof(pml4e));
	memcpy(mem + PDPT_GPA, &pdpte, sizeof(pdpte));
	memcpy(mem + PD_GPA, &pde, sizeof(pde));
}

static int set_cpuid(int kvm_fd, int vcpu_fd)
{
	static uint64_t room[(sizeof(struct kvm_cpuid2) +
			      NR_CPUID * sizeof(struct kvm_cpuid_entry2)) / sizeof(uint64_t)];
	struct kvm_cpuid2 *cpuid = (struct kvm_cpuid2 *)room;

	cpuid->nent = NR_CPUID;
	if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid) ||
	    ioctl(vcpu_fd, KVM_SET_CPUID2, cpuid))
		return -errno;
	return 0;
}

/* 64-bit mode, paging on, flat segments: what a kernel runs in. */
static int set_regs(int vcpu_fd)
{
	struct kvm_segment seg = {
		.limit = 0xffffffff, .present = 1, .s = 1, .g = 1, .type = 3, .selector = 0x10,
		.db = 1,
	};
	struct kvm_regs regs = { .rip = CODE_GPA, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(vcpu_fd, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = seg;
	seg.type = 11;
	seg.selector = 8;
	seg.db = 0;
	seg.l = 1;
	sregs.cs = seg;
	sregs.cr0 = 0x80000001;		/* PG, PE */
	sregs.cr3 = PML4_GPA;
	sregs.cr4 = 0x20;		/* PAE */
	sregs.efer = 0x500;		/* LMA, LME */
	if (ioctl(vcpu_fd, KVM_SET_SREGS, &sregs) || ioctl(vcpu_fd, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}

const char *kvm_arch_probe_setup(int kvm_fd, int vcpu_fd)
{
	if (set_cpuid(kvm_fd, vcpu_fd))
		return "KVM_SET_CPUID2";
	return set_regs(vcpu_fd) ? "KVM_SET_SREGS" : NULL;
}

bool kvm_arch_probe_passed(int vcpu_fd, const struct kvm_run *run)
{
	struct kvm_regs regs;

	return run->exit_reason == KVM_EXIT_IO && !ioctl(vcpu_fd, KVM_GET_REGS, &regs) &&
	       regs.rax == SUM;
}

/* For the wording only: without these flags a KVM cannot use the hardware. */
const char *kvm_arch_probe_hint(void)
{
	unsigned int a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && c & 1u << 5)
		return "";
	if (__get_cpuid(0x80000001, &a, &b, &c, &d) && c & 1u << 2)
		return "";
	return "; this CPU shows neither VMX nor SVM, so it is a software KVM for paravirtual guests";
}
