// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: see ktstr/claim.h. Each claim is judged from its description alone: judge() tells
 * whether it holds, and writes the sentence if it does not. Therefore the combinators can judge
 * claims without recording them.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/claim.h>

#include "metrics.h"
#include "migrations.h"
#include "result.h"

#define MAX_LOGGED_PASSES	64	/* then one line says that there are more */

/* Enough for any number with its unit. */
struct number_text {
	char s[48];
};

static struct number_text print(struct ktstr_number n, int digits)
{
	static const struct { const char *unit; double ns; } units[] = {
		{ "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 },
	};
	struct number_text t;
	size_t i;

	if (isnan(n.v)) {
		snprintf(t.s, sizeof(t.s), "NaN (absent)");
	} else if (n.type == KTSTR_INTEGER) {
		snprintf(t.s, sizeof(t.s), "%.0Lf", n.v);
	} else if (n.type == KTSTR_DURATION) {
		for (i = 0; i < 3 && fabsl(n.v) < units[i].ns; i++)
			;
		snprintf(t.s, sizeof(t.s), "%.*Lg%s", digits, n.v / units[i].ns, units[i].unit);
	} else if (n.v == rintl(n.v) && fabsl(n.v) < 1e15L) {
		snprintf(t.s, sizeof(t.s), "%.0Lf", n.v);
	} else {
		snprintf(t.s, sizeof(t.s), "%.*Lg", digits, n.v);
	}
	return t;
}

/* Enough digits that the measured value does not print the same as the bound it missed. */
static int digits_for(const struct ktstr_claim *c, struct ktstr_number was)
{
	static const int digits[] = { 6, 9, 17 };
	struct number_text w;
	size_t i;

	for (i = 0; i < 2; i++) {
		w = print(was, digits[i]);
		if (strcmp(w.s, print(c->a, digits[i]).s) && strcmp(w.s, print(c->b, digits[i]).s))
			break;
	}
	return digits[i];
}

static const struct {
	const char *words;	/* "expected ... A", "... A and B" */
	unsigned int bounds;
} ops[KTSTR_NR_CLAIM_OPS] = {
	[KTSTR_CLAIM_AT_LEAST]	= { "at least", 1 },
	[KTSTR_CLAIM_AT_MOST]	= { "at most", 1 },
	[KTSTR_CLAIM_LT]	= { "less than", 1 },
	[KTSTR_CLAIM_GT]	= { "more than", 1 },
	[KTSTR_CLAIM_BETWEEN]	= { "between", 2 },
	[KTSTR_CLAIM_EQUALS]	= { "exactly", 1 },
	[KTSTR_CLAIM_NE]	= { "anything but", 1 },
	[KTSTR_CLAIM_NEAR]	= { "near", 2 },
	[KTSTR_CLAIM_FINITE]	= { "a finite number", 0 },
	[KTSTR_CLAIM_PRESENT]	= { "a figure", 0 },
	[KTSTR_CLAIM_TRUE]	= { "true", 0 },
	[KTSTR_CLAIM_CONTAINS]	= { "to contain", 1 },
	[KTSTR_CLAIM_SUBSET_OF]	= { "only elements of", 0 },
	[KTSTR_CLAIM_DISJOINT_FROM] = { "no element of", 0 },
	[KTSTR_CLAIM_CPUS_EQUAL] = { "CPUs", 0 },
	[KTSTR_CLAIM_CPUS_WITHIN] = { "no CPU but", 0 },
	[KTSTR_CLAIM_CPUS_OUTSIDE] = { "no CPU of", 0 },
};

/* Why the claim itself is invalid; NULL: it is valid. */
static const char *nonsense(const struct ktstr_claim *c, struct ktstr_number was)
{
	unsigned int bounds = ops[c->op].bounds;
	bool duration = was.type == KTSTR_DURATION;

	if ((bounds && isnan(c->a.v)) || (bounds > 1 && isnan(c->b.v)))
		return "the bound is NaN: what it is made from is absent";
	if (was.type && ((bounds && duration != (c->a.type == KTSTR_DURATION)) ||
			 (bounds > 1 && duration != (c->b.type == KTSTR_DURATION))))
		return "a duration is compared with a plain number";
	if (c->op == KTSTR_CLAIM_BETWEEN && c->a.v > c->b.v)
		return "the interval's lower end is above its upper end";
	if (c->op == KTSTR_CLAIM_NEAR && c->b.v < 0)
		return "the tolerance is negative";
	return NULL;
}

static bool compare(const struct ktstr_claim *c, long double was)
{
	switch (c->op) {
	case KTSTR_CLAIM_AT_LEAST:
		return was >= c->a.v;
	case KTSTR_CLAIM_AT_MOST:
		return was <= c->a.v;
	case KTSTR_CLAIM_LT:
		return was < c->a.v;
	case KTSTR_CLAIM_GT:
		return was > c->a.v;
	case KTSTR_CLAIM_BETWEEN:
		return was >= c->a.v && was <= c->b.v;
	case KTSTR_CLAIM_EQUALS:
		return was == c->a.v;
	case KTSTR_CLAIM_NE:
		return was != c->a.v;
	case KTSTR_CLAIM_NEAR:
		return fabsl(was - c->a.v) <= c->b.v;
	case KTSTR_CLAIM_FINITE:
		return isfinite(was);
	case KTSTR_CLAIM_PRESENT:
		return !isnan(was);
	case KTSTR_CLAIM_TRUE:
		return was;
	default:
		return false;
	}
}

/* "at least 5", "near 5 (within 1)", ... */
static void print_expected(const struct ktstr_claim *c, int digits, char *buf, size_t size)
{
	const char *words = ops[c->op].words;

	switch (ops[c->op].bounds) {
	case 0:
		snprintf(buf, size, "%s%s%s", words, c->list ? " " : "", c->list ? c->list : "");
		break;
	case 1:
		snprintf(buf, size, "%s %s", words, print(c->a, digits).s);
		break;
	default:
		snprintf(buf, size, c->op == KTSTR_CLAIM_NEAR ? "%s %s (within %s)" : "%s %s and %s",
			 words, print(c->a, digits).s, print(c->b, digits).s);
	}
}

static struct ktstr_number element(const struct ktstr_array *a, size_t i)
{
	switch (a->element) {
	case KTSTR_ELEMENT_F64:
		return ktstr_number__f(((const double *)a->data)[i]);
	case KTSTR_ELEMENT_U64:
		return ktstr_number__u(((const uint64_t *)a->data)[i]);
	case KTSTR_ELEMENT_U32:
		return ktstr_number__u(((const uint32_t *)a->data)[i]);
	case KTSTR_ELEMENT_I64:
		return ktstr_number__i(((const int64_t *)a->data)[i]);
	case KTSTR_ELEMENT_I32:
		return ktstr_number__i(((const int32_t *)a->data)[i]);
	}
	return (struct ktstr_number){ };
}

static bool contains(const struct ktstr_array *a, long double v)
{
	size_t i;

	for (i = 0; i < a->nr; i++)
		if (element(a, i).v == v)
			return true;
	return false;
}

/* An empty set is a valid set, but a claim about each element needs at least one. */
static bool judge_each(const struct ktstr_claim *c, char *why, size_t size)
{
	bool sets = c->op == KTSTR_CLAIM_SUBSET_OF || c->op == KTSTR_CLAIM_DISJOINT_FROM;
	struct ktstr_number v, first = { };
	size_t i, bad = 0, at = 0;
	char expected[256];
	bool ok;
	int digits;

	if (!c->set.nr && !sets) {
		snprintf(why, size, "%s: there are no elements to claim anything of", c->label);
		return false;
	}
	for (i = 0; i < c->set.nr; i++) {
		v = element(&c->set, i);
		if (sets)
			ok = contains(&c->other, v.v) == (c->op == KTSTR_CLAIM_SUBSET_OF);
		else
			ok = compare(c, v.v);
		if (!ok && !bad++) {
			first = v;
			at = i;
		}
	}
	if (!bad)
		return true;
	digits = digits_for(c, first);
	print_expected(c, digits, expected, sizeof(expected));
	snprintf(why, size, "%s[%zu]: expected %s%s%s, was %s; %zu of %zu elements", c->label, at,
		 expected, c->other.label ? " " : "", c->other.label ? c->other.label : "",
		 print(first, digits).s, bad, c->set.nr);
	return false;
}

static bool judge_array(const struct ktstr_claim *c, char *why, size_t size)
{
	if (c->op != KTSTR_CLAIM_CONTAINS)
		return judge_each(c, why, size);
	if (contains(&c->set, c->a.v))
		return true;
	snprintf(why, size, "%s: expected to contain %s; %zu elements do not", c->label,
		 print(c->a, 6).s, c->set.nr);
	return false;
}

static bool judge_cpus(const struct ktstr_claim *c, char *why, size_t size)
{
	struct ktstr_cpumask list, both, outside;
	bool equal = c->op == KTSTR_CLAIM_CPUS_EQUAL, ok;
	char expected[256], was[256];
	size_t i;

	if (!c->list || ktstr_cpumask__parse(c->list, &list)) {
		snprintf(why, size, "%s: \"%s\" is no list of CPUs", c->label,
			 c->list ? c->list : "");
		return false;
	}
	for (i = 0; i < KTSTR_MAX_CPUS / 64; i++) {
		both.bits[i] = c->cpus.bits[i] & list.bits[i];
		outside.bits[i] = c->cpus.bits[i] & ~list.bits[i];
	}
	ok = ktstr_cpumask__weight(&c->cpus) > 0;	/* 0: nothing ran or was seen */
	ok = ok && !ktstr_cpumask__weight(c->op == KTSTR_CLAIM_CPUS_OUTSIDE ? &both : &outside);
	ok = ok && (!equal || ktstr_cpumask__weight(&both) == ktstr_cpumask__weight(&list));
	if (ok)
		return true;
	print_expected(c, 6, expected, sizeof(expected));
	ktstr_cpumask__format(&c->cpus, was, sizeof(was));
	snprintf(why, size, "%s: expected %s, was %s", c->label, expected, *was ? was : "none");
	return false;
}

static bool judge_number(const struct ktstr_claim *c, char *why, size_t size)
{
	char expected[256];
	int digits;

	if (compare(c, c->was.v))
		return true;
	digits = digits_for(c, c->was);
	print_expected(c, digits, expected, sizeof(expected));
	if (c->op == KTSTR_CLAIM_TRUE)
		snprintf(why, size, "%s: expected to be true", c->label);
	else
		snprintf(why, size, "%s: expected %s, was %s", c->label, expected,
			 print(c->was, digits).s);
	return false;
}

static bool judge(const struct ktstr_claim *c, char *why, size_t size)
{
	const char *fault = NULL;
	struct ktstr_number v = c->was;

	if ((unsigned int)c->op >= KTSTR_NR_CLAIM_OPS)
		fault = "there is no such claim";
	else if (c->set.data || c->set.label)
		v = c->set.nr ? element(&c->set, 0) : v;
	if (!fault)
		fault = nonsense(c, v);
	if (fault) {
		snprintf(why, size, "%s: the claim itself is wrong: %s", c->label, fault);
		return false;
	}
	if (c->set.data || c->set.label)
		return judge_array(c, why, size);
	if (c->op >= KTSTR_CLAIM_CPUS_EQUAL)
		return judge_cpus(c, why, size);
	return judge_number(c, why, size);
}

/* Set, not empty and not "0". */
static bool logs_passes(void)
{
	const char *v = getenv("KTSTR_LOG_PASSES");

	return v && *v && strcmp(v, "0");
}

static void passed(struct ktstr_result *r, const struct ktstr_claim *c)
{
	int digits = digits_for(c, c->was);
	char expected[256];

	if (r->claims_held < UINT32_MAX)
		r->claims_held++;
	if (!logs_passes() || r->passes_logged > MAX_LOGGED_PASSES)
		return;
	if (r->passes_logged++ == MAX_LOGGED_PASSES) {
		ktstr_result__add(r, KTSTR_NOTE, KTSTR_CLAIM,
				  "held: more than %d claims, the others are counted only",
				  MAX_LOGGED_PASSES);
		return;
	}
	print_expected(c, digits, expected, sizeof(expected));
	if (c->was.type)
		ktstr_result__add(r, KTSTR_NOTE, KTSTR_CLAIM, "held: %s: %s, was %s", c->label,
				  expected, print(c->was, digits).s);
	else
		ktstr_result__add(r, KTSTR_NOTE, KTSTR_CLAIM, "held: %s: %s%s%s", c->label,
				  expected, c->other.label ? " " : "",
				  c->other.label ? c->other.label : "");
}

static void fails(struct ktstr_result *r, const struct ktstr_claim *c, const char *why)
{
	ktstr_result__add(r, KTSTR_FAILS, c->kind ? c->kind : KTSTR_CLAIM, "%s%s%s%s", why,
			  c->because ? " (" : "", c->because ? c->because : "",
			  c->because ? ")" : "");
}

bool ktstr_claim__judge(struct ktstr_result *r, const struct ktstr_claim *c)
{
	char why[KTSTR_DETAIL_LEN];

	if (judge(c, why, sizeof(why))) {
		passed(r, c);
		return true;
	}
	fails(r, c, why);
	return false;
}

/* The sentences of all claims that do not hold, for one common failure. */
static size_t judge_several(const struct ktstr_claim *c, size_t nr, char *text, size_t size)
{
	char why[KTSTR_DETAIL_LEN];
	size_t i, bad = 0, len = 0;
	int n;

	text[0] = '\0';
	for (i = 0; i < nr; i++) {
		if (judge(&c[i], why, sizeof(why)))
			continue;
		n = snprintf(text + len, size - len, "%s%s", bad ? "; " : "", why);
		bad++;
		len += n > 0 && (size_t)n < size - len ? (size_t)n : 0;
	}
	return bad;
}

bool ktstr_claim__judge_all(struct ktstr_result *r, const struct ktstr_claim *c, size_t nr)
{
	char text[KTSTR_DETAIL_LEN], why[2 * KTSTR_DETAIL_LEN];
	size_t bad = judge_several(c, nr, text, sizeof(text)), i;

	if (bad) {
		snprintf(why, sizeof(why), "%zu of %zu do not hold: %s", bad, nr, text);
		fails(r, c, why);
		return false;
	}
	for (i = 0; i < nr; i++)
		passed(r, &c[i]);
	return true;
}

bool ktstr_claim__judge_any(struct ktstr_result *r, const struct ktstr_claim *c, size_t nr)
{
	char text[KTSTR_DETAIL_LEN], why[2 * KTSTR_DETAIL_LEN];
	size_t i;

	if (judge_several(c, nr, text, sizeof(text)) == nr) {
		snprintf(why, sizeof(why), "none of %zu holds: %s", nr, text);
		fails(r, c, why);
		return false;
	}
	for (i = 0; i < nr; i++)
		if (judge(&c[i], why, sizeof(why)))
			passed(r, &c[i]);
	return true;
}

bool ktstr_claim__better(struct ktstr_result *r, const char *metric, const char *ours_label,
			const char *theirs_label, double ours, double theirs, double margin)
{
	const struct ktstr_metric *m = ktstr_metric__find(metric);
	struct ktstr_claim c = { .label = ours_label, .was = ktstr_number__f(ours) };
	char because[160];

	snprintf(because, sizeof(because), "%g %% better than %s", margin * 100, theirs_label);
	c.because = because;
	if (!m || m->polarity == KTSTR_NEUTRAL || !(margin >= 0)) {
		ktstr_result__add(r, KTSTR_FAILS, KTSTR_CLAIM,
				  "%s: the claim itself is wrong: %s", ours_label,
				  margin >= 0 ? "neither more nor less of it is better" :
				  "the margin is negative");
		return false;
	}
	c.op = m->polarity == KTSTR_LOWER_IS_BETTER ? KTSTR_CLAIM_AT_MOST : KTSTR_CLAIM_AT_LEAST;
	c.a = ktstr_number__f(m->polarity == KTSTR_LOWER_IS_BETTER ? theirs * (1 - margin) :
								     theirs * (1 + margin));
	return ktstr_claim__judge(r, &c);
}

/* Where the worker whose figures these are went last; nothing for those of several together. */
static void note_migrations(struct ktstr_result *r, const char *label, const struct ktstr_stats *s)
{
	const struct ktstr_worker_stats *w;
	char list[256];

	for (w = r->workers; s->tid && w < r->workers + r->nr_workers; w++) {
		if (w->tid != s->tid || (double)w->migrations != s->migrations)
			continue;
		ktstr_migrations__format(&w->last_migrations, 6, list, sizeof(list));
		if (*list)
			ktstr_result__add(r, KTSTR_NOTE, KTSTR_CLAIM, "%s: the last migrations: %s",
					  label, list);
		return;
	}
}

bool ktstr_claim__thresholds(struct ktstr_result *r, const char *label,
			    const struct ktstr_stats *s, const struct ktstr_thresholds *t)
{
	const struct {
		const char *name;
		const struct ktstr_threshold *bound;
		enum ktstr_claim_op op;
		double was;
	} rows[] = {
		{ "p99_wake_latency_ns", &t->max_p99_wake_latency_ns, KTSTR_CLAIM_AT_MOST,
		  s->p99_wake_us * 1e3 },
		{ "iteration_cost_p99_ns", &t->max_iteration_cost_p99_ns, KTSTR_CLAIM_AT_MOST,
		  s->p99_cost_us * 1e3 },
		{ "migrations", &t->max_migrations, KTSTR_CLAIM_AT_MOST, s->migrations },
		{ "work_units", &t->min_work_units, KTSTR_CLAIM_AT_LEAST, s->work_units },
	};
	bool ok = true, holds;
	char text[160];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].bound->set)
			continue;
		snprintf(text, sizeof(text), "%s.%s", label, rows[i].name);
		holds = ktstr_claim__judge(r, &(struct ktstr_claim){
			.label = text, .op = rows[i].op, .was = ktstr_number__f(rows[i].was),
			.a = ktstr_number__f(rows[i].bound->value) });
		if (!holds && rows[i].bound == &t->max_migrations)
			note_migrations(r, label, s);
		ok &= holds;
	}
	return ok;
}

void ktstr_claim__skip(struct ktstr_result *r, const char *cond, const char *fmt, ...)
{
	char text[KTSTR_DETAIL_LEN];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	ktstr_result__add(r, KTSTR_SKIPS, KTSTR_SKIPPED, "%s (%s)", text, cond);
}

void ktstr_claim__note(struct ktstr_result *r, const char *fmt, ...)
{
	char text[KTSTR_DETAIL_LEN];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	ktstr_result__add(r, KTSTR_NOTE, KTSTR_CLAIM, "%s", text);
}

void ktstr_claim__note_value(struct ktstr_result *r, const char *label, struct ktstr_number v)
{
	ktstr_result__add(r, KTSTR_NOTE, KTSTR_CLAIM, "%s = %s", label, print(v, 6).s);
}
