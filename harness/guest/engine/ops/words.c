// SPDX-License-Identifier: GPL-2.0
/* An op in words, for the timeline: the pattern of its row with its parameters filled in. */
#include <stdio.h>
#include <string.h>

#include <ktstr/cpumask.h>

#include "ops.h"

#define NAME_MAX_LEN	16

static void cpus_of(const struct ktstr_scenario_state *st, const struct ktstr_op *op, char *buf,
		    size_t size)
{
	for (uint32_t i = 0; i < st->nr_cgroups; i++)
		if (!strcmp(st->cgroups[i].name, op->cgroup ?: "") && st->cgroups[i].has_cpuset)
			ktstr_cpumask__format(&st->cgroups[i].cpuset, buf, size);
}

/* The parameter called @name, "?" if there is none. */
static void parameter(const struct ktstr_scenario_state *st, const struct ktstr_op *op,
		      const char *name, char *buf, size_t size)
{
	const char *text = "?";
	char number[16];

	if (!strcmp(name, "cgroup"))
		text = op->cgroup && *op->cgroup ? op->cgroup : "the runner's cgroup";
	else if (!strcmp(name, "to"))
		text = op->to;
	else if (!strcmp(name, "tag"))
		text = op->tag;
	else if (!strcmp(name, "name"))
		text = op->name;
	else if (!strcmp(name, "payload"))
		text = op->payload->name;
	else if (!strcmp(name, "scheduler"))
		text = op->scheduler->name;
	else if (!strcmp(name, "cpu")) {
		snprintf(number, sizeof(number), "%u", op->cpu);
		text = number;
	}
	snprintf(buf, size, "%s", text ?: "?");
	if (!strcmp(name, "value") && ktstr_op__row(op->kind)->value)
		ktstr_op__row(op->kind)->value(op, buf, size);
	if (!strcmp(name, "cpus"))
		cpus_of(st, op, buf, size);
}

void ktstr_op__words(const struct ktstr_scenario_state *st, const struct ktstr_op *op, char *buf,
		     size_t size)
{
	const struct ktstr_op_row *row = ktstr_op__row(op->kind);
	const char *p = row && row->words ? row->words : "";
	char name[NAME_MAX_LEN], value[128];
	size_t len = 0;

	buf[0] = '\0';
	while (*p && len + 1 < size) {
		size_t plain = strcspn(p, "{");
		int n;

		if (plain) {
			n = snprintf(buf + len, size - len, "%.*s", (int)plain, p);
			p += plain;
		} else {
			plain = strcspn(p, "}");
			snprintf(name, sizeof(name), "%.*s", (int)plain - 1, p + 1);
			parameter(st, op, name, value, sizeof(value));
			n = snprintf(buf + len, size - len, "%s", value);
			p += plain + (p[plain] == '}');
		}
		len += n > 0 ? (size_t)n : 0;
	}
}
