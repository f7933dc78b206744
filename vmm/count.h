/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts: how often a deterministic machine executes each instruction of pieces of the guest's kernel
 * code. There is a counter for each byte of a piece; that of an instruction's first byte counts it, and
 * all others stay 0. So nobody has to know where instructions begin. As with tallies (tally.h), the guest
 * executes nothing for it and its clock does not move.
 */
#ifndef KTSTR_VMM_COUNT_H
#define KTSTR_VMM_COUNT_H

#include <stdint.h>

#define VM_MAX_COUNTED	8192		/* pieces at one time */
#define VM_COUNT_BYTES	(16u << 20)	/* of a machine's life */

struct vm_counted {
	uint64_t kva;
	uint32_t len;			/* bytes */
	uint32_t first;			/* the number of its first byte's counter */
};

struct vm;

/*
 * From now on count in these pieces, in a deterministic guest that stands at a sync point or mark and
 * whose spec has probes. They are sorted by address and do not overlap. What was not counted and
 * has been executed before may be missed; what was counted and is no longer in the list may be
 * counted as long as its code stays. 0, -EINVAL, -E2BIG, -EOPNOTSUPP.
 */
int vm_set_counted(struct vm *vm, const struct vm_counted *c, unsigned int nr);
/* Copy @nr counters from number @first on; the guest stands still or has ended. 0, -EINVAL, -EOPNOTSUPP. */
int vm_get_counts(struct vm *vm, uint32_t first, uint32_t nr, uint64_t *count);

#endif
