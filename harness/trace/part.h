/* SPDX-License-Identifier: GPL-2.0 */
/* The trace of a run's schedule, KTSTR_TRACE: see part.c, and docs/traces.md for what users see of it. */
#ifndef KTSTR_TRACE_PART_H
#define KTSTR_TRACE_PART_H

#include "harness/model/part.h"

extern const struct ktstr_run_part ktstr_trace_part;

#endif
