// SPDX-License-Identifier: GPL-2.0
/* See regs.h. Values: Documentation/arch/x86/boot.rst, "64-bit Boot Protocol", and the SDM. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "boot.h"
#include "regs.h"

#define CR0_PE		(1ull << 0)
#define CR0_PG		(1ull << 31)
#define CR4_PAE		(1ull << 5)
#define EFER_LME	(1ull << 8)
#define EFER_LMA	(1ull << 10)
#define RFLAGS_FIXED	0x2
#define RFLAGS_IF	0x200
#define STACK_GPA	0x8ff0		/* under the page tables; the kernel sets its own */

#define MSR_MISC_ENABLE		0x1a0
#define MISC_FAST_STRING	1
#define MSR_MTRR_DEF_TYPE	0x2ff
/* Enabled, write-back: otherwise memory that is not in the guest's map is uncached. */
#define MTRR_WRITE_BACK		0x806

#define APIC_BASE_X2APIC	(1ull << 10)
#define APIC_LVT0	0x350
#define APIC_LVT1	0x360
#define LVT_EXTINT	0x700
#define LVT_NMI		0x400

#define FPU_FCW		0x37f
#define FPU_MXCSR	0x1f80

static struct kvm_segment segment(uint16_t selector)
{
	uint64_t d = x86_gdt[selector / 8];

	return (struct kvm_segment){
		.base = 0, .limit = d >> 55 & 1 ? 0xffffffff : 0xffff, .selector = selector,
		.type = d >> 40 & 0xf, .s = d >> 44 & 1, .dpl = d >> 45 & 3,
		.present = d >> 47 & 1, .avl = d >> 52 & 1, .l = d >> 53 & 1,
		.db = d >> 54 & 1, .g = d >> 55 & 1,
	};
}

static int set_boot_regs(int fd, uint64_t entry, bool x2apic)
{
	struct kvm_regs regs = {
		.rip = entry, .rsi = X86_BOOT_PARAMS_GPA, .rsp = STACK_GPA, .rbp = STACK_GPA,
		.rflags = RFLAGS_FIXED,
	};
	struct kvm_sregs s;

	if (ioctl(fd, KVM_GET_SREGS, &s))
		return -errno;
	s.cs = segment(X86_BOOT_CS);
	s.ds = s.es = s.ss = s.fs = s.gs = segment(X86_BOOT_DS);
	s.tr = segment(X86_BOOT_TSS);
	s.gdt.base = X86_GDT_GPA;
	s.gdt.limit = sizeof(x86_gdt) - 1;
	s.idt.base = 0;
	s.idt.limit = 0;
	s.cr0 = CR0_PE | CR0_PG;
	s.cr3 = X86_PAGE_TABLES_GPA;
	s.cr4 = CR4_PAE;
	s.efer = EFER_LME | EFER_LMA;
	if (x2apic)
		s.apic_base |= APIC_BASE_X2APIC;
	return ioctl(fd, KVM_SET_SREGS, &s) || ioctl(fd, KVM_SET_REGS, &regs) ? -errno : 0;
}

/* KVM_SET_MSRS stops at the first MSR that it refuses and returns how many it took. */
static int set_msrs(int fd)
{
	static const struct kvm_msr_entry entry[] = {
		{ .index = MSR_MISC_ENABLE, .data = MISC_FAST_STRING },
		{ .index = MSR_MTRR_DEF_TYPE, .data = MTRR_WRITE_BACK },
	};
	const int nr = ARRAY_SIZE(entry);
	uint64_t room[(sizeof(struct kvm_msrs) + sizeof(entry)) / sizeof(uint64_t)];
	struct kvm_msrs *m = (struct kvm_msrs *)room;
	int n;

	memset(m, 0, sizeof(*m));
	m->nmsrs = (uint32_t)nr;
	memcpy(m->entries, entry, sizeof(entry));
	n = ioctl(fd, KVM_SET_MSRS, m);
	if (n < 0)
		return -errno;
	return n == nr ? 0 : -EINVAL;
}

/* The state in which a PC's firmware leaves the boot processor: the 8259 on LINT0, NMI on LINT1. */
static int set_lapic(int fd)
{
	const uint32_t lvt0 = LVT_EXTINT, lvt1 = LVT_NMI;
	struct kvm_lapic_state apic;

	if (ioctl(fd, KVM_GET_LAPIC, &apic))
		return -errno;
	memcpy(apic.regs + APIC_LVT0, &lvt0, sizeof(lvt0));
	memcpy(apic.regs + APIC_LVT1, &lvt1, sizeof(lvt1));
	return ioctl(fd, KVM_SET_LAPIC, &apic) ? -errno : 0;
}

