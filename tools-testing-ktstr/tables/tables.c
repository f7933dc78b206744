// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr list work-types|ops|presets: prints the tables by which tests are run. The tool is linked
 * with the same tables as the tests, so both agree.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/guest/engine/ops/ops.h"
#include "harness/guest/work/work.h"
#include "harness/plan/preset.h"
#include "lib/json.h"
#include "tools-testing-ktstr/util/util.h"
#include "tables.h"

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
	return finish_json(&j);
}

static int work_types_markdown(void)
{
	const struct ktstr_work_row *row;
	char macro[64];
	int i;

	puts("# Work types\n\n"
	     "`ktstr list work-types --markdown` generates this page from the rows in\n"
	     "`harness/guest/work/types/`. A work type is what one worker does, iteration by iteration,\n"
	     "until it is told to stop. [workers.md](workers.md) explains how a worker is measured and\n"
	     "what units and samples are.\n\n"
	     "- *Parameters* are given by name, as in `FUTEX_FAN_OUT(.fan = 2)`. A parameter that is left\n"
	     "  out or 0 has the default shown. Each has a largest value: times are at most an hour,\n"
	     "  memory 1 GiB, workers of a group 4096, units of spinning 1048576. A larger one is an\n"
	     "  error that says so.\n"
	     "- *Group* is the number of workers that work together, with the default parameters. The\n"
	     "  number of workers of a cgroup must be a multiple of it.\n"
	     "- *W*: the type takes wake latency samples.\n"
	     "- *B*: the type sleeps on purpose, so its fairness is judged by run delay.\n\n"
	     "| type | in a test | parameters and defaults | group | flags | what it does |\n"
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
	int kind;

	puts("| op | what it does |\n|---|---|");
	for (kind = KTSTR_OP_END + 1; kind < KTSTR_NR_OPS; kind++) {
		row = ktstr_op__row(kind);
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
	for (i = KTSTR_OP_END + 1; i < KTSTR_NR_OPS; i++) {
		row = ktstr_op__row(i);
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
		return finish_json(&j);
	free(ktstr_json__finish(&j));
	return 0;
}

static void preset_json(struct ktstr_json *j, const struct ktstr_preset *p)
{
	const struct vm_topology *t = &p->topo;
	char text[KTSTR_TOPOLOGY_STRLEN];

	ktstr_topology__format(&t->count, text, sizeof(text));
	ktstr_json__object(j, NULL);
	ktstr_json__str(j, "name", p->name);
	ktstr_json__str(j, "topology", text);
	ktstr_json__u64(j, "cpus", ktstr_topology__cpus(&t->count));
	ktstr_json__u64(j, "numa_nodes", t->count.numa_nodes);
	ktstr_json__u64(j, "llcs", t->count.llcs);
	ktstr_json__u64(j, "cores", t->count.cores);
	ktstr_json__u64(j, "threads", t->count.threads);
	ktstr_json__array(j, "node_llcs");
	for (uint32_t i = 0; i < t->count.numa_nodes; i++)
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
		return finish_json(&j);
	}
	for (unsigned int i = 0; i < ktstr_nr_presets; i++) {
		const struct ktstr_preset *p = &ktstr_presets[i];
		char text[KTSTR_TOPOLOGY_STRLEN];

		ktstr_topology__format(&p->topo.count, text, sizeof(text));
		printf("%-20s %-12s %4u CPUs  %s\n", p->name, text,
		       ktstr_topology__cpus(&p->topo.count), p->what);
	}
	return 0;
}
