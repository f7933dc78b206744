// SPDX-License-Identifier: GPL-2.0
/*
 * Adds to results and computes their outcome.
 *
 * The list of details is bounded and the outcome is computed from it, so it matters which details
 * are dropped. When the list is full, a new detail replaces the newest one of the lowest severity
 * below its own. So a flood of notes never hides a failure, and a failure is only dropped when all
 * KTSTR_MAX_DETAILS kept details are failures too.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migrations.h"
#include "records.h"
#include "result.h"

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

/* A free detail; a less severe one is dropped for it if necessary. NULL: there is none. */
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

/* A worker refers to its cgroup by index, which changes with the position of the cgroup. */
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

	if (!isfinite(m->value) || !isfinite(m->target))
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

double ktstr_stats__ext_metric(const struct ktstr_result *r, const char *source, const char *name)
{
	uint32_t i = r->nr_ext_metrics;

	while (i--)
		if (!strcmp(r->ext_metrics[i].source, source) &&
		    !strcmp(r->ext_metrics[i].name, name))
			return r->ext_metrics[i].value;
	return (double)NAN;
}

double ktstr_stats__run_metric(const struct ktstr_result *r, const char *key)
{
	return ktstr_stats__ext_metric(r, KTSTR_RUN_METRIC, key);
}

struct ktstr_stall *ktstr_result__add_stall(struct ktstr_result *r)
{
	if (r->nr_stalls >= KTSTR_MAX_STALLS) {
		r->dropped_stalls = add_saturated(r->dropped_stalls, 1);
		return NULL;
	}
	r->stalls[r->nr_stalls] = (struct ktstr_stall){ };
	return &r->stalls[r->nr_stalls++];
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

/* Terminate a text; replace a number that the field must not have. */
static void bound_field(const struct ktstr_field *f, void *record)
{
	void *p = (char *)record + f->offset;
	uint32_t v;

	if (f->type == KTSTR_FIELD_TEXT)
		((char *)p)[f->size - 1] = '\0';
	if (f->type == KTSTR_FIELD_MIGRATIONS && !ktstr_migrations__valid(p))
		memset(p, 0, f->size);
	if (f->type != KTSTR_FIELD_U32 || !f->below)
		return;
	memcpy(&v, p, sizeof(v));
	if (v >= f->below)
		memcpy(p, &f->otherwise, sizeof(f->otherwise));
}

void ktstr_result__bound(struct ktstr_result *r)
{
	const struct ktstr_record_type *t;
	unsigned int k;
	uint32_t i, *nr;

	r->run = NULL;
	for (t = ktstr_record_types; t < ktstr_record_types + KTSTR_NR_RECORD_TYPES; t++) {
		nr = ktstr_record__count(t, r);
		if (nr && *nr > t->max)
			*nr = t->max;
		for (i = 0; i < (nr ? *nr : 1); i++)
			for (k = 0; k < t->nr_fields; k++)
				bound_field(&t->fields[k], ktstr_record__at(t, r, i));
	}
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

const struct ktstr_detail *ktstr_result__detail(const struct ktstr_result *r, uint32_t i)
{
	return i < r->nr_details ? &r->details[i] : NULL;
}

bool ktstr_result__judged(const struct ktstr_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].severity != KTSTR_NOTE)
			return true;
	return r->nr_cgroups || r->dropped_cgroups || r->claims_held || r->dropped_details;
}

const struct ktstr_detail *ktstr_result__first_failure(const struct ktstr_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].severity == KTSTR_FAILS)
			return &r->details[i];
	return NULL;
}

bool ktstr_result__failed_as(const struct ktstr_result *r, enum ktstr_kind first,
			     enum ktstr_kind last)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].severity == KTSTR_FAILS && r->details[i].kind >= first &&
		    r->details[i].kind <= last)
			return true;
	return false;
}

enum ktstr_kind ktstr_result__errno_kind(const struct ktstr_result *r)
{
	return ktstr_result__failed_as(r, KTSTR_INFRASTRUCTURE, KTSTR_INFRASTRUCTURE) ?
	       KTSTR_INFRASTRUCTURE : KTSTR_BODY_ERROR;
}

const char *ktstr_result__undecided(const struct ktstr_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_details; i++)
		if (r->details[i].severity == KTSTR_UNDECIDED)
			return r->details[i].text;
	return "";
}
