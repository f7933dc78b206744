/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KTSTR_TOOL_RUN_KERNEL_TABLE_H
#define KTSTR_TOOL_RUN_KERNEL_TABLE_H

#include "document.h"

/*
 * Of a run on several kernels: a row for each test, a column for each kernel, and the sums, as "# "
 * lines. A cell of a test that was repeated with different verdicts says how many passed: "3/5 pass".
 */
void kernel_table__print(const struct document *d, FILE *f);

#endif
