// SPDX-License-Identifier: GPL-2.0
/* ktstr list features. What is supported is read from the tables by which the suite runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <subcmd/parse-options.h>

#include "harness/checks/checks.h"
#include "harness/guest/engine/ops/ops.h"
#include "harness/guest/work/work.h"
#include "harness/plan/attrs_table.h"
#include "harness/result/metrics.h"
#include "lib/json.h"
#include "tools-testing-ktstr/commands/commands.h"
#include "tools-testing-ktstr/util/util.h"
#include "tools-testing-ktstr/commands/variables.h"
#include "features.h"

static bool find_attr(const struct ktstr_attr *table, unsigned int nr, const char *name,
		      const char **needs)
{
	for (unsigned int i = 0; i < nr; i++)
		if (!strcmp(table[i].name, name)) {
			*needs = table[i].later;
			return true;
		}
	return false;
}

static bool has_attribute(const char *name, const char **needs)
{
	return find_attr(ktstr_test_attrs, ktstr_nr_test_attrs, name, needs);
}

static bool has_scheduler_attribute(const char *name, const char **needs)
{
	return find_attr(ktstr_scheduler_attrs, ktstr_nr_scheduler_attrs, name, needs);
}

static bool has_check(const char *name, const char **needs)
{
	(void)needs;
	for (unsigned int i = 0; i < ktstr_nr_checks; i++)
		if (!strcmp(ktstr_check_table[i].name, name))
			return true;
	return false;
}

static bool has_work_type(const char *name, const char **needs)
{
	const struct ktstr_work_row *row;

	(void)needs;
	for (int i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		row = ktstr_work__row(i);
		if (row && !strcmp(row->name, name))
			return true;
	}
	return false;
}

static bool has_op(const char *name, const char **needs)
{
	const struct ktstr_op_row *row;

	for (int i = KTSTR_OP_END + 1; i < KTSTR_NR_OPS; i++) {
		row = ktstr_op__row(i);
		if (!strcmp(row->name, name)) {
			*needs = row->needs;
			return true;
		}
	}
	return false;
}

static bool has_metric(const char *name, const char **needs)
{
	(void)needs;
	return ktstr_metric__find(name);
}

/* "kernel list": some line of the usage of `ktstr kernel` begins with it. */
static bool has_command(const char *text, const char **needs)
{
	char name[32], line[64];
	const struct command *c;
	size_t len;

	(void)needs;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
	c = command__find(name);
	if (!c || !strcmp(name, text))
		return c;
	len = (size_t)snprintf(line, sizeof(line), "ktstr %s", text);
	for (const char * const *u = c->help->usage; *u; u++)
		if (!strncmp(*u, line, len) && strchr(" |", (*u)[len]))
			return true;
	return false;
}

/* "run --seed", "kernel build --force". */
static bool has_option(const char *text, const char **needs)
{
	const char *option = strstr(text, " --");
	const struct option *o;
	const struct command *c;
	char name[32];

	(void)needs;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, " "), text);
	c = option ? command__find(name) : NULL;
	for (o = c ? c->help->options : NULL; o && o->type != OPTION_END; o++)
		if (o->long_name && !strcmp(o->long_name, option + 3))
			return true;
	return false;
}

static bool has_variable(const char *name, const char **needs)
{
	const char *v;

	(void)needs;
	for (unsigned int i = 0; (v = env_variable_name(i)); i++)
		if (!strcmp(v, name))
			return true;
	return false;
}

/* Without a table. */
static bool is_said(const char *name, const char **needs)
{
	(void)name;
	(void)needs;
	return true;
}

static const struct {
	const char *word, *title;
	bool (*has)(const char *name, const char **needs);
} kinds[NR_FEATURE_KINDS] = {
	[FEATURE_ATTRIBUTE] = { "attribute", "Attributes of a test", has_attribute },
	[FEATURE_CHECK] = { "check", "Checks", has_check },
	[FEATURE_SCHEDULER] = { "scheduler", "Attributes of a scheduler", has_scheduler_attribute },
	[FEATURE_WORK_TYPE] = { "work-type", "Work types", has_work_type },
	[FEATURE_OP] = { "op", "Ops of scenarios", has_op },
	[FEATURE_METRIC] = { "metric", "Metrics", has_metric },
	[FEATURE_COMMAND] = { "command", "Commands", has_command },
	[FEATURE_OPTION] = { "option", "Options", has_option },
	[FEATURE_VARIABLE] = { "variable", "Environment variables", has_variable },
	[FEATURE_API] = { "api", "What tests are written with", is_said },
	[FEATURE_OTHER] = { "other", "Everything else", is_said },
};

static const char * const status_name[NR_FEATURE_STATUSES] = {
	[FEATURE_YES] = "supported", [FEATURE_DIFFERS] = "differently", [FEATURE_NOT_YET] = "not yet",
};

const char *feature_kind__title(enum feature_kind kind)
{
	return kinds[kind].title;
}