static int set_fpu(int fd)
{
	struct kvm_fpu fpu = { .fcw = FPU_FCW, .mxcsr = FPU_MXCSR };

	return ioctl(fd, KVM_SET_FPU, &fpu) ? -errno : 0;
}

int x86_regs_init(int vcpu_fd, uint32_t cpu, bool boot, uint64_t entry, bool x2apic,
		  struct ktstr_err *err)
{
	const char *step;
	int ret;

	step = "KVM_SET_FPU";
	ret = set_fpu(vcpu_fd);
	if (ret)
		goto refused;
	step = "KVM_SET_MSRS";
	ret = set_msrs(vcpu_fd);
	if (ret)
		goto refused;
	if (!boot)
		return 0;
	step = "KVM_SET_SREGS";
	ret = set_boot_regs(vcpu_fd, entry, x2apic);
	if (ret)
		goto refused;
	step = "KVM_SET_LAPIC";
	ret = set_lapic(vcpu_fd);
	if (ret)
		goto refused;
	return 0;

refused:
	return ktstr_err(err, -ret, "vCPU %" PRIu32 ": %s: %s", cpu, step, strerror(-ret));
}

void x86_regs_format(int vcpu_fd, char *buf, size_t size)
{
	struct kvm_regs r;
	struct kvm_sregs s;

	if (ioctl(vcpu_fd, KVM_GET_REGS, &r) || ioctl(vcpu_fd, KVM_GET_SREGS, &s)) {
		snprintf(buf, size, "registers: %s", strerror(errno));
		return;
	}
	snprintf(buf, size,
		 "rip %#llx rsp %#llx interrupts %s cpl %u cs %#x:%#llx cr0 %#llx cr2 %#llx cr3 %#llx cr4 %#llx efer %#llx rax %#llx rdi %#llx rsi %#llx",
		 r.rip, r.rsp, r.rflags & RFLAGS_IF ? "on" : "off", s.ss.dpl, s.cs.selector,
		 s.cs.base, s.cr0, s.cr2, s.cr3, s.cr4, s.efer, r.rax, r.rdi, r.rsi);
}

int x86_regs_snapshot(int vcpu_fd, struct kvm_snapshot *s)
{
	struct kvm_mp_state mp;
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	if (ioctl(vcpu_fd, KVM_GET_MP_STATE, &mp) || ioctl(vcpu_fd, KVM_GET_REGS, &regs) ||
	    ioctl(vcpu_fd, KVM_GET_SREGS, &sregs))
		return -errno;
	*s = (struct kvm_snapshot){
		.pc = regs.rip,
		.sp = regs.rsp,
		.started = mp.mp_state != KVM_MP_STATE_UNINITIALIZED &&
			   mp.mp_state != KVM_MP_STATE_INIT_RECEIVED,
		.halted = mp.mp_state == KVM_MP_STATE_HALTED,
		.interrupts = regs.rflags & RFLAGS_IF,
		.user = sregs.ss.dpl == 3,
	};
	return 0;
}

int x86_regs_get(int vcpu_fd, struct vm_regs *r)
{
	struct kvm_sregs s;
	struct kvm_regs g;

	if (ioctl(vcpu_fd, KVM_GET_REGS, &g) || ioctl(vcpu_fd, KVM_GET_SREGS, &s))
		return -errno;
	*r = (struct vm_regs){
		.gpr = {
			[VM_RAX] = g.rax, [VM_RCX] = g.rcx, [VM_RDX] = g.rdx, [VM_RBX] = g.rbx,
			[VM_RSP] = g.rsp, [VM_RBP] = g.rbp, [VM_RSI] = g.rsi, [VM_RDI] = g.rdi,
			[VM_R8] = g.r8, [VM_R9] = g.r9, [VM_R10] = g.r10, [VM_R11] = g.r11,
			[VM_R12] = g.r12, [VM_R13] = g.r13, [VM_R14] = g.r14, [VM_R15] = g.r15,
		},
		.rip = g.rip, .rflags = g.rflags,
		.cs = s.cs.selector, .ss = s.ss.selector, .ds = s.ds.selector, .es = s.es.selector,
		.fs = s.fs.selector, .gs = s.gs.selector, .fs_base = s.fs.base, .gs_base = s.gs.base,
		.cr0 = s.cr0, .cr2 = s.cr2, .cr3 = s.cr3, .cr4 = s.cr4,
	};
	return 0;
}
