// SPDX-License-Identifier: GPL-2.0
/* See table.h. Items are appended, and put together once at the end: their order is anybody's. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/paths.h"
#include "table.h"

uint64_t ktstr_cover__sum(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) || sum > KTSTR_COVER_MAX_COUNT ?
	       KTSTR_COVER_MAX_COUNT : sum;
}

/*
 * Make room behind @nr elements. There is room for the next power of two at least, also when elements were
 * taken away, so that it is doubled when their number is one. 0 or -errno.
 */
static int make_room(void **array, size_t nr, size_t size, size_t max)
{
	void *p;

	if (nr >= max)
		return -E2BIG;
	if (nr & (nr - 1))
		return 0;
	p = reallocarray(*array, nr ? 2 * nr : 1, size);
	if (!p)
		return -ENOMEM;
	*array = p;
	return 0;
}

struct ktstr_cover_file *ktstr_cover__file(struct ktstr_cover *c, const char *path)
{
	struct ktstr_cover_file f = { .path = NULL };
	int ret;

	for (size_t i = 0; i < c->nr; i++)
		if (!strcmp(c->file[i].path, path))
			return &c->file[i];
	ret = make_room((void **)&c->file, c->nr, sizeof(*c->file), KTSTR_COVER_MAX_FILES);
	if (!ret)
		f.path = strdup(path);
	if (!f.path) {
		errno = ret ? -ret : ENOMEM;
		return NULL;
	}
	c->file[c->nr] = f;
	return &c->file[c->nr++];
}

int ktstr_cover_file__add_line(struct ktstr_cover_file *f, uint32_t line, uint64_t count)
{
	int ret = make_room((void **)&f->line, f->nr_lines, sizeof(*f->line), KTSTR_COVER_MAX_ITEMS);

	if (!ret)
		f->line[f->nr_lines++] = (struct ktstr_cover_line){
			.line = line, .count = ktstr_cover__sum(count, 0),
		};
	return ret;
}

int ktstr_cover_file__add_func(struct ktstr_cover_file *f, const char *name, uint32_t line,
			       uint64_t count)
{
	int ret = make_room((void **)&f->func, f->nr_funcs, sizeof(*f->func), KTSTR_COVER_MAX_ITEMS);
	char *copy = ret ? NULL : strdup(name);

	if (!copy)
		return ret ? ret : -ENOMEM;
	f->func[f->nr_funcs++] = (struct ktstr_cover_func){
		.name = copy, .line = line, .count = ktstr_cover__sum(count, 0),
	};
	return 0;
}

static int add_file(struct ktstr_cover_file *f, const struct ktstr_cover_file *from)
{
	int ret = 0;

	for (size_t i = 0; i < from->nr_lines && !ret; i++)
		ret = ktstr_cover_file__add_line(f, from->line[i].line, from->line[i].count);
	for (size_t i = 0; i < from->nr_funcs && !ret; i++)
		ret = ktstr_cover_file__add_func(f, from->func[i].name, from->func[i].line,
						 from->func[i].count);
	return ret;
}

int ktstr_cover__add(struct ktstr_cover *c, const struct ktstr_cover *from)
{
	int ret = 0;

	for (size_t i = 0; i < from->nr && !ret; i++) {
		struct ktstr_cover_file *f = ktstr_cover__file(c, from->file[i].path);

		ret = f ? add_file(f, &from->file[i]) : -errno;
	}
	ktstr_cover__sort(c);
	return ret;
}

static int by_number(const void *a, const void *b)
{
	const struct ktstr_cover_line *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line;
}

static int by_name(const void *a, const void *b)
{
	const struct ktstr_cover_func *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	uint32_t at = x->line - 1, to = y->line - 1;	/* not known: the last one */

	return order ? order : at < to ? -1 : at > to;
}

static int by_line(const void *a, const void *b)
{
	const struct ktstr_cover_func *x = a, *y = b;

	return x->line < y->line ? -1 : x->line > y->line ? 1 : strcmp(x->name, y->name);
}

static int by_path(const void *a, const void *b)
{
	const struct ktstr_cover_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void join_lines(struct ktstr_cover_file *f)
{
	size_t to = 0;

	if (!f->nr_lines)
		return;
	qsort(f->line, f->nr_lines, sizeof(*f->line), by_number);
	for (size_t i = 1; i < f->nr_lines; i++)
		if (f->line[i].line == f->line[to].line)
			f->line[to].count = ktstr_cover__sum(f->line[to].count, f->line[i].count);
		else
			f->line[++to] = f->line[i];
	f->nr_lines = to + 1;
}

static void join_funcs(struct ktstr_cover_file *f)
{
	size_t to = 0;

	if (!f->nr_funcs)
		return;
	qsort(f->func, f->nr_funcs, sizeof(*f->func), by_name);
	for (size_t i = 1; i < f->nr_funcs; i++)
		if (!strcmp(f->func[i].name, f->func[to].name)) {
			f->func[to].count = ktstr_cover__sum(f->func[to].count, f->func[i].count);
			free(f->func[i].name);
		} else {
			f->func[++to] = f->func[i];
		}
	f->nr_funcs = to + 1;
	qsort(f->func, f->nr_funcs, sizeof(*f->func), by_line);
}

static void free_file(struct ktstr_cover_file *f)
{
	for (size_t i = 0; i < f->nr_funcs; i++)
		free(f->func[i].name);
	free(f->func);
	free(f->line);
	free(f->path);
}

void ktstr_cover__sort(struct ktstr_cover *c)
{
	size_t to = 0;

	for (size_t i = 0; i < c->nr; i++) {
		struct ktstr_cover_file *f = &c->file[i];

		join_lines(f);
		join_funcs(f);
		if (f->nr_lines)
			c->file[to++] = *f;
		else
			free_file(f);
	}
	c->nr = to;
	if (to)
		qsort(c->file, to, sizeof(*c->file), by_path);
}

void ktstr_cover__free(struct ktstr_cover *c)
{
	for (size_t i = 0; i < c->nr; i++)
		free_file(&c->file[i]);
	free(c->file);
	*c = (struct ktstr_cover){ .nr = 0 };
}

void ktstr_cover_file__count(const struct ktstr_cover_file *f, struct ktstr_cover_totals *t)
{
	t->lines += f->nr_lines;
	for (size_t i = 0; i < f->nr_lines; i++)
		t->lines_hit += !!f->line[i].count;
	t->functions += f->nr_funcs;
	for (size_t i = 0; i < f->nr_funcs; i++)
		t->functions_hit += !!f->func[i].count;
}

void ktstr_cover__count(const struct ktstr_cover *c, struct ktstr_cover_totals *t)
{
	for (size_t i = 0; i < c->nr; i++)
		ktstr_cover_file__count(&c->file[i], t);
}

void ktstr_cover__describe(const struct ktstr_cover *c, char *buf, size_t size)
{
	const struct ktstr_cover_file *most = c->file;
	struct ktstr_cover_totals t = { 0 };
	char more[48] = "";

	for (size_t i = 1; i < c->nr; i++)
		if (c->file[i].nr_lines > most->nr_lines)
			most = &c->file[i];
	ktstr_cover__count(c, &t);
	if (c->nr > 1)
		snprintf(more, sizeof(more), " and %zu more file%s", c->nr - 1, c->nr > 2 ? "s" : "");
	snprintf(buf, size,
		 "%" PRIu64 " of %" PRIu64 " lines, %" PRIu64 " of %" PRIu64 " functions of %s%s",
		 t.lines_hit, t.lines, t.functions_hit, t.functions,
		 c->nr ? ktstr_paths__base(most->path) : "no file", more);
}
