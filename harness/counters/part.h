/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Coverage of a test program that was built for it. What it has executed in a guest is added to the
 * files that its runtime writes on the host, so that a coverage tool sees both as one.
 */
#ifndef KTSTR_COUNTERS_PART_H
#define KTSTR_COUNTERS_PART_H

#include "harness/model/part.h"

extern const struct ktstr_run_part ktstr_counters_part;

#endif
