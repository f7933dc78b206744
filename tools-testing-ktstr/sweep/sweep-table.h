/* SPDX-License-Identifier: GPL-2.0 */
/* What `ktstr verifier` prints behind its KTAP document, as "# " lines. */
#ifndef KTSTR_TOOL_RUN_SWEEP_TABLE_H
#define KTSTR_TOOL_RUN_SWEEP_TABLE_H

#include "sweep.h"

/*
 * For each scheduler a row for each BPF program and a column for each kernel: the instructions that
 * the verifier looked at, "LEAST..MOST" where topologies differ, "-" where there is no number.
 */
void sweep_table__counts(const struct sweep *s, const struct run_kernels *ks, FILE *f);

/* PASS, FAIL, SKIP or "-" of every cell, then why some were skipped or failed. */
void sweep_table__grid(const struct sweep *s, const struct run_kernels *ks, FILE *f);

/*
 * Of the failed cells, what the verifier said about each program that it rejected: its statistics
 * and its log, loops shortened unless @raw.
 */
void sweep_table__logs(const struct sweep *s, bool raw, FILE *f);

#endif
