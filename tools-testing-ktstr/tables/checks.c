// SPDX-License-Identifier: GPL-2.0
/* ktstr list checks|metrics: prints the tables by which runs are judged and described. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/checks/checks.h"
#include "harness/result/metrics.h"
#include "lib/json.h"
#include "tools-testing-ktstr/util/util.h"
#include "tables.h"

static int finish(struct ktstr_json *j, enum table_format format)
{
	char *text;

	ktstr_json__end(j);
	text = ktstr_json__finish(j);
	if (!text)
		return complain(1, NULL, "out of memory");
	if (format == TABLE_JSON)
		fputs(text, stdout);
	free(text);
	return 0;
}

static const char *scope_name(enum ktstr_check_scope scope)
{
	return scope == KTSTR_SCOPE_MONITOR ? "monitor" : "worker";
}

int print_checks(enum table_format format)
{
	const struct ktstr_check *k;
	struct ktstr_checks dflt;
	struct ktstr_json j;
	char value[32];

	ktstr_checks__resolve(&dflt, NULL, NULL);
	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (k = ktstr_check_table; k < ktstr_check_table + ktstr_nr_checks; k++) {
		ktstr_check__format(k, &dflt, value, sizeof(value));
		if (format == TABLE_TEXT) {
			printf("%-32s %-8s %s%s%s\n    fails when %s\n", k->name,
			       scope_name(k->scope), value, *k->unit ? " " : "", k->unit,
			       k->fails_when);
			continue;
		}
		ktstr_json__object(&j, NULL);
		ktstr_json__str(&j, "name", k->name);
		ktstr_json__str(&j, "scope", scope_name(k->scope));
		ktstr_json__str(&j, "unit", k->unit);
		ktstr_json__str(&j, "default", value);
		ktstr_json__bool(&j, "supported", k->judge != NULL);
		ktstr_json__str(&j, "fails_when", k->fails_when);
		ktstr_json__end(&j);
	}
	return finish(&j, format);
}

int print_metrics(enum table_format format)
{
	const struct ktstr_metric *m;
	struct ktstr_json j;
	char gates[64];

	ktstr_json__init(&j);
	ktstr_json__array(&j, NULL);
	for (m = ktstr_metric_table; m < ktstr_metric_table + ktstr_nr_metrics; m++) {
		gates[0] = '\0';
		if (!isnan(m->abs_gate))
			snprintf(gates, sizeof(gates), "%g and %g %%", m->abs_gate,
				 m->rel_gate * 100);
		if (format == TABLE_TEXT) {
			printf("%-22s %-34s %-6s %-7s %s\n    %s%s\n", m->member ?: "-",
			       m->run_key ?: "-", m->unit, ktstr_polarity__name(m->polarity), gates,
			       m->meaning, m->member ? "" : " (needs the monitor)");
			continue;
		}
		ktstr_json__object(&j, NULL);
		ktstr_json__str(&j, "member", m->member);
		ktstr_json__str(&j, "cgroup_key", m->key);
		ktstr_json__str(&j, "run_key", m->run_key);
		ktstr_json__str(&j, "unit", m->unit);
		ktstr_json__str(&j, "better", ktstr_polarity__name(m->polarity));
		ktstr_json__f64(&j, "abs_gate", m->abs_gate);
		ktstr_json__f64(&j, "rel_gate", m->rel_gate);
		ktstr_json__bool(&j, "supported", m->member != NULL);
		ktstr_json__str(&j, "meaning", m->meaning);
		ktstr_json__end(&j);
	}
	return finish(&j, format);
}
