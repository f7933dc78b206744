/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a value evolves over the snapshots of a run, for host callbacks. A column has one value of
 * each snapshot, with the time at which that was taken; a pattern says what its values must be like.
 *
 *	struct ktstr_column enq = column_var(r, "nr_enqueued");
 *
 *	temporal_strictly_increasing(r, &enq);
 *	temporal_rate_within(r, &enq, 0.1, 500);
 *
 * A pattern that does not hold is a failure of the kind "temporal", which quotes the samples. All
 * patterns return whether they hold. What no snapshot can tell (ktstr/snapshot.h has the reasons) is
 * a gap: a note says so, and the pattern is judged by what is left, unless it says otherwise below.
 */
#ifndef KTSTR_TEMPORAL_H
#define KTSTR_TEMPORAL_H

#include <ktstr/snapshot.h>

#define KTSTR_MAX_SAMPLES	64
#define KTSTR_LABEL_LEN		64

struct ktstr_column {
	char label[KTSTR_LABEL_LEN];	/* of the values */
	unsigned int nr;
	struct ktstr_column_sample {
		const char *tag;	/* the snapshot's name */
		double ms;		/* ktstr_snapshot_ms() */
		uint32_t step;		/* from 0 on; KTSTR_NO_STEP_YET before the first one */
		bool ok;
		double value;		/* if ok */
		char why[KTSTR_SNAP_TEXT];	/* else */
	} sample[KTSTR_MAX_SAMPLES];
};

#define KTSTR_NO_STEP_YET	UINT32_MAX

/* ---- columns, in the order of time ---- */

enum ktstr_column_of { KTSTR_PERIODIC_ONLY, KTSTR_ALL_SNAPSHOTS };

/* A variable of the scheduler, something of the kernel: by the paths of snap_var(), snap_kernel(). */
struct ktstr_column ktstr_column_var(const struct ktstr_result *r, const char *path);
struct ktstr_column ktstr_column_kernel(const struct ktstr_result *r, const char *path);
/* A number in the scheduler's own statistics, by the paths of snap_stats(). */
struct ktstr_column ktstr_column_stats(const struct ktstr_result *r, const char *path);
/* @path in the only value of a map, or in its first. */
struct ktstr_column ktstr_column_map(const struct ktstr_result *r, const char *map, const char *path);
/* In a per-CPU map: of one CPU, or of all of them together. */
struct ktstr_column ktstr_column_cpu(const struct ktstr_result *r, const char *map, uint32_t cpu,
				     const char *path);
struct ktstr_column ktstr_column_cpus(const struct ktstr_result *r, const char *map,
				      const char *path, enum ktstr_snap_fold how);
/* What @fn makes of each snapshot: 0 and *@value, or a place with an error (snap_get() returned it). */
struct ktstr_column ktstr_column_of(const struct ktstr_result *r, enum ktstr_column_of which,
				    const char *label,
				    struct ktstr_snap (*fn)(struct ktstr_snap s, const void *arg),
				    const void *arg);

/* The samples that were taken in step @step. */
struct ktstr_column ktstr_column_step(const struct ktstr_column *c, uint32_t step);
/* The first and the last value, and the last minus the first; NaN: there is none, or only one. */
double ktstr_column_first(const struct ktstr_column *c);
double ktstr_column_last(const struct ktstr_column *c);
double ktstr_column_delta(const struct ktstr_column *c);

/* ---- patterns ---- */

/* Each value is at least, or more than, the one before. */
bool ktstr_temporal_nondecreasing(struct ktstr_result *r, const struct ktstr_column *c);
bool ktstr_temporal_strictly_increasing(struct ktstr_result *r, const struct ktstr_column *c);
/* From sample to sample the value changes by @lo to @hi per millisecond. */
bool ktstr_temporal_rate_within(struct ktstr_result *r, const struct ktstr_column *c, double lo,
				double hi);
/*
 * Each value from @warmup_ms on is within @tolerance of the mean of those values: with 0.1, from 90 to
 * 110 per cent.
 */
bool ktstr_temporal_steady_within(struct ktstr_result *r, const struct ktstr_column *c,
				  double warmup_ms, double tolerance);
/* Three samples in a row are within @target +- @tolerance, the third at @deadline_ms at the latest. */
bool ktstr_temporal_converges_to(struct ktstr_result *r, const struct ktstr_column *c,
				 double target, double tolerance, double deadline_ms);
/* No value is 0. A gap is a failure. */
bool ktstr_temporal_always_true(struct ktstr_result *r, const struct ktstr_column *c);
/* The value over that of @other in the same snapshot is from @lo to @hi. */
bool ktstr_temporal_ratio_within(struct ktstr_result *r, const struct ktstr_column *c,
				 const struct ktstr_column *other, double lo, double hi);
/* Each value is in these bounds; +-INFINITY is no bound. A gap is a failure. */
bool ktstr_temporal_each_between(struct ktstr_result *r, const struct ktstr_column *c, double lo,
				 double hi);

#include <ktstr/short_names.h>

#endif
