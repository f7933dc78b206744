/* SPDX-License-Identifier: GPL-2.0 */
/* What the latest samples say, in a few words: for the progress line of a run that goes on. */
#ifndef KTSTR_MONITOR_LIVE_H
#define KTSTR_MONITOR_LIVE_H

#include "series.h"

/* More CPUs than these are not listed one by one. */
#define KTSTR_LIVE_CPUS		8
/* Rates of events are those of so much of the guest's time, or less at the beginning. */
#define KTSTR_LIVE_NS		(1000 * 1000 * 1000ull)

/*
 * "rq 2 1 0 3, dsq 4, keep_last 12/s": the runqueue of each CPU, or "rq 0-5 (mean 1.2)", the deepest
 * local DSQ, and the events that were counted. What could not be read or is 0 is left out; "": no
 * sample. @layout names the events.
 */
void ktstr_live__format(const struct ktstr_series *all, const struct ktstr_monitor_layout *layout,
			char *buf, size_t size);

#endif
