// SPDX-License-Identifier: GPL-2.0
/* The formulas of the deadlines: see deadline.h. */
#include <stdlib.h>

#include "deadline.h"

/*
 * Wall-clock seconds per guest second. A deterministic guest at shift=2 (4 ns per instruction)
 * needs about one on an idle host and up to ten on a loaded one. Every smaller shift doubles the
 * number of instructions in a guest second. A KVM guest shares the clock of the host and loses only
 * the time that the host's other work takes. On a host that is emulated itself
 * (docs/nested-kvm.md) KVM guests are no faster than emulation.
 */
#define KVM_SLOWDOWN	3
#define TCG_SLOWDOWN	10
#define SETUP_S		180	/* what precedes and follows the VM: kernel, initramfs, report */
#define MAX_S		1000000	/* poll() takes milliseconds in an int */

static uint32_t cap(uint64_t s)
{
	return s > MAX_S ? MAX_S : s;
}

void ktstr_deadlines__compute(struct ktstr_deadlines *d, const struct ktstr_plan *p,
			      enum vm_accel accel, int shift)
{
	uint64_t slowdown = KVM_SLOWDOWN, window;
	int i;

	if (accel == VM_ACCEL_KVM && !getenv("KTSTR_NESTED")) {
		d->attach_timeout_ms = 10000;
		d->boot_s = 60 + p->nr_cpus / 2;
		d->teardown_s = 60;
	} else {
		slowdown = TCG_SLOWDOWN;
		if (shift != VM_SHIFT_AUTO)
			for (i = shift; i < 2; i++)
				slowdown *= 2;
		d->attach_timeout_ms = 20000;
		d->boot_s = 180 + 4 * p->nr_cpus;
		d->teardown_s = 120 + p->nr_cpus;
	}
	d->run_grace_s = p->grace_s != KTSTR_UNSET ? cap(p->grace_s) : cap(15 + p->duration_s / 2ULL);
	window = d->attach_timeout_ms / 1000 + (uint64_t)p->duration_s + d->run_grace_s;
	d->run_s = cap(60 + window * slowdown);
}

uint32_t ktstr_deadlines__total_s(const struct ktstr_deadlines *d)
{
	return cap((uint64_t)SETUP_S + d->boot_s + d->run_s + d->teardown_s);
}
