/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ledger of a deterministic run: what each operation of its schedulers has cost, in instructions.
 * docs/results.md says what its figures mean; vmm/tally.h how they are counted.
 */
#ifndef KTSTR_LEDGER_PART_H
#define KTSTR_LEDGER_PART_H

#include "harness/model/part.h"

extern const struct ktstr_run_part ktstr_ledger_part;

#endif
