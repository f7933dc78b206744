// SPDX-License-Identifier: GPL-2.0
/*
 * That /dev/kvm can be opened proves nothing: some hosts offer a KVM for paravirtual guests only
 * and emulate everything else instruction by instruction. The probe therefore runs about a million
 * ordinary instructions, among them one that the emulator inside KVM does not support. A real KVM
 * needs a millisecond for that.
 *
 * A forked child runs it: a stuck KVM_RUN ends with its process, and the caller's signals, timers
 * and address space are not affected. The child makes system calls only.
 */
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

#include "lib/clock.h"
#include "lib/fd.h"
#include "arch.h"
#include "probe.h"

#define WALL_LIMIT_MS	1500
#define CPU_LIMIT_MS	300	/* a real KVM needs 1 to 20, nested ones included */

/* What the child found, for its parent, which has the same addresses. */
struct outcome {
	const char *failed;	/* the step that failed with @error; NULL: none did */
	int32_t error;
	uint32_t exit_reason;
	uint32_t cpu_ms;
	bool passed;
};

static uint32_t cpu_time_ms(void)
{
	return (uint32_t)(ktstr_clock_ns(CLOCK_THREAD_CPUTIME_ID) / NSEC_PER_MSEC);
}

/* NULL, or the step that failed with errno. */
static const char *set_up(int kvm, int *vcpu, struct kvm_run **run)
{
	struct kvm_userspace_memory_region slot = { .memory_size = KVM_PROBE_BYTES };
	uint8_t *mem;
	int vm, size;

	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return "KVM_GET_API_VERSION";
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return "KVM_CREATE_VM";
	mem = mmap(NULL, KVM_PROBE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		   0);
	if (mem == MAP_FAILED)
		return "mmap";
	kvm_arch_probe_load(mem);
	slot.userspace_addr = (uintptr_t)mem;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		return "KVM_SET_USER_MEMORY_REGION";
	*vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (*vcpu < 0 || size < (int)sizeof(**run))
		return "KVM_CREATE_VCPU";
	*run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, *vcpu, 0);
	if (*run == MAP_FAILED)
		return "KVM_CREATE_VCPU";
	return kvm_arch_probe_setup(kvm, *vcpu);
}

static void run_guest(struct outcome *o)
{
	struct kvm_run *run = NULL;
	uint32_t start;
	int kvm, vcpu = -1;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	o->failed = kvm < 0 ? "open" : set_up(kvm, &vcpu, &run);
	o->error = errno;
	if (o->failed)
		return;
	start = cpu_time_ms();
	do {
		errno = 0;
	} while (ioctl(vcpu, KVM_RUN, 0) && errno == EINTR);
	o->cpu_ms = cpu_time_ms() - start;
	o->error = errno;
	o->exit_reason = run->exit_reason;
	if (o->error)
		o->failed = "KVM_RUN";
	else
		o->passed = kvm_arch_probe_passed(vcpu, run);
}

/* Did @fd become readable within @limit_ms? */
static bool wait_readable(int fd, int limit_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline = ktstr_deadline_ms(limit_ms);
	int r;

	do
		r = poll(&p, 1, ktstr_left_ms(deadline));
	while (r < 0 && errno == EINTR);
	return r > 0;
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

int kvm_probe(struct ktstr_err *err)
{
	struct outcome o;
	int r;

	/* the three answers about the device need no child */
	if (access("/dev/kvm", F_OK))
		return ktstr_err_missing(err, ENOENT, "there is no /dev/kvm on this host");
	if (access("/dev/kvm", R_OK | W_OK))
		return ktstr_err_missing(err, EACCES,
					 "/dev/kvm exists, but this user may not open it (%s; is the user in group kvm?)",
					 strerror(errno));
	r = run_in_child(&o);
	if (r == -ETIMEDOUT)
		return ktstr_err_missing(err, ETIMEDOUT,
					 "/dev/kvm opens, but %u guest instructions took over %d ms%s",
					 kvm_arch.probe_insns, WALL_LIMIT_MS, kvm_arch_probe_hint());
	if (r)
		return ktstr_err_missing(err, -r, "/dev/kvm could not be probed: %s", strerror(-r));
	if (o.failed)
		return ktstr_err_missing(err, o.error > 0 ? o.error : EIO, "/dev/kvm: %s failed: %s%s",
					 o.failed, strerror(o.error), kvm_arch_probe_hint());
	if (!o.passed)
		return ktstr_err_missing(err, EIO,
					 "/dev/kvm opens, but cannot run ordinary guest code (KVM exit reason %u)%s",
					 o.exit_reason, kvm_arch_probe_hint());
	if (o.cpu_ms > CPU_LIMIT_MS)
		return ktstr_err_missing(err, ETIME,
					 "/dev/kvm opens, but needs %u ms for %u guest instructions%s",
					 o.cpu_ms, kvm_arch.probe_insns, kvm_arch_probe_hint());
	return 0;
}
