/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The instruction counts of a sweep in a file, and a comparison with them. A cell is found again by
 * scheduler, kernel label and topology, so that "7.3" of today is compared with the "7.3" of then.
 */
#ifndef KTSTR_TOOL_RUN_SWEEP_BASELINE_H
#define KTSTR_TOOL_RUN_SWEEP_BASELINE_H

#include "sweep.h"

/* Replace @path atomically. 0 or -errno with @err. */
int sweep_baseline__save(const struct sweep *s, const char *path, struct ktstr_err *err);

struct sweep_baseline;
/* NULL with @err: the file cannot be read or is none of ours. */
struct sweep_baseline *sweep_baseline__load(const char *path, struct ktstr_err *err);
void sweep_baseline__free(struct sweep_baseline *b);

/*
 * Print every program whose count differs, as "# " lines, and how many do not. Returns how many grew
 * by more than @max_growth percent; a negative one is no limit. A cell that passed then and
 * fails now counts too.
 */
unsigned int sweep_baseline__compare(const struct sweep_baseline *b, const struct sweep *s,
				     double max_growth, FILE *f);

#endif
