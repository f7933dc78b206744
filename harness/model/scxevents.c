// SPDX-License-Identifier: GPL-2.0
/*
 * The events of sched_ext that are errors: requests of the scheduler that the kernel could not
 * carry out and silently replaced (struct scx_event_stats in the kernel's kernel/sched/ext). The
 * other events count what schedulers may do: keep the last task, use the default slice, be
 * bypassed while they are loaded.
 */
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/claim.h>

#include "ctx.h"
#include "scxevents.h"

#define EVENTS	"/sys/kernel/sched_ext/root/events"

static const char * const errors[] = {
	"SCX_EV_SELECT_CPU_FALLBACK",		/* chose a CPU that the task may not use */
	"SCX_EV_DISPATCH_LOCAL_DSQ_OFFLINE",	/* to a CPU that is offline */
	"SCX_EV_REENQ_REPEAT",			/* placements that it cannot honour */
	"SCX_EV_INSERT_NOT_OWNED",		/* a task that is another scheduler's */
	"SCX_EV_SLICE_CLAMPED",
	"SCX_EV_SLICE_DENIED",
};

static bool is_error(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (!strcmp(name, errors[i]))
			return true;
	return false;
}

bool ktstr_scx_events__judge(const char *text, double bound, struct ktstr_result *r)
{
	unsigned int counters = 0;
	bool clean = true;
	char name[64];
	long long n;
	int len;

	for (; sscanf(text, " %63s %lld%n", name, &n, &len) == 2; text += len) {
		counters++;
		if (!is_error(name) || (n >= 0 && n <= bound))
			continue;
		ktstr_result__add(r, KTSTR_FAILS, KTSTR_CLAIM,
				  "%s: expected at most %g, was %lld%s", name, bound, n,
				  n < 0 ? " (the counter ran over)" : "");
		clean = false;
	}
	if (!counters)
		ktstr_result__add(r, KTSTR_UNDECIDED, KTSTR_NO_DATA,
				  "sched_ext's event counters: none to read (" EVENTS "): no scheduler is attached, or this kernel counts none");
	return clean && counters;
}

bool ktstr_claim__scx_events(struct ktstr_ctx *ctx, double bound)
{
	FILE *f = fopen(EVENTS, "re");
	char text[4096] = "";

	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
	}
	if (!ktstr_scx_events__judge(text, bound, ctx->result))
		return false;
	ctx->result->claims_held++;
	return true;
}
