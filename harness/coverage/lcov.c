// SPDX-License-Identifier: GPL-2.0
/* The text of tracefiles: see lcov.h. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lcov.h"

struct parser {
	struct ktstr_cover *c;
	struct ktstr_cover_file *file;	/* of the record that is open; NULL: none */
	unsigned int nr;		/* of the line */
	struct ktstr_err *err;
};

static int bad(struct parser *p, const char *why)
{
	return ktstr_err(p->err, EINVAL, "line %u: %s", p->nr, why);
}

static int failed(struct parser *p, int ret)
{
	return ktstr_err(p->err, -ret, "line %u: %s", p->nr, strerror(-ret));
}

/* "12,3" or "12,3,CHECKSUM" at @text; what is behind the first comma is in @rest. */
static bool parse_pair(const char *text, uint64_t max, uint64_t *first, const char **rest)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*first = strtoull(text, &end, 10);
	if (errno == ERANGE)
		*first = UINT64_MAX;
	*rest = end + 1;
	return *end == ',' && *first <= max;
}

/* A count that is larger than what we can count is the largest one. */
static bool parse_count(const char *text, char end, uint64_t *count)
{
	char *at;

	if (*text < '0' || *text > '9')
		return false;
	*count = strtoull(text, &at, 10);	/* too large: UINT64_MAX */
	return !*at || *at == end;
}

static int on_source(struct parser *p, const char *text)
{
	if (p->file)
		return bad(p, "SF: the record before it has no end");
	if (!*text)
		return bad(p, "SF: no file");
	p->file = ktstr_cover__file(p->c, text);
	return p->file ? 0 : failed(p, -errno);
}

static int on_line(struct parser *p, const char *text)
{
	uint64_t line, count;
	const char *rest;
	int ret;

	if (!parse_pair(text, UINT32_MAX, &line, &rest) || !line || !parse_count(rest, ',', &count))
		return bad(p, "DA: must be LINE,COUNT");
	ret = ktstr_cover_file__add_line(p->file, (uint32_t)line, count);
	return ret ? failed(p, ret) : 0;
}

static int on_function(struct parser *p, const char *text)
{
	const char *name;
	uint64_t line;
	int ret;

	if (!parse_pair(text, UINT32_MAX, &line, &name) || !*name || strchr(name, ','))
		return bad(p, "FN: must be LINE,NAME");
	ret = ktstr_cover_file__add_func(p->file, name, (uint32_t)line, 0);
	return ret ? failed(p, ret) : 0;
}

/* Its line is in the FN of the same name. */
static int on_calls(struct parser *p, const char *text)
{
	const char *name;
	uint64_t count;
	int ret;

	if (!parse_pair(text, UINT64_MAX, &count, &name) || !*name || strchr(name, ','))
		return bad(p, "FNDA: must be COUNT,NAME");
	ret = ktstr_cover_file__add_func(p->file, name, 0, count);
	return ret ? failed(p, ret) : 0;
}

/* Totals are counted anew, and the name of a test is not kept. */
static int ignore(struct parser *p, const char *text)
{
	(void)p;
	(void)text;
	return 0;
}

static int on_end(struct parser *p, const char *text)
{
	(void)text;
	p->file = NULL;
	return 0;
}

static const struct {
	const char *name;
	bool outside;			/* of the record of a file */
	int (*fn)(struct parser *p, const char *text);
} rows[] = {
	{ "TN:", true, ignore },
	{ "SF:", true, on_source },
	{ "FN:", false, on_function },
	{ "FNDA:", false, on_calls },
	{ "FNF:", false, ignore },
	{ "FNH:", false, ignore },
	{ "DA:", false, on_line },
	{ "LF:", false, ignore },
	{ "LH:", false, ignore },
	{ "end_of_record", false, on_end },
};

static int parse_line(struct parser *p, const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].name);

		if (strncmp(line, rows[i].name, len))
			continue;
		if (!rows[i].outside && !p->file)
			return bad(p, "there is no SF before it");
		return rows[i].fn(p, line + len);
	}
	return !*line ? 0 : bad(p, "this is no record of a tracefile that ktstr knows");
}

int ktstr_lcov__parse(struct ktstr_cover *c, const char *text, size_t len, struct ktstr_err *err)
{
	struct parser p = { .c = c, .err = err };
	const char *end = text + len, *next;
	char line[PATH_MAX + 8];
	int ret = 0;

	for (; text < end && !ret; text = next) {
		const char *stop = memchr(text, '\n', end - text) ?: end;
		size_t n = stop - text;

		next = stop < end ? stop + 1 : end;
		p.nr++;
		while (n && text[n - 1] == '\r')
			n--;
		if (n >= sizeof(line) || memchr(text, '\0', n))
			return bad(&p, "it is too long, or no text");
		memcpy(line, text, n);
		line[n] = '\0';
		ret = parse_line(&p, line);
	}
	if (!ret && p.file)
		ret = ktstr_err(err, EINVAL, "the last record has no end");
	return ret;
}

static void put_file(FILE *out, const struct ktstr_cover_file *f)
{
	struct ktstr_cover_totals t = { 0 };

	ktstr_cover_file__count(f, &t);
	fprintf(out, "TN:ktstr\nSF:%s\n", f->path);
	for (size_t i = 0; i < f->nr_funcs; i++)
		fprintf(out, "FN:%u,%s\n", f->func[i].line, f->func[i].name);
	for (size_t i = 0; i < f->nr_funcs; i++)
		fprintf(out, "FNDA:%" PRIu64 ",%s\n", f->func[i].count, f->func[i].name);
	fprintf(out, "FNF:%" PRIu64 "\nFNH:%" PRIu64 "\n", t.functions, t.functions_hit);
	for (size_t i = 0; i < f->nr_lines; i++)
		fprintf(out, "DA:%u,%" PRIu64 "\n", f->line[i].line, f->line[i].count);
	fprintf(out, "LF:%" PRIu64 "\nLH:%" PRIu64 "\nend_of_record\n", t.lines, t.lines_hit);
}

char *ktstr_lcov__text(const struct ktstr_cover *c, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < c->nr; i++)
		put_file(out, &c->file[i]);
	if (!ferror(out) && !fclose(out))
		return text;
	free(text);
	errno = ENOMEM;
	return NULL;
}
