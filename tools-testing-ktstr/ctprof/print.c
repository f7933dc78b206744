// SPDX-License-Identifier: GPL-2.0
/* See print.h. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "print.h"

#define MAX_NAMED	8	/* groups of one side in a line */

/* A unit and those that it grows into; the factor leads to the next one. */
static const struct {
	const char *name[6];
	double factor[6];
} scales[CTPROF_NR_UNITS] = {
	[CTPROF_COUNT] = { { "", " K", " M", " G" }, { 1e4, 1e3, 1e3 } },
	[CTPROF_NS] = { { " ns", " us", " ms", " s" }, { 1e3, 1e3, 1e3 } },
	[CTPROF_USEC] = { { " us", " ms", " s" }, { 1e3, 1e3 } },
	[CTPROF_BYTES] = { { " B", " KiB", " MiB", " GiB", " TiB" }, { 1024, 1024, 1024, 1024 } },
	[CTPROF_TICKS] = { { " ticks", " Kticks", " Mticks" }, { 1e3, 1e3 } },
	[CTPROF_PERCENT_100] = { { " %" }, { 0 } },
	[CTPROF_RATIO] = { { "" }, { 0 } },
	[CTPROF_PLAIN] = { { "" }, { 0 } },
};

const char *ctprof_scale(double v, enum ctprof_unit unit, bool sign, char buf[CTPROF_SCALED_SIZE])
{
	const char *plus = sign && v > 0 ? "+" : "";
	double left = fabs(v), divisor = 1;
	int step = 0;

	if (unit == CTPROF_RATIO || unit == CTPROF_PERCENT_100) {
		snprintf(buf, CTPROF_SCALED_SIZE, unit == CTPROF_RATIO ? "%s%.3f%s" : "%s%.2f%s", plus,
			 unit == CTPROF_RATIO ? v : v / 100, scales[unit].name[0]);
		return buf;
	}
	/* counts keep four digits as they are */
	while (scales[unit].factor[step] > 0 && left >= scales[unit].factor[step]) {
		double by = unit == CTPROF_COUNT ? 1e3 : scales[unit].factor[step];

		left /= by;
		divisor *= by;
		step++;
	}
	if (!step && v == rint(v))
		snprintf(buf, CTPROF_SCALED_SIZE, "%s%.0f%s", plus, v, scales[unit].name[0]);
	else
		snprintf(buf, CTPROF_SCALED_SIZE, "%s%.3f%s", plus, v / divisor, scales[unit].name[step]);
	return buf;
}

static void put_scaled(struct sheet *s, bool there, double v, enum ctprof_unit unit, bool sign)
{
	char buf[CTPROF_SCALED_SIZE];

	sheet__text(s, there && !isnan(v) ? ctprof_scale(v, unit, sign, buf) : NULL);
}

static void put_threads(struct sheet *s, const struct ctprof_comparison *c, const struct ctprof_row *r)
{
	char buf[32];

	if (!c->side[CTPROF_A] || r->threads[CTPROF_A] == r->threads[CTPROF_B])
		snprintf(buf, sizeof(buf), "%u", r->threads[CTPROF_B]);
	else
		snprintf(buf, sizeof(buf), "%u->%u", r->threads[CTPROF_A], r->threads[CTPROF_B]);
	sheet__text(s, buf);
}

static void put_side(struct sheet *s, const struct ctprof_row *r, enum ctprof_side side)
{
	if (r->text[side])
		sheet__text(s, r->text[side]);
	else
		put_scaled(s, r->has[side], r->value[side], r->unit, false);
}

/* The last column: what a second brought, or, of derived figures, what they are for what happened. */
static bool has_last(const struct ctprof_comparison *c, enum ctprof_table table)
{
	return table == CTPROF_TABLE_DERIVED ? c->joined : c->elapsed_ns > 0;
}

