// SPDX-License-Identifier: GPL-2.0
/* See canned.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ktstr/catalogue.h>

#include "../harness/core/json.h"
#include "../harness/core/suggest.h"
#include "canned.h"

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
	for (i = 0; i < ARRAY_LEN(needs); i++)
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
			printf("  %-42s %s%s%s%s\n", row->name, row->catches, *needs ? " (" : "",
			       needs, *needs ? ")" : "");
		}
	}
}

static int print_json(void)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	struct ktstr_json j;
	char *text;

	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (c = ktstr_catalogue; c->name; c++) {
		for (row = c->rows; row->name; row++) {
			ktstr_json__object(&j, NULL);
			ktstr_json__str(&j, "name", row->name);
			ktstr_json__str(&j, "category", c->name);
			ktstr_json__str(&j, "catches", row->catches);
			ktstr_json__u64(&j, "min_cpus", row->min_cpus ? row->min_cpus : 1);
			ktstr_json__u64(&j, "min_llcs", row->min_llcs ? row->min_llcs : 1);
			ktstr_json__u64(&j, "min_numa_nodes", row->min_nodes ? row->min_nodes : 1);
			ktstr_json__end(&j);
		}
	}
	ktstr_json__end(&j);
	text = ktstr_json__finish(&j);
	if (!text)
		return complain(1, NULL, "out of memory");
	fputs(text, stdout);
	free(text);
	return 0;
}

/* What stands before the tables of docs/scenarios.md. */
static const char preface[] =
"# Canned scenarios\n"
"\n"
"Made by `ktstr list scenarios --markdown` from the tables in `scenarios/catalogue/`.\n"
"Each scenario is there because of a mistake that schedulers make; read its line as *a\n"
"scheduler that ...*. How to run them and what they may fail on: [catalogue.md](catalogue.md).\n"
"\n"
"*Needs*: on a smaller machine the scenario is skipped with that reason.\n";

static void print_markdown(void)
{
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	char needs[64];

	fputs(preface, stdout);
	for (c = ktstr_catalogue; c->name; c++) {
		printf("\n## %s\n\n%s\n\n| scenario | catches a scheduler that | needs |\n|---|---|---|\n",
		       c->name, c->about);
		for (row = c->rows; row->name; row++)
			printf("| `%s` | %s | %s |\n", row->name, row->catches,
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

int canned__choose(const char *what, struct strings *names, const char **hint)
{
	bool all = !strcmp(what, CANNED_ALL), category;
	struct strings known = { 0 };
	const struct ktstr_category *c;
	const struct ktstr_canned *row;
	size_t before = names->nr;
	int ret = 0;

	for (c = ktstr_catalogue; c->name && !ret; c++) {
		category = !strcmp(what, c->name);
		ret = strings__add(&known, c->name);
		for (row = c->rows; row->name && !ret; row++) {
			ret = strings__add(&known, row->name);
			if (!ret && (all || category || !strcmp(what, row->name)))
				ret = strings__add(names, row->name);
		}
	}
	*hint = NULL;
	if (!ret && names->nr == before) {
		*hint = ktstr_suggest(what, known.item, known.nr);
		ret = -ENOENT;
	}
	strings__free(&known);
	return ret;
}

int canned__choose_batch(const char *what, struct strings *names, uint32_t *nr,
			 const char **hint)
{
	static char test[64];		/* one batch a run */
	struct strings known = { 0 };
	const struct ktstr_category *c;
	int ret;

	*hint = NULL;
	*nr = ktstr_batch__nr(what);
	if (*nr) {
		snprintf(test, sizeof(test), CANNED_BATCH "%s", what);
		return strings__add(names, test);
	}
	ret = strings__add(&known, CANNED_ALL);
	for (c = ktstr_catalogue; c->name && !ret; c++)
		ret = strings__add(&known, c->name);
	if (!ret)
		*hint = ktstr_suggest(what, known.item, known.nr);
	strings__free(&known);
	return ret ? ret : -ENOENT;
}
