// SPDX-License-Identifier: GPL-2.0
/*
 * The checks as data, and how the layers (library, scheduler, test) become one set.
 *
 * The order of the rows is the order in which checks are judged and printed.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "judge.h"

#define ROW(_member, _type, _scope, _unit, _dflt, _judge, _fails_when, ...)	\
	{ .name = #_member, .unit = _unit, .fails_when = _fails_when,		\
	  .type = KTSTR_CHECK_##_type, .scope = KTSTR_SCOPE_##_scope,		\
	  .offset = offsetof(struct ktstr_checks, _member), .dflt = _dflt,	\
	  .judge = _judge, ##__VA_ARGS__ }
#define OFF NAN
#define TIME .scales = KTSTR_SCALES_TIME
#define RATE .scales = KTSTR_SCALES_RATE

/* not_starved brings these two along with their defaults: see resolve. */
const struct ktstr_check ktstr_check_table[] = {
	ROW(not_starved, SWITCH, CGROUP, "", 1, ktstr_judge_not_starved,
	    "a worker finishes with zero work units; also enables max_gap_ms and max_spread_pct"),
	ROW(isolation, SWITCH, CGROUP, "", 0, ktstr_judge_isolation,
	    "a worker ran on a CPU outside its cgroup's cpuset"),
	ROW(max_gap_ms, LIMIT, CGROUP, "ms", 2000, ktstr_judge_max_gap_ms,
	    "a worker's longest scheduling gap exceeds it (the default follows not_starved)", TIME),
	ROW(max_spread_pct, LIMIT, CGROUP, "percentage points", 15, ktstr_judge_max_spread_pct,
	    "max-min off-CPU share of a cgroup's workers (run delay share where they sleep on purpose) exceeds it (the default follows not_starved)"),
	ROW(max_throughput_cv, LIMIT, CGROUP, "stddev/mean", OFF, ktstr_judge_max_throughput_cv,
	    "work per CPU second differs more than this between a cgroup's workers"),
	ROW(min_work_rate, LIMIT, CGROUP, "work units/CPU second", OFF, ktstr_judge_min_work_rate,
	    "a worker's work rate falls below it", RATE),
	ROW(max_p99_wake_latency_ns, LIMIT, CGROUP, "ns", OFF,
	    ktstr_judge_max_p99_wake_latency_ns,
	    "the 99th percentile of a cgroup's wake latencies exceeds it", TIME),
	ROW(max_wake_latency_cv, LIMIT, CGROUP, "stddev/mean", OFF,
	    ktstr_judge_max_wake_latency_cv,
	    "a cgroup's wake latencies vary more than this"),
	ROW(min_iteration_rate, LIMIT, CGROUP, "iterations/s", OFF, ktstr_judge_min_iteration_rate,
	    "a worker's iterations per wall clock second fall below it", RATE),
	ROW(max_migration_ratio, LIMIT, CGROUP, "migrations/iteration", OFF,
	    ktstr_judge_max_migration_ratio, "a cgroup's migrations per iteration exceed it"),
	ROW(max_imbalance_ratio, LIMIT, MONITOR, "ratio", 4, NULL,
	    "longest over shortest runqueue exceeds it"),
	ROW(max_local_dsq_depth, LIMIT, MONITOR, "tasks", 50, NULL,
	    "a local DSQ grows deeper than this"),
	ROW(fail_on_stall, SWITCH, MONITOR, "", 1, NULL,
	    "a runqueue clock stands still (otherwise it is only reported)"),
	ROW(sustained_samples, COUNT, MONITOR, "samples", 5, NULL,
	    "so many samples in a row violate a monitor limit"),
	ROW(max_fallback_rate, LIMIT, MONITOR, "events/s", 200, NULL,
	    "the rate of select_cpu fallback events exceeds it"),
	ROW(max_keep_last_rate, LIMIT, MONITOR, "events/s", 100, NULL,
	    "the rate of dispatch keep-last events exceeds it"),
	ROW(min_page_locality, LIMIT, CGROUP, "0..1", OFF,
	    ktstr_judge_min_page_locality,
	    "the share of pages on the cpuset's NUMA nodes falls below it"),
	ROW(max_cross_node_migration_ratio, LIMIT, CGROUP, "0..1", OFF,
	    ktstr_judge_max_cross_node_migration_ratio,
	    "pages migrated between nodes over all pages exceed it"),
	ROW(max_slow_tier_ratio, LIMIT, CGROUP, "0..1", OFF,
	    ktstr_judge_max_slow_tier_ratio,
	    "the share of pages on other nodes than the cpuset's exceeds it"),
};

const unsigned int ktstr_nr_checks = sizeof(ktstr_check_table) / sizeof(ktstr_check_table[0]);

