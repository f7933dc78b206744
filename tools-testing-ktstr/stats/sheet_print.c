// SPDX-License-Identifier: GPL-2.0
/* The formats of a sheet. Cells are from sidecars, which anybody may have written. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/json.h"
#include "sheet_priv.h"

#define GAP	2	/* blanks between columns */

/* Control characters would reach a terminal. */
static void put_plain(FILE *f, const char *text)
{
	for (; *text; text++)
		putc(ktstr_is_control(*text) ? '?' : *text, f);
}

static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static const char *shown(const struct sheet_row *r, size_t c)
{
	return c < r->nr && r->cell[c].text ? r->cell[c].text : "-";
}

static void put_cell(FILE *f, const char *text, size_t width, bool number, bool last)
{
	size_t own = width_of(text), blanks = width > own ? width - own : 0;

	if (number)
		fprintf(f, "%*s", (int)blanks, "");
	put_plain(f, text);
	if (!number && !last)
		fprintf(f, "%*s", (int)blanks, "");
	if (!last)
		fprintf(f, "%*s", GAP, "");
}

static void put_text_table(const struct sheet_table *t, bool colour, FILE *f)
{
	size_t width[SHEET_MAX_COLUMNS], last = t->nr_columns - 1, c, r;

	if (t->title)
		fprintf(f, "\n%s\n", t->title);
	for (c = 0; c < t->nr_columns; c++) {
		width[c] = width_of(t->column[c].title);
		for (r = 0; r < t->nr; r++)
			if (width_of(shown(&t->row[r], c)) > width[c])
				width[c] = width_of(shown(&t->row[r], c));
	}
	for (c = 0; c < t->nr_columns; c++)
		put_cell(f, t->column[c].title, width[c], t->column[c].number, c == last);
	putc('\n', f);
	for (r = 0; r < t->nr; r++) {
		bool on = colour && t->row[r].good;

		if (on)
			fputs(t->row[r].good > 0 ? "\033[32m" : "\033[31m", f);
		for (c = 0; c < t->nr_columns; c++)
			put_cell(f, shown(&t->row[r], c), width[c], t->column[c].number, c == last);
		fputs(on ? "\033[0m\n" : "\n", f);
	}
}

static bool want_colour(FILE *f)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(fileno(f)) && !(no && *no) && term && strcmp(term, "dumb");
}

void sheet__print_text(const struct sheet *s, FILE *f)
{
	bool colour = want_colour(f);

	for (size_t i = 0; i < s->nr_notes; i++) {
		put_plain(f, s->note[i]);
		putc('\n', f);
	}
	for (size_t i = 0; i < s->nr_tables; i++)
		if (s->table[i].nr)
			put_text_table(&s->table[i], colour, f);
	if (s->nr_totals && s->nr_tables)
		putc('\n', f);
	for (size_t i = 0; i < s->nr_totals; i++)
		fprintf(f, "%s: %g\n", s->total[i].title, s->total[i].value);
}

/* RFC 4180; a cell that a spreadsheet would take for a formula gets a quote. */
static void put_csv_cell(FILE *f, const char *text, bool number)
{
	bool formula = !number && *text && strchr("=+-@", *text);

	if (!formula && !strpbrk(text, ",\"\r\n")) {
		fputs(text, f);
		return;
	}
	fputs(formula ? "\"'" : "\"", f);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', f);
		putc(*text, f);
	}
	putc('"', f);
}

void sheet__print_csv(const struct sheet *s, FILE *f)
{
	for (size_t i = 0; i < s->nr_tables; i++) {
		const struct sheet_table *t = &s->table[i];

		if (i)
			putc('\n', f);
		for (size_t c = 0; c < t->nr_columns; c++)
			fprintf(f, "%s%s", c ? "," : "", t->column[c].key);
		putc('\n', f);
		for (size_t r = 0; r < t->nr; r++) {
			for (size_t c = 0; c < t->nr_columns; c++) {
				const struct sheet_cell *cell = &t->row[r].cell[c];

				if (c)
					putc(',', f);
				put_csv_cell(f, cell->text ?: "", cell->number);
			}
			putc('\n', f);
		}
	}
}

