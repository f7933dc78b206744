/* SPDX-License-Identifier: GPL-2.0 */
/* Samples of one figure, and whether two of them differ by more than chance. */
#ifndef KTSTR_RUNS_NOISE_H
#define KTSTR_RUNS_NOISE_H

#include <stdbool.h>
#include <stddef.h>

struct ktstr_sample {
	size_t nr;
	double mean, sd;	/* sd: of the sample, with nr - 1; NaN below two values */
	double median, min, max;
};

/* @v is sorted by this. @nr is at least 1. */
void ktstr_sample__of(struct ktstr_sample *s, double *v, size_t nr);

/*
 * Welch's t-test, two-sided: the probability that samples of equal populations differ as much. NaN: a
 * side has fewer than two values. Without any spread it is 1 for equal means and else 0.
 */
double ktstr_welch_p(const struct ktstr_sample *a, const struct ktstr_sample *b);

/* Is each value of one side beyond each of the other? */
bool ktstr_samples__disjoint(const struct ktstr_sample *a, const struct ktstr_sample *b);

#endif
