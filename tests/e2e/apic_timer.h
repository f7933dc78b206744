/* SPDX-License-Identifier: GPL-2.0 */
/* For machines that tests make without a run: boots as short as those of runs. */
#ifndef KTSTR_TESTS_E2E_APIC_TIMER_H
#define KTSTR_TESTS_E2E_APIC_TIMER_H

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "harness/kernel/kernel.h"
#include "harness/monitor/monitor.h"
#include "lib/paths.h"
#include "vmm/vm.h"

/* Fill in spec->apic_timer for spec->kernel; the digest of its symbols is in the cache of runs. */
static inline void know_apic_timer(struct vm_spec *spec)
{
	char root[PATH_MAX], dir[PATH_MAX];
	struct ktstr_kimage *img;
	struct ktstr_err err;

	if (ktstr_kernel__cache_root(root, sizeof(root), &err) ||
	    ktstr_paths__fmt(dir, sizeof(dir), "%s/.symbols", root) ||
	    ktstr_kimage__open(&img, spec->kernel, dir, &err))
		return;
	ktstr_kimage__apic_timer(img, &spec->apic_timer);
	ktstr_kimage__free(img);
}

/*
 * Prints one TAP line: does the guest's kernel have the rate that is true by definition, which no
 * measurement hits to the last digit? 0 or 1 failure. Once the monitor has its view.
 */
static inline unsigned int judge_apic_timer(struct ktstr_monitor *m, unsigned int nr)
{
	uint32_t period = 0;
	uint64_t kva, tick_ns = 1;
	bool ok = !ktstr_monitor__tick_ns(m, &tick_ns) &&
		  !ktstr_kview__symbol(&m->view, "lapic_timer_period", &kva) &&
		  !ktstr_kview__read(&m->view, kva, &period, sizeof(period)) && period == tick_ns;

	printf("%s %u the APIC timer's rate: %u per tick of %" PRIu64 " ns\n",
	       ok ? "ok" : "not ok", nr, period, tick_ns);
	return !ok;
}

#endif
