// SPDX-License-Identifier: GPL-2.0
/*
 * The patterns of ktstr/temporal.h. Each goes over the samples of a column once. A pattern that was
 * not judged, because there are too few samples, holds and is no claim that held.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <ktstr/temporal.h>

#include "harness/result/result.h"

#define WITNESSES	3	/* samples in a row that show convergence */
#define QUOTED		12	/* samples in a failure */

/* "samples: 3 at +1200 ms, ...", around sample @at. */
static void quote(const struct ktstr_column *c, unsigned int at, char *buf, size_t size)
{
	unsigned int from = at > QUOTED / 2 ? at - QUOTED / 2 : 0, i;
	size_t len = (size_t)snprintf(buf, size, "samples:%s", from ? " ..." : "");

	for (i = from; i < c->nr && i < from + QUOTED && len + 40 < size; i++)
		len += c->sample[i].ok ?
		       (size_t)snprintf(buf + len, size - len, " %.9g at +%.0f ms,",
					c->sample[i].value, c->sample[i].ms) :
		       (size_t)snprintf(buf + len, size - len, " none at +%.0f ms,", c->sample[i].ms);
	if (len && buf[len - 1] == ',')
		buf[--len] = '\0';
	if (i < c->nr)
		snprintf(buf + len, size - len, " ...");
}

/* Failure of sample @at: "LABEL: PATTERN: TEXT; samples: ...". Returns false. */
static bool __attribute__((format(printf, 5, 6)))
fails(struct ktstr_result *r, const struct ktstr_column *c, const char *pattern,
	unsigned int at, const char *fmt, ...)
{
	char text[224], samples[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	quote(c, at, samples, sizeof(samples));
	ktstr_result__add(r, KTSTR_FAILS, KTSTR_TEMPORAL, "%s: %s: %s; %s", c->label, pattern, text,
			  samples);
	return false;
}

static void __attribute__((format(printf, 4, 5)))
note(struct ktstr_result *r, const struct ktstr_column *c, const char *pattern, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktstr_result__add(r, KTSTR_NOTE, KTSTR_TEMPORAL, "%s: %s: %s", c->label, pattern, text);
}

static void undecided(struct ktstr_result *r, const struct ktstr_column *c, const char *pattern,
		      const char *why, const struct ktstr_column_sample *s)
{
	ktstr_result__add(r, KTSTR_UNDECIDED, KTSTR_TEMPORAL, "%s: %s: %s at %s (+%.0f ms)", c->label,
			  pattern, why, s->tag, s->ms);
}

/* One note for all gaps, with the first reason. */
static void tell_gaps(struct ktstr_result *r, const struct ktstr_column *c, const char *pattern)
{
	const struct ktstr_column_sample *first = NULL;
	unsigned int nr = 0;

	for (unsigned int i = 0; i < c->nr; i++)
		if (!c->sample[i].ok) {
			first = first ?: &c->sample[i];
			nr++;
		}
	if (nr)
		note(r, c, pattern, "%u of %u samples are missing: %.200s", nr, c->nr, first->why);
}

static unsigned int nr_ok(const struct ktstr_column *c, double from_ms)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < c->nr; i++)
		nr += c->sample[i].ok && c->sample[i].ms >= from_ms;
	return nr;
}

/* The pattern was judged, and holds if @ok. */
static bool judged(struct ktstr_result *r, bool ok)
{
	if (ok && r->claims_held < UINT32_MAX)
		r->claims_held++;
	return ok;
}

/* A mistake in the test. Returns false. */
static bool wrong(struct ktstr_result *r, const struct ktstr_column *c, const char *pattern,
		  const char *why)
{
	ktstr_result__add(r, KTSTR_FAILS, KTSTR_TEMPORAL, "%s: %s: %s", c->label, pattern, why);
	return false;
}

static bool bad_bounds(double lo, double hi)
{
	return isnan(lo) || isnan(hi) || lo > hi;
}

