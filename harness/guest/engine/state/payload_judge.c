// SPDX-License-Identifier: GPL-2.0
/* Evaluates the output and the exit status of a payload: metrics and checks. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/control.h"
#include "lib/status.h"
#include "harness/guest/payload/payload.h"
#include "payload_run.h"

#define LAST_WORDS	300		/* bytes of the standard error in a failure */

/* Add a figure of @run; @rule (may be NULL) has its unit and polarity. True when it is kept. */
static bool add_metric(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
		       enum ktstr_metric_stream stream, const struct ktstr_metric_rule *rule,
		       const char *name, double value)
{
	struct ktstr_ext_metric m = {
		.step = run->step, .value = value, .stream = stream, .run = run->number,
	};

	snprintf(m.source, sizeof(m.source), "%s", run->payload->name);
	snprintf(m.cgroup, sizeof(m.cgroup), "%s", run->cgroup);
	snprintf(m.name, sizeof(m.name), "%s", name);
	if (rule) {
		snprintf(m.unit, sizeof(m.unit), "%s", rule->unit ?: "");
		m.polarity = rule->polarity;
		m.target = rule->target;
	}
	return ktstr_result__add_metric(st->ctx->result, &m);
}

struct search {
	struct ktstr_scenario_state *st;
	const struct ktstr_payload_run *run;
	enum ktstr_metric_stream stream;
	uint32_t found;
};

static void found_one(void *arg, const struct ktstr_metric_rule *rule, const char *name,
		      double value)
{
	struct search *s = arg;

	s->found += add_metric(s->st, s->run, s->stream, rule, name, value);
}

struct ktap_pass {
	struct ktstr_scenario_state *st;
	const struct ktstr_payload_run *run;
	uint32_t nr[KTSTR_FAIL + 1];	/* by outcome */
};

/* A line for each test, as of the scenarios of a batch; one that failed is a failure besides. */
static void ktap_result(void *arg, const struct ktstr_ktap_result *r)
{
	struct ktap_pass *pass = arg;

	pass->nr[r->outcome]++;
	ktstr_result__add(pass->st->ctx->result, KTSTR_NOTE, KTSTR_PART, "%sok %s.%s%s%s%s",
			  r->outcome == KTSTR_FAIL ? "not " : "", pass->run->payload->name,
			  r->name, r->outcome == KTSTR_SKIP ? " # SKIP" : *r->why ? " #" : "",
			  *r->why ? " " : "", r->why);
	if (r->outcome == KTSTR_FAIL)
		ktstr_payload_run__fails(pass->st, pass->run, "test %s failed", r->name);
}

/* *@failed: a test did. */
static uint32_t find_in_ktap(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			     bool *failed)
{
	struct search search = { st, run, KTSTR_METRIC_SYNTHESIZED };
	struct ktap_pass pass = { .st = st, .run = run };
	uint32_t planned, all;
	uint64_t dropped;
	const char *text;
	size_t len;

	text = ktstr_payload__output(run->proc, KTSTR_STDOUT, &len, &dropped);
	planned = ktstr_ktap__read(text, len, ktap_result, &pass);
	all = pass.nr[KTSTR_PASS] + pass.nr[KTSTR_SKIP] + pass.nr[KTSTR_FAIL];
	*failed = pass.nr[KTSTR_FAIL];
	if (all && pass.nr[KTSTR_SKIP] == all)
		ktstr_result__add(st->ctx->result, KTSTR_SKIPS, KTSTR_SKIPPED,
				  "payload %s: all its tests were skipped", run->payload->name);
	if (!all)
		ktstr_payload_run__fails(st, run, "there is no test result in its output");
	else if (planned > all)
		ktstr_payload_run__fails(st, run, "%u of %u planned tests have no result",
					 planned - all, planned);
	ktstr_payload__extract(run->payload, text, len, found_one, &search);
	return search.found;
}

static uint32_t find_metrics(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			     enum ktstr_stream stream)
{
	struct search search = {
		st, run, stream == KTSTR_STDERR ? KTSTR_METRIC_STDERR : KTSTR_METRIC_STDOUT,
	};
	uint64_t dropped;
	const char *text;
	size_t len;

	text = ktstr_payload__output(run->proc, stream, &len, &dropped);
	if (dropped)
		ktstr_result__add(st->ctx->result, KTSTR_NOTE, KTSTR_OTHER,
				  "payload %s: %llu bytes in the middle of its standard %s were not searched, %u MiB at each end were kept",
				  run->payload->name, (unsigned long long)dropped,
				  stream == KTSTR_STDERR ? "error" : "output",
				  KTSTR_PAYLOAD_OUTPUT >> 21);
	ktstr_payload__extract(run->payload, text, len, found_one, &search);
	return search.found;
}

