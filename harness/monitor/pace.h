/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When samples of a deterministic guest are taken: at marks (vm_set_mark()). The place is the
 * kernel's timer interrupt, the clock is jiffies, so that the moments are a function of the guest
 * alone. While all CPUs are idle no tick comes; the samples that fall there are skipped and
 * counted, and nothing has changed that they could have seen.
 */
#ifndef KTSTR_MONITOR_PACE_H
#define KTSTR_MONITOR_PACE_H

#include "sample.h"
#include "vmm/vm.h"

struct ktstr_pace {
	struct vm_mark mark;
	uint64_t period;		/* jiffies */
	uint64_t skipped;		/* periods without a tick at their end */
};

/* vm_spec.mark_kva[VM_MARK_PACE] for this kernel, or 0: it has no such symbol. */
uint64_t ktstr_pace__link_kva(const struct ktstr_kimage *img);

/*
 * Once the monitor is attached: the first mark is @period_ns from now, rounded up to a tick. 0,
 * -EAGAIN (not attached), -ENOENT (the kernel lacks a symbol), -EFAULT.
 */
int ktstr_pace__init(struct ktstr_pace *p, struct ktstr_monitor *m, uint64_t period_ns);

/* At a sync point or mark: set the mark for the next sample. 0 or vm_set_mark()'s error. */
int ktstr_pace__arm(struct ktstr_pace *p, struct ktstr_monitor *m, struct vm *vm);

#endif