static bool order(struct ktstr_result *r, const struct ktstr_column *c, bool strict)
{
	const char *pattern = strict ? "strictly_increasing" : "nondecreasing";
	bool ok = true, any = false;

	tell_gaps(r, c, pattern);
	for (unsigned int i = 1; i < c->nr; i++) {
		const struct ktstr_column_sample *a = &c->sample[i - 1], *b = &c->sample[i];

		if (!a->ok || !b->ok)
			continue;
		any = true;
		if (strict ? a->value < b->value : a->value <= b->value)
			continue;
		ok = fails(r, c, pattern, i, "%.9g at %s (+%.0f ms) after %.9g at %s (+%.0f ms)",
			   b->value, b->tag, b->ms, a->value, a->tag, a->ms);
	}
	if (any)
		return judged(r, ok);
	note(r, c, pattern, "there are no two samples next to each other, so nothing was judged");
	return true;
}

bool ktstr_temporal_nondecreasing(struct ktstr_result *r, const struct ktstr_column *c)
{
	return order(r, c, false);
}

bool ktstr_temporal_strictly_increasing(struct ktstr_result *r, const struct ktstr_column *c)
{
	return order(r, c, true);
}

bool ktstr_temporal_rate_within(struct ktstr_result *r, const struct ktstr_column *c, double lo,
				double hi)
{
	static const char pattern[] = "rate_within";
	bool ok = true, any = false;
	double rate;

	if (bad_bounds(lo, hi))
		return wrong(r, c, pattern, "its lower bound is above the upper one, or one is no number");
	tell_gaps(r, c, pattern);
	for (unsigned int i = 1; i < c->nr; i++) {
		const struct ktstr_column_sample *a = &c->sample[i - 1], *b = &c->sample[i];

		if (!a->ok || !b->ok)
			continue;
		any = true;
		if (b->ms == a->ms) {
			undecided(r, c, pattern, "no time passed since the sample before", b);
			continue;
		}
		rate = (b->value - a->value) / (b->ms - a->ms);
		if (!isfinite(rate) || rate < lo || rate > hi)
			ok = fails(r, c, pattern, i,
				   "%.6g per ms from %s to %s (+%.0f to +%.0f ms), expected %.6g to %.6g",
				   rate, a->tag, b->tag, a->ms, b->ms, lo, hi);
	}
	if (any)
		return judged(r, ok);
	note(r, c, pattern, "there are no two samples next to each other, so nothing was judged");
	return true;
}

bool ktstr_temporal_steady_within(struct ktstr_result *r, const struct ktstr_column *c,
				  double warmup_ms, double tolerance)
{
	static const char pattern[] = "steady_within";
	unsigned int nr = nr_ok(c, warmup_ms);
	double mean = 0, lo, hi, swap;
	bool ok = true;

	if (!(tolerance >= 0) || isnan(warmup_ms))
		return wrong(r, c, pattern, "its tolerance is negative, or a bound is no number");
	tell_gaps(r, c, pattern);
	if (!nr) {
		note(r, c, pattern, "there is no sample from +%.0f ms on, so nothing was judged",
		     warmup_ms);
		return true;
	}
	for (unsigned int i = 0; i < c->nr; i++)
		if (c->sample[i].ok && c->sample[i].ms >= warmup_ms)
			mean += c->sample[i].value / nr;
	lo = mean * (1 - tolerance);
	hi = mean * (1 + tolerance);
	if (lo > hi) {		/* of a negative mean */
		swap = lo;
		lo = hi;
		hi = swap;
	}
	for (unsigned int i = 0; i < c->nr; i++) {
		const struct ktstr_column_sample *s = &c->sample[i];

		if (!s->ok || s->ms < warmup_ms || (s->value >= lo && s->value <= hi))
			continue;
		ok = fails(r, c, pattern, i,
			   "%.9g at %s (+%.0f ms) is not within %.3g %% of the mean %.9g", s->value,
			   s->tag, s->ms, 100 * tolerance, mean);
	}
	return judged(r, ok);
}

