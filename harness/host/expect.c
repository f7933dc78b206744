// SPDX-License-Identifier: GPL-2.0
/*
 * expect_err expects a failure of the guest. Failures of the host (no kernel, a VMM that failed, a
 * deadline of the wall clock) prove nothing about a scheduler and never satisfy it; a guest that
 * hangs is ended by a deadline in guest time. All matchers must match.
 */
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"

/* Can this failure be the expected one? */
static bool guest_made(const struct ktstr_plan *p, const struct ktstr_evidence *e,
		       const struct ktstr_detail *d)
{
	if (d->severity != KTSTR_FAILS)
		return false;
	switch (d->kind) {
	case KTSTR_INFRASTRUCTURE:
	case KTSTR_SKIPPED:
	case KTSTR_NO_DATA:
		return false;
	case KTSTR_BOOT_TIMEOUT:
	case KTSTR_TEARDOWN_TIMEOUT:
		return p->test->expect_kind == d->kind;
	case KTSTR_BODY_TIMEOUT:
		return !e->host_timeout || p->test->expect_kind == d->kind;
	default:
		return true;
	}
}

static bool contains(const char *words, const char *text)
{
	return text && strstr(text, words);
}

static bool regex_matches(const char *pattern, const char *text)
{
	regex_t r;
	bool match;

	if (!text || regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	match = !regexec(&r, text, 0, NULL, 0);
	regfree(&r);
	return match;
}

/*
 * The texts in which the error of a scheduler is looked for: what the kernel says, and what the
 * scheduler wrote, if anything happened to it. ^ and $ mean the ends of either.
 */
struct captured {
	const char *kernel, *log;
};

static struct captured capture(const struct ktstr_evidence *e)
{
	bool ended = e->scx_error ||
		     ktstr_result__failed_as(e->result, KTSTR_SCHED_NOT_ATTACHED,
					     KTSTR_SCHED_UNCLEAN_EXIT);

	return (struct captured){ e->scx_error, ended ? e->sched_log : NULL };
}

static bool found(const struct captured *c, const char *what,
		  bool (*finds)(const char *what, const char *text))
{
	return !what || finds(what, c->kernel) || finds(what, c->log);
}

static void not_found(const struct captured *c, const char *verb, const char *what, char *why,
		      size_t size)
{
	const char *quote = c->kernel ? "\"" : "";

	snprintf(why, size, "expected an scx_bpf_error text that %s \"%s\", captured %s%.200s%s%s",
		 verb, what, quote, c->kernel ? c->kernel : "none", quote,
		 c->log ? "; the scheduler's output has no such text either" : "");
}

/* Do all matchers match? If not, @why says which one does not. */
static bool matchers_hold(const struct ktstr_plan *p, const struct ktstr_evidence *e, char *why,
			  size_t size)
{
	const struct ktstr_test *t = p->test;
	const struct ktstr_detail *first = ktstr_result__first_failure(e->result), *d;
	const struct captured captured = capture(e);
	bool any = false, kind = false, text = false;
	uint32_t i;

	for (i = 0; i < e->result->nr_details; i++) {
		d = &e->result->details[i];
		if (!guest_made(p, e, d))
			continue;
		any = true;
		kind |= d->kind == t->expect_kind;
		text |= t->expect_text && strstr(d->text, t->expect_text);
	}
	if (!any)
		snprintf(why, size,
			 "expected an error of the guest's making, got %s: only what happens in the guest counts",
			 first ? ktstr_kind__name(first->kind) : "none");
	else if (t->expect_kind != KTSTR_KIND_NONE && !kind)
		snprintf(why, size, "expected a failure of kind %s, got kind %s",
			 ktstr_kind__name(t->expect_kind),
			 first ? ktstr_kind__name(first->kind) : "none");
	else if (t->expect_text && !text)
		snprintf(why, size, "expected a failure that contains \"%s\", got \"%.200s\"",
			 t->expect_text, first ? first->text : "");
	else if (!found(&captured, t->expect_scx_bpf_error_contains, contains))
		not_found(&captured, "contains", t->expect_scx_bpf_error_contains, why, size);
	else if (!found(&captured, t->expect_scx_bpf_error_matches, regex_matches))
		not_found(&captured, "matches", t->expect_scx_bpf_error_matches, why, size);
	else
		return true;
	return false;
}

/* The first thing that happened to the scheduler, or NULL. */
static const char *scheduler_end(const struct ktstr_evidence *e)
{
	const struct ktstr_detail *d = e->result->details;
	uint32_t i;

	if (e->scx_error)
		return e->scx_error;
	for (i = 0; i < e->result->nr_details; i++, d++)
		if (d->severity == KTSTR_FAILS && d->kind >= KTSTR_SCHED_NOT_ATTACHED &&
		    d->kind <= KTSTR_SCHED_EXITED)
			return d->text;
	return NULL;
}

static enum ktstr_outcome judge_expected(const struct ktstr_plan *p,
					 const struct ktstr_evidence *e, enum ktstr_outcome raw,
					 char *why, size_t size)
{
	const struct ktstr_detail *first;

	if (raw == KTSTR_SKIP)
		return raw;
	if (raw != KTSTR_FAIL) {
		snprintf(why, size, "expected error but test %s",
			 raw == KTSTR_PASS ? "passed" : "was inconclusive");
		return KTSTR_FAIL;
	}
	if (!matchers_hold(p, e, why, size))
		return KTSTR_FAIL;
	first = ktstr_result__first_failure(e->result);
	snprintf(why, size, "failed as expected: %.460s", first ? first->text : "");
	return KTSTR_PASS;
}

enum ktstr_outcome ktstr_expect__judge(const struct ktstr_plan *p, const struct ktstr_evidence *e,
				       char *why, size_t size)
{
	enum ktstr_outcome raw = ktstr_result__outcome(e->result);
	const char *end;

	why[0] = '\0';
	if (p->expect_err)
		return judge_expected(p, e, raw, why, size);
	if (raw == KTSTR_INCONCLUSIVE && p->allow_inconclusive) {
		snprintf(why, size, "inconclusive, which the test allows");
		return KTSTR_PASS;
	}
	end = raw == KTSTR_FAIL && p->survives_storm ? scheduler_end(e) : NULL;
	if (end)
		snprintf(why, size,
			 "survives_storm: the scheduler must stay attached and alive through every hold, but it did not: %.300s",
			 end);
	return raw;
}

enum ktstr_exit ktstr_exit__native(enum ktstr_outcome verdict)
{
	switch (verdict) {
	case KTSTR_PASS:
	case KTSTR_SKIP:
		return KTSTR_EXIT_PASS;
	case KTSTR_INCONCLUSIVE:
		return KTSTR_EXIT_INCONCLUSIVE;
	case KTSTR_FAIL:
		break;
	}
	return KTSTR_EXIT_FAIL;
}

int ktstr_exit__kselftest(enum ktstr_outcome verdict)
{
	return verdict == KTSTR_PASS ? 0 : verdict == KTSTR_SKIP ? 4 : 1;
}