static void begin_table(struct sheet *s, const struct ctprof_comparison *c, const struct ctprof_row *r)
{
	static const char * const what[] = {
		[CTPROF_TABLE_THREADS] = "Threads by %s", [CTPROF_TABLE_DERIVED] = "Derived figures by %s",
		[CTPROF_TABLE_CGROUPS] = "Cgroups by %s", [CTPROF_TABLE_HOST] = "The %s",
	};
	enum ctprof_table table = ctprof_section__table(r->section);
	bool two = c->side[CTPROF_A];
	struct sheet_column column[8] = {
		{ "group", "GROUP" },
		{ "threads", table == CTPROF_TABLE_CGROUPS ? "CGROUPS" : "THREADS", true },
		{ "metric", "METRIC" },
	};
	char title[64], name[64];
	size_t nr = table == CTPROF_TABLE_HOST ? 1 : 3;

	if (table == CTPROF_TABLE_HOST)
		column[0] = column[2];
	if (two)
		column[nr++] = (struct sheet_column){ "a", "A", true };
	column[nr++] = (struct sheet_column){ "b", two ? "B" : "VALUE", true };
	if (two) {
		column[nr++] = (struct sheet_column){ "delta", "DELTA", true };
		column[nr++] = (struct sheet_column){ "percent", "%", true };
		if (has_last(c, table))
			column[nr++] = table == CTPROF_TABLE_DERIVED ?
				(struct sheet_column){ "interval", "IN BETWEEN", true } :
				(struct sheet_column){ "per_second", "PER SECOND", true };
	}
	snprintf(title, sizeof(title), what[table], r->by);
	snprintf(name, sizeof(name), "%s_%d", r->by, table);
	sheet__table(s, name, title, column, nr);
}

static void put_row(struct sheet *s, const struct ctprof_comparison *c, const struct ctprof_row *r)
{
	enum ctprof_table table = ctprof_section__table(r->section);
	char buf[CTPROF_SCALED_SIZE];

	sheet__row(s);
	if (table != CTPROF_TABLE_HOST) {
		sheet__text(s, *r->label ? r->label : "(none)");
		put_threads(s, c, r);
	}
	sheet__text(s, r->metric);
	if (!c->side[CTPROF_A]) {
		put_side(s, r, CTPROF_B);
		return;
	}
	put_side(s, r, CTPROF_A);
	put_side(s, r, CTPROF_B);
	if (r->verdict)
		sheet__text(s, r->verdict);
	else
		put_scaled(s, true, r->delta, r->unit, true);
	snprintf(buf, sizeof(buf), "%+.1f", r->percent);
	sheet__text(s, isnan(r->percent) ? NULL : buf);
	if (!has_last(c, table))
		return;
	if (table == CTPROF_TABLE_DERIVED)
		put_scaled(s, true, r->interval, r->unit, false);
	else
		put_scaled(s, true, r->per_s, r->unit, true);
}

static void put_for_people(struct sheet *s, const struct ctprof_comparison *c)
{
	const struct ctprof_row *last = NULL;

	for (size_t i = 0; i < c->nr; i++) {
		const struct ctprof_row *r = &c->row[i];

		if (!last || strcmp(r->by, last->by) ||
		    ctprof_section__table(r->section) != ctprof_section__table(last->section))
			begin_table(s, c, r);
		put_row(s, c, r);
		last = r;
	}
}

static void put_for_programs(struct sheet *s, const struct ctprof_comparison *c)
{
	static const struct sheet_column columns[] = {
		{ "by", "" }, { "group", "" }, { "label", "" }, { "section", "" }, { "metric", "" },
		{ "unit", "" }, { "threads_a", "" }, { "threads_b", "" }, { "a", "" }, { "b", "" },
		{ "delta", "" }, { "percent", "" }, { "per_second", "" }, { "interval", "" },
		{ "verdict", "" },
	}, alone[] = { { "by", "" }, { "group", "" }, { "only_in", "" }, { "threads", "" } };

	sheet__table(s, "rows", NULL, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < c->nr; i++) {
		const struct ctprof_row *r = &c->row[i];
		int decimals = r->unit == CTPROF_RATIO ? 6 : 0;

		if (ctprof_section__table(r->section) == CTPROF_TABLE_DERIVED && r->unit != CTPROF_RATIO)
			decimals = 3;
		sheet__row(s);
		sheet__text(s, r->by);
		sheet__text(s, r->group);
		sheet__text(s, r->label);
		sheet__text(s, ctprof_section__name(r->section));
		sheet__text(s, r->metric);
		sheet__text(s, ctprof_unit__name(r->unit));
		for (int k = 0; k < CTPROF_SIDES; k++)
			sheet__number(s, c->side[k] ? r->threads[k] : NAN, 0);
		for (int k = 0; k < CTPROF_SIDES; k++) {
			if (r->text[k])
				sheet__text(s, r->text[k]);
			else
				sheet__number(s, r->has[k] ? r->value[k] : NAN, decimals);
		}
		sheet__number(s, r->delta, decimals ?: r->delta != rint(r->delta));
		sheet__number(s, r->percent, 3);
		sheet__number(s, r->per_s, 3);
		sheet__number(s, r->interval, 6);
		sheet__text(s, r->verdict);
	}
	if (!c->side[CTPROF_A])
		return;
	sheet__table(s, "one_sided", NULL, alone, ARRAY_SIZE(alone));
	for (size_t i = 0; i < c->nr_alone; i++) {
		sheet__row(s);
		sheet__text(s, c->alone[i].by);
		sheet__text(s, c->alone[i].label);
		sheet__text(s, c->alone[i].side == CTPROF_A ? "a" : "b");
		sheet__number(s, c->alone[i].threads, 0);
	}
}

