// SPDX-License-Identifier: GPL-2.0
/* Reports the problems of a scenario in the terms of its declaration. */
#include <stdarg.h>
#include <stdio.h>

#include "checker.h"

static void add(struct ktstr_checker *ck, enum ktstr_severity severity, enum ktstr_kind kind,
		const char *fmt, va_list ap)
{
	char where[24] = "", text[KTSTR_DETAIL_LEN], source[160] = "";
	const struct ktstr_test *t = ck->ctx->test;

	vsnprintf(text, sizeof(text), fmt, ap);
	if (ck->in_backdrop)
		snprintf(where, sizeof(where), "backdrop ");
	else if (!ck->by_hand)
		snprintf(where, sizeof(where), "step %u ", ck->step + 1);
	if (t && t->file)
		snprintf(source, sizeof(source), "%s:%d: ", t->file, t->line);
	ck->problems++;
	ktstr_result__add(ck->ctx->result, severity, kind, "%s%s%s%s%s%s",
			  source, where, ck->subject, *ck->subject ? ": " : "", text,
			  ck->repeated ? " (the ops of a loop are repeated)" : "");
}

void ktstr_problem(struct ktstr_checker *ck, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(ck, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, fmt, ap);
	va_end(ap);
}

/* What was carried out before is judged, but it is not the whole test. */
void ktstr_needs_guest(struct ktstr_checker *ck, const char *fmt, ...)
{
	enum ktstr_severity without = ck->ctx->result->nr_cgroups ? KTSTR_UNDECIDED : KTSTR_SKIPS;
	bool here = ck->ctx->here;
	va_list ap;

	ck->ctx->beyond_here |= here;
	va_start(ap, fmt);
	add(ck, here ? without : KTSTR_FAILS, here ? KTSTR_SKIPPED : KTSTR_INFRASTRUCTURE, fmt, ap);
	va_end(ap);
}

void ktstr_checker__subject(struct ktstr_checker *ck, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ck->subject, sizeof(ck->subject), fmt, ap);
	va_end(ap);
}
