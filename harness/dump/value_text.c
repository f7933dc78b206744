// SPDX-License-Identifier: GPL-2.0
/* Lines for people: see value_text.h. */
#include <inttypes.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control.h"
#include "render.h"
#include "value_text.h"

#define COLUMNS		96	/* up to which a value stays on its line */
#define DEPTH		64	/* more than render.c makes */
#define HEX_FROM	0x100000ull	/* powers of two and large numbers are more readable so */

struct out {
	FILE *f;
	bool all;			/* also what is zero */
};

static void put_block(const struct out *o, const struct ktstr_jnode *v, int indent, int depth);
static void put_line(const struct out *o, const struct ktstr_jnode *v, int depth);

void ktstr_value_text__safe(const char *text, FILE *f)
{
	for (; *text; text++)
		fputc(ktstr_is_control(*text) ? '?' : *text, f);
}

static const char *kind_of(const struct ktstr_jnode *v)
{
	return ktstr_jnode__str(v, "kind", "");
}

static bool is(const struct ktstr_jnode *v, const char *kind)
{
	return !strcmp(kind_of(v), kind);
}

static bool has_members(const struct ktstr_jnode *v)
{
	return is(v, "struct") || is(v, "union");
}

static bool zero(const struct ktstr_jnode *v, int depth)
{
	const struct ktstr_jnode *c = ktstr_jnode__get(v, "value");

	if (!depth)
		return false;
	if (has_members(v) || is(v, "array")) {
		c = ktstr_jnode__list(v, has_members(v) ? "members" : "elements");
		for (; c; c = c->next)
			if (!zero(ktstr_jnode__get(c, "value"), depth - 1))
				return false;
		return !ktstr_jnode__get(v, "rest");
	}
	if (is(v, "cpu_list"))
		return !*ktstr_jnode__str(v, "cpus", "?");
	if (!c)
		return false;
	switch (c->type) {
	case KTSTR_J_BOOL:
		return !c->b;
	case KTSTR_J_STR:
		return !*c->s;
	case KTSTR_J_REAL:
		return !(c->d < 0 || c->d > 0);
	case KTSTR_J_UINT:
		return !c->u;
	default:
		return false;
	}
}

bool ktstr_value_text__is_zero(const struct ktstr_jnode *v)
{
	return zero(v, DEPTH);
}

static void put_number(const struct ktstr_jnode *n, FILE *f)
{
	if (!n || n->type == KTSTR_J_NULL)
		fputs("?", f);
	else if (n->type == KTSTR_J_BOOL)
		fputs(n->b ? "true" : "false", f);
	else if (n->type == KTSTR_J_INT)
		fprintf(f, "%" PRId64, n->i);
	else if (n->type == KTSTR_J_REAL)
		fprintf(f, "%g", n->d);
	else if (n->type != KTSTR_J_UINT)
		fputs("?", f);
	else if (n->u >> 48 || (n->u >= HEX_FROM && !(n->u & 0xffff)))
		fprintf(f, "0x%" PRIx64, n->u);
	else
		fprintf(f, "%" PRIu64, n->u);
}

static void put_char(const struct ktstr_jnode *v, FILE *f)
{
	int64_t c = ktstr_jnode__i64(v, "value", 0);

	if (c > ' ' && c < 0x7f)
		fprintf(f, "'%c'", (char)c);
	else
		fprintf(f, "%" PRId64, c);
}

static void put_pointer(const struct ktstr_jnode *v, FILE *f)
{
	static const char * const annotations[] = {
		KTSTR_CAST_TO_KERNEL, KTSTR_CAST_TO_ARENA, KTSTR_SDT_ALLOC
	};
	const char *note = ktstr_jnode__str(v, "note", ""), *type = ktstr_jnode__str(v, "target", "");
	const char *cast = ktstr_jnode__str(v, "cast_annotation", "");
	uint64_t addr = ktstr_jnode__u64(v, "value", 0);

	if (!addr) {
		fputs("NULL", f);
		return;
	}
	fprintf(f, "0x%" PRIx64, addr);
	if (*note || *type) {
		fputs(" (", f);
		ktstr_value_text__safe(type, f);
		fputs(*note && *type ? " " : "", f);
		ktstr_value_text__safe(note, f);
		fputc(')', f);
	}
	for (size_t i = 0; i < ARRAY_SIZE(annotations); i++)
		if (strstr(cast, annotations[i]))
			fprintf(f, " (%s)", annotations[i]);
}

