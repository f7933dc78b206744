/* SPDX-License-Identifier: GPL-2.0 */
/* Tables of a comparison: for people one per axis, scaled and with labels; for programs one of all rows. */
#ifndef KTSTR_TOOL_CTPROF_PRINT_H
#define KTSTR_TOOL_CTPROF_PRINT_H

#include "compare.h"
#include "tools-testing-ktstr/stats/sheet.h"
#include "tools-testing-ktstr/tables/tables.h"

#define CTPROF_SCALED_SIZE	32

void ctprof_print(const struct ctprof_comparison *c, enum sheet_format format, FILE *f);

/* 1234567 ns as "1.235 ms", 12 as "12 ns"; with a sign if asked for. */
const char *ctprof_scale(double v, enum ctprof_unit unit, bool sign, char buf[CTPROF_SCALED_SIZE]);

/* ktstr list ctprof-metrics */
int print_ctprof_metrics(enum table_format format);

#endif
