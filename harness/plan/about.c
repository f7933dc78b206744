// SPDX-License-Identifier: GPL-2.0
/* See about.h. */
#include <linux/kernel.h>
#include <stddef.h>
#include <string.h>

#include "about.h"
#include "lib/parse.h"
#include "plan.h"
#include "programs.h"
#include "scheduler.h"
#include "validate.h"

enum type { TOPOLOGY, NAME, NUMBER, FLAG };

static const struct row {
	const char *key;
	enum type type;
	size_t offset;
} rows[] = {
#define ROW(_key, _member, _type)	{ _key, _type, offsetof(struct ktstr_about, _member) }
	ROW("topology", topo, TOPOLOGY),
	ROW("scheduler", scheduler, NAME),
	ROW("duration", duration_s, NUMBER),
	ROW("workers", workers, NUMBER),
	ROW("host_only", host_only, FLAG),
	ROW("expect_err", expect_err, FLAG),
	ROW("performance_mode", performance_mode, FLAG),
	ROW("num_snapshots", num_snapshots, FLAG),
};

static void put(const struct row *row, const struct ktstr_about *a, FILE *f)
{
	const void *p = (const char *)a + row->offset;
	char topo[KTSTR_TOPOLOGY_STRLEN];

	switch (row->type) {
	case TOPOLOGY:
		ktstr_topology__format(p, topo, sizeof(topo));
		fprintf(f, " %s=%s", row->key, topo);
		break;
	case NAME:
		if (*(const char *)p)
			fprintf(f, " %s=%s", row->key, (const char *)p);
		break;
	case NUMBER:
		fprintf(f, " %s=%u", row->key, *(const uint32_t *)p);
		break;
	case FLAG:
		if (*(const bool *)p)
			fprintf(f, " %s", row->key);
		break;
	}
}

void ktstr_about__print(const struct ktstr_test *t, FILE *f)
{
	struct ktstr_about a = { .topo = { 0 } };
	struct ktstr_plan plan;
	struct ktstr_err err;

	if (t->ignore == KTSTR_ON)
		fprintf(f, KTSTR_IGNORED_LINE "%s\n", t->name);
	if (ktstr_plan__declared(&plan, t, &err))
		return;
	a.topo = plan.topo;
	snprintf(a.scheduler, sizeof(a.scheduler), "%s",
		 plan.scheduler ? ktstr_scheduler__label(plan.scheduler) : "");
	a.duration_s = plan.duration_s;
	a.workers = plan.workers_per_cgroup;
	a.host_only = plan.host_only;
	a.expect_err = plan.expect_err;
	a.performance_mode = t->performance_mode == KTSTR_ON;
	a.num_snapshots = plan.num_snapshots;
	fprintf(f, KTSTR_ABOUT_LINE "%s", t->name);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		put(&rows[i], &a, f);
	fputc('\n', f);
}

static bool take(const struct row *row, struct ktstr_about *a, const char *value)
{
	void *p = (char *)a + row->offset;
	struct ktstr_err err;

	if (row->type == FLAG) {
		*(bool *)p = true;
		return true;
	}
	if (!value)
		return false;
	if (row->type == TOPOLOGY)
		return !ktstr_topology__parse_uneven(value, p, &err);
	if (row->type == NUMBER)
		return !ktstr_parse_u32(value, 0, UINT32_MAX, p);
	snprintf(p, sizeof(a->scheduler), "%s", value);
	return true;
}

bool ktstr_about__parse(struct ktstr_about *a, const char *text, size_t len)
{
	const char *end = text + len, *p = text;
	char word[96], *value;
	size_t n, i;

	*a = (struct ktstr_about){
		.topo = { 1, 1, 2, 1 }, .duration_s = KTSTR_DEFAULT_DURATION_S,
		.workers = KTSTR_DEFAULT_WORKERS,
	};
	while (p < end) {
		for (n = 0; p + n < end && p[n] != ' '; n++)
			;
		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		p += n + (p + n < end);
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		for (i = 0; i < ARRAY_SIZE(rows); i++)
			if (!strcmp(word, rows[i].key) && !take(&rows[i], a, value))
				return false;
	}
	return true;
}
