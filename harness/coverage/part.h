/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coverage of a deterministic run: how often each line of its schedulers' BPF programs was executed.
 * docs/coverage.md says what the figures mean; vmm/count.h how they are counted.
 */
#ifndef KTSTR_COVERAGE_PART_H
#define KTSTR_COVERAGE_PART_H

#include "harness/model/part.h"

extern const struct ktstr_run_part ktstr_coverage_part;

#endif
