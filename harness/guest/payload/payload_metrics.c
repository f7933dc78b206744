// SPDX-License-Identifier: GPL-2.0
/* Validates the declaration of a payload, and extracts metrics from its output: see payload.h. */
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"

/* The number that begins at @text and ends before @end. */
static bool number(const char *text, size_t len, double *value)
{
	char buf[64], *end;

	if (!len || len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	*value = strtod(buf, &end);
	return end != buf && !*end && isfinite(*value);
}

bool ktstr_metric_rule__find(const struct ktstr_metric_rule *rule, const char *text, size_t len,
			     double *value)
{
	const char *p, *nl, *end;
	regmatch_t m[2];
	bool found = false;
	char *copy, *nul;
	double v;
	regex_t re;

	if (len > KTSTR_PAYLOAD_SEARCHED) {
		text += len - KTSTR_PAYLOAD_SEARCHED;
		len = KTSTR_PAYLOAD_SEARCHED;
	}
	if (regcomp(&re, rule->regex, REG_EXTENDED | REG_NEWLINE))
		return false;
	copy = malloc(len + 1);
	if (!copy) {
		regfree(&re);
		return false;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	/* a program may print anything */
	while ((nul = memchr(copy, '\0', len)))
		*nul = '\n';
	end = copy + len;
	for (p = copy; p < end; p = nl + 1) {
		nl = memchr(p, '\n', end - p);
		if (!nl)
			nl = end;
		else
			copy[nl - copy] = '\0';
		if (regexec(&re, p, 2, m, 0) || m[1].rm_so < 0)
			continue;
		if (number(p + m[1].rm_so, m[1].rm_eo - m[1].rm_so, &v)) {
			*value = v;
			found = true;
		}
	}
	free(copy);
	regfree(&re);
	return found;
}

static const char *rule_problem(const struct ktstr_payload *p, const struct ktstr_metric_rule *r,
				char *why, size_t size)
{
	char text[100];
	regex_t re;
	int ret;

	if (p->output == KTSTR_OUTPUT_KTAP)
		return "KTAP has the metrics passed, failed and skipped, and no rules";
	if (p->output == KTSTR_OUTPUT_JSON)
		return !*r->name || r->regex ? "a metric of JSON needs a name, and no regex" : NULL;
	if (!*r->name || !r->regex)
		return "a metric needs a name and a regex";
	ret = regcomp(&re, r->regex, REG_EXTENDED | REG_NEWLINE);
	if (ret) {
		regerror(ret, &re, text, sizeof(text));
		snprintf(why, size, "metric %s: \"%s\" is no extended regular expression: %s",
			 r->name, r->regex, text);
		return why;
	}
	ret = re.re_nsub == 0;
	regfree(&re);
	if (!ret)
		return NULL;
	snprintf(why, size, "metric %s: \"%s\" has no group (...) around the number", r->name,
		 r->regex);
	return why;
}

static bool declared(const struct ktstr_payload *p, const char *metric)
{
	const struct ktstr_metric_rule *r;

	if (p->output == KTSTR_OUTPUT_JSON)
		return true;
	if (p->output == KTSTR_OUTPUT_KTAP)
		return !strcmp(metric, "passed") || !strcmp(metric, "failed") ||
		       !strcmp(metric, "skipped");
	for (r = p->metrics; r && r->name; r++)
		if (!strcmp(r->name, metric))
			return true;
	return false;
}

static const char *check_problem(const struct ktstr_payload *p,
				 const struct ktstr_payload_check *c, char *why, size_t size)
{
	if (c->kind == KTSTR_PAYLOAD_EXIT_CODE)
		return c->exit_code < 0 || c->exit_code > 255 ?
		       "an exit code is 0 to 255" : NULL;
	if (!c->metric || !declared(p, c->metric)) {
		snprintf(why, size, "a check wants metric %s, which no rule finds",
			 c->metric ?: "(no name)");
		return why;
	}
	if (!isfinite(c->min) || !isfinite(c->max) ||
	    (c->kind == KTSTR_PAYLOAD_RANGE && c->min > c->max)) {
		snprintf(why, size, "the bounds of metric %s are no interval", c->metric);
		return why;
	}
	return NULL;
}

const char *ktstr_payload__problem(const struct ktstr_payload *p, char *why, size_t size)
{
	const struct ktstr_metric_rule *r, *before;
	const struct ktstr_payload_check *c;
	const char *problem = NULL;

	if (!p->name || !*p->name)
		return "it has no name";
	if (!p->binary || !*p->binary)
		return "it has no binary";
	if (p->metric_bounds.set && p->metric_bounds.min_count < 0)
		return "the min_count of its metric_bounds is negative";
	if (p->metric_bounds.set && !(p->metric_bounds.value_min <= p->metric_bounds.value_max))
		return "its metric_bounds are no interval";
	for (r = p->metrics; r && r->name && !problem; r++) {
		problem = rule_problem(p, r, why, size);
		for (before = p->metrics; before < r && !problem; before++)
			if (!strcmp(before->name, r->name))
				problem = "a metric stands there twice";
	}
	for (c = p->checks; c && c->kind && !problem; c++)
		problem = check_problem(p, c, why, size);
	if (!problem && ktstr_payload__unknown_flag(p, p->args))
		problem = "its own args are not among its known_flags";
	return problem;
}

const char *ktstr_payload__unknown_flag(const struct ktstr_payload *p, const char * const *args)
{
	const char * const *known;
	size_t len;

	for (; p->known_flags && args && *args; args++) {
		if (strncmp(*args, "--", 2))
			continue;
		len = strcspn(*args, "=");
		for (known = p->known_flags; *known; known++)
			if (strlen(*known) == len && !strncmp(*known, *args, len))
				break;
		if (!*known)
			return *args;
	}
	return NULL;
}
