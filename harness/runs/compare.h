/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compares two sets of runs, A (the baseline) and B. Filters make the sets. The dimensions in which
 * the filters of A and B differ are those that are compared ("slicing"); runs that agree in all others
 * are a pair. Runs of one side that agree are repeats: a figure is then their mean.
 *
 * A change of a figure counts when it passes both gates, the absolute and the relative one, and when,
 * where both sides have repeats, it is more than their noise. An absent figure is compared with
 * nothing.
 */
#ifndef KTSTR_RUNS_COMPARE_H
#define KTSTR_RUNS_COMPARE_H

#include "lib/err.h"
#include "noise.h"
#include "policy.h"

#define KTSTR_MAX_FILTERS	128
#define KTSTR_NOISE_MIN		3	/* repeats on both sides from which noise is known */
#define KTSTR_NOISE_P		0.01
#define KTSTR_BANDS_MIN		5	/* repeats from which disjoint bands say the same */

enum { KTSTR_SIDE_A, KTSTR_SIDE_B, KTSTR_SIDES };

/* Values of one dimension are alternatives. Those of one side replace those of both. */
struct ktstr_filter {
	enum ktstr_dim dim;
	const char *value;
	bool of[KTSTR_SIDES];
};

struct ktstr_compare_opts {
	struct ktstr_filter filter[KTSTR_MAX_FILTERS];
	unsigned int nr_filters;
	const char *contains;		/* in "test topology scheduler work-type"; NULL: any */
	const struct ktstr_policy *policy;
	bool no_repeats;		/* repeats are an error */
	bool exact;			/* only ledgers, of deterministic runs; each difference counts */
};

enum ktstr_change {
	KTSTR_UNCHANGED, KTSTR_WITHIN_NOISE, KTSTR_CHANGED,	/* of a figure without a better side */
	KTSTR_IMPROVED, KTSTR_REGRESSED, KTSTR_NR_CHANGES,
};

/* One pair of runs, or of sets of repeats. */
struct ktstr_group {
	const struct ktstr_row *like[KTSTR_SIDES];	/* one of each side, that passed if any did; NULL: none */
	struct ktstr_side {
		unsigned int runs, passed, failed, skipped, inconclusive;
		bool dirty;				/* some are of a commit with changes */
	} side[KTSTR_SIDES];
	bool dropped;			/* a run of either side failed, or none passed */
};

struct ktstr_delta {
	const struct ktstr_group *group;
	const char *metric;
	struct ktstr_gates gates;
	struct ktstr_sample side[KTSTR_SIDES];
	double delta, rel;		/* B - A, and over A: infinite where A is 0 */
	double p;			/* NaN: noise is not known */
	enum ktstr_change change;
};

struct ktstr_comparison {
	bool slicing[KTSTR_NR_DIMS];	/* by the filters */
	bool pairing[KTSTR_NR_DIMS];
	size_t runs[KTSTR_SIDES];
	struct ktstr_group *group;
	size_t nr_groups;
	struct ktstr_delta *delta;	/* of all figures of all pairs */
	size_t nr_deltas;
	size_t changes[KTSTR_NR_CHANGES];
	size_t pairs, dropped, only[KTSTR_SIDES], newly_failing;
	size_t skipped;			/* runs of pairs */
};

/* 0 or -errno with @err. Everything points into @rows, which must outlive it. */
int ktstr_compare(struct ktstr_comparison *c, struct ktstr_rows *rows,
		  const struct ktstr_compare_opts *opts, struct ktstr_err *err);
void ktstr_comparison__free(struct ktstr_comparison *c);

/* More than chance? With too few repeats nobody knows, and it is taken for true. */
bool ktstr_delta__is_signal(const struct ktstr_delta *d);
/* Does @row belong to the side? */
bool ktstr_compare__takes(const struct ktstr_compare_opts *opts, int side,
			  const struct ktstr_row *row);
/* "unchanged", "within noise", "changed", "improvement", "REGRESSION" */
const char *ktstr_change__name(enum ktstr_change c);

#endif
