/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol between the plugin and the host on the plugin's socket (SOCK_SEQPACKET). A vCPU
 * that stops sends one u32, its index, with QEMU_AT_MARK and the number of the mark if it is at one
 * and not at a doorbell. Numbers from QEMU_FIRST_WATCH on are those of watches, and QEMU_AT_RING is a
 * probe's. The host answers with the index, or, to set marks and watches, with a struct qemu_answer.
 * Before that it may ask for registers, any number of times.
 */
#ifndef KTSTR_VMM_QEMU_MARK_H
#define KTSTR_VMM_QEMU_MARK_H

#include <stdint.h>

#define QEMU_AT_MARK	0x80000000u
#define QEMU_MARK_SHIFT	24		/* the number of the mark is above the index */
#define QEMU_NR_MARKS	4
#define QEMU_AT_RING	0x7fu		/* there is no room for records of probes */
#define QEMU_AT_STOP	0x7eu		/* the stop that was set */
#define QEMU_FIRST_WATCH	64	/* the number of the first watch */
#define QEMU_NR_WATCHES		3
#define QEMU_WATCH_BYTES	4

/* KASLR moves an instruction from its link address by a multiple of this. */
#define QEMU_MARK_ALIGN	(UINT64_C(2) << 20)

struct qemu_mark {
	int32_t change;		/* 0: the mark stays as it is, and the rest means nothing */
	int32_t fd;		/* the emulator's own, of the RAM that holds the clock */
	uint64_t offset;	/* of the clock in that file, a multiple of 8 */
	uint64_t kva;		/* of the instruction; 0: no mark */
	uint64_t at;		/* the clock's value from which on it counts; 0: there is no clock */
};

/* Instead of an answer: what are the registers of vCPU @ask? */
struct qemu_ask {
	uint32_t vcpu, ask, unused;
};

#define QEMU_REGS_TEXT	8000

/* The reply to it, cut behind the text, which is that of the monitor's "info registers". */
struct qemu_regs {
	uint64_t pc;		/* where the vCPU stopped; 0: as the text says */
	char text[QEMU_REGS_TEXT];
};

struct qemu_answer {
	uint32_t vcpu;		/* of the stop that this answers */
	uint32_t hand_over;	/* the emulator is to pause itself here, and is on its own from then on */
	struct qemu_mark mark[QEMU_NR_MARKS];
	uint64_t watch[QEMU_NR_WATCHES];	/* where the kernel's writes are to be watched; 0: as before */
};

#endif
