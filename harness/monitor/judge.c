// SPDX-License-Identifier: GPL-2.0
/* Sustained violations: one tracker a limit, and one a CPU for stalls. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "judge.h"
#include "lib/clock.h"

/* The longest run of consecutive violations so far, and how it ended. */
struct tracker {
	uint32_t run, longest;
	double worst;
	uint64_t time_ns;
	uint32_t cpu;
};

/* @nr: for so many samples in a row. */
static void track_many(struct tracker *t, bool beyond, uint32_t nr, double value, uint32_t cpu,
		       uint64_t time_ns)
{
	t->run = beyond ? t->run + nr : 0;
	if (t->run <= t->longest)
		return;
	*t = (struct tracker) {
		.run = t->run, .longest = t->run, .worst = value, .cpu = cpu, .time_ns = time_ns,
	};
}

static void track(struct tracker *t, bool beyond, double value, uint32_t cpu, uint64_t time_ns)
{
	track_many(t, beyond, 1, value, cpu, time_ns);
}

static struct ktstr_violation *add(struct ktstr_monitor_verdict *out, const struct tracker *t,
				   const char *check, double limit, int cpu)
{
	struct ktstr_violation *v = &out->violation[out->nr];

	if (out->nr == KTSTR_MAX_VIOLATIONS) {
		out->dropped++;
		return NULL;
	}
	out->nr++;
	*v = (struct ktstr_violation) {
		.check = check, .worst = t->worst, .limit = limit, .samples = t->longest,
		.time_ns = t->time_ns, .cpu = cpu,
	};
	return v;
}

static void unjudged(struct ktstr_monitor_verdict *out, const char *check)
{
	if (out->nr_unjudged < ARRAY_SIZE(out->unjudged))
		out->unjudged[out->nr_unjudged++] = check;
}

static void judge_imbalance(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c,
			    struct ktstr_monitor_verdict *out)
{
	struct tracker t = { 0 };
	struct ktstr_violation *v;
	bool seen = false;
	double ratio;

	for (uint32_t i = j->span.from; i < j->span.to; i++) {
		const struct ktstr_point *p = &j->all->point[i];

		if (!ktstr_sample__imbalance(p->sample, &ratio))
			continue;
		seen = true;
		track(&t, ratio > c->max_imbalance_ratio, ratio, 0, p->time_ns);
	}
	if (!seen)
		unjudged(out, "max_imbalance_ratio");
	if (t.longest < c->sustained_samples)
		return;
	v = add(out, &t, "max_imbalance_ratio", c->max_imbalance_ratio, -1);
	if (v)
		snprintf(v->text, sizeof(v->text),
			 "imbalance %.2f exceeds max_imbalance_ratio %g for %u samples, until %.3f s",
			 t.worst, v->limit, t.longest, (double)t.time_ns / NSEC_PER_SEC);
}

static void judge_dsq(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c,
		      struct ktstr_monitor_verdict *out)
{
	struct tracker t = { 0 };
	struct ktstr_violation *v;
	bool seen = false;
	uint64_t depth;
	uint32_t cpu;

	for (uint32_t i = j->span.from; i < j->span.to; i++) {
		const struct ktstr_point *p = &j->all->point[i];

		if (!ktstr_sample__max_dsq(p->sample, &depth, &cpu))
			continue;
		seen = true;
		track(&t, (double)depth > c->max_local_dsq_depth, (double)depth, cpu, p->time_ns);
	}
	if (!seen)
		unjudged(out, "max_local_dsq_depth");
	if (t.longest < c->sustained_samples)
		return;
	v = add(out, &t, "max_local_dsq_depth", c->max_local_dsq_depth, (int)t.cpu);
	if (v)
		snprintf(v->text, sizeof(v->text),
			 "local DSQ of CPU %u holds %.0f tasks, exceeds max_local_dsq_depth %g for %u samples, until %.3f s",
			 t.cpu, t.worst, v->limit, t.longest, (double)t.time_ns / NSEC_PER_SEC);
}

static void judge_stall_of(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c,
			   uint32_t cpu, struct ktstr_monitor_verdict *out)
{
	const struct ktstr_point *point = j->all->point;
	struct ktstr_violation *v;
	struct tracker t = { 0 };
	uint64_t clock = 0, nr;

	for (uint32_t i = j->span.from + 1; i < j->span.to; i++) {
		if (!ktstr_sample__cpu(point[i].sample, cpu, KTSTR_CPU_CLOCK, &clock))
			continue;
		/* The clock stood at the moments in between too, at which no sample was taken. */
		nr = (point[i].time_ns - point[i - 1].time_ns + j->period_ns / 2) / j->period_ns;
		track_many(&t, ktstr_point__stuck(&point[i - 1], &point[i], cpu, j->tick_ns),
			   nr ? (uint32_t)nr : 1, (double)clock, cpu, point[i].time_ns);
	}
	if (t.longest < c->sustained_samples)
		return;
	v = add(out, &t, "fail_on_stall", 0, (int)cpu);
	if (v)
		snprintf(v->text, sizeof(v->text),
			 "CPU %u is stuck: its runqueue clock stood at %.3f s for %u samples, until %.3f s",
			 cpu, t.worst / NSEC_PER_SEC, t.longest,
			 (double)t.time_ns / NSEC_PER_SEC);
}

static void judge_stalls(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c,
			 struct ktstr_monitor_verdict *out)
{
	const struct ktstr_sample *first;
	uint64_t clock;

	if (j->span.to - j->span.from < 2) {
		unjudged(out, "fail_on_stall");
		return;
	}
	first = j->all->point[j->span.from].sample;
	if (!ktstr_sample__cpu(first, 0, KTSTR_CPU_CLOCK, &clock)) {
		unjudged(out, "fail_on_stall");
		return;
	}
	for (uint32_t cpu = 0; cpu < first->nr_cpus; cpu++)
		judge_stall_of(j, c, cpu, out);
}