void ktstr_payload_run__fails(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			      const char *fmt, ...)
{
	char text[KTSTR_DETAIL_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ktstr_result__add(st->ctx->result, KTSTR_FAILS, KTSTR_BENCHMARK, "payload %s in %s: %s",
			  run->payload->name, ktstr_state__where(run->cgroup), text);
	ktstr_payload_run__send(st, run, KTSTR_CHECK_FAILED, 0, NULL, 0);
}

/* Its last words on one line. */
static void last_words(const struct ktstr_payload_run *run, char *buf, size_t size)
{
	uint64_t dropped;
	size_t len;
	const char *text = ktstr_payload__output(run->proc, KTSTR_STDERR, &len, &dropped);

	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	snprintf(buf, size, "%s%.*s", len >= size ? "..." : "",
		 (int)(len < size - 4 ? len : size - 4),
		 len < size - 4 ? text : text + len - (size - 4));
	ktstr_tame(buf, ' ');
}

/* True when it ended as it should. */
static bool judge_exit(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run)
{
	int status = ktstr_payload__status(run->proc), wanted = 0;
	const struct ktstr_payload_check *c;
	char words[LAST_WORDS], how[KTSTR_STATUS_SIZE];

	for (c = run->payload->checks; c && c->kind; c++)
		if (c->kind == KTSTR_PAYLOAD_EXIT_CODE)
			wanted = c->exit_code;
	if (WIFEXITED(status) && WEXITSTATUS(status) == wanted)
		return true;
	last_words(run, words, sizeof(words));
	if (WIFSIGNALED(status))
		ktstr_payload_run__fails(st, run, "%s, expected exit code %d%s%s",
					 ktstr_status__format(status, how, sizeof(how)), wanted,
					 *words ? "; its standard error ends: " : "", words);
	else
		ktstr_payload_run__fails(st, run, "exit code %d, expected %d%s%s", WEXITSTATUS(status), wanted,
					 *words ? "; its standard error ends: " : "", words);
	return false;
}

static void judge_metric(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			 const struct ktstr_payload_check *c)
{
	/* the last one of that name is this run's, when this run had one */
	const struct ktstr_result *r = st->ctx->result;
	uint32_t i = r->nr_ext_metrics;
	const struct ktstr_ext_metric *m = NULL;
	const char *space;

	while (i-- && !m)
		if (!strcmp(r->ext_metrics[i].source, run->payload->name) &&
		    !strcmp(r->ext_metrics[i].cgroup, run->cgroup) &&
		    r->ext_metrics[i].step == run->step &&
		    !strcmp(r->ext_metrics[i].name, c->metric))
			m = &r->ext_metrics[i];
	space = m && *m->unit ? " " : "";	/* "1e+06 1/s": a unit may begin with a digit */
	if (!m)
		ktstr_payload_run__fails(st, run, "metric %s was not found in its output", c->metric);
	else if (c->kind == KTSTR_PAYLOAD_MIN && m->value < c->min)
		ktstr_payload_run__fails(st, run, "%s: expected at least %g%s%s, was %g", c->metric,
					 c->min, space, m->unit, m->value);
	else if (c->kind == KTSTR_PAYLOAD_MAX && m->value > c->max)
		ktstr_payload_run__fails(st, run, "%s: expected at most %g%s%s, was %g", c->metric,
					 c->max, space, m->unit, m->value);
	else if (c->kind == KTSTR_PAYLOAD_RANGE && (m->value < c->min || m->value > c->max))
		ktstr_payload_run__fails(st, run, "%s: expected %g to %g%s%s, was %g", c->metric,
					 c->min, c->max, space, m->unit, m->value);
}

/* The last @found metrics are those of this run. */
static void judge_bounds(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			 uint32_t found)
{
	const struct ktstr_metric_bounds *b = &run->payload->metric_bounds;
	const struct ktstr_result *r = st->ctx->result;
	const struct ktstr_ext_metric *m;

	if (!b->set)
		return;
	if (found < b->min_count)
		ktstr_payload_run__fails(st, run, "%u metrics were found in its output, expected %lld at least",
					 found, (long long)b->min_count);
	for (m = r->ext_metrics + r->nr_ext_metrics - found; found--; m++)
		if (m->value < b->value_min || m->value > b->value_max)
			ktstr_payload_run__fails(st, run, "%s: expected %g to %g like all its metrics, was %g",
						 m->name, b->value_min, b->value_max, m->value);
}

static uint32_t failures(const struct ktstr_result *r)
{
	uint32_t nr = r->dropped_fails, i;

	for (i = 0; i < r->nr_details; i++)
		nr += r->details[i].severity == KTSTR_FAILS;
	return nr;
}

void ktstr_payload_run__judge(struct ktstr_scenario_state *st, const struct ktstr_payload_run *run,
			      bool by_itself)
{
	struct ktstr_result *r = st->ctx->result;
	uint32_t found, before = failures(r);
	const struct ktstr_payload_check *c;
	bool ktap = run->payload->output == KTSTR_OUTPUT_KTAP, test_failed = false;
	bool judged = by_itself || ktap || run->payload->metric_bounds.set;

	ktstr_payload_run__send(st, run, KTSTR_RUN_ENDED,
				(uint32_t)ktstr_payload__status(run->proc), NULL, 0);
	st->payload_judged |= judged;
	/* not both: the streams are searched separately */
	if (ktap)
		found = find_in_ktap(st, run, &test_failed);
	else
		found = find_metrics(st, run, KTSTR_STDOUT) ?:
			find_metrics(st, run, KTSTR_STDERR);
	/* of a failed test the exit status says nothing new */
	if (by_itself && !test_failed && !judge_exit(st, run))
		return;
	judge_bounds(st, run, found);
	for (c = run->payload->checks; c && c->kind; c++) {
		if (c->kind == KTSTR_PAYLOAD_EXIT_CODE)
			continue;
		judge_metric(st, run, c);
		judged = true;
	}
	st->payload_judged |= judged;
	if (judged && failures(r) == before && r->claims_held < UINT32_MAX)
		r->claims_held++;
}