void sheet__print_json(const struct sheet *s, FILE *f)
{
	struct ktstr_json j;
	char *text;

	ktstr_json__init(&j);
	ktstr_json__object(&j, NULL);
	ktstr_json__array(&j, "notes");
	for (size_t i = 0; i < s->nr_notes; i++)
		ktstr_json__str(&j, NULL, s->note[i]);
	ktstr_json__end(&j);
	for (size_t i = 0; i < s->nr_totals; i++)
		ktstr_json__f64(&j, s->total[i].key, s->total[i].value);
	for (size_t i = 0; i < s->nr_tables; i++) {
		const struct sheet_table *t = &s->table[i];

		ktstr_json__array(&j, t->key);
		for (size_t r = 0; r < t->nr; r++) {
			ktstr_json__object(&j, NULL);
			for (size_t c = 0; c < t->nr_columns; c++) {
				const struct sheet_cell *cell = &t->row[r].cell[c];

				if (cell->number)
					ktstr_json__f64(&j, t->column[c].key, cell->value);
				else
					ktstr_json__str(&j, t->column[c].key, cell->text);
			}
			ktstr_json__end(&j);
		}
		ktstr_json__end(&j);
	}
	ktstr_json__end(&j);
	text = ktstr_json__finish(&j);
	if (text)
		fprintf(f, "%s\n", text);
	free(text);
}

static void put_html(FILE *f, const char *text)
{
	static const struct {
		char c;
		const char *name;
	} special[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };

	for (; *text; text++) {
		size_t i = 0;

		while (i < 4 && special[i].c != *text)
			i++;
		if (i < 4)
			fputs(special[i].name, f);
		else
			putc(*text, f);
	}
}

static void put_html_table(const struct sheet_table *t, FILE *f)
{
	if (t->title) {
		fputs("<h2>", f);
		put_html(f, t->title);
		fputs("</h2>\n", f);
	}
	fputs("<table>\n<tr>", f);
	for (size_t c = 0; c < t->nr_columns; c++) {
		fputs("<th>", f);
		put_html(f, t->column[c].title);
	}
	putc('\n', f);
	for (size_t r = 0; r < t->nr; r++) {
		int good = t->row[r].good;

		fprintf(f, "<tr%s>", good > 0 ? " class=good" : good < 0 ? " class=bad" : "");
		for (size_t c = 0; c < t->nr_columns; c++) {
			fputs(t->column[c].number ? "<td class=n>" : "<td>", f);
			put_html(f, shown(&t->row[r], c));
		}
		putc('\n', f);
	}
	fputs("</table>\n", f);
}

/* One file without anything from elsewhere, to be kept with a CI run. */
void sheet__print_html(const struct sheet *s, FILE *f)
{
	fputs("<!DOCTYPE html>\n<meta charset=utf-8>\n<title>", f);
	put_html(f, s->title);
	fputs("</title>\n<style>body{font:14px sans-serif;margin:2em}table{border-collapse:collapse}"
	      "th,td{padding:.2em .6em;border-bottom:1px solid #ccc;text-align:left}"
	      ".n{text-align:right;font-family:monospace}.good{background:#e6f6e6}"
	      ".bad{background:#fbe3e3}</style>\n<h1>", f);
	put_html(f, s->title);
	fputs("</h1>\n", f);
	for (size_t i = 0; i < s->nr_notes; i++) {
		fputs("<p>", f);
		put_html(f, s->note[i]);
		putc('\n', f);
	}
	for (size_t i = 0; i < s->nr_tables; i++)
		put_html_table(&s->table[i], f);
	for (size_t i = 0; i < s->nr_totals; i++) {
		fputs("<p>", f);
		put_html(f, s->total[i].title);
		fprintf(f, ": %g\n", s->total[i].value);
	}
}