static void note_capture(struct sheet *s, const char *which, const struct ctprof_snapshot *p)
{
	char line[256] = "";
	size_t n = 0;

	for (int i = 0; i < CTPROF_NR_SOURCES; i++)
		if (p->unreadable[i] && n < sizeof(line) - 48)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s %s of %" PRIu64, n ? "," : "",
					      ctprof_source__name(i), p->unreadable[i]);
	sheet__note(s, "%s%" PRIu64 " processes, %zu threads, %zu cgroups", which, p->processes,
		    p->nr_threads, p->nr_cgroups);
	if (n)
		sheet__note(s, "%scould not read%s threads (more rights may help)", which, line);
	if (p->unknown)
		sheet__note(s, "%s%" PRIu64 " values made no sense and are left out", which, p->unknown);
	if (p->taskstats)
		sheet__note(s, "%sno taskstats: %.200s", which, p->taskstats);
}

/* Of one axis and side, the first few by name. */
static void note_alone(struct sheet *s, const struct ctprof_comparison *c, const char *by,
		       enum ctprof_side side)
{
	char line[512] = "";
	size_t n = 0, nr = 0;

	for (size_t i = 0; i < c->nr_alone; i++) {
		if (c->alone[i].side != side || strcmp(c->alone[i].by, by))
			continue;
		if (nr++ < MAX_NAMED && n < sizeof(line) - 64)
			n += (size_t)snprintf(line + n, sizeof(line) - n, "%s %.40s", n ? "," : "",
					      *c->alone[i].label ? c->alone[i].label : "(none)");
	}
	if (nr)
		sheet__note(s, "by %s, %zu only in %c:%s%s", by, nr, 'A' + side, line,
			    nr > MAX_NAMED ? ", ..." : "");
}

static void put_notes(struct sheet *s, const struct ctprof_comparison *c)
{
	if (!c->side[CTPROF_A]) {
		note_capture(s, "", c->side[CTPROF_B]);
	} else {
		note_capture(s, "A: ", c->side[CTPROF_A]);
		note_capture(s, "B: ", c->side[CTPROF_B]);
		if (c->elapsed_ns)
			sheet__note(s, "%.3f s between them", (double)c->elapsed_ns / 1e9);
		sheet__note(s, c->joined ?
			    "joined by thread: those that ended in between do not count, those that began count from 0" :
			    "joined by the names of groups: counters are those of whole lives");
		for (size_t i = 0; i < ctprof_nr_axes; i++)
			for (int side = 0; side < CTPROF_SIDES; side++)
				note_alone(s, c, ctprof_axes[i].name, side);
	}
	if (c->cut)
		sheet__note(s, "%zu more rows (--limit 0 shows all)", c->cut);
	if (!c->nr)
		sheet__note(s, c->side[CTPROF_A] ? "nothing changed" : "no figure was found");
}

void ctprof_print(const struct ctprof_comparison *c, enum sheet_format format, FILE *f)
{
	struct sheet *s = sheet__new(c->side[CTPROF_A] ? "ktstr ctprof compare" : "ktstr ctprof show");

	put_notes(s, c);
	if (format == SHEET_TEXT || format == SHEET_HTML)
		put_for_people(s, c);
	else
		put_for_programs(s, c);
	sheet__print(s, format, f);
	sheet__free(s);
}