static void judge_rate(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c, int event,
		       const char *check, double limit, struct ktstr_monitor_verdict *out)
{
	const struct ktstr_point *point = j->all->point;
	struct ktstr_violation *v;
	struct tracker t = { 0 };
	bool seen = false;

	for (uint32_t i = j->span.from + 1; event >= 0 && i < j->span.to; i++) {
		uint64_t ns = point[i].time_ns - point[i - 1].time_ns, count;
		double rate;

		if (!ns || !ktstr_point__events(&point[i - 1], &point[i], event, &count))
			continue;
		seen = true;
		rate = (double)count * NSEC_PER_SEC / (double)ns;
		track(&t, rate > limit, rate, 0, point[i].time_ns);
	}
	if (!seen)
		unjudged(out, check);
	if (t.longest < c->sustained_samples)
		return;
	v = add(out, &t, check, limit, -1);
	if (v)
		snprintf(v->text, sizeof(v->text),
			 "%.1f events/s exceed %s %g for %u samples, until %.3f s", t.worst, check,
			 limit, t.longest, (double)t.time_ns / NSEC_PER_SEC);
}

/* A limit that is set and is not "none". */
static bool limited(double limit)
{
	return !isnan(limit) && !isinf(limit);
}

/* Add to @out. */
static void judge_span(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c,
		       struct ktstr_monitor_verdict *out)
{
	if (limited(c->max_imbalance_ratio))
		judge_imbalance(j, c, out);
	if (limited(c->max_local_dsq_depth))
		judge_dsq(j, c, out);
	if (c->fail_on_stall == KTSTR_ON)
		judge_stalls(j, c, out);
	if (limited(c->max_fallback_rate))
		judge_rate(j, c, j->fallback, "max_fallback_rate", c->max_fallback_rate, out);
	if (limited(c->max_keep_last_rate))
		judge_rate(j, c, j->keep_last, "max_keep_last_rate", c->max_keep_last_rate, out);
}

void ktstr_monitor_judge(const struct ktstr_judge_ctx *j, const struct ktstr_checks *c,
			 struct ktstr_monitor_verdict *out)
{
	memset(out, 0, sizeof(*out));
	judge_span(j, c, out);
}

void ktstr_monitor_judge__leave(struct ktstr_checks *c, const struct ktstr_check_change *over,
				unsigned int nr)
{
	const struct ktstr_check *k;

	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++)
		for (unsigned int i = 0; i < nr && k->type != KTSTR_CHECK_COUNT; i++)
			if (ktstr_check__is_set(k, &over[i].checks))
				ktstr_check__set_value(k, c, (double)NAN);
}

/* The time of change @i; of the one after the last, the end of all time. */
static uint64_t time_of(const struct ktstr_check_change *over, unsigned int nr, unsigned int i)
{
	return i < nr ? over[i].time_ns : UINT64_MAX;
}

/*
 * The limit of check @k and what it must last for, from change @i on. @i counts from 1; 0 is the time
 * before the first. Returns whether a set names it.
 */
static bool limit_at(const struct ktstr_check *k, const struct ktstr_checks *declared,
		     const struct ktstr_check_change *over, unsigned int i, struct ktstr_checks *c)
{
	const struct ktstr_checks *set = i ? &over[i - 1].checks : NULL;
	bool named = set && ktstr_check__is_set(k, set);

	ktstr_checks__unset(c);
	ktstr_check__set_value(k, c, ktstr_check__value(k, named ? set : declared));
	c->sustained_samples = named && set->sustained_samples != KTSTR_UNSET ?
			       set->sustained_samples : declared->sustained_samples;
	return named;
}

/* One check that some set names, stretch by stretch; neighbours with the same limit are one. */
static void judge_named(const struct ktstr_judge_ctx *j, const struct ktstr_check *k,
			const struct ktstr_checks *declared, const struct ktstr_check_change *over,
			unsigned int nr, struct ktstr_monitor_verdict *out)
{
	struct ktstr_checks c, next;
	struct ktstr_judge_ctx part = *j;
	unsigned int i, until;
	uint32_t unjudged;
	bool named;

	for (i = 0; i <= nr; i = until) {
		named = limit_at(k, declared, over, i, &c);
		for (until = i + 1; until <= nr; until++)
			if (limit_at(k, declared, over, until, &next) != named ||
			    ktstr_check__value(k, &next) != ktstr_check__value(k, &c) ||
			    next.sustained_samples != c.sustained_samples)
				break;
		part.span = ktstr_series__between(j->all, i ? over[i - 1].time_ns : 0,
						  time_of(over, nr, until - 1));
		unjudged = out->nr_unjudged;
		judge_span(&part, &c, out);
		/* between the steps of sets there may be no sample */
		if (!named)
			out->nr_unjudged = unjudged;
	}
}

void ktstr_monitor_judge__sets(const struct ktstr_judge_ctx *j, const struct ktstr_checks *declared,
			       const struct ktstr_check_change *over, unsigned int nr,
			       struct ktstr_monitor_verdict *out)
{
	struct ktstr_checks whole = *declared;
	const struct ktstr_check *k;

	/* those that no set ever names are judged in one piece */
	ktstr_monitor_judge__leave(&whole, over, nr);
	ktstr_monitor_judge(j, &whole, out);
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		bool named = false;

		for (unsigned int i = 0; i < nr; i++)
			named |= ktstr_check__is_set(k, &over[i].checks);
		if (named && k->scope == KTSTR_SCOPE_MONITOR && k->type != KTSTR_CHECK_COUNT)
			judge_named(j, k, declared, over, nr, out);
	}
}
