/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol between the plugin and the host on the plugin's socket (SOCK_SEQPACKET). A vCPU
 * that stops sends one u32, its index, with QEMU_AT_MARK set if it is at the mark and not at a
 * doorbell. The host answers with the index, or, to set or remove the mark, with a struct
 * qemu_mark.
 */
#ifndef KTSTR_VMM_QEMU_MARK_H
#define KTSTR_VMM_QEMU_MARK_H

#include <stdint.h>

#define QEMU_AT_MARK	0x80000000u

/* KASLR moves an instruction from its link address by a multiple of this. */
#define QEMU_MARK_ALIGN	(UINT64_C(2) << 20)

struct qemu_mark {
	uint32_t vcpu;		/* of the stop that this answers */
	int32_t fd;		/* the emulator's own, of the RAM that holds the clock */
	uint64_t offset;	/* of the clock in that file, a multiple of 8 */
	uint64_t kva;		/* of the instruction; 0: no mark */
	uint64_t at;		/* the clock's value from which on it counts */
};

#endif
