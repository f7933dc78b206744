// SPDX-License-Identifier: GPL-2.0
/* Validates the declaration of a payload, and extracts metrics from its output: see payload.h. */
#include <errno.h>
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

/* Those that a rule or a check names come first: there may be more than are kept. */
struct json_pass {
	const struct ktstr_payload *payload;
	bool named;
	ktstr_metric_fn *fn;
	void *arg;
};

static void json_leaf(void *arg, const char *path, double value)
{
	struct json_pass *pass = arg;
	const struct ktstr_metric_rule *r = pass->payload->metrics;
	const struct ktstr_payload_check *c = pass->payload->checks;

	while (r && r->name && strcmp(r->name, path))
		r++;
	while (c && c->kind && (!c->metric || strcmp(c->metric, path)))
		c++;
	r = r && r->name ? r : NULL;
	if ((r || (c && c->kind)) == pass->named)
		pass->fn(pass->arg, r, path, value);
}

static void extract_json(const char *text, size_t len, struct json_pass *pass)
{
	pass->named = true;
	if (!ktstr_json_leaves(text, len, json_leaf, pass))
		return;
	pass->named = false;
	ktstr_json_leaves(text, len, json_leaf, pass);
}

static void count_result(void *arg, const struct ktstr_ktap_result *r)
{
	uint32_t *nr = arg;

	nr[r->outcome]++;
}

static void extract_ktap(const char *text, size_t len, ktstr_metric_fn *fn, void *arg)
{
	uint32_t nr[KTSTR_FAIL + 1] = { 0 };

	ktstr_ktap__read(text, len, count_result, nr);
	fn(arg, NULL, "passed", nr[KTSTR_PASS]);
	fn(arg, NULL, "failed", nr[KTSTR_FAIL]);
	fn(arg, NULL, "skipped", nr[KTSTR_SKIP]);
}

void ktstr_payload__extract(const struct ktstr_payload *p, const char *text, size_t len,
			    ktstr_metric_fn *fn, void *arg)
{
	struct json_pass pass = { .payload = p, .fn = fn, .arg = arg };
	const struct ktstr_metric_rule *rule;
	double value;

	if (p->output == KTSTR_OUTPUT_JSON)
		extract_json(text, len, &pass);
	else if (p->output == KTSTR_OUTPUT_KTAP)
		extract_ktap(text, len, fn, arg);
	else
		for (rule = p->metrics; len && rule && rule->name; rule++)
			if (ktstr_metric_rule__find(rule, text, len, &value))
				fn(arg, rule, rule->name, value);
}

struct extraction {
	struct ktstr_found *out;
	int max, nr;
};

static void take_metric(void *arg, const struct ktstr_metric_rule *rule, const char *name,
			double value)
{
	struct extraction *x = arg;
	struct ktstr_found *m;

	if (x->nr++ >= x->max)
		return;
	m = &x->out[x->nr - 1];
	*m = (struct ktstr_found){ .value = value };
	snprintf(m->name, sizeof(m->name), "%s", name);
	if (rule) {
		snprintf(m->unit, sizeof(m->unit), "%s", rule->unit ?: "");
		m->polarity = rule->polarity;
		m->target = rule->target;
	}
}

int ktstr_extract_metrics(const struct ktstr_payload *p, const char *text, size_t len,
			  struct ktstr_found *found, int max)
{
	struct extraction x = { .out = found, .max = max };
	char why[256];

	if (ktstr_payload__problem(p, why, sizeof(why)))
		return -EINVAL;
	ktstr_payload__extract(p, text, len, take_metric, &x);
	return x.nr;
}

static const char *polarity_problem(const struct ktstr_metric_rule *r)
{
	if ((unsigned int)r->polarity >= KTSTR_NR_POLARITIES)
		return "a metric has a direction that there is not";
	if (r->polarity == KTSTR_TARGET_IS_BETTER ? !isfinite(r->target) : r->target != 0)
		return "a metric's target goes with KTSTR_TARGET_IS_BETTER, and is finite";
	return NULL;
}

static const char *rule_problem(const struct ktstr_payload *p, const struct ktstr_metric_rule *r,
				char *why, size_t size)
{
	const char *problem = polarity_problem(r);
	char text[100];
	regex_t re;
	int ret;

	if (problem)
		return problem;
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
