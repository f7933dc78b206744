/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of struct qemu_probe_area with tallies, see vmm/tally.h. The host adds code while the
 * guest stands still; the plugin counts.
 */
#ifndef KTSTR_VMM_QEMU_TALLY_AREA_H
#define KTSTR_VMM_QEMU_TALLY_AREA_H

#include "vmm/tally.h"

#define QEMU_TALLY_CPUS		256	/* calls on CPUs behind these are counted as one */

struct qemu_tally_area {
	uint32_t nr_code;
	uint32_t unused;
	struct vm_code code[VM_MAX_CODE];
	struct vm_tally tally[VM_MAX_TALLIES];	/* without the calls that go on */
	/* instructions of the last call that each vCPU has begun; 0: none */
	uint64_t running[VM_MAX_TALLIES][QEMU_TALLY_CPUS];
};

#endif
