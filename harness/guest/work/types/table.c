// SPDX-License-Identifier: GPL-2.0
/*
 * The work types. A work unit is the smallest countable progress; an iteration is one pass of a
 * type's outer loop and must return within milliseconds of CPU time, because the stop flag is
 * checked between iterations.
 *
 * A type is its row, which is next to its functions in a folder below, and a line of KTSTR_WORK_TYPES.
 */
#include "types.h"

#define ROW(_name, _row)	&ktstr_work_##_row,

/* In the order of enum ktstr_work_type, which the same list makes. */
const struct ktstr_work_row * const ktstr_work_table[KTSTR_NR_WORK_TYPES] = {
	KTSTR_WORK_TYPES(ROW)
};
