// SPDX-License-Identifier: GPL-2.0
/* See figures.h. */
#include <ctype.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "lib/parse.h"

#define NAME_MAX_LEN	96
#define MAX_KEYS	512	/* of a file; memory.stat has about 70 */

#define ROW(name, form, section, unit, rule, help) \
	{ name, CTPROF_FILE_##form, CTPROF_##section, CTPROF_##unit, CTPROF_##rule, help }
const struct ctprof_cgroup_file ctprof_cgroup_files[] = {
	ROW("cpu.stat", KEYED, CGROUP_STATS, COUNT, SUM, "CPU time, and how often and long it was throttled"),
	ROW("memory.current", NUMBER, CGROUP_STATS, BYTES, SUM, "memory in use"),
	ROW("memory.peak", NUMBER, CGROUP_STATS, BYTES, MAX, "the most memory in use so far"),
	ROW("pids.current", NUMBER, CGROUP_STATS, COUNT, SUM, "tasks"),
	ROW("io.stat", NESTED, CGROUP_STATS, COUNT, SUM, "I/O, summed over devices"),
	ROW("cpu.max", CPU_MAX, CGROUP_LIMITS, USEC, MAX, "quota of CPU time in a period"),
	ROW("cpu.weight", NUMBER, CGROUP_LIMITS, PLAIN, MAX, "weight, 1 to 10000"),
	ROW("cpu.weight.nice", NUMBER, CGROUP_LIMITS, PLAIN, MAX, "the same as a nice value"),
	ROW("memory.max", NUMBER, CGROUP_LIMITS, BYTES, MAX, "hard limit"),
	ROW("memory.high", NUMBER, CGROUP_LIMITS, BYTES, MAX, "limit from which on it is throttled"),
	ROW("memory.low", NUMBER, CGROUP_LIMITS, BYTES, MAX, "memory that is protected if possible"),
	ROW("memory.min", NUMBER, CGROUP_LIMITS, BYTES, MAX, "memory that is protected"),
	ROW("pids.max", NUMBER, CGROUP_LIMITS, COUNT, MAX, "limit of tasks"),
	ROW("memory.stat", KEYED, MEMORY_STAT, BYTES, SUM, "what the memory is used for, and events"),
	ROW("memory.events", KEYED, MEMORY_EVENTS, COUNT, SUM, "limits that were met"),
	ROW("cpu.pressure", PRESSURE, PRESSURE, PERCENT_100, MAX, "share of time that tasks waited for CPUs"),
	ROW("memory.pressure", PRESSURE, PRESSURE, PERCENT_100, MAX, "... for memory"),
	ROW("io.pressure", PRESSURE, PRESSURE, PERCENT_100, MAX, "... for I/O"),
	ROW("irq.pressure", PRESSURE, PRESSURE, PERCENT_100, MAX, "... for interrupts"),
};
#undef ROW
const size_t ctprof_nr_cgroup_files = ARRAY_SIZE(ctprof_cgroup_files);

struct parse {
	struct ctprof_snapshot *s;
	struct ctprof_figures *f;
	const char *file;
	size_t first;		/* figures of this file */
};

/* A number, "max", or "0.12" percent in hundredths. The rest of the text must be empty. */
static bool number_of(const char *text, int64_t *value)
{
	bool minus = *text == '-';
	uint64_t v, frac;

	text += minus;
	if (!minus && !strcmp(text, "max")) {
		*value = CTPROF_NO_LIMIT;
		return true;
	}
	if (!ktstr_take_u64(&text, 10, &v) || v > INT64_MAX)
		return false;
	if (*text == '.' && isdigit((unsigned char)text[1]) && isdigit((unsigned char)text[2]) &&
	    v < 1000000) {
		text++;
		if (!ktstr_take_u64(&text, 10, &frac) || frac > 99)
			return false;
		v = v * 100 + frac;
	}
	*value = minus ? -(int64_t)v : (int64_t)v;
	return !*text;
}

/* @add: to the figure of that name if this file has had it. */
static void put(struct parse *p, const char *prefix, const char *key, const char *text, bool add)
{
	char name[NAME_MAX_LEN];
	int64_t value;
	uint32_t id;

	if (!number_of(text, &value) || p->f->nr - p->first >= MAX_KEYS) {
		p->s->unknown++;
		return;
	}
	snprintf(name, sizeof(name), "%s%s%s%s", p->file, *key ? "/" : "", prefix, key);
	if (add) {
		id = ctprof_snapshot__string(p->s, name);
		for (size_t i = p->first; i < p->f->nr; i++) {
			struct ctprof_figure *old = &p->f->figure[i];

			if (old->name != id)
				continue;
			if (value > 0 && __builtin_add_overflow(old->value, value, &old->value))
				old->value = INT64_MAX;
			return;
		}
	}
	ctprof_snapshot__add_figure(p->s, p->f, name, value);
}

/* "NAME KEY=NUMBER ..."; of pressure, NAME is a part of the key. */
static void put_pairs(struct parse *p, char *line, bool pressure)
{
	char *name = strsep(&line, " "), *word, *equal;
	char prefix[16] = "";

	if (pressure)
		snprintf(prefix, sizeof(prefix), "%.8s_", name);
	while (line && (word = strsep(&line, " "))) {
		equal = strchr(word, '=');
		if (!equal)
			continue;
		*equal = '\0';
		put(p, prefix, word, equal + 1, !pressure);
	}
}

void ctprof_figures__parse(struct ctprof_snapshot *s, struct ctprof_figures *f, const char *file,
			   enum ctprof_file_form form, char *text)
{
	struct parse p = { s, f, file, f->nr };
	char *line, *rest = text, *key;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		switch (form) {
		case CTPROF_FILE_NUMBER:
			put(&p, "", "", line, false);
			break;
		case CTPROF_FILE_CPU_MAX:
			key = strsep(&line, " ");
			put(&p, "", "quota_usec", key, false);
			if (line)
				put(&p, "", "period_usec", line, false);
			break;
		case CTPROF_FILE_KEYED:
			key = strsep(&line, " ");
			if (line)
				put(&p, "", key, line, false);
			break;
		case CTPROF_FILE_NESTED:
		case CTPROF_FILE_PRESSURE:
			put_pairs(&p, line, form == CTPROF_FILE_PRESSURE);
			break;
		}
		if (form == CTPROF_FILE_NUMBER || form == CTPROF_FILE_CPU_MAX)
			break;
	}
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), want = strlen(end);

	return len >= want && !strcmp(text + len - want, end);
}

