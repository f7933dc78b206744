/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tallies: how often pieces of the guest's kernel code are called, and how many instructions each call
 * executes in them. A deterministic machine counts every single one. The guest executes nothing for
 * it and its clock does not move, so a run with tallies is the run without them.
 *
 * Only the code of the pieces counts, not what it calls elsewhere. So a call costs as many
 * instructions as its path through the code has, whatever else the machine does meanwhile.
 */
#ifndef KTSTR_VMM_TALLY_H
#define KTSTR_VMM_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define VM_MAX_TALLIES		64
#define VM_MAX_CODE		512	/* pieces of all tallies of a machine's life */
#define VM_TALLY_PATHS		256	/* lengths of calls that are told apart; a power of two */

/* Code that has not been executed yet. */
struct vm_code {
	uint64_t kva;
	uint32_t len;			/* bytes */
	uint16_t tally;			/* that it counts for */
	uint16_t entry;			/* 1: a call begins with its first instruction */
};

struct vm_tally_path {
	uint64_t calls;			/* 0: unused */
	uint64_t insns;			/* that each of these calls has executed */
};

struct vm_tally {
	uint64_t calls, insns;		/* all */
	uint64_t other_calls;		/* in no path: they go on, or there was no room */
	struct vm_tally_path path[VM_TALLY_PATHS];	/* in no order */
};

struct vm;

/*
 * Count in these pieces, too, in a deterministic guest that stands at a sync point or mark and whose
 * spec has probes. What is counted already goes on; a piece at the place of an older one replaces
 * it. 0, -EINVAL, -E2BIG, -EOPNOTSUPP.
 */
int vm_add_tallies(struct vm *vm, const struct vm_code *code, unsigned int nr);
/* What tally @i says up to now; the guest stands still or has ended. 0, -EINVAL, -EOPNOTSUPP. */
int vm_get_tally(struct vm *vm, unsigned int i, struct vm_tally *t);

#endif
