// SPDX-License-Identifier: GPL-2.0
/*
 * The checks as data, and how the layers (library, scheduler, test) become one set.
 *
 * The order of the rows is the order in which checks are judged and printed.
 */
#include <linux/kernel.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "judge.h"

#define TYPE_OF(_member)							\
	_Generic(((struct ktstr_checks *)NULL)->_member, double: KTSTR_CHECK_LIMIT, \
		 enum ktstr_switch: KTSTR_CHECK_SWITCH, int64_t: KTSTR_CHECK_COUNT)
#define ROW(_member, _unit, _dflt, _fails_when, ...)				\
	{ .name = #_member, .unit = _unit, .fails_when = _fails_when,		\
	  .type = TYPE_OF(_member), .offset = offsetof(struct ktstr_checks, _member), \
	  .dflt = _dflt, ##__VA_ARGS__ }
#define WORKER(_member, _unit, _dflt, _fails_when, ...)				\
	ROW(_member, _unit, _dflt, _fails_when, .scope = KTSTR_SCOPE_CGROUP,	\
	    .judge = ktstr_judge_##_member, ##__VA_ARGS__)
#define MONITOR(_member, _unit, _dflt, _fails_when, ...)			\
	ROW(_member, _unit, _dflt, _fails_when, .scope = KTSTR_SCOPE_MONITOR, ##__VA_ARGS__)
#define OFF NAN
#define TIME .scales = KTSTR_SCALES_TIME
#define RATE .scales = KTSTR_SCALES_RATE
#define FOLLOWS .follows_not_starved = true

#define NOT_STARVED 0		/* the row of not_starved */

const struct ktstr_check ktstr_check_table[] = {
	WORKER(not_starved, "", KTSTR_DEFAULT_NOT_STARVED,
	       "a worker finishes with zero work units; also enables max_gap_ms and max_spread_pct"),
	WORKER(isolation, "", 0, "a worker ran on a CPU outside its cgroup's cpuset"),
	WORKER(max_gap_ms, "ms", KTSTR_DEFAULT_MAX_GAP_MS,
	       "a worker's longest gap exceeds it (the default applies while not_starved is on)",
	       TIME, FOLLOWS),
	WORKER(max_spread_pct, "percentage points", KTSTR_DEFAULT_MAX_SPREAD_PCT,
	       "largest minus smallest off-CPU share of a cgroup's workers (run delay share if any of them sleeps on purpose) exceeds it (the default applies while not_starved is on)",
	       FOLLOWS),
	WORKER(max_throughput_cv, "stddev/mean", OFF,
	       "the work per CPU second of a cgroup's workers varies more than this"),
	WORKER(min_work_rate, "work units/CPU second", OFF,
	       "a worker's work per CPU second is below it", RATE),
	WORKER(max_p99_wake_latency_ns, "ns", OFF,
	       "the 99th percentile of a cgroup's wake latencies exceeds it", TIME),
	WORKER(max_wake_latency_cv, "stddev/mean", OFF,
	       "a cgroup's wake latencies vary more than this"),
	WORKER(min_iteration_rate, "iterations/s", OFF,
	       "a worker's iterations per second of wall time are below it", RATE),
	WORKER(max_migration_ratio, "migrations/iteration", OFF,
	       "the migrations per iteration of a cgroup exceed it"),
	MONITOR(max_imbalance_ratio, "ratio", 4, "longest over shortest runqueue exceeds it"),
	MONITOR(max_local_dsq_depth, "tasks", 50, "a local DSQ has more tasks than this"),
	MONITOR(fail_on_stall, "", 1,
		"a runqueue clock stops (otherwise that is only reported)"),
	MONITOR(sustained_samples, "samples", 5,
		"this many samples in a row violate a monitor limit"),
	MONITOR(max_fallback_rate, "events/s", 200,
		"the rate of select_cpu fallback events exceeds it"),
	MONITOR(max_keep_last_rate, "events/s", 100,
		"the rate of dispatch keep-last events exceeds it"),
	WORKER(min_page_locality, "0..1", OFF,
	       "the share of pages on the cpuset's NUMA nodes is below it"),
	WORKER(max_cross_node_migration_ratio, "0..1", OFF,
	       "the ratio of pages migrated between nodes to all pages exceeds it"),
	WORKER(max_slow_tier_ratio, "0..1", OFF,
	       "the share of pages on memory-only NUMA nodes exceeds it"),
};

const unsigned int ktstr_nr_checks = ARRAY_SIZE(ktstr_check_table);

double ktstr_check__value(const struct ktstr_check *k, const struct ktstr_checks *c)
{
	const void *p = (const char *)c + k->offset;
	enum ktstr_switch sw;
	int64_t count;
	double limit;

	switch (k->type) {
	case KTSTR_CHECK_SWITCH:
		memcpy(&sw, p, sizeof(sw));
		return sw == KTSTR_INHERIT ? NAN : (double)sw;
	case KTSTR_CHECK_COUNT:
		memcpy(&count, p, sizeof(count));
		/* NAN is a float, which does not hold every count */
		return count == KTSTR_UNSET ? (double)NAN : (double)count;
	case KTSTR_CHECK_LIMIT:
		memcpy(&limit, p, sizeof(limit));
		return limit;
	}
	return NAN;
}

void ktstr_check__set_value(const struct ktstr_check *k, struct ktstr_checks *c, double v)
{
	void *p = (char *)c + k->offset;
	enum ktstr_switch sw;
	int64_t count;

	switch (k->type) {
	case KTSTR_CHECK_SWITCH:
		sw = isnan(v) ? KTSTR_INHERIT : v ? KTSTR_ON : KTSTR_OFF;
		memcpy(p, &sw, sizeof(sw));
		break;
	case KTSTR_CHECK_COUNT:
		count = isnan(v) ? KTSTR_UNSET : (int64_t)v;
		memcpy(p, &count, sizeof(count));
		break;
	case KTSTR_CHECK_LIMIT:
		memcpy(p, &v, sizeof(v));
		break;
	}
}

const char *ktstr_check__fault(const struct ktstr_check *k, const struct ktstr_checks *c)
{
	double v = ktstr_check__value(k, c);

	if (v < 0 && k->type == KTSTR_CHECK_LIMIT)
		/* infinity is KTSTR_NO_LIMIT */
		return isinf(v) ? "must be finite" : "must not be negative";
	if (k->type == KTSTR_CHECK_COUNT && (v < 1 || v > KTSTR_MAX_SUSTAINED))
		return "does not lie in 1..1000000";
	return NULL;
}

bool ktstr_check__is_set(const struct ktstr_check *k, const struct ktstr_checks *c)
{
	return !isnan(ktstr_check__value(k, c));
}

void ktstr_checks__unset(struct ktstr_checks *c)
{
	unsigned int i;

	for (i = 0; i < ktstr_nr_checks; i++)
		ktstr_check__set_value(&ktstr_check_table[i], c, NAN);
}

void ktstr_checks__merge(struct ktstr_checks *c, const struct ktstr_checks *over)
{
	const struct ktstr_check *k;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		if (ktstr_check__is_set(k, over))
			ktstr_check__set_value(k, c, ktstr_check__value(k, over));
}

void ktstr_checks__resolve(struct ktstr_checks *c, const struct ktstr_checks *scheduler,
			   const struct ktstr_checks *test)
{
	struct ktstr_checks declared;
	const struct ktstr_check *k;

	ktstr_checks__unset(&declared);
	if (scheduler)
		ktstr_checks__merge(&declared, scheduler);
	if (test)
		ktstr_checks__merge(&declared, test);

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		ktstr_check__set_value(k, c, k->follows_not_starved && declared.not_starved == KTSTR_OFF ?
				       NAN : k->dflt);
	ktstr_checks__merge(c, &declared);
}

void ktstr_checks__complete(struct ktstr_checks *c)
{
	const struct ktstr_check *k;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		if (k->follows_not_starved && c->not_starved == KTSTR_ON &&
		    !ktstr_check__is_set(k, c))
			ktstr_check__set_value(k, c, k->dflt);
}

bool ktstr_check__enabled(const struct ktstr_check *k, const struct ktstr_checks *c)
{
	double v = ktstr_check__value(k, c);

	return isfinite(v) && (k->type != KTSTR_CHECK_SWITCH || v);
}

void ktstr_check__format(const struct ktstr_check *k, const struct ktstr_checks *c, char *buf,
			 size_t size)
{
	double v = ktstr_check__value(k, c);

	if (!isfinite(v))
		snprintf(buf, size, "none");
	else if (k->type == KTSTR_CHECK_SWITCH)
		snprintf(buf, size, "%s", v ? "true" : "false");
	else
		snprintf(buf, size, "%.15g", v);
}

enum ktstr_layer ktstr_check__layer(const struct ktstr_check *k,
				    const struct ktstr_checks *scheduler,
				    const struct ktstr_checks *test)
{
	if (test && ktstr_check__is_set(k, test))
		return KTSTR_LAYER_TEST;
	if (scheduler && ktstr_check__is_set(k, scheduler))
		return KTSTR_LAYER_SCHEDULER;
	/* The layer that sets not_starved also decides about the checks that follow it. */
	if (k->follows_not_starved)
		return ktstr_check__layer(&ktstr_check_table[NOT_STARVED], scheduler, test);
	return KTSTR_LAYER_LIBRARY;
}

const char *ktstr_layer__name(enum ktstr_layer layer)
{
	static const char * const names[] = {
		[KTSTR_LAYER_LIBRARY] = "library", [KTSTR_LAYER_SCHEDULER] = "scheduler",
		[KTSTR_LAYER_TEST] = "test",
	};

	return names[layer];
}

static void scale(struct ktstr_checks *c, double by)
{
	const struct ktstr_check *k;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		if (k->scales)
			ktstr_check__set_value(k, c, k->scales == KTSTR_SCALES_TIME ? ktstr_check__value(k, c) * by :
									 ktstr_check__value(k, c) / by);
}

void ktstr_checks__judge(const struct ktstr_checks *c, const struct ktstr_group_sample *s,
			 struct ktstr_result *out)
{
	struct ktstr_checks scaled = *c;
	const struct ktstr_check *k;

	if (s->time_scale > 1)
		scale(&scaled, s->time_scale);
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		if (!k->judge || !ktstr_check__enabled(k, &scaled))
			continue;
		if (!s->nr)
			ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
					  "%s: no worker reports for %s", s->cgroup, k->name);
		else
			k->judge(&scaled, s, out);
	}
}