/* A value that has none in it. */
static void put_plain(const struct ktstr_jnode *v, FILE *f)
{
	const char *kind = kind_of(v);

	if (is(v, "string") || is(v, "cpu_list")) {
		bool text = is(v, "string");

		fputs(text ? "\"" : "{", f);
		ktstr_value_text__safe(ktstr_jnode__str(v, text ? "value" : "cpus", ""), f);
		fputs(text ? "\"" : "}", f);
	} else if (is(v, "enum")) {
		const char *name = ktstr_jnode__str(v, "variant", "");

		ktstr_value_text__safe(name, f);
		fputs(*name ? " (" : "", f);
		put_number(ktstr_jnode__get(v, "value"), f);
		fputs(*name ? ")" : "", f);
	} else if (is(v, "char")) {
		put_char(v, f);
	} else if (is(v, "ptr")) {
		put_pointer(v, f);
	} else if (is(v, "bytes")) {
		fputs("hex ", f);
		ktstr_value_text__safe(ktstr_jnode__str(v, "hex", "?"), f);
	} else if (is(v, "truncated")) {
		fprintf(f, "<cut: %" PRIu64 " of %" PRIu64 " bytes>", ktstr_jnode__u64(v, "had", 0),
			ktstr_jnode__u64(v, "needed", 0));
	} else if (is(v, "unsupported")) {
		fputc('<', f);
		ktstr_value_text__safe(ktstr_jnode__str(v, "reason", "?"), f);
		fputc('>', f);
	} else if (is(v, "float") && ktstr_jnode__get(v, "hex")) {
		ktstr_value_text__safe(ktstr_jnode__str(v, "hex", "?"), f);
	} else if (*kind) {
		put_number(ktstr_jnode__get(v, "value"), f);
	} else {
		fputs("<no value>", f);
	}
}

static void put_index(const struct ktstr_jnode *e, FILE *f)
{
	uint64_t i = ktstr_jnode__u64(e, "index", 0), nr = ktstr_jnode__u64(e, "count", 1);

	if (nr > 1)
		fprintf(f, "[%" PRIu64 "..%" PRIu64 "]", i, i + nr - 1);
	else
		fprintf(f, "[%" PRIu64 "]", i);
}

static void put_name(const struct ktstr_jnode *member, bool array, FILE *f)
{
	if (array)
		put_index(member, f);
	else
		ktstr_value_text__safe(ktstr_jnode__str(member, "name", ""), f);
	if (array || *ktstr_jnode__str(member, "name", ""))
		fputs("=", f);
}

/* Members or elements on one line. */
static void put_list_line(const struct out *o, const struct ktstr_jnode *v, int depth)
{
	bool array = is(v, "array"), any = false;
	const struct ktstr_jnode *c = ktstr_jnode__list(v, array ? "elements" : "members");
	unsigned int zeros = 0;

	fputs(array ? "[" : "{", o->f);
	for (; c; c = c->next) {
		const struct ktstr_jnode *value = ktstr_jnode__get(c, "value");

		if (!o->all && zero(value, depth)) {
			zeros++;
			continue;
		}
		if (any)
			fputs(", ", o->f);
		any = true;
		put_name(c, array, o->f);
		put_line(o, value, depth - 1);
	}
	if (zeros && !any)
		fputs("all 0", o->f);
	else if (zeros && array)
		fputs(", rest 0", o->f);
	fputs(array ? "]" : "}", o->f);
}

