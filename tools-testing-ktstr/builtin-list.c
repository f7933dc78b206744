// SPDX-License-Identifier: GPL-2.0
/* ktstr list: the tests that `ktstr run` chooses from, and what tests can use. */
#include <linux/kernel.h>
#include <stdio.h>
#include <string.h>

#include "commands/builtin.h"
#include "tools-testing-ktstr/run/suite.h"
#include "ctprof/print.h"
#include "features/features.h"
#include "tables/tables.h"

static bool as_json, as_markdown;

static const char * const list_usage[] = {
	"ktstr list [tests] [--json] [PROGRAM...]",
	"ktstr list gauntlet [--json] [PROGRAM...]",
	"ktstr list programs [--json]",
	"ktstr list work-types [--json | --markdown]",
	"ktstr list ops [--json | --markdown]",
	"ktstr list checks [--json]",
	"ktstr list metrics [--json]",
	"ktstr list scenarios [--json | --markdown]",
	"ktstr list presets [--json]",
	"ktstr list ctprof-metrics [--json | --markdown]",
	"ktstr list features [--json | --markdown]",
	NULL
};

static const struct option list_options[] = {
	OPT_BOOLEAN(0, "json", &as_json, "print a JSON array"),
	OPT_BOOLEAN(0, "markdown", &as_markdown, "work-types, scenarios, ops, ctprof-metrics, features: print what docs/ has of them"),
	OPT_END()
};

const struct command_help list_help = { list_usage, list_options };

static void print_test(const struct suite *s, size_t i, size_t nr_printed)
{
	const char *program = s->programs.item[s->program_of[i]];
	char id[256];

	snprintf(id, sizeof(id), "%s/%s", ktstr_id__fixture(s->tests.item[i]), s->tests.item[i]);
	if (!as_json) {
		printf("%-40s %s%s\n", id, suite__base(program),
		       s->ignored[i] ? "  (ignored: runs only when named)" : "");
		return;
	}
	fputs(nr_printed ? ",\n  { \"id\": " : "\n  { \"id\": ", stdout);
	json_string(stdout, id);
	fputs(", \"program\": ", stdout);
	json_string(stdout, program);
	printf(", \"ignored\": %s }", s->ignored[i] ? "true" : "false");
}

static void print_program(const struct suite *s, size_t i)
{
	if (!as_json) {
		puts(s->programs.item[i]);
		return;
	}
	fputs(i ? ",\n  " : "\n  ", stdout);
	json_string(stdout, s->programs.item[i]);
}

static const struct table {
	const char *name;
	int (*print)(enum table_format format);
	bool markdown;			/* is a page of docs/, or a table of one */
} tables[] = {
	{ "work-types", print_work_types, true },
	{ "ops", print_ops, true },
	{ "checks", print_checks },
	{ "metrics", print_metrics },
	{ "scenarios", print_scenarios, true },
	{ "presets", print_presets },
	{ "ctprof-metrics", print_ctprof_metrics, true },
	{ "features", print_features, true },
};

static int list_table(const struct table *t, int argc, const char **argv)
{
	char command[32];

	snprintf(command, sizeof(command), "list %s", t->name);
	if (no_args(command, argc, argv))
		return WRONG_USAGE;
	if (as_json && as_markdown)
		return complain(WRONG_USAGE, NULL, "list: --json and --markdown exclude each other");
	if (as_markdown && !t->markdown)
		return complain(WRONG_USAGE, NULL, "list: %s has no --markdown", t->name);
	return t->print(as_json ? TABLE_JSON : as_markdown ? TABLE_MARKDOWN : TABLE_TEXT);
}

int cmd_list(int argc, const char **argv)
{
	bool programs = false, gauntlet = false;
	struct suite s;
	struct ktstr_err err;
	size_t i, nr, nr_printed = 0;
	int ret;

	argc = parse_args(argc, argv, list_options, list_usage);
	for (i = 0; argc && i < ARRAY_SIZE(tables); i++)
		if (!strcmp(argv[0], tables[i].name))
			return list_table(&tables[i], argc - 1, argv + 1);
	if (as_markdown)
		return complain(WRONG_USAGE, NULL, "list: only work-types, ops, scenarios, ctprof-metrics and features have --markdown");
	if (argc && (!strcmp(argv[0], "programs") || !strcmp(argv[0], "tests") ||
		     !strcmp(argv[0], "gauntlet"))) {
		programs = !strcmp(argv[0], "programs");
		gauntlet = !strcmp(argv[0], "gauntlet");
		argc--;
		argv++;
	}
	if (programs && no_args("list programs", argc, argv))
		return WRONG_USAGE;
	ret = suite__find(&s, argv, argc, &err);
	if (!ret && !programs)
		ret = suite__list(&s, &err);
	if (ret) {
		suite__free(&s);
		return complain(1, NULL, "%s", err.msg);
	}
	if (as_json)
		putchar('[');
	nr = programs ? s.programs.nr : s.tests.nr;
	for (i = 0; i < nr; i++) {
		if (programs)
			print_program(&s, i);
		else if (!strchr(s.tests.item[i], '/') == !gauntlet)
			print_test(&s, i, nr_printed++);
	}
	if (as_json)
		puts("\n]");
	suite__free(&s);
	return 0;
}
