// SPDX-License-Identifier: GPL-2.0
/*
 * Several scenarios in one guest, one after the other, each with a verdict of its own: most of
 * the price of a short test is its boot. Nothing of one scenario is left when the next begins
 * except what the scheduler under test remembers, which is not always unwanted.
 */
#include <errno.h>
#include <string.h>

#include <ktstr/claim.h>

#include "../../harness/core/ctx.h"
#include "catalogue.h"

static bool wanted(const char *what, const struct ktstr_category *c)
{
	return !strcmp(what, "all") || !strcmp(what, c->name);
}

uint32_t ktstr_batch__nr(const char *what)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	uint32_t nr = 0;

	for (c = ktstr_catalogue; c->name; c++)
		for (row = c->rows; row->name && wanted(what, c); row++)
			nr++;
	return nr;
}

/* What @from found goes to @to under the scenario's name; its verdict becomes a line. */
static void conclude(struct ktstr_result *to, const char *name, const struct ktstr_result *from)
{
	static const char * const line[] = {
		[KTSTR_PASS] = "ok %s%s%.300s", [KTSTR_SKIP] = "ok %s # SKIP%s %.300s",
		[KTSTR_INCONCLUSIVE] = "not ok %s # INCONCLUSIVE%s %.300s",
		[KTSTR_FAIL] = "not ok %s%s # %.300s",
	};
	enum ktstr_outcome outcome = ktstr_result__outcome(from);
	const struct ktstr_detail *d, *why = NULL;
	uint32_t i;

	for (i = 0; i < from->nr_details; i++) {
		d = &from->details[i];
		if (!why || d->severity > why->severity)
			why = d;
		if (d->severity > KTSTR_SKIPS)
			ktstr_result__add(to, d->severity, d->kind, "%s: %s", name, d->text);
	}
	ktstr_result__add(to, KTSTR_NOTE, KTSTR_PART, line[outcome], name, "",
			  why && outcome != KTSTR_PASS ? why->text : "");
}

int ktstr_scenario_batch(struct ktstr_ctx *ctx, const char *what)
{
	struct ktstr_result *all = ctx->result, *one;
	uint64_t duration_ns = ctx->duration_ns;
	uint32_t nr = ktstr_batch__nr(what), skipped = 0;
	const struct ktstr_category *c;
	const struct ktstr_canned *row;

	if (!nr) {
		ktstr_result__add(all, KTSTR_FAILS, KTSTR_INFRASTRUCTURE,
				  "the catalogue has no category %s", what);
		return -ENOENT;
	}
	ctx->duration_ns /= nr;
	for (c = ktstr_catalogue; c->name; c++) {
		for (row = c->rows; row->name && wanted(what, c); row++) {
			one = ktstr_result__new();
			if (!one)
				return -ENOMEM;
			ctx->result = one;
			ktstr_scenario(ctx, row->name);
			skipped += ktstr_result__outcome(one) == KTSTR_SKIP;
			ctx->result = all;
			conclude(all, row->name, one);
			ktstr_result__free(one);
		}
	}
	ctx->duration_ns = duration_ns;
	if (skipped == nr)
		ktstr_skip(ctx, "not enough CPUs/LLCs for any scenario of %s", what);
	return 0;
}
