// SPDX-License-Identifier: GPL-2.0
/* Reports the problems of a scenario in the terms of its declaration. */
#include <stdarg.h>
#include <stdio.h>

#include "checker.h"

void ktstr_problem(struct ktstr_checker *ck, const char *fmt, ...)
{
	char where[24] = "", text[KTSTR_DETAIL_LEN], source[160] = "";
	const struct ktstr_test *t = ck->ctx->test;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (ck->in_backdrop)
		snprintf(where, sizeof(where), "backdrop ");
	else if (!ck->by_hand)
		snprintf(where, sizeof(where), "step %u ", ck->step + 1);
	if (t && t->file)
		snprintf(source, sizeof(source), "%s:%d: ", t->file, t->line);
	ck->problems++;
	ktstr_result__add(ck->ctx->result, KTSTR_FAILS, KTSTR_INFRASTRUCTURE, "%s%s%s%s%s%s",
			  source, where, ck->subject, *ck->subject ? ": " : "", text,
			  ck->repeated ? " (the ops of a loop are repeated)" : "");
}

void ktstr_checker__subject(struct ktstr_checker *ck, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ck->subject, sizeof(ck->subject), fmt, ap);
	va_end(ap);
}
