/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rows of the work types, one a type, each defined next to the function it names. The table in
 * table.c, the only user, has them in the order of enum ktstr_work_type.
 */
#ifndef KTSTR_GUEST_WORK_TYPES_TYPES_H
#define KTSTR_GUEST_WORK_TYPES_TYPES_H

#include "harness/guest/work/work.h"

#define KTSTR_WORK_ROW(_name, _row)	extern const struct ktstr_work_row ktstr_work_##_row;
KTSTR_WORK_TYPES(KTSTR_WORK_ROW)

#endif
