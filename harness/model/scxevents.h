/* SPDX-License-Identifier: GPL-2.0 */
/* sched_ext's event counters, as /sys/kernel/sched_ext/root/events prints them. */
#ifndef KTSTR_MODEL_SCXEVENTS_H
#define KTSTR_MODEL_SCXEVENTS_H

#include "harness/result/result.h"

/*
 * Adds a failure for every error counter in @text that is above @bound, or below 0 (an overflow).
 * Text without any counter is undecided. Returns whether nothing was added.
 */
bool ktstr_scx_events__judge(const char *text, double bound, struct ktstr_result *r);

#endif
