/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of struct qemu_probe_area with counts, see vmm/count.h. The host writes the pieces while the
 * guest stands still; the plugin counts. Counters that are never used take no memory.
 */
#ifndef KTSTR_VMM_QEMU_COUNT_AREA_H
#define KTSTR_VMM_QEMU_COUNT_AREA_H

#include "vmm/count.h"

struct qemu_count_area {
	uint32_t nr;
	uint32_t unused;
	struct vm_counted piece[VM_MAX_COUNTED];	/* sorted, without overlap */
	uint64_t count[VM_COUNT_BYTES];
};

#endif
