// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict of a run, kept as the list of its reasons.
 *
 * The list is bounded and the outcome is computed from it, so what is dropped matters: when
 * it is full, a new detail pushes out the newest one of the lowest severity below its own.
 * A flood of notes therefore never hides a failure, and fails are only ever dropped when
 * all KTSTR_MAX_DETAILS kept ones are fails too.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

static const char * const kind_names[KTSTR_NR_KINDS] = {
	[KTSTR_KIND_NONE]		= "none",
	[KTSTR_STARVED]			= "starved",
	[KTSTR_STUCK]			= "stuck",
	[KTSTR_UNFAIR]			= "unfair",
	[KTSTR_ISOLATION]		= "isolation",
	[KTSTR_BENCHMARK]		= "benchmark",
	[KTSTR_MIGRATION]		= "migration",
	[KTSTR_PAGE_LOCALITY]		= "page-locality",
	[KTSTR_CROSS_NODE_MIGRATION]	= "cross-node-migration",
	[KTSTR_SLOW_TIER]		= "slow-tier",
	[KTSTR_MONITOR]			= "monitor",
	[KTSTR_CLAIM]			= "claim",
	[KTSTR_SCHED_NOT_ATTACHED]	= "sched-not-attached",
	[KTSTR_SCHED_NOT_LOADED]	= "sched-not-loaded",
	[KTSTR_SCHED_STALLED]		= "sched-stalled",
	[KTSTR_SCHED_ERROR]		= "sched-error",
	[KTSTR_SCHED_EXITED]		= "sched-exited",
	[KTSTR_GUEST_PANIC]		= "guest-panic",
	[KTSTR_BODY_CRASHED]		= "body-crashed",
	[KTSTR_BODY_TIMEOUT]		= "body-timeout",
	[KTSTR_BOOT_TIMEOUT]		= "boot-timeout",
	[KTSTR_TEARDOWN_TIMEOUT]	= "teardown-timeout",
	[KTSTR_WORKER_LOST]		= "worker-lost",
	[KTSTR_SKIPPED]			= "skipped",
	[KTSTR_NO_DATA]			= "no-data",
	[KTSTR_INFRASTRUCTURE]		= "infrastructure",
	[KTSTR_OTHER]			= "other",
	[KTSTR_PART]			= "part",
};

static const char * const outcome_names[] = {
	[KTSTR_SKIP]		= "skip",
	[KTSTR_PASS]		= "pass",
	[KTSTR_INCONCLUSIVE]	= "inconclusive",
	[KTSTR_FAIL]		= "fail",
};

const char *ktstr_kind__name(enum ktstr_kind kind)
{
	if ((unsigned int)kind >= KTSTR_NR_KINDS || !kind_names[kind])
		return "unknown";
	return kind_names[kind];
}

const char *ktstr_outcome__name(enum ktstr_outcome outcome)
{
	if ((unsigned int)outcome >= sizeof(outcome_names) / sizeof(outcome_names[0]))
		return "unknown";
	return outcome_names[outcome];
}

const char *ktstr_span__name(uint32_t span)
{
	static const char * const names[KTSTR_NR_SPANS] = {
		[KTSTR_SPAN_STEP] = "step", [KTSTR_SPAN_LIFE] = "life",
		[KTSTR_SPAN_PHASE] = "phase",
	};

	return span < KTSTR_NR_SPANS ? names[span] : "unknown";
}

struct ktstr_result *ktstr_result__new(void)
{
	return calloc(1, sizeof(struct ktstr_result));
}

void ktstr_result__free(struct ktstr_result *r)
{
	free(r);
}

