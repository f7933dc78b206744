/* SPDX-License-Identifier: GPL-2.0 */
/* A sheet in memory, for the files that print it. */
#ifndef KTSTR_TOOL_STATS_SHEET_PRIV_H
#define KTSTR_TOOL_STATS_SHEET_PRIV_H

#include "sheet.h"

struct sheet_cell {
	char *text;		/* NULL: nothing is known */
	double value;
	bool number;
};

struct sheet_row {
	struct sheet_cell cell[SHEET_MAX_COLUMNS];
	size_t nr;
	int good;
};

struct sheet_table {
	char *key, *title;
	struct sheet_column column[SHEET_MAX_COLUMNS];
	size_t nr_columns;
	struct sheet_row *row;
	size_t nr, room;
};

struct sheet {
	char *title;
	char **note;
	size_t nr_notes;
	struct sheet_total {
		char *key, *title;
		double value;
	} *total;
	size_t nr_totals;
	struct sheet_table *table;
	size_t nr_tables;
};

void sheet__print_text(const struct sheet *s, FILE *f);
void sheet__print_csv(const struct sheet *s, FILE *f);
void sheet__print_json(const struct sheet *s, FILE *f);
void sheet__print_html(const struct sheet *s, FILE *f);

#endif