/* The value as a double, whatever its type; NaN when unset. */
static double get_value(const struct ktstr_check *k, const struct ktstr_checks *c)
{
	const void *p = (const char *)c + k->offset;
	enum ktstr_switch sw;
	uint32_t count;
	double limit;

	switch (k->type) {
	case KTSTR_CHECK_SWITCH:
		memcpy(&sw, p, sizeof(sw));
		return sw == KTSTR_INHERIT ? NAN : sw;
	case KTSTR_CHECK_COUNT:
		memcpy(&count, p, sizeof(count));
		return count == KTSTR_UNSET ? NAN : count;
	case KTSTR_CHECK_LIMIT:
		memcpy(&limit, p, sizeof(limit));
		return limit;
	}
	return NAN;
}

static void set_value(const struct ktstr_check *k, struct ktstr_checks *c, double v)
{
	void *p = (char *)c + k->offset;
	enum ktstr_switch sw;
	uint32_t count;

	switch (k->type) {
	case KTSTR_CHECK_SWITCH:
		sw = isnan(v) ? KTSTR_INHERIT : v ? KTSTR_ON : KTSTR_OFF;
		memcpy(p, &sw, sizeof(sw));
		break;
	case KTSTR_CHECK_COUNT:
		count = isnan(v) ? KTSTR_UNSET : (uint32_t)v;
		memcpy(p, &count, sizeof(count));
		break;
	case KTSTR_CHECK_LIMIT:
		memcpy(p, &v, sizeof(v));
		break;
	}
}

bool ktstr_check__is_set(const struct ktstr_check *k, const struct ktstr_checks *c)
{
	return !isnan(get_value(k, c));
}

void ktstr_checks__unset(struct ktstr_checks *c)
{
	unsigned int i;

	for (i = 0; i < ktstr_nr_checks; i++)
		set_value(&ktstr_check_table[i], c, NAN);
}

void ktstr_checks__merge(struct ktstr_checks *c, const struct ktstr_checks *over)
{
	const struct ktstr_check *k;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		if (ktstr_check__is_set(k, over))
			set_value(k, c, get_value(k, over));
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
		set_value(k, c, k->dflt);
	if (declared.not_starved == KTSTR_OFF) {
		c->max_gap_ms = NAN;
		c->max_spread_pct = NAN;
	}
	ktstr_checks__merge(c, &declared);
}

bool ktstr_check__enabled(const struct ktstr_check *k, const struct ktstr_checks *c)
{
	double v = get_value(k, c);

	return isfinite(v) && (k->type != KTSTR_CHECK_SWITCH || v);
}

void ktstr_check__format(const struct ktstr_check *k, const struct ktstr_checks *c, char *buf,
			 size_t size)
{
	double v = get_value(k, c);

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
	const struct ktstr_check *switched = k;

	if (test && ktstr_check__is_set(k, test))
		return KTSTR_LAYER_TEST;
	if (scheduler && ktstr_check__is_set(k, scheduler))
		return KTSTR_LAYER_SCHEDULER;
	/* whoever switched not_starved decided about the two that come with it */
	if (k->offset == offsetof(struct ktstr_checks, max_gap_ms) ||
	    k->offset == offsetof(struct ktstr_checks, max_spread_pct))
		switched = &ktstr_check_table[0];
	return switched == k ? KTSTR_LAYER_LIBRARY : ktstr_check__layer(switched, scheduler, test);
}

const char *ktstr_layer__name(enum ktstr_layer layer)
{
	static const char * const names[] = {
		[KTSTR_LAYER_LIBRARY] = "library", [KTSTR_LAYER_SCHEDULER] = "scheduler",
		[KTSTR_LAYER_TEST] = "test",
	};

	return names[layer];
}

void ktstr_checks__unjudged(const struct ktstr_checks *scheduler, const struct ktstr_checks *test,
			    struct ktstr_result *out)
{
	const struct ktstr_check *k;
	struct ktstr_checks all;
	enum ktstr_layer layer;
	char value[32];

	ktstr_checks__resolve(&all, scheduler, test);
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		layer = ktstr_check__layer(k, scheduler, test);
		if (k->judge || layer == KTSTR_LAYER_LIBRARY || !ktstr_check__enabled(k, &all))
			continue;
		ktstr_check__format(k, &all, value, sizeof(value));
		ktstr_result__add(out, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "%s = %s, set by the %s, was not judged: it needs the monitor",
				  k->name, value, ktstr_layer__name(layer));
	}
}

static void scale(struct ktstr_checks *c, double by)
{
	const struct ktstr_check *k;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		if (k->scales)
			set_value(k, c, k->scales == KTSTR_SCALES_TIME ? get_value(k, c) * by :
									 get_value(k, c) / by);
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