/* Keys of memory.stat that count events, by how they begin; the others are bytes. */
static bool is_event(const char *key)
{
	static const char * const begin[] = {
		"pg", "workingset_", "thp_", "numa_", "nr_", "zswpin", "zswpout", "zswpwb", "swpin", "swpout",
	};

	for (size_t i = 0; i < ARRAY_SIZE(begin); i++)
		if (!strncmp(key, begin[i], strlen(begin[i])))
			return true;
	return false;
}

bool ctprof_figure__describe(const char *name, enum ctprof_section *section, enum ctprof_unit *unit,
			     enum ctprof_rule *rule)
{
	const struct ctprof_cgroup_file *f = NULL;
	size_t len = strcspn(name, "/");
	const char *key = name[len] ? name + len + 1 : "";

	for (size_t i = 0; i < ctprof_nr_cgroup_files && !f; i++)
		if (!strncmp(ctprof_cgroup_files[i].name, name, len) &&
		    !ctprof_cgroup_files[i].name[len])
			f = &ctprof_cgroup_files[i];
	*section = f ? f->section : CTPROF_CGROUP_STATS;
	*unit = f ? f->unit : CTPROF_COUNT;
	*rule = f ? f->rule : CTPROF_MAX;
	if (ends_with(key, "_usec"))
		*unit = CTPROF_USEC;
	else if (ends_with(key, "bytes"))
		*unit = CTPROF_BYTES;
	else if (f && f->section == CTPROF_MEMORY_STAT && is_event(key))
		*unit = CTPROF_COUNT;
	if (f && f->form == CTPROF_FILE_PRESSURE && ends_with(key, "_total")) {
		*unit = CTPROF_USEC;
		*rule = CTPROF_SUM;
	}
	return f;
}
