/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When periodic snapshots are due: N moments that divide the time between a tenth and nine tenths
 * of a test's duration into N + 1 equal parts. One is midway; three of 10 s are at 3, 5 and 7 s.
 */
#ifndef KTSTR_MODEL_WINDOW_H
#define KTSTR_MODEL_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define KTSTR_MAX_PERIODIC	64	/* moments of a run */

struct ktstr_window {
	uint64_t start_ns, end_ns;	/* guest clock; start 0: not known yet */
	unsigned int nr;		/* of moments */
};

/* Moment @i, counted from 0. 0: the window is too small for so many, or there is no such moment. */
uint64_t ktstr_window__due(const struct ktstr_window *w, unsigned int i);

#endif