static uint32_t add_saturated(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void count_dropped(struct ktstr_result *r, enum ktstr_severity severity)
{
	r->dropped_details = add_saturated(r->dropped_details, 1);
	if (severity == KTSTR_FAILS)
		r->dropped_fails = add_saturated(r->dropped_fails, 1);
}

/* The next free detail, made free at the cost of a less severe one; NULL if there is none. */
static struct ktstr_detail *detail_slot(struct ktstr_result *r, enum ktstr_severity severity)
{
	uint32_t i, victim = KTSTR_MAX_DETAILS;

	if (r->nr_details < KTSTR_MAX_DETAILS)
		return &r->details[r->nr_details++];
	for (i = 0; i < r->nr_details; i++) {
		if (r->details[i].severity >= severity)
			continue;
		if (victim == KTSTR_MAX_DETAILS ||
		    r->details[i].severity <= r->details[victim].severity)
			victim = i;
	}
	if (victim == KTSTR_MAX_DETAILS) {
		count_dropped(r, severity);
		return NULL;
	}
	count_dropped(r, r->details[victim].severity);
	memmove(&r->details[victim], &r->details[victim + 1],
		(KTSTR_MAX_DETAILS - 1 - victim) * sizeof(r->details[0]));
	return &r->details[KTSTR_MAX_DETAILS - 1];
}

void ktstr_result__add(struct ktstr_result *r, enum ktstr_severity severity,
		       enum ktstr_kind kind, const char *fmt, ...)
{
	struct ktstr_detail *d = detail_slot(r, severity);
	va_list ap;

	if (!d)
		return;
	d->severity = severity;
	d->kind = kind;
	va_start(ap, fmt);
	if (vsnprintf(d->text, sizeof(d->text), fmt, ap) < 0)
		d->text[0] = '\0';
	va_end(ap);
}

/* Workers name their cgroup by its index, which changes. */
static void merge_stats(struct ktstr_result *to, const struct ktstr_result *from)
{
	uint32_t base = to->nr_cgroups, i;

	for (i = 0; i < from->nr_cgroups; i++) {
		if (to->nr_cgroups < KTSTR_MAX_CGROUPS)
			to->cgroups[to->nr_cgroups++] = from->cgroups[i];
		else
			to->dropped_cgroups = add_saturated(to->dropped_cgroups, 1);
	}
	for (i = 0; i < from->nr_workers; i++) {
		if (to->nr_workers == KTSTR_MAX_KEPT_WORKERS ||
		    base + from->workers[i].cgroup >= to->nr_cgroups) {
			to->dropped_workers = add_saturated(to->dropped_workers, 1);
			continue;
		}
		to->workers[to->nr_workers] = from->workers[i];
		to->workers[to->nr_workers++].cgroup += base;
	}
	to->dropped_cgroups = add_saturated(to->dropped_cgroups, from->dropped_cgroups);
	to->dropped_workers = add_saturated(to->dropped_workers, from->dropped_workers);
}

bool ktstr_result__add_metric(struct ktstr_result *r, const struct ktstr_ext_metric *m)
{
	struct ktstr_ext_metric *to;

	if (!isfinite(m->value))
		return false;
	if (r->nr_ext_metrics >= KTSTR_MAX_EXT_METRICS) {
		r->dropped_ext_metrics = add_saturated(r->dropped_ext_metrics, 1);
		return false;
	}
	to = &r->ext_metrics[r->nr_ext_metrics++];
	*to = *m;
	to->source[sizeof(to->source) - 1] = '\0';
	to->cgroup[sizeof(to->cgroup) - 1] = '\0';
	to->name[sizeof(to->name) - 1] = '\0';
	to->unit[sizeof(to->unit) - 1] = '\0';
	return true;
}

double ktstr_ext_metric(const struct ktstr_result *r, const char *source, const char *name)
{
	uint32_t i = r->nr_ext_metrics;

	while (i--)
		if (!strcmp(r->ext_metrics[i].source, source) &&
		    !strcmp(r->ext_metrics[i].name, name))
			return r->ext_metrics[i].value;
	return (double)NAN;
}

#define TEXT(_member)								\
	{ #_member, offsetof(struct ktstr_stall, _member),			\
	  sizeof(((struct ktstr_stall *)NULL)->_member) }

const struct ktstr_stall_text ktstr_stall_texts[KTSTR_NR_STALL_TEXTS] = {
	TEXT(cgroup), TEXT(part), TEXT(comm), TEXT(cpus), TEXT(status), TEXT(wchan), TEXT(syscall),
	TEXT(path), TEXT(loadavg), TEXT(stack),
};

struct ktstr_stall *ktstr_result__add_stall(struct ktstr_result *r)
{
	if (r->nr_stalls >= KTSTR_MAX_STALLS) {
		r->dropped_stalls = add_saturated(r->dropped_stalls, 1);
		return NULL;
	}
	r->stalls[r->nr_stalls] = (struct ktstr_stall){ };
	return &r->stalls[r->nr_stalls++];
}

const char *ktstr_stall__name(uint32_t why)
{
	static const char * const names[KTSTR_NR_STALL_WHYS] = {
		[KTSTR_STALL_FORGOTTEN] = "forgotten", [KTSTR_STALL_WAITS] = "waits",
		[KTSTR_STALL_LIMITED] = "limited", [KTSTR_STALL_SLEEPS] = "sleeps",
		[KTSTR_STALL_BLOCKED] = "blocked", [KTSTR_STALL_STOPPED] = "stopped",
	};

	return why < KTSTR_NR_STALL_WHYS ? names[why] : "unknown";
}

void ktstr_stall__describe(const struct ktstr_stall *s, char *buf, size_t size)
{
	switch (s->why) {
	case KTSTR_STALL_FORGOTTEN:
		snprintf(buf, size, "runnable, left waiting while CPU %s idled", s->cpus);
		break;
	case KTSTR_STALL_WAITS:
		snprintf(buf, size, "runnable, waiting behind others on CPU %s", s->cpus);
		break;
	case KTSTR_STALL_LIMITED:
		snprintf(buf, size, "runnable, left waiting; cpu.max limits its cgroup");
		break;
	case KTSTR_STALL_STOPPED:
		snprintf(buf, size, "stopped");
		break;
	default:
		snprintf(buf, size, "%s in %s",
			 s->why == KTSTR_STALL_SLEEPS ? "asleep" : "blocked", s->wchan);
	}
}

/* NaN when nobody looked. */
double ktstr_stats__stalls(const struct ktstr_result *r, const char *cgroup)
{
	uint32_t i, nr = cgroup ? 0 : r->dropped_stalls;

	if (!r->stall_poll_ms)
		return (double)NAN;
	for (i = 0; i < r->nr_stalls; i++)
		nr += !cgroup || !strcmp(r->stalls[i].cgroup, cgroup);
	return nr;
}

static void merge_measured(struct ktstr_result *to, const struct ktstr_result *from)
{
	struct ktstr_stall *stall;
	uint32_t i;

	merge_stats(to, from);
	to->claims_held = add_saturated(to->claims_held, from->claims_held);
	to->passes_logged = add_saturated(to->passes_logged, from->passes_logged);
	for (i = 0; i < from->nr_ext_metrics; i++)
		ktstr_result__add_metric(to, &from->ext_metrics[i]);
	to->dropped_ext_metrics = add_saturated(to->dropped_ext_metrics,
						from->dropped_ext_metrics);
	for (i = 0; i < from->nr_stalls; i++) {
		stall = ktstr_result__add_stall(to);
		if (stall)
			*stall = from->stalls[i];
	}
	to->dropped_stalls = add_saturated(to->dropped_stalls, from->dropped_stalls);
	if (from->stall_poll_ms)
		to->stall_poll_ms = from->stall_poll_ms;
	ktstr_cpumask__or(&to->cpus_used, &from->cpus_used);
}

void ktstr_result__merge(struct ktstr_result *to, const struct ktstr_result *from)
{
	struct ktstr_detail *d;
	uint32_t i;

	for (i = 0; i < from->nr_details; i++) {
		d = detail_slot(to, from->details[i].severity);
		if (d)
			*d = from->details[i];
	}
	to->dropped_details = add_saturated(to->dropped_details, from->dropped_details);
	to->dropped_fails = add_saturated(to->dropped_fails, from->dropped_fails);
	merge_measured(to, from);
}

void ktstr_result__merge_part(struct ktstr_result *to, struct ktstr_result *from, const char *part)
{
	uint32_t i;

	for (i = 0; i < from->nr_cgroups; i++)
		snprintf(from->cgroups[i].part, sizeof(from->cgroups[i].part), "%s", part);
	for (i = 0; i < from->nr_stalls; i++)
		snprintf(from->stalls[i].part, sizeof(from->stalls[i].part), "%s", part);
	merge_measured(to, from);
}

static void bound_stalls(struct ktstr_result *r)
{
	const struct ktstr_stall_text *t;
	uint32_t i;

	if (r->nr_stalls > KTSTR_MAX_STALLS)
		r->nr_stalls = KTSTR_MAX_STALLS;
	for (i = 0; i < r->nr_stalls; i++) {
		for (t = ktstr_stall_texts; t < ktstr_stall_texts + KTSTR_NR_STALL_TEXTS; t++)
			((char *)&r->stalls[i])[t->offset + t->size - 1] = '\0';
		if (r->stalls[i].why >= KTSTR_NR_STALL_WHYS)
			r->stalls[i].why = KTSTR_STALL_SLEEPS;
		r->stalls[i].resumed = !!r->stalls[i].resumed;
	}
}

void ktstr_result__bound(struct ktstr_result *r)
{
	uint32_t i;

	bound_stalls(r);
	if (r->nr_details > KTSTR_MAX_DETAILS)
		r->nr_details = KTSTR_MAX_DETAILS;
	if (r->nr_cgroups > KTSTR_MAX_CGROUPS)
		r->nr_cgroups = KTSTR_MAX_CGROUPS;
	if (r->nr_ext_metrics > KTSTR_MAX_EXT_METRICS)
		r->nr_ext_metrics = KTSTR_MAX_EXT_METRICS;
	for (i = 0; i < r->nr_ext_metrics; i++) {
		struct ktstr_ext_metric *m = &r->ext_metrics[i];

		m->source[sizeof(m->source) - 1] = '\0';
		m->cgroup[sizeof(m->cgroup) - 1] = '\0';
		m->name[sizeof(m->name) - 1] = '\0';
		m->unit[sizeof(m->unit) - 1] = '\0';
	}
	for (i = 0; i < r->nr_details; i++) {
		struct ktstr_detail *d = &r->details[i];

		d->text[sizeof(d->text) - 1] = '\0';
		/* an unknown one must not be able to hide a failure */
		if ((uint32_t)d->severity > KTSTR_FAILS)
			d->severity = KTSTR_FAILS;
		if ((uint32_t)d->kind >= KTSTR_NR_KINDS)
			d->kind = KTSTR_OTHER;
	}
	for (i = 0; i < r->nr_cgroups; i++) {
		r->cgroups[i].name[sizeof(r->cgroups[i].name) - 1] = '\0';
		r->cgroups[i].part[sizeof(r->cgroups[i].part) - 1] = '\0';
		if (r->cgroups[i].span >= KTSTR_NR_SPANS)
			r->cgroups[i].span = KTSTR_SPAN_STEP;
	}
	if (r->nr_workers > KTSTR_MAX_KEPT_WORKERS)
		r->nr_workers = KTSTR_MAX_KEPT_WORKERS;
	for (i = 0; i < r->nr_workers; i++)
		if (r->workers[i].cgroup >= r->nr_cgroups)
			r->nr_workers = i;
}

enum ktstr_outcome ktstr_result__outcome(const struct ktstr_result *r)
{
	enum ktstr_severity worst = r->dropped_fails ? KTSTR_FAILS : KTSTR_NOTE;
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].severity > worst)
			worst = r->details[i].severity;

	switch (worst) {
	case KTSTR_FAILS:
		return KTSTR_FAIL;
	case KTSTR_UNDECIDED:
		return KTSTR_INCONCLUSIVE;
	case KTSTR_SKIPS:
		return r->nr_cgroups || r->dropped_cgroups ? KTSTR_PASS : KTSTR_SKIP;
	case KTSTR_NOTE:
		break;
	}
	return KTSTR_PASS;
}

const struct ktstr_detail *ktstr_result__first_failure(const struct ktstr_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].severity == KTSTR_FAILS)
			return &r->details[i];
	return NULL;
}

const char *ktstr_result__undecided(const struct ktstr_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].severity == KTSTR_UNDECIDED)
			return r->details[i].text;
	return "";
}
