// SPDX-License-Identifier: GPL-2.0
/* Builds a sheet: see sheet.h. sheet_print.c writes it. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sheet_priv.h"
#include "tools-testing-ktstr/util/util.h"

static void *must(void *p)
{
	if (!p)
		exit(complain(1, NULL, "no memory for the tables"));
	return p;
}

static char *copy(const char *text)
{
	return text ? must(strdup(text)) : NULL;
}

/* One more of @size bytes behind @nr, zeroed. */
static void *grow(void **array, size_t *nr, size_t size)
{
	*array = must(reallocarray(*array, *nr + 1, size));
	return memset((char *)*array + (*nr)++ * size, 0, size);
}

struct sheet *sheet__new(const char *title)
{
	struct sheet *s = must(calloc(1, sizeof(*s)));

	s->title = copy(title);
	return s;
}

static void free_table(struct sheet_table *t)
{
	for (size_t r = 0; r < t->nr; r++)
		for (size_t c = 0; c < t->row[r].nr; c++)
			free(t->row[r].cell[c].text);
	free(t->row);
	free(t->key);
	free(t->title);
}

void sheet__free(struct sheet *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr_tables; i++)
		free_table(&s->table[i]);
	for (size_t i = 0; i < s->nr_notes; i++)
		free(s->note[i]);
	for (size_t i = 0; i < s->nr_totals; i++) {
		free(s->total[i].key);
		free(s->total[i].title);
	}
	free(s->table);
	free(s->note);
	free(s->total);
	free(s->title);
	free(s);
}

void sheet__note(struct sheet *s, const char *fmt, ...)
{
	char **note = grow((void **)&s->note, &s->nr_notes, sizeof(*s->note));
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(note, fmt, ap) < 0)
		must(NULL);
	va_end(ap);
}

void sheet__total(struct sheet *s, const char *key, const char *title, double value)
{
	struct sheet_total *t = grow((void **)&s->total, &s->nr_totals, sizeof(*s->total));

	t->key = copy(key);
	t->title = copy(title);
	t->value = value;
}

void sheet__table(struct sheet *s, const char *key, const char *title,
		  const struct sheet_column *columns, size_t nr)
{
	struct sheet_table *t = grow((void **)&s->table, &s->nr_tables, sizeof(*s->table));

	t->key = copy(key);
	t->title = copy(title);
	t->nr_columns = nr < SHEET_MAX_COLUMNS ? nr : SHEET_MAX_COLUMNS;
	memcpy(t->column, columns, t->nr_columns * sizeof(*columns));
}

void sheet__row(struct sheet *s)
{
	struct sheet_table *t = &s->table[s->nr_tables - 1];

	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 32;
		t->row = must(reallocarray(t->row, t->room, sizeof(*t->row)));
	}
	memset(&t->row[t->nr++], 0, sizeof(*t->row));
}

static struct sheet_row *last_row(struct sheet *s)
{
	struct sheet_table *t = &s->table[s->nr_tables - 1];

	return &t->row[t->nr - 1];
}

static struct sheet_cell *next_cell(struct sheet *s)
{
	struct sheet_row *r = last_row(s);

	if (r->nr == SHEET_MAX_COLUMNS)
		exit(complain(1, NULL, "a table is too wide"));
	return &r->cell[r->nr++];
}

void sheet__text(struct sheet *s, const char *text)
{
	next_cell(s)->text = copy(text);
}

void sheet__number(struct sheet *s, double value, int decimals)
{
	struct sheet_cell *c = next_cell(s);

	c->number = true;
	c->value = value;
	if (isinf(value))
		c->text = copy(value > 0 ? "inf" : "-inf");
	else if (isfinite(value) && asprintf(&c->text, "%.*f", decimals, value) < 0)
		must(NULL);
}

void sheet__mark(struct sheet *s, int good)
{
	last_row(s)->good = good;
}

void sheet__print(const struct sheet *s, enum sheet_format format, FILE *f)
{
	static void (* const print[])(const struct sheet *s, FILE *f) = {
		[SHEET_TEXT] = sheet__print_text, [SHEET_CSV] = sheet__print_csv,
		[SHEET_JSON] = sheet__print_json, [SHEET_HTML] = sheet__print_html,
	};

	print[format](s, f);
}
