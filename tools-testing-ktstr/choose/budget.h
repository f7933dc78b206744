/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of the chosen tests fit a budget of time and show the most: each has features (its test, its
 * scheduler, its preset, how many CPUs, LLCs and nodes, SMT, ...), and the next one taken is that
 * with the most features per second that none before it had. When all features are covered, the
 * rest of the time goes to another round.
 */
#ifndef KTSTR_TOOL_RUN_BUDGET_H
#define KTSTR_TOOL_RUN_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/plan/about.h"

/* Seconds that a test takes that nobody has measured. */
double budget__model(const struct ktstr_about *a);

struct budget {
	double seconds;			/* of all jobs side by side */
	/* what came of it */
	double used;
	unsigned int taken, offered;	/* tests */
	unsigned int covered, possible;	/* features */
};

/*
 * Of the @chosen among @nr variants keep those that fit; at least one, the shortest, even if none
 * does. @seconds of each; ties go to the name that sorts first. 0 or -ENOMEM.
 */
int budget__apply(struct budget *b, const char * const *names, const struct ktstr_about *about,
		  const double *seconds, size_t nr, bool *chosen);

/*
 * KTSTR_BUDGET_SECS: seconds, fractions too. 0 and a warning for what is no such number, as the
 * variable promises; 0 also without it.
 */
double budget__from_env(void);

#endif
