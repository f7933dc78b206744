// SPDX-License-Identifier: GPL-2.0
/*
 * Watchpoints by the debug registers DR0 to DR2 (Intel SDM, volume 3, chapter 18.2). KVM_SET_GUEST_DEBUG
 * gives them to us: what the guest's kernel has in its own is set aside meanwhile, so that a debugger
 * inside the guest has none.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include "vmm/kvm/arch.h"
#include "watch.h"

#define DB_VECTOR	1	/* #DB */

uint64_t kvm_x86_watch_dr7(const uint64_t kva[VM_NR_WATCHES])
{
	uint64_t dr7 = DR7_FIXED;

	for (unsigned int i = 0; i < VM_NR_WATCHES; i++)
		if (kva[i])
			dr7 |= DR7_GLOBAL << (2 * i) |
			       (uint64_t)(DR7_WRITE | DR7_LEN_4) << (16 + 4 * i);
	return dr7;
}

int kvm_arch_watch(int vcpu_fd, const uint64_t kva[VM_NR_WATCHES])
{
	struct kvm_guest_debug dbg = { .control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP };

	for (unsigned int i = 0; i < VM_NR_WATCHES; i++)
		dbg.arch.debugreg[i] = kva[i];
	dbg.arch.debugreg[7] = kvm_x86_watch_dr7(kva);
	return ioctl(vcpu_fd, KVM_SET_GUEST_DEBUG, &dbg) ? -errno : 0;
}

/* Several may be hit at once: the lowest counts, a store of ours has hit but one. */
int kvm_arch_watched(const struct kvm_run *run)
{
	uint64_t dr6 = run->debug.arch.dr6;

	if (run->debug.arch.exception != DB_VECTOR)
		return -1;
	for (int i = 0; i < VM_NR_WATCHES; i++)
		if (dr6 >> i & 1)
			return i;
	return -1;
}