static void put_line(const struct out *o, const struct ktstr_jnode *v, int depth)
{
	const struct ktstr_jnode *deref = ktstr_jnode__get(v, "deref");

	if (!depth) {
		fputs("...", o->f);
		return;
	}
	if (has_members(v) || is(v, "array")) {
		put_list_line(o, v, depth);
		return;
	}
	put_plain(v, o->f);
	if (deref) {
		fputs(" -> ", o->f);
		put_line(o, deref, depth - 1);
	}
}

void ktstr_value_text__line(const struct ktstr_jnode *v, FILE *f)
{
	struct out o = { .f = f };

	put_line(&o, v, DEPTH);
}

/* Does it fit on a line of which @used columns are taken? Then it is written. */
static bool put_if_short(const struct out *o, const struct ktstr_jnode *v, size_t used)
{
	char buf[COLUMNS + 1];
	struct out line = { .f = fmemopen(buf, sizeof(buf), "w"), .all = o->all };
	bool fits;
	long len;

	if (!line.f)
		return false;
	setvbuf(line.f, NULL, _IONBF, 0);
	put_line(&line, v, DEPTH);
	fflush(line.f);
	len = ftell(line.f);
	fits = !ferror(line.f) && len >= 0 && (size_t)len + used <= COLUMNS;
	fclose(line.f);
	if (fits)
		put_line(o, v, DEPTH);
	return fits;
}

static void put_member(const struct out *o, const struct ktstr_jnode *c, bool array, int indent,
		       int depth)
{
	const struct ktstr_jnode *v = ktstr_jnode__get(c, "value");
	const char *name = array ? "[]" : ktstr_jnode__str(c, "name", "");

	/* members of an anonymous structure belong to the one around it */
	if (!*name && has_members(v) && depth) {
		for (c = ktstr_jnode__list(v, "members"); c; c = c->next)
			if (o->all || !zero(ktstr_jnode__get(c, "value"), depth))
				put_member(o, c, false, indent, depth - 1);
		return;
	}
	fprintf(o->f, "%*s", indent, "");
	put_name(c, array, o->f);
	if (!put_if_short(o, v, (size_t)indent + strlen(name) + 8))
		put_block(o, v, indent, depth);
	fputc('\n', o->f);
}

static void put_block(const struct out *o, const struct ktstr_jnode *v, int indent, int depth)
{
	const struct ktstr_jnode *deref = ktstr_jnode__get(v, "deref");
	bool array = is(v, "array");
	unsigned int zeros = 0;

	if (!depth) {
		fputs("...", o->f);
		return;
	}
	if (!array && !has_members(v)) {
		put_plain(v, o->f);
		if (deref) {
			fputs(" -> ", o->f);
			put_block(o, deref, indent, depth - 1);
		}
		return;
	}
	fputs(array ? "[\n" : "{\n", o->f);
	for (const struct ktstr_jnode *c = ktstr_jnode__list(v, array ? "elements" : "members"); c;
	     c = c->next) {
		if (!o->all && zero(ktstr_jnode__get(c, "value"), depth))
			zeros++;
		else
			put_member(o, c, array, indent + 2, depth - 1);
	}
	if (zeros)
		fprintf(o->f, "%*s(%u more %s 0)\n", indent + 2, "", zeros, zeros == 1 ? "is" : "are");
	fprintf(o->f, "%*s%c", indent, "", array ? ']' : '}');
}

void ktstr_value_text__put(const struct ktstr_jnode *v, const char *name, int indent, bool all,
			   FILE *f)
{
	struct out o = { .f = f, .all = all };

	if (name) {
		fprintf(f, "%*s", indent, "");
		ktstr_value_text__safe(name, f);
		fputs(" = ", f);
	}
	if (!put_if_short(&o, v, (size_t)indent + (name ? strlen(name) : 0) + 3))
		put_block(&o, v, indent, DEPTH);
	fputc('\n', f);
}
