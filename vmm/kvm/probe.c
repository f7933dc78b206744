// SPDX-License-Identifier: GPL-2.0
/*
 * A /dev/kvm that opens proves nothing: some hosts offer a KVM for paravirtual guests only and
 * emulate everything else instruction by instruction. So run something: about a million
 * ordinary 64-bit instructions, among them a VEX-encoded one, which the emulator inside KVM
 * does not know. On a real KVM that takes a millisecond.
 *
 * All of it happens in a forked child: a stuck KVM_RUN ends with its process, and the caller's
 * signals, timers and address space are left alone. The child only makes system calls.
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../fd.h"
#include "probe.h"

#define LOOPS		200000u
#define INSNS_PER_LOOP	5u
#define WALL_LIMIT_MS	1500
#define CPU_LIMIT_MS	300	/* a real KVM needs 1 to 20, nested ones included */

#define GUEST_BYTES	0x10000u
#define CODE_GPA	0x1000u
#define PML4_GPA	0x2000u
#define PDPT_GPA	0x3000u
#define PD_GPA		0x4000u
#define DATA_GPA	0x5000u
#define DONE_PORT	0x10
#define NR_CPUID	256

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

#define VEX_OFFSET	8	/* of andn; three-byte NOPs and two more where BMI is missing */

enum stage {
	STAGE_RAN,		/* KVM_RUN came back: see exit_reason */
	STAGE_OPEN,
	STAGE_VERSION,
	STAGE_VM,
	STAGE_MEMORY,
	STAGE_VCPU,
	STAGE_CPUID,
	STAGE_REGS,
	STAGE_RUN,
};

static const char *const stage_name[] = {
	[STAGE_OPEN]	= "open",
	[STAGE_VERSION]	= "KVM_GET_API_VERSION",
	[STAGE_VM]	= "KVM_CREATE_VM",
	[STAGE_MEMORY]	= "KVM_SET_USER_MEMORY_REGION",
	[STAGE_VCPU]	= "KVM_CREATE_VCPU",
	[STAGE_CPUID]	= "KVM_SET_CPUID2",
	[STAGE_REGS]	= "KVM_SET_SREGS",
	[STAGE_RUN]	= "KVM_RUN",
};

struct outcome {
	uint32_t stage;
	int32_t error;
	uint32_t exit_reason;
	uint32_t cpu_ms;
	uint64_t sum;
};

static uint32_t cpu_time_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void load_guest(uint8_t *mem)
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

/* 64-bit mode, paging on, flat segments: what a kernel runs in. */
static int set_regs(int vcpu)
{
	struct kvm_segment seg = {
		.limit = 0xffffffff, .present = 1, .s = 1, .g = 1, .type = 3, .selector = 0x10,
		.db = 1,
	};
	struct kvm_regs regs = { .rip = CODE_GPA, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -1;
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
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs))
		return -1;
	return ioctl(vcpu, KVM_SET_REGS, &regs);
}

static int set_cpuid(int kvm, int vcpu)
{
	static uint64_t room[(sizeof(struct kvm_cpuid2) +
			      NR_CPUID * sizeof(struct kvm_cpuid_entry2)) / sizeof(uint64_t)];
	struct kvm_cpuid2 *cpuid = (struct kvm_cpuid2 *)room;

	cpuid->nent = NR_CPUID;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid))
		return -1;
	return ioctl(vcpu, KVM_SET_CPUID2, cpuid);
}

static enum stage set_up(int kvm, int *vcpu, struct kvm_run **run)
{
	struct kvm_userspace_memory_region slot = { .memory_size = GUEST_BYTES };
	uint8_t *mem;
	int vm, size;

	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return STAGE_VERSION;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return STAGE_VM;
	mem = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		return STAGE_MEMORY;
	load_guest(mem);
	slot.userspace_addr = (uintptr_t)mem;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return STAGE_MEMORY;
	*vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (*vcpu < 0 || size < (int)sizeof(**run))
		return STAGE_VCPU;
	*run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, *vcpu, 0);
	if (*run == MAP_FAILED)
		return STAGE_VCPU;
	if (set_cpuid(kvm, *vcpu))
		return STAGE_CPUID;
	return set_regs(*vcpu) ? STAGE_REGS : STAGE_RAN;
}

