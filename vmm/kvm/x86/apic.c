// SPDX-License-Identifier: GPL-2.0
/* See apic.h. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "apic.h"

uint32_t x86_apic_ioapic_cpus(const struct vm_topology *t)
{
	uint32_t n = ktstr_topology__cpus(&t->count);

	while (n > 1 && vm_apic_id(t, n - 1) >= VM_APIC_ID_X2APIC)
		n--;
	return n;
}

/*
 * Without the 32-bit format KVM treats 0xff as a broadcast even in x2APIC mode, where it addresses
 * the first eight CPUs. It is used when available, and required from id 255 on.
 */
static int wide_ids(int vm_fd, const struct vm_topology *t, struct ktstr_err *err)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X2APIC_API,
		.args = { KVM_X2APIC_API_USE_32BIT_IDS | KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK },
	};
	uint32_t max = vm_apic_id_max(t);

	if (ioctl(vm_fd, KVM_ENABLE_CAP, &cap) && max >= VM_APIC_ID_X2APIC)
		return ktstr_err(err, errno,
				 "KVM: KVM_CAP_X2APIC_API: %s; APIC ids up to %" PRIu32 " need it (Linux 4.8)",
				 strerror(errno), max);
	return 0;
}

int x86_apic_create(int vm_fd, const struct vm_topology *t, struct ktstr_err *err)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	int r = wide_ids(vm_fd, t, err);

	if (r)
		return r;
	/*
	 * All controllers are in the kernel, also with large ids: a split irqchip would move the
	 * IOAPIC into this process, and every interrupt of a serial port would have to go through
	 * it.
	 */
	if (ioctl(vm_fd, KVM_CREATE_IRQCHIP, 0))
		return ktstr_err(err, errno, "KVM: KVM_CREATE_IRQCHIP: %s", strerror(errno));
	if (ioctl(vm_fd, KVM_CREATE_PIT2, &pit))
		return ktstr_err(err, errno, "KVM: KVM_CREATE_PIT2: %s", strerror(errno));
	return 0;
}