bool ktstr_temporal_converges_to(struct ktstr_result *r, const struct ktstr_column *c,
				 double target, double tolerance, double deadline_ms)
{
	static const char pattern[] = "converges_to";
	unsigned int run = 0, in_time = 0, last = 0;

	if (!(tolerance >= 0) || isnan(target) || isnan(deadline_ms))
		return wrong(r, c, pattern, "its tolerance is negative, or a bound is no number");
	tell_gaps(r, c, pattern);
	for (unsigned int i = 0; i < c->nr; i++) {
		const struct ktstr_column_sample *s = &c->sample[i];

		if (s->ms > deadline_ms)
			break;
		last = i;
		in_time += s->ok;
		run = s->ok && fabs(s->value - target) <= tolerance ? run + 1 : 0;
		if (run == WITNESSES)
			return judged(r, true);
	}
	if (in_time < WITNESSES) {
		note(r, c, pattern, "there are %u samples until +%.0f ms and %d are needed, so nothing was judged",
		     in_time, deadline_ms, WITNESSES);
		return true;
	}
	return judged(r, fails(r, c, pattern, last,
			       "no %d samples in a row are within %.9g +- %.6g until +%.0f ms",
			       WITNESSES, target, tolerance, deadline_ms));
}

bool ktstr_temporal_always_true(struct ktstr_result *r, const struct ktstr_column *c)
{
	static const char pattern[] = "always_true";
	bool ok = true;

	for (unsigned int i = 0; i < c->nr; i++) {
		const struct ktstr_column_sample *s = &c->sample[i];

		if (s->ok && s->value && !isnan(s->value))
			continue;
		ok = fails(r, c, pattern, i, "%s at %s (+%.0f ms)%s%.120s", s->ok ? "it is not" :
			   "unknown", s->tag, s->ms, s->ok ? "" : ": ", s->ok ? "" : s->why);
	}
	if (c->nr)
		return judged(r, ok);
	note(r, c, pattern, "there is no sample, so nothing was judged");
	return true;
}

bool ktstr_temporal_ratio_within(struct ktstr_result *r, const struct ktstr_column *c,
				 const struct ktstr_column *other, double lo, double hi)
{
	static const char pattern[] = "ratio_within";
	bool ok = true, any = false;
	double ratio;

	if (bad_bounds(lo, hi))
		return wrong(r, c, pattern, "its lower bound is above the upper one, or one is no number");
	if (c->nr != other->nr)
		return wrong(r, c, pattern, "the columns have different numbers of samples");
	tell_gaps(r, c, pattern);
	tell_gaps(r, other, pattern);
	for (unsigned int i = 0; i < c->nr; i++) {
		const struct ktstr_column_sample *a = &c->sample[i], *b = &other->sample[i];

		if (!a->ok || !b->ok)
			continue;
		any = true;
		if (!b->value) {
			undecided(r, other, pattern, "a ratio to 0", b);
			continue;
		}
		ratio = a->value / b->value;
		if (!isfinite(ratio) || ratio < lo || ratio > hi)
			ok = fails(r, c, pattern, i,
				   "%.9g over %.9g (%.40s) is %.6g at %s (+%.0f ms), expected %.6g to %.6g",
				   a->value, b->value, other->label, ratio, a->tag, a->ms, lo, hi);
	}
	if (any)
		return judged(r, ok);
	note(r, c, pattern, "no snapshot has both values, so nothing was judged");
	return true;
}

bool ktstr_temporal_each_between(struct ktstr_result *r, const struct ktstr_column *c, double lo,
				 double hi)
{
	static const char pattern[] = "each";
	bool ok = true;

	if (bad_bounds(lo, hi))
		return wrong(r, c, pattern, "its lower bound is above the upper one, or one is no number");
	for (unsigned int i = 0; i < c->nr; i++) {
		const struct ktstr_column_sample *s = &c->sample[i];

		if (!s->ok)
			ok = fails(r, c, pattern, i, "unknown at %s (+%.0f ms): %.120s", s->tag, s->ms,
				   s->why);
		else if (!(s->value >= lo && s->value <= hi))
			ok = fails(r, c, pattern, i, "%.9g at %s (+%.0f ms), expected %.9g to %.9g",
				   s->value, s->tag, s->ms, lo, hi);
	}
	if (c->nr)
		return judged(r, ok);
	note(r, c, pattern, "there is no sample, so nothing was judged");
	return true;
}
