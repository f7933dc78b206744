/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forward declarations. A scheduler's object may know no more of a structure than its name, because
 * another object of the same program has it: its pointers have a type without members.
 */
#ifndef KTSTR_DUMP_FORWARD_H
#define KTSTR_DUMP_FORWARD_H

#include "harness/monitor/view/btf_type.h"

struct ktstr_casts;

struct ktstr_complete {
	const struct ktstr_btf *btf;	/* NULL: nobody knows more, or they do not agree */
	uint32_t type;
};

/*
 * The structure or union that the forward declaration @fwd of @own means: the one of this name and kind
 * in @own itself or, if it has none, in the BTF of the @nr objects. Of several they must all have the
 * same size and the same members at the same places, else nobody can tell which it is.
 */
struct ktstr_complete ktstr_forward__find(const struct ktstr_btf *own, uint32_t fwd,
					  const struct ktstr_casts *objects, unsigned int nr);

#endif
