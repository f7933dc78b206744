// SPDX-License-Identifier: GPL-2.0
/* Setting marks one period apart. */
#include <errno.h>

#include "pace.h"

/* Entered through the IDT and through FRED alike, with interrupts off, before the tick's work. */
#define TIMER_ENTRY	"sysvec_apic_timer_interrupt"

uint64_t ktstr_pace__link_kva(const struct ktstr_kimage *img)
{
	uint64_t kva;

	return ktstr_kimage__symbol(img, TIMER_ENTRY, &kva) ? 0 : kva;
}

int ktstr_pace__init(struct ktstr_pace *p, struct ktstr_monitor *m, uint64_t period_ns)
{
	uint64_t kva, now, tick_ns, room;
	int ret;

	*p = (struct ktstr_pace) { .period = 0 };
	ret = ktstr_kview__attach(&m->view);
	if (!ret)
		ret = ktstr_monitor__tick_ns(m, &tick_ns);
	if (ret)
		return ret;
	if (ktstr_kview__symbol(&m->view, TIMER_ENTRY, &p->mark.kva) ||
	    ktstr_kview__symbol(&m->view, "jiffies_64", &kva))
		return -ENOENT;
	if (ktstr_kview__gpa(&m->view, kva, &p->mark.clock_gpa, &room) ||
	    ktstr_kview__load(&m->view, kva, 8, &now))
		return -EFAULT;
	p->period = (period_ns + tick_ns - 1) / tick_ns;
	p->mark.at = now;
	return 0;
}

int ktstr_pace__arm(struct ktstr_pace *p, struct ktstr_monitor *m, struct vm *vm)
{
	uint64_t now;

	if (ktstr_gmem__load(&m->view.mem, p->mark.clock_gpa, 8, &now))
		return -EFAULT;
	if (now >= p->mark.at)
		p->mark.at += p->period;
	if (now >= p->mark.at) {
		/* the grid stays, so that what was skipped is a whole number */
		p->skipped += (now - p->mark.at) / p->period + 1;
		p->mark.at += ((now - p->mark.at) / p->period + 1) * p->period;
	}
	return vm_set_mark(vm, VM_MARK_PACE, &p->mark);
}
