/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_VMM_KVM_X86_WATCH_H
#define KTSTR_VMM_KVM_X86_WATCH_H

#include <stdint.h>

#include "vmm/vm.h"

#define DR7_FIXED	0x0600ull	/* bit 10 reads as 1; GE, which old CPUs want for exactness */
#define DR7_GLOBAL	2ull		/* G0 */
#define DR7_WRITE	1u		/* R/W0: writes of data */
#define DR7_LEN_4	(3u << 2)	/* LEN0: four bytes */

uint64_t kvm_x86_watch_dr7(const uint64_t kva[VM_NR_WATCHES]);

#endif
