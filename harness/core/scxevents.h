/* SPDX-License-Identifier: GPL-2.0 */
/* sched_ext's event counters, as /sys/kernel/sched_ext/root/events prints them. */
#ifndef KTSTR_CORE_SCXEVENTS_H
#define KTSTR_CORE_SCXEVENTS_H

#include "verdict.h"

/*
 * Fails for every counter of an error in @text above @bound, or below 0 (it ran over). Text
 * without any counter is undecided. Returns whether all is well.
 */
bool ktstr_scx_events__judge(const char *text, double bound, struct ktstr_result *r);

#endif
