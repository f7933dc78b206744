/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a machine that starts from an image gets what belongs to its test. The image's init
 * (guest/boot) stands at a sync point. The host writes this header and a piece of a cpio archive
 * into the shared stretch of guest memory and lets the guest go on; the guest unpacks the piece
 * and reaches the next sync point, and so on. After the last piece there is one more sync point,
 * at which the host makes the stretch a channel; then init executes /init of the archive.
 *
 * The file is included by a program that is linked with nothing of ours.
 */
#ifndef KTSTR_MODEL_LATE_H
#define KTSTR_MODEL_LATE_H

#include <stdint.h>

#define KTSTR_LATE_MAGIC	0x6c617465u
#define KTSTR_LATE_DATA		4096	/* the piece begins here */

struct ktstr_late {
	uint32_t magic;
	uint32_t last;			/* this is the last piece */
	uint64_t bytes;			/* of the piece; not 0 */
	uint64_t seed;			/* of the run */
};

/*
 * The save point. Where the doorbell is an instruction: the port of QEMU's pvpanic device, to which 1
 * is written. Where it is an address: the number that is written there, VM_DOORBELL_SAVE of vmm/vm.h.
 */
#define KTSTR_SAVE_PORT	0x505
#define KTSTR_SAVE_BELL	1

#endif
