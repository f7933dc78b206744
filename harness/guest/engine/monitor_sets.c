// SPDX-License-Identifier: GPL-2.0
/* Monitor checks of sets: see monitor_sets.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/checks/checks.h"
#include "monitor_sets.h"
#include "state/worker_group.h"

/* Switches demand something when they are on, limits and durations when they are small. */
static double stricter(const struct ktstr_check *k, double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) ? b : a;
	return k->type == KTSTR_CHECK_SWITCH ? fmax(a, b) : fmin(a, b);
}

static double of_groups(const struct ktstr_scenario_state *st, const struct ktstr_check *k)
{
	double value = NAN;

	for (uint32_t i = 0; i < st->nr_groups; i++)
		if (st->groups[i]->spec.checks)
			value = stricter(k, value,
					 ktstr_check__value(k, st->groups[i]->spec.checks));
	return value;
}

static void tell(struct ktstr_monitor_sets *s, struct ktstr_ctx *ctx, const char *text)
{
	if (!strcmp(s->told, text))
		return;
	strcpy(s->told, text);
	if (ctx->monitor_checks)
		ctx->monitor_checks(ctx, text);
}

void ktstr_monitor_sets__tell(struct ktstr_monitor_sets *s, const struct ktstr_scenario_state *st,
			      const struct ktstr_checks *scenario)
{
	char text[KTSTR_CHECKS_TEXT] = "", line[KTSTR_CHECK_TEXT_MAX];
	const struct ktstr_check *k;
	struct ktstr_checks one;
	size_t len = 0;
	double value;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		if (k->scope != KTSTR_SCOPE_MONITOR)
			continue;
		value = of_groups(st, k);
		if (isnan(value) && scenario)
			value = ktstr_check__value(k, scenario);
		ktstr_checks__unset(&one);
		ktstr_check__set_value(k, &one, value);
		if (ktstr_check__to_text(k, &one, line, sizeof(line)))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", line);
	}
	tell(s, st->ctx, text);
}

void ktstr_monitor_sets__end(struct ktstr_monitor_sets *s, struct ktstr_ctx *ctx)
{
	tell(s, ctx, "");
}
