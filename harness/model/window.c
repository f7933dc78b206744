// SPDX-License-Identifier: GPL-2.0
#include "window.h"

uint64_t ktstr_window__due(const struct ktstr_window *w, unsigned int i)
{
	uint64_t all = w->end_ns - w->start_ns, edge = all / 10, inner = all - 2 * edge;

	if (i >= w->nr || w->end_ns <= w->start_ns || inner < w->nr + 1ull)
		return 0;
	/* at most 64 moments of a day: no overflow */
	return w->start_ns + edge + inner * (i + 1) / (w->nr + 1);
}
