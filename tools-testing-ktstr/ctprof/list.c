// SPDX-License-Identifier: GPL-2.0
/* ktstr list ctprof-metrics: the rows of metrics.h and figures.h, and the tables of docs/ctprof.md. */
#include <stdio.h>
#include <stdlib.h>

#include "figures.h"
#include "lib/json.h"
#include "print.h"
#include "tools-testing-ktstr/util/util.h"

/* "sched: se.nr_migrations", "stat: field 14", "taskstats: byte 16" */
static void describe_source(const struct ctprof_metric *m, char *buf, size_t size)
{
	const char *source = ctprof_source__name(m->source);

	if (m->key)
		snprintf(buf, size, "%s: %s", source, m->key);
	else
		snprintf(buf, size, "%s: %s %u", source,
			 m->source == CTPROF_TASKSTATS ? "byte" : "field", m->field);
}

static void print_markdown(void)
{
	char source[64];

	puts("| figure | unit | read from | of a group | needs | what it is |\n|---|---|---|---|---|---|");
	for (int i = 0; i < CTPROF_NR_METRICS; i++) {
		const struct ctprof_metric *m = &ctprof_metrics[i];

		describe_source(m, source, sizeof(source));
		printf("| `%s` | %s | %s | %s%s | %s | %s |\n", m->name, ctprof_unit__name(m->unit), source,
		       ctprof_rule__name(m->rule), m->process ? " of processes" : "", m->needs ?: "",
		       m->help);
	}
	puts("\n| derived figure | unit | computed as |\n|---|---|---|");
	for (size_t i = 0; i < ctprof_nr_derived; i++)
		printf("| `%s` | %s | %s |\n", ctprof_derived[i].name,
		       ctprof_unit__name(ctprof_derived[i].unit), ctprof_derived[i].help);
	puts("\n| file of a cgroup | section | of several cgroups | what it is |\n|---|---|---|---|");
	for (size_t i = 0; i < ctprof_nr_cgroup_files; i++)
		printf("| `%s` | %s | %s | %s |\n", ctprof_cgroup_files[i].name,
		       ctprof_section__name(ctprof_cgroup_files[i].section),
		       ctprof_rule__name(ctprof_cgroup_files[i].rule), ctprof_cgroup_files[i].help);
}

static void print_text(void)
{
	char source[64];

	for (int i = 0; i < CTPROF_NR_METRICS; i++) {
		const struct ctprof_metric *m = &ctprof_metrics[i];

		describe_source(m, source, sizeof(source));
		printf("%-30s %-12s %-6s %s%s%s%s\n    %s\n", m->name, ctprof_unit__name(m->unit),
		       ctprof_rule__name(m->rule), source, m->needs ? " [" : "", m->needs ?: "",
		       m->needs ? "]" : "", m->help);
	}
	for (size_t i = 0; i < ctprof_nr_derived; i++)
		printf("%-30s %-12s %-6s %s\n", ctprof_derived[i].name,
		       ctprof_unit__name(ctprof_derived[i].unit), "", ctprof_derived[i].help);
}

static int print_json(void)
{
	struct ktstr_json j;

	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (int i = 0; i < CTPROF_NR_METRICS; i++) {
		const struct ctprof_metric *m = &ctprof_metrics[i];

		ktstr_json__object(&j, NULL);
		ktstr_json__str(&j, "name", m->name);
		ktstr_json__str(&j, "section", ctprof_section__name(m->section));
		ktstr_json__str(&j, "unit", ctprof_unit__name(m->unit));
		ktstr_json__str(&j, "rule", ctprof_rule__name(m->rule));
		ktstr_json__bool(&j, "process", m->process);
		ktstr_json__str(&j, "source", ctprof_source__name(m->source));
		ktstr_json__str(&j, "key", m->key);
		if (m->key)
			ktstr_json__null(&j, "field");
		else
			ktstr_json__u64(&j, "field", m->field);
		ktstr_json__str(&j, "needs", m->needs);
		ktstr_json__str(&j, "meaning", m->help);
		ktstr_json__end(&j);
	}
	for (size_t i = 0; i < ctprof_nr_derived; i++) {
		ktstr_json__object(&j, NULL);
		ktstr_json__str(&j, "name", ctprof_derived[i].name);
		ktstr_json__str(&j, "section", ctprof_section__name(CTPROF_DERIVED_FIGURES));
		ktstr_json__str(&j, "unit", ctprof_unit__name(ctprof_derived[i].unit));
		ktstr_json__str(&j, "meaning", ctprof_derived[i].help);
		ktstr_json__end(&j);
	}
	ktstr_json__end(&j);
	return finish_json(&j);
}

int print_ctprof_metrics(enum table_format format)
{
	if (format == TABLE_JSON)
		return print_json();
	if (format == TABLE_MARKDOWN)
		print_markdown();
	else
		print_text();
	return 0;
}
