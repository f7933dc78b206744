// SPDX-License-Identifier: GPL-2.0
/* ktstr list scenarios: prints the catalogue of canned scenarios. */
#include <stdio.h>
#include <stdlib.h>

#include <ktstr/catalogue.h>

#include "lib/json.h"
#include "tools-testing-ktstr/util/util.h"
#include "tables.h"

/* "4 CPUs, 2 LLCs", "" */
static const char *needs_of(const struct ktstr_canned *row, char *buf, size_t size)
{
	const struct {
		uint32_t nr;
		const char *what;
	} needs[] = {
		{ row->min_cpus, "CPUs" }, { row->min_llcs, "LLCs" },
		{ row->min_nodes, "NUMA nodes" },
	};
	size_t i, len = 0;

	*buf = '\0';
	for (i = 0; i < ARRAY_SIZE(needs); i++)
		if (needs[i].nr > 1)
			len += snprintf(buf + len, size - len, "%s%u %s", len ? ", " : "",
					needs[i].nr, needs[i].what);
	return buf;
}

static void print_text(void)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	char needs[64];

	for (c = ktstr_catalogue; c->name; c++) {
		printf("%s%s: %s\n", c == ktstr_catalogue ? "" : "\n", c->name, c->about);
		for (row = c->rows; row->name; row++) {
			needs_of(row, needs, sizeof(needs));
			printf("  %-42s %s%s%s%s%s%s%s\n", row->name, row->catches,
			       row->fault ? " [" : "", row->fault ?: "", row->fault ? "]" : "",
			       *needs ? " (" : "", needs, *needs ? ")" : "");
		}
	}
}

static int print_json(void)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (c = ktstr_catalogue; c->name; c++) {
		for (row = c->rows; row->name; row++) {
			ktstr_json__object(&j, NULL);
			ktstr_json__str(&j, "name", row->name);
			ktstr_json__str(&j, "category", c->name);
			ktstr_json__str(&j, "catches", row->catches);
			ktstr_json__str(&j, "fault", row->fault);
			ktstr_json__u64(&j, "min_cpus", row->min_cpus ? row->min_cpus : 1);
			ktstr_json__u64(&j, "min_llcs", row->min_llcs ? row->min_llcs : 1);
			ktstr_json__u64(&j, "min_numa_nodes", row->min_nodes ? row->min_nodes : 1);
			ktstr_json__end(&j);
		}
	}
	ktstr_json__end(&j);
	return finish_json(&j);
}

/* The text before the tables of docs/scenarios.md. */
static const char preface[] =
"# Canned scenarios\n"
"\n"
"`ktstr list scenarios --markdown` generates this page from the tables in\n"
"`scenarios/catalogue/`. Each scenario exists because of a mistake that schedulers make, and its\n"
"row names that mistake. [catalogue.md](catalogue.md) explains how to run the scenarios and which\n"
"limits apply.\n"
"\n"
"*Notices* is a mistake of `scx_mutant` on which the scenario is known to fail\n"
"([mutations.md](mutations.md)). Where there is none, the row says what the scenario is there for;\n"
"that it catches it has not been shown.\n"
"\n"
"*Needs* is the smallest machine. On a smaller one the scenario is skipped with that reason.\n";

static void print_markdown(void)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	char needs[64];

	fputs(preface, stdout);
	for (c = ktstr_catalogue; c->name; c++) {
		printf("\n## %s\n\n%s\n\n", c->name, c->about);
		puts("| scenario | is there for a scheduler that | notices | needs |\n|---|---|---|---|");
		for (row = c->rows; row->name; row++)
			printf("| `%s` | %s | %s%s%s | %s |\n", row->name, row->catches,
			       row->fault ? "`" : "", row->fault ?: "", row->fault ? "`" : "",
			       needs_of(row, needs, sizeof(needs)));
	}
}

int print_scenarios(enum table_format format)
{
	switch (format) {
	case TABLE_JSON:
		return print_json();
	case TABLE_MARKDOWN:
		print_markdown();
		break;
	case TABLE_TEXT:
		print_text();
		break;
	}
	return 0;
}
