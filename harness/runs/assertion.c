// SPDX-License-Identifier: GPL-2.0
/* See assertion.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assertion.h"

static const struct ktstr_delta *find(const struct ktstr_comparison *c, const struct ktstr_group *group,
				      const char *metric)
{
	for (size_t i = 0; i < c->nr_deltas; i++)
		if (c->delta[i].group == group && !strcmp(c->delta[i].metric, metric))
			return &c->delta[i];
	return NULL;
}

/* How much better B is: negative, it is worse. NaN: nothing of it is better. */
static double gain(const struct ktstr_delta *d, double by)
{
	switch (d->gates.polarity) {
	case KTSTR_LOWER_IS_BETTER:
		return -by;
	case KTSTR_HIGHER_IS_BETTER:
		return by;
	default:
		return NAN;
	}
}

static bool holds(const struct ktstr_delta *d, const struct ktstr_perf_delta *a)
{
	double gained = gain(d, d->delta), percent = gain(d, 100 * d->rel);
	bool real = d->delta != 0 && ktstr_delta__is_signal(d);

	switch (a->rule) {
	case KTSTR_MAX_WORSE_PCT:
		return !real || -percent <= a->limit;
	case KTSTR_MAX_WORSE:
		return !real || -gained <= a->limit;
	case KTSTR_MIN_BETTER_PCT:
		return (real ? percent : 0) >= a->limit;
	case KTSTR_MIN_BETTER:
		return (real ? gained : 0) >= a->limit;
	case KTSTR_MAX_CHANGE_PCT:
		return !real || fabs(100 * d->rel) <= a->limit;
	default:
		return false;
	}
}

/* "at most 10 % worse" */
static const struct {
	const char *before, *after;
} wanted[KTSTR_NR_PERF_RULES] = {
	[KTSTR_MAX_WORSE_PCT] = { "at most", " % worse" }, [KTSTR_MAX_WORSE] = { "at most", " worse" },
	[KTSTR_MIN_BETTER_PCT] = { "at least", " % better" }, [KTSTR_MIN_BETTER] = { "at least", " better" },
	[KTSTR_MAX_CHANGE_PCT] = { "at most", " % off" },
};

/* "all 3 runs of side B were skipped" */
static bool not_run(const struct ktstr_group *g, char *why, size_t size)
{
	const struct ktstr_side *s;

	for (int side = 0; side < KTSTR_SIDES; side++) {
		s = &g->side[side];
		if (!s->runs || s->skipped != s->runs)
			continue;
		snprintf(why, size, "all %u runs of side %c were skipped", s->runs, 'A' + side);
		return true;
	}
	return false;
}

/* Would there be enough repeats to tell a change from noise if none had been skipped? */
static bool lost_the_noise(const struct ktstr_group *g)
{
	const struct ktstr_side *s;

	for (int side = 0; side < KTSTR_SIDES; side++) {
		s = &g->side[side];
		if (s->passed < KTSTR_NOISE_MIN && s->runs >= KTSTR_NOISE_MIN)
			return true;
	}
	return false;
}

enum ktstr_assertion_verdict ktstr_assertion__judge(const struct ktstr_comparison *c,
						    const struct ktstr_group *group,
						    const struct ktstr_perf_delta *a,
						    char *why, size_t size)
{
	const struct ktstr_delta *d = find(c, group, a->metric);

	if ((unsigned int)a->rule >= KTSTR_NR_PERF_RULES) {
		snprintf(why, size, "%s: the assertion has no rule", a->metric);
		return KTSTR_ASSERTION_UNKNOWN;
	}
	if (!group->side[KTSTR_SIDE_A].runs) {
		snprintf(why, size, "%s: the test is new", a->metric);
		return KTSTR_ASSERTION_NEW;
	}
	if (!d && not_run(group, why, size))
		return KTSTR_ASSERTION_NOT_RUN;
	if (!d) {
		snprintf(why, size, "%s: %s", a->metric, group->dropped ?
			 "not all runs of both sides passed" : "a side does not have the figure");
		return KTSTR_ASSERTION_UNKNOWN;
	}
	if (a->rule != KTSTR_MAX_CHANGE_PCT && isnan(gain(d, d->delta))) {
		snprintf(why, size, "%s: neither more nor less of it is better", a->metric);
		return KTSTR_ASSERTION_UNKNOWN;
	}
	snprintf(why, size, "%s is %g, was %g (%+.1f %%)%s: must be %s %g%s", a->metric,
		 d->side[KTSTR_SIDE_B].mean, d->side[KTSTR_SIDE_A].mean, 100 * d->rel,
		 d->delta == 0 || ktstr_delta__is_signal(d) ? "" : ", within noise",
		 wanted[a->rule].before, a->limit, wanted[a->rule].after);
	if (holds(d, a))
		return KTSTR_ASSERTION_HOLDS;
	if (!lost_the_noise(group))
		return KTSTR_ASSERTION_BROKEN;
	snprintf(why, size, "%s: runs were skipped, and the others are too few to know the noise", a->metric);
	return KTSTR_ASSERTION_NOT_RUN;
}
