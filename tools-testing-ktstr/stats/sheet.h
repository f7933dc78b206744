/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables for people and programs. What a command finds goes into a sheet, which is printed as text, CSV,
 * JSON or HTML: no command knows the formats, and no format the commands.
 */
#ifndef KTSTR_TOOL_STATS_SHEET_H
#define KTSTR_TOOL_STATS_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum sheet_format { SHEET_TEXT, SHEET_CSV, SHEET_JSON, SHEET_HTML };

#define SHEET_MAX_COLUMNS	20

struct sheet_column {
	const char *key;	/* of JSON and CSV */
	const char *title;	/* of text and HTML */
	bool number;		/* stands at the right */
};

struct sheet;

/* Never NULL: without memory the program ends. */
struct sheet *sheet__new(const char *title);
void sheet__free(struct sheet *s);

/* A line for people: text and HTML have it before the tables, JSON in "notes", CSV nowhere. */
void sheet__note(struct sheet *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A figure of the whole: text and HTML "title: value", JSON a member. @decimals as below. */
void sheet__total(struct sheet *s, const char *key, const char *title, double value);

/* Begin a table; the following rows are its. @key: its member in JSON. */
void sheet__table(struct sheet *s, const char *key, const char *title,
		  const struct sheet_column *columns, size_t nr);
void sheet__row(struct sheet *s);
/* The next cells of the row. NULL, and a number that is not finite: nothing is known. */
void sheet__text(struct sheet *s, const char *text);
void sheet__number(struct sheet *s, double value, int decimals);
/* Colours the row: red, green or, 0, none. */
void sheet__mark(struct sheet *s, int good);

void sheet__print(const struct sheet *s, enum sheet_format format, FILE *f);

#endif
