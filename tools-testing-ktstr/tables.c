// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr list work-types|ops|presets: the tables by which tests are run, printed. The tool links
 * the same rows, so what it says cannot differ from what a test does.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness/core/json.h"
#include "../harness/core/preset.h"
#include "../harness/guest/ops.h"
#include "../harness/guest/work.h"
#include "tables.h"
#include "util.h"

/* FutexFanOut is FUTEX_FAN_OUT where tests are written. */
static void macro_name(const char *name, char *buf, size_t size)
{
	size_t n = 0;

	for (; *name && n + 2 < size; name++) {
		if (isupper((unsigned char)*name) && n)
			buf[n++] = '_';
		buf[n++] = toupper((unsigned char)*name);
	}
	buf[n] = '\0';
}

/* With the defaults of all parameters. */
static uint32_t group_size(int type)
{
	struct ktstr_work work = { .type = type };

	ktstr_work__fill(&work);
	return ktstr_work__group_size(&work);
}

static int print_json(struct ktstr_json *j)
{
	char *text = ktstr_json__finish(j);

	if (!text)
		return complain(1, NULL, "out of memory");
	fputs(text, stdout);
	free(text);
	return 0;
}

static int work_types_json(void)
{
	const struct ktstr_work_row *row;
	struct ktstr_json j;
	char macro[64];
	int i;

	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		row = ktstr_work__row(i);
		if (!row)
			continue;
		macro_name(row->name, macro, sizeof(macro));
		ktstr_json__object(&j, NULL);
		ktstr_json__str(&j, "name", row->name);
		ktstr_json__str(&j, "macro", macro);
		ktstr_json__str(&j, "description", row->description);
		ktstr_json__str(&j, "parameters", row->parameters);
		ktstr_json__u64(&j, "group_size", group_size(i));
		ktstr_json__bool(&j, "wake_samples", row->flags & KTSTR_WORK_SAMPLES_WAKE);
		ktstr_json__bool(&j, "blocks", row->flags & KTSTR_WORK_BLOCKS);
		ktstr_json__bool(&j, "fork_only", row->flags & KTSTR_WORK_FORK_ONLY);
		ktstr_json__end(&j);
	}
	ktstr_json__end(&j);
	return print_json(&j);
}

static int work_types_markdown(void)
{
	const struct ktstr_work_row *row;
	char macro[64];
	int i;

	puts("# Work types\n\n"
	     "Made by `ktstr list work-types --markdown` from the rows in `harness/guest/types/`.\n"
	     "What one worker does again and again until it is told to stop, how that is measured, and\n"
	     "what units and samples are: [workers.md](workers.md).\n\n"
	     "*Parameters* are given by name, `FUTEX_FAN_OUT(.fan = 2)`; one left out or 0 takes the\n"
	     "default shown. *Group*: that many workers work together (with the default parameters),\n"
	     "the cgroup's number of workers must be a multiple. *W*: takes wake latency samples. *B*:\n"
	     "sleeps on purpose, fairness is judged by run delay.\n\n"
	     "| type | in a test | parameters and defaults | group | | what it does |\n"
	     "|---|---|---|---|---|---|");
	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		row = ktstr_work__row(i);
		if (!row)
			continue;
		macro_name(row->name, macro, sizeof(macro));
		printf("| %s | `%s%s` | %s | %u | %s%s | %s |\n", row->name, macro,
		       *row->parameters ? "()" : "", row->parameters, group_size(i),
		       row->flags & KTSTR_WORK_SAMPLES_WAKE ? "W" : "",
		       row->flags & KTSTR_WORK_BLOCKS ? "B" : "", row->description);
	}
	return 0;
}

int print_work_types(enum table_format format)
{
	const struct ktstr_work_row *row;
	int i;

	if (format == TABLE_JSON)
		return work_types_json();
	if (format == TABLE_MARKDOWN)
		return work_types_markdown();
	for (i = 0; i < KTSTR_NR_WORK_TYPES; i++) {
		row = ktstr_work__row(i);
		if (!row)
			continue;
		printf(*row->parameters ? "%-28s %s\n" : "%s\n", row->name, row->parameters);
		printf("    %s\n", row->description);
	}
	return 0;
}

