// SPDX-License-Identifier: GPL-2.0
/* See perf_delta.h. */
#include <linux/kernel.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/result/metrics.h"
#include "lib/json.h"
#include "perf_delta.h"

static const char * const rules[KTSTR_NR_PERF_RULES] = {
	[KTSTR_MAX_WORSE_PCT] = "max_worse_pct", [KTSTR_MAX_WORSE] = "max_worse",
	[KTSTR_MIN_BETTER_PCT] = "min_better_pct", [KTSTR_MIN_BETTER] = "min_better",
	[KTSTR_MAX_CHANGE_PCT] = "max_change_pct",
};

const char *ktstr_perf_rule__name(enum ktstr_perf_rule rule)
{
	return (unsigned int)rule < ARRAY_SIZE(rules) ? rules[rule] : NULL;
}

enum ktstr_perf_rule ktstr_perf_rule__find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules) && strcmp(name, rules[i]); i++)
		;
	return i;
}

/* A metric of a payload is not known before it has run. */
static bool is_of_payload(const char *metric)
{
	return strchr(metric, '/');
}

static const char *metric_fault(const struct ktstr_perf_delta *d, char *buf, size_t size)
{
	const struct ktstr_metric *m = ktstr_metric__find(d->metric);

	if (is_of_payload(d->metric))
		return NULL;
	if (!m || !m->run_key || strcmp(m->run_key, d->metric))
		snprintf(buf, size, "no metric is called \"%s\" (see 'ktstr list metrics')", d->metric);
	else if (isnan(m->abs_gate) || isnan(m->rel_gate))
		snprintf(buf, size, "%s is a metric that is not compared", d->metric);
	else if (d->rule != KTSTR_MAX_CHANGE_PCT && m->polarity != KTSTR_LOWER_IS_BETTER &&
		 m->polarity != KTSTR_HIGHER_IS_BETTER)
		snprintf(buf, size, "%s cannot be %s, as neither more nor less of it is better",
			 d->metric, rules[d->rule]);
	else
		return NULL;
	return buf;
}

const char *ktstr_perf_deltas__fault(const struct ktstr_perf_delta * const *list, char *buf, size_t size)
{
	const char *why = NULL;
	unsigned int i;

	if (!list)
		return NULL;
	if (!*list)
		return "must not be an empty list";
	for (i = 0; list[i] && !why; i++) {
		const struct ktstr_perf_delta *d = list[i];

		if (i == KTSTR_MAX_PERF_DELTAS)
			why = "has more than 32 assertions";
		else if (!d->metric || !*d->metric)
			why = "one is of no metric";
		else if (!ktstr_perf_rule__name(d->rule))
			why = "one has no rule";
		else if (!isfinite(d->limit) || d->limit < 0)
			why = "a limit must be a number, 0 or more";
		else
			why = metric_fault(d, buf, size);
	}
	return why;
}

void ktstr_perf_deltas__json(const struct ktstr_perf_delta * const *list, struct ktstr_json *j)
{
	ktstr_json__array(j, "perf_delta_assertions");
	for (; list && *list; list++) {
		ktstr_json__object(j, NULL);
		ktstr_json__str(j, "metric", (*list)->metric);
		ktstr_json__str(j, "rule", ktstr_perf_rule__name((*list)->rule));
		ktstr_json__f64(j, "limit", (*list)->limit);
		ktstr_json__end(j);
	}
	ktstr_json__end(j);
}
