/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The perf_delta_assertions of a test: what is wrong with a declaration, and how sidecars have it, from
 * which `ktstr perf-delta` reads it again. harness/runs/assertion.h judges.
 */
#ifndef KTSTR_PLAN_PERF_DELTA_H
#define KTSTR_PLAN_PERF_DELTA_H

#include <stddef.h>

#include <ktstr/attrs.h>

struct ktstr_json;

/* "max_worse_pct"; NULL: @rule is none. */
const char *ktstr_perf_rule__name(enum ktstr_perf_rule rule);
/* KTSTR_NR_PERF_RULES: no rule is called so. */
enum ktstr_perf_rule ktstr_perf_rule__find(const char *name);

/* A sentence, maybe in @buf. NULL: @list, or NULL, is sound. */
const char *ktstr_perf_deltas__fault(const struct ktstr_perf_delta * const *list, char *buf, size_t size);

/* "perf_delta_assertions": [{ "metric", "rule", "limit" }] */
void ktstr_perf_deltas__json(const struct ktstr_perf_delta * const *list, struct ktstr_json *j);

#endif