/* The table of docs/ops.md. */
static int ops_markdown(void)
{
	const struct ktstr_op_row *row;

	puts("| op | |\n|---|---|");
	for (row = ktstr_op_table; row < ktstr_op_table + KTSTR_NR_OPS; row++) {
		if (!row->name)
			continue;
		printf("| `%s%s%s%s` | %s%s |\n", row->name, *row->takes ? "(" : "", row->takes,
		       *row->takes ? ")" : "", row->needs ? "not supported yet: needs " : "",
		       row->needs ?: row->does);
	}
	return 0;
}

int print_ops(enum table_format format)
{
	const struct ktstr_op_row *row;
	struct ktstr_json j;
	int i;

	if (format == TABLE_MARKDOWN)
		return ops_markdown();
	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (i = 0; i < KTSTR_NR_OPS; i++) {
		row = &ktstr_op_table[i];
		if (!row->name)
			continue;
		if (format == TABLE_TEXT) {
			if (row->needs)
				printf("%-24s not supported yet: needs %s\n", row->name,
				       row->needs);
			else
				printf("%s%s%s%s\n    %s\n", row->name,
				       *row->takes ? "(" : "", row->takes,
				       *row->takes ? ")" : "", row->does);
			continue;
		}
		ktstr_json__object(&j, NULL);
		ktstr_json__str(&j, "name", row->name);
		ktstr_json__bool(&j, "supported", !row->needs);
		ktstr_json__str(&j, "needs", row->needs);
		ktstr_json__str(&j, "parameters", row->takes);
		ktstr_json__str(&j, "description", row->does);
		ktstr_json__end(&j);
	}
	ktstr_json__end(&j);
	if (format == TABLE_JSON)
		return print_json(&j);
	free(ktstr_json__finish(&j));
	return 0;
}

static void preset_json(struct ktstr_json *j, const struct ktstr_preset *p)
{
	const struct vm_topology *t = &p->topo;
	char text[VM_TOPOLOGY_STRLEN];

	vm_topology_format(t, text, sizeof(text));
	ktstr_json__object(j, NULL);
	ktstr_json__str(j, "name", p->name);
	ktstr_json__str(j, "topology", text);
	ktstr_json__u64(j, "cpus", vm_topology_cpus(t));
	ktstr_json__u64(j, "numa_nodes", t->numa_nodes);
	ktstr_json__u64(j, "llcs", t->llcs);
	ktstr_json__u64(j, "cores", t->cores);
	ktstr_json__u64(j, "threads", t->threads);
	ktstr_json__array(j, "node_llcs");
	for (uint32_t i = 0; i < t->numa_nodes; i++)
		ktstr_json__u64(j, NULL, vm_topology_node_llcs(t, i));
	ktstr_json__end(j);
	ktstr_json__u64(j, "memory_mib", p->memory_mib);
	ktstr_json__str(j, "description", p->what);
	ktstr_json__end(j);
}

int print_presets(enum table_format format)
{
	struct ktstr_json j;

	if (format == TABLE_JSON) {
		ktstr_json__init(&j);
		ktstr_json__array(&j, NULL);
		for (unsigned int i = 0; i < ktstr_nr_presets; i++)
			preset_json(&j, &ktstr_presets[i]);
		ktstr_json__end(&j);
		return print_json(&j);
	}
	for (unsigned int i = 0; i < ktstr_nr_presets; i++) {
		const struct ktstr_preset *p = &ktstr_presets[i];
		char text[VM_TOPOLOGY_STRLEN];

		vm_topology_format(&p->topo, text, sizeof(text));
		printf("%-20s %-12s %4u CPUs  %s\n", p->name, text, vm_topology_cpus(&p->topo),
		       p->what);
	}
	return 0;
}
