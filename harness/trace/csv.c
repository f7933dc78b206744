// SPDX-License-Identifier: GPL-2.0
/*
 * Traces as CSV: a line of column names, then one line an event, with as many NAME=VALUE pairs in the
 * last column as the kind has numbers, separated by spaces. What sqlite3's .import or a spreadsheet reads.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/csv.h"
#include "lib/err.h"
#include "event.h"

#define HEADER	"time_ns,cpu,event,pid,comm,text,values"
#define COLUMNS	7
#define LINE	1024

static void begin(void *file, uint32_t nr_cpus, const char *kernel)
{
	(void)nr_cpus;
	(void)kernel;
	fputs(HEADER "\n", file);
}

static void event(void *file, const struct ktstr_trace_event *e)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[e->kind];
	FILE *f = file;

	fprintf(f, "%" PRIu64 ",%" PRIu32 ",%s,", e->ns, e->cpu, row->name);
	if (e->pid != KTSTR_TRACE_NO_PID)
		fprintf(f, "%" PRId32, e->pid);
	fputc(',', f);
	if (e->pid != KTSTR_TRACE_NO_PID)
		ktstr_csv__text(f, e->comm);
	fputc(',', f);
	if (row->text)
		ktstr_csv__text(f, e->text);
	fputc(',', f);
	for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
		fprintf(f, row->hex[i] ? "%s%s=%#" PRIx64 : "%s%s=%" PRId64, i ? " " : "",
			row->value[i], e->value[i]);
	fputc('\n', f);
}

const struct ktstr_trace_format ktstr_trace_csv = { .begin = begin, .event = event };

/* Split @line in place. False: not as many columns as there should be. */
static bool split(char *line, char *column[COLUMNS])
{
	char *out = line;
	int n = 0;

	column[n++] = out;
	for (bool quoted = false; *line; line++) {
		if (*line == '"' && quoted && line[1] == '"') {
			*out++ = *line++;
		} else if (*line == '"') {
			quoted = !quoted;
		} else if (*line == ',' && !quoted) {
			*out++ = '\0';
			if (n == COLUMNS)
				return false;
			column[n++] = out;
		} else {
			*out++ = *line;
		}
	}
	*out = '\0';
	return n == COLUMNS;
}

static void read_values(struct ktstr_trace_event *e, char *text)
{
	const struct ktstr_trace_kind_row *row = &ktstr_trace_kinds[e->kind];
	char *pair, *save = NULL, *eq;

	for (pair = strtok_r(text, " ", &save); pair; pair = strtok_r(NULL, " ", &save)) {
		eq = strchr(pair, '=');
		if (!eq)
			continue;
		*eq = '\0';
		for (int i = 0; i < KTSTR_TRACE_VALUES && row->value[i]; i++)
			if (!strcmp(row->value[i], pair))
				e->value[i] = eq[1] == '-' ? (uint64_t)strtoll(eq + 1, NULL, 0) :
					      strtoull(eq + 1, NULL, 0);
	}
}

static int read_line(struct ktstr_trace *t, char *line)
{
	struct ktstr_trace_event *e;
	char *column[COLUMNS];
	enum ktstr_trace_kind kind;

	if (!split(line, column))
		return -EINVAL;
	kind = ktstr_trace_kind__find(column[2]);
	if (kind == KTSTR_NR_TRACE_KINDS)
		return 0;	/* of a later version */
	e = ktstr_trace__more(t);
	if (!e)
		return -ENOMEM;
	e->ns = strtoull(column[0], NULL, 10);
	e->cpu = (uint32_t)strtoul(column[1], NULL, 10) & 0xffff;
	e->kind = kind;
	if (*column[3])
		e->pid = (int32_t)strtol(column[3], NULL, 10);
	snprintf(e->comm, sizeof(e->comm), "%s", column[4]);
	snprintf(e->text, sizeof(e->text), "%s", column[5]);
	read_values(e, column[6]);
	return 0;
}

int ktstr_trace_csv__read(struct ktstr_trace *t, const uint8_t *data, size_t len, struct ktstr_err *err)
{
	const char *p = (const char *)data, *end = p + len, *nl;
	unsigned long nr = 0;
	char line[LINE];
	int ret;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nr++;
		if (!nl)
			return ktstr_err(err, EINVAL, "line %lu: it is cut off", nr);
		if ((size_t)(nl - p) >= sizeof(line))
			return ktstr_err(err, EINVAL, "line %lu: it is too long for a trace", nr);
		memcpy(line, p, (size_t)(nl - p));
		line[nl - p] = '\0';
		if (nr == 1 && strcmp(line, HEADER))
			return ktstr_err(err, EINVAL, "line 1: a trace begins with " HEADER);
		if (nr == 1)
			continue;
		ret = read_line(t, line);
		if (ret == -ENOMEM)
			return ktstr_err(err, ENOMEM, "no memory for the trace");
		if (ret)
			return ktstr_err(err, EINVAL, "line %lu: it does not have %d columns", nr, COLUMNS);
	}
	return 0;
}
