/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work types as a table: a type is one row and one function that does one iteration. The loop
 * around it, checkpoints and reports belong to workers.c and are the same for all types.
 */
#ifndef KTSTR_GUEST_WORK_H
#define KTSTR_GUEST_WORK_H

#include <ktstr/scenario.h>

/* What an iteration sees of its worker. */
struct ktstr_work_ctx {
	const struct ktstr_work *work;	/* parameters */
	uint64_t units;			/* work units so far; the iteration adds to it */
};

struct ktstr_work_row {
	const char *name;		/* as users write it */
	const char *description;
	/*
	 * Iterations per clock read. Chosen so that reads are at most about 1 ms apart on a
	 * slow guest and cost well below 1 % on a fast one.
	 */
	uint32_t checkpoint_every;
	void (*iterate)(struct ktstr_work_ctx *w);
};

extern const struct ktstr_work_row ktstr_work_table[KTSTR_NR_WORK_TYPES];

#endif