static void run_guest(struct outcome *o)
{
	struct kvm_run *run = NULL;
	struct kvm_regs regs;
	uint32_t start;
	int kvm, vcpu = -1;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	o->stage = kvm < 0 ? STAGE_OPEN : set_up(kvm, &vcpu, &run);
	o->error = errno;
	if (o->stage != STAGE_RAN)
		return;
	start = cpu_time_ms();
	do {
		errno = 0;
	} while (ioctl(vcpu, KVM_RUN, 0) && errno == EINTR);
	o->cpu_ms = cpu_time_ms() - start;
	o->error = errno;
	o->exit_reason = run->exit_reason;
	if (o->error || ioctl(vcpu, KVM_GET_REGS, &regs))
		o->stage = STAGE_RUN;
	else
		o->sum = regs.rax;
}

/* 1: @fd became readable, 0: @limit_ms passed. */
static int wait_readable(int fd, int limit_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec now;
	int64_t end, left;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec * 1000 + now.tv_nsec / 1000000 + limit_ms;
	for (left = limit_ms; left > 0;) {
		int r = poll(&p, 1, (int)left);

		if (r > 0)
			return 1;
		if (r < 0 && errno != EINTR)
			return 0;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = end - (now.tv_sec * 1000 + now.tv_nsec / 1000000);
	}
	return 0;
}

/* 0 with *@o, -ETIMEDOUT, or -errno when the child could not be started or died. */
static int run_in_child(struct outcome *o)
{
	pid_t parent = getpid(), pid;
	int pipefd[2], r = -ECHILD;

	if (pipe2(pipefd, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		r = -errno;
		fd_close(&pipefd[0]);
		fd_close(&pipefd[1]);
		return r;
	}
	if (!pid) {
		memset(o, 0, sizeof(*o));
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent) {
			run_guest(o);
			if (write(pipefd[1], o, sizeof(*o)) != sizeof(*o))
				_exit(1);
		}
		_exit(0);
	}
	fd_close(&pipefd[1]);
	if (!wait_readable(pipefd[0], WALL_LIMIT_MS))
		r = -ETIMEDOUT;
	else if (read(pipefd[0], o, sizeof(*o)) == sizeof(*o))
		r = 0;
	fd_close(&pipefd[0]);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/* For the wording only: without these flags a KVM cannot use the hardware. */
static const char *hint(void)
{
	unsigned int a, b, c, d;

	if (__get_cpuid(1, &a, &b, &c, &d) && c & 1u << 5)
		return "";
	if (__get_cpuid(0x80000001, &a, &b, &c, &d) && c & 1u << 2)
		return "";
	return "; this CPU shows neither VMX nor SVM, so it is a software KVM for paravirtual guests";
}

int kvm_probe(struct vm_err *err)
{
	const uint64_t want = (uint64_t)LOOPS * (LOOPS + 1) / 2;
	struct outcome o;
	int r;

	/* the three answers about the device need no child */
	if (access("/dev/kvm", F_OK))
		return vm_err_missing(err, ENOENT, "there is no /dev/kvm on this host");
	if (access("/dev/kvm", R_OK | W_OK))
		return vm_err_missing(err, EACCES,
				      "/dev/kvm exists, but this user may not open it (%s; is the user in group kvm?)",
				      strerror(errno));
	r = run_in_child(&o);
	if (r == -ETIMEDOUT)
		return vm_err_missing(err, ETIMEDOUT,
				      "/dev/kvm opens, but %u guest instructions took over %d ms%s",
				      LOOPS * INSNS_PER_LOOP, WALL_LIMIT_MS, hint());
	if (r)
		return vm_err_missing(err, -r, "/dev/kvm could not be probed: %s", strerror(-r));
	if (o.stage != STAGE_RAN)
		return vm_err_missing(err, o.error > 0 ? o.error : EIO, "/dev/kvm: %s failed: %s%s",
				      stage_name[o.stage], strerror(o.error), hint());
	if (o.exit_reason != KVM_EXIT_IO || o.sum != want)
		return vm_err_missing(err, EIO,
				      "/dev/kvm opens, but cannot run ordinary guest code (KVM exit reason %u)%s",
				      o.exit_reason, hint());
	if (o.cpu_ms > CPU_LIMIT_MS)
		return vm_err_missing(err, ETIME,
				      "/dev/kvm opens, but needs %u ms for %u guest instructions%s",
				      o.cpu_ms, LOOPS * INSNS_PER_LOOP, hint());
	return 0;
}