const char *feature_status__name(enum feature_status status)
{
	return status_name[status];
}

enum feature_status feature__status(const struct feature *f, const char **needs)
{
	*needs = NULL;
	if (f->here && (!kinds[f->kind].has(f->here, needs) || *needs))
		return FEATURE_NOT_YET;
	if (f->row)
		return FEATURE_DIFFERS;
	return f->here ? FEATURE_YES : FEATURE_NOT_YET;
}

static void print_json(void)
{
	for (size_t i = 0; i < nr_features; i++) {
		const struct feature *f = &features[i];
		const char *needs;
		enum feature_status status = feature__status(f, &needs);
		const struct {
			const char *key, *value;
		} members[] = {
			{ "\"name\": ", f->name },
			{ ", \"kind\": ", kinds[f->kind].word },
			{ ", \"status\": ", status_name[status] },
			{ ", \"here\": ", status == FEATURE_NOT_YET ? NULL : f->here },
			{ ", \"needs\": ", needs },
			{ ", \"difference\": ", status == FEATURE_DIFFERS ? f->row : NULL },
		};

		fputs(i ? ",\n  { " : "[\n  { ", stdout);
		for (size_t k = 0; k < ARRAY_SIZE(members); k++) {
			fputs(members[k].key, stdout);
			if (members[k].value)
				json_string(stdout, members[k].value);
			else
				fputs("null", stdout);
		}
		fputs(" }", stdout);
	}
	puts("\n]");
}

/* What is to be said of it: in what it differs, what it needs, or what it is called. */
static void describe(const struct feature *f, enum feature_status status, const char *needs,
		     bool markdown, FILE *out)
{
	const char *tick = markdown ? "`" : "";
	bool page = f->kind == FEATURE_OTHER;

	if (status == FEATURE_DIFFERS) {
		fprintf(out, markdown ? "[%s](differences.md)" : "see \"%s\" in docs/differences.md", f->row);
	} else if (status == FEATURE_NOT_YET) {
		if (needs)
			fprintf(out, "needs %s", needs);
	} else if (page) {
		fprintf(out, markdown ? "[%s](%s)" : "docs/%s", f->here, f->here);
	} else if (strcmp(f->here, f->name)) {
		fprintf(out, "%s%s%s", tick, f->here, tick);
	}
}

static void count(size_t nr[NR_FEATURE_STATUSES])
{
	const char *needs;

	for (size_t i = 0; i < nr_features; i++)
		nr[feature__status(&features[i], &needs)]++;
}

static void print_text(void)
{
	size_t nr[NR_FEATURE_STATUSES] = { 0 };
	enum feature_status status;
	const char *needs;

	for (size_t i = 0; i < nr_features; i++) {
		status = feature__status(&features[i], &needs);
		printf("%-11s  %-9s  %s", status_name[status], kinds[features[i].kind].word, features[i].name);
		fputs(status == FEATURE_YES && !strcmp(features[i].here, features[i].name) ? "" : "  ",
		      stdout);
		describe(&features[i], status, needs, false, stdout);
		putchar('\n');
	}
	count(nr);
	printf("%zu names: %zu supported, %zu differently, %zu not yet\n", nr_features, nr[FEATURE_YES],
	       nr[FEATURE_DIFFERS], nr[FEATURE_NOT_YET]);
}

/* docs/features.md */
static void print_markdown(void)
{
	size_t nr[NR_FEATURE_STATUSES] = { 0 };
	enum feature_status status;
	const char *needs;

	count(nr);
	printf("# What the original promises\n\n"
	       "`ktstr list features --markdown` generates this page: %zu names of attributes, checks, ops, work\n"
	       "types, commands, options, variables and types in the documents of the original, and what became\n"
	       "of them. %zu are supported, %zu are there but differ on purpose\n"
	       "([differences.md](differences.md) has the row that the link is called after), %zu are not there yet.\n\n"
	       "Whether an attribute, check, op, work type, metric, command, option or variable is there is looked up\n"
	       "in the tables by which this suite runs; a test looks for the types and functions in the public headers.\n",
	       nr_features, nr[FEATURE_YES], nr[FEATURE_DIFFERS], nr[FEATURE_NOT_YET]);
	for (size_t i = 0; i < nr_features; i++) {
		const struct feature *f = &features[i];
		const char *tick = f->kind == FEATURE_OTHER ? "" : "`";

		if (!i || f[-1].kind != f->kind)
			printf("\n## %s\n\n| promised | status | here |\n|---|---|---|\n", kinds[f->kind].title);
		status = feature__status(f, &needs);
		printf("| %s%s%s | %s | ", tick, f->name, tick, status_name[status]);
		describe(f, status, needs, true, stdout);
		puts(" |");
	}
}

int print_features(enum table_format format)
{
	if (format == TABLE_JSON)
		print_json();
	else if (format == TABLE_MARKDOWN)
		print_markdown();
	else
		print_text();
	return 0;
}
