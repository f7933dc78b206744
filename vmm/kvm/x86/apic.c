// SPDX-License-Identifier: GPL-2.0
/* See apic.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "apic.h"

uint32_t kvm_x86_ioapic_cpus(const struct vm_topology *t)
{
	uint32_t n = vm_topology_cpus(t);

	while (n > 1 && x86_apic_id(t, n - 1) >= X86_X2APIC_FROM)
		n--;
	return n;
}

/*
 * Without the 32-bit format KVM takes 0xff for "everybody" even in x2APIC mode, where it is
 * the first eight CPUs: wanted always, needed from id 255 on.
 */
static int wide_ids(int vm_fd, const struct vm_topology *t, struct vm_err *err)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X2APIC_API,
		.args = { KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK },
	};
	uint32_t max = x86_max_apic_id(t);

	if (ioctl(vm_fd, KVM_ENABLE_CAP, &cap) && max >= X86_X2APIC_FROM)
		return vm_err(err, errno,
			      "KVM: KVM_CAP_X2APIC_API: %s; APIC ids up to %" PRIu32 " need it (Linux 4.8)",
			      strerror(errno), max);
	return 0;
}

int kvm_x86_irqchip(int vm_fd, const struct vm_topology *t, struct vm_err *err)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	int r = wide_ids(vm_fd, t, err);

	if (r)
		return r;
	/*
	 * All in the kernel, also with large ids: a split irqchip would only move the IOAPIC out
	 * here, and every interrupt of a serial port with it.
	 */
	if (ioctl(vm_fd, KVM_CREATE_IRQCHIP, 0))
		return vm_err(err, errno, "KVM: KVM_CREATE_IRQCHIP: %s", strerror(errno));
	if (ioctl(vm_fd, KVM_CREATE_PIT2, &pit))
		return vm_err(err, errno, "KVM: KVM_CREATE_PIT2: %s", strerror(errno));
	return 0;
}
