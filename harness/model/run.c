// SPDX-License-Identifier: GPL-2.0
/* Derived values of the record of a run: see run.h. */
#include <stdarg.h>
#include <stdio.h>

#include "run.h"

void ktstr_run__lose(struct ktstr_run *run, const char *fmt, ...)
{
	va_list ap;

	if (run->unrecorded[0])
		return;
	va_start(ap, fmt);
	vsnprintf(run->unrecorded, sizeof(run->unrecorded), fmt, ap);
	va_end(ap);
}

const char *ktstr_accel__name(enum vm_accel accel)
{
	switch (accel) {
	case VM_ACCEL_KVM:
		return "kvm";
	case VM_ACCEL_TCG:
		return "tcg";
	case VM_ACCEL_AUTO:
		break;
	}
	return "none";
}

bool ktstr_run__deterministic(const struct ktstr_run *run)
{
	return run->accel == VM_ACCEL_TCG && !run->opts.mttcg;
}

uint32_t ktstr_run__time_scale(const struct ktstr_run *run)
{
	return run->accel == VM_ACCEL_TCG && run->opts.mttcg ? KTSTR_SHARED_CPU_SCALE : 1;
}
