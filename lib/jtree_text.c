// SPDX-License-Identifier: GPL-2.0
/*
 * JSON as text (RFC 8259): see jtree.h. Nesting is bounded, so that recursion is; a string takes no
 * more room in memory than in the text.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "jtree_priv.h"

struct reader {
	struct ktstr_jtree *tree;
	const char *at, *text, *end;
	const char *why;		/* the first thing that is wrong */
};

static bool wrong(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return false;
}

static void skip_space(struct reader *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at)
		r->at++;
}

static bool take(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len))
		return wrong(r, "no JSON value begins so");
	r->at += len;
	return true;
}

static bool read_hex(struct reader *r, uint32_t *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, r->at++) {
		char c = r->at < r->end ? *r->at : 0;
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;

		if (digit < 0)
			return wrong(r, "\\u needs four hexadecimal digits");
		*code = *code << 4 | (uint32_t)digit;
	}
	return true;
}

/* Of the basic plane; a half of a pair, and NUL, become '?'. */
static char *put_code(char *to, uint32_t c)
{
	if (!c || (c >= 0xd800 && c < 0xe000))
		c = '?';
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

static char *read_escape(struct reader *r, char *to)
{
	static const char from[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *p = r->at < r->end && *r->at ? strchr(from, *r->at) : NULL;
	uint32_t code;

	if (p) {
		*to++ = means[p - from];
		r->at++;
		return to;
	}
	if (r->at == r->end || *r->at != 'u') {
		wrong(r, "an unknown escape");
		return NULL;
	}
	r->at++;
	return read_hex(r, &code) ? put_code(to, code) : NULL;
}

static const char *read_string(struct reader *r)
{
	const char *quote = r->at;
	char *s, *to;

	for (; quote < r->end && *quote != '"'; quote++)
		quote += *quote == '\\';
	if (quote >= r->end) {
		wrong(r, "a string does not end");
		return NULL;
	}
	s = jtree_alloc(r->tree, (size_t)(quote - r->at) + 1, 1);
	for (to = s; to && r->at < quote;) {
		unsigned char c = (unsigned char)*r->at;

		if (c == '\\') {
			r->at++;
			to = read_escape(r, to);
			continue;
		}
		if (c < ' ') {
			wrong(r, "a control character in a string");
			return NULL;
		}
		*to++ = *r->at++;
	}
	if (!to)
		return NULL;
	*to = '\0';
	for (unsigned char *p = (unsigned char *)s; *p;) {
		unsigned int n = ktstr_utf8_len(p);

		if (!n)
			*p = '?';
		p += n ?: 1;
	}
	r->at = quote + 1;
	return s;
}

static struct ktstr_jnode *read_number(struct reader *r, struct ktstr_jnode *parent,
				       const char *key)
{
	char buf[64], *end;
	size_t len = 0;
	struct ktstr_jnode *n;

	while (r->at + len < r->end && strchr("+-.0123456789eE", r->at[len]) && r->at[len])
		len++;
	if (!len || len >= sizeof(buf)) {
		wrong(r, len ? "a number is too long" : "no JSON value begins so");
		return NULL;
	}
	memcpy(buf, r->at, len);
	buf[len] = '\0';
	n = jtree_add(r->tree, parent, key, KTSTR_J_REAL);
	if (!n)
		return NULL;
	errno = 0;
	if (!strpbrk(buf, ".eE")) {
		n->type = *buf == '-' ? KTSTR_J_INT : KTSTR_J_UINT;
		if (*buf == '-')
			n->i = strtoll(buf, &end, 10);
		else
			n->u = strtoull(buf, &end, 10);
	} else {
		n->d = strtod(buf, &end);
	}
	if (*end || *buf == '+' || errno || (n->type == KTSTR_J_REAL && !isfinite(n->d))) {
		wrong(r, "no number, or one that is out of range");
		return NULL;
	}
	r->at += len;
	return n;
}

static struct ktstr_jnode *read_value(struct reader *r, struct ktstr_jnode *parent,
				      const char *key, int depth);

static struct ktstr_jnode *read_list(struct reader *r, struct ktstr_jnode *parent,
				     const char *key, int depth)
{
	bool object = *r->at++ == '{';
	struct ktstr_jnode *list = jtree_add(r->tree, parent, key,
					     object ? KTSTR_J_OBJECT : KTSTR_J_ARRAY);
	char close = object ? '}' : ']';
	const char *name = NULL;

	if (!list || take(r, close))
		return list;
	do {
		if (object) {
			name = take(r, '"') ? read_string(r) : NULL;
			if (!name || !take(r, ':')) {
				wrong(r, "a member needs a name and a colon");
				return NULL;
			}
		}
		if (!read_value(r, list, name, depth - 1))
			return NULL;
	} while (take(r, ','));
	if (take(r, close))
		return list;
	wrong(r, "a list does not end");
	return NULL;
}

static struct ktstr_jnode *read_value(struct reader *r, struct ktstr_jnode *parent,
				      const char *key, int depth)
{
	struct ktstr_jnode *n = NULL;
	const char *s;

	skip_space(r);
	if (!depth)
		wrong(r, "lists are nested too deeply");
	else if (r->at == r->end)
		wrong(r, "the text ends where a value should be");
	else if (*r->at == '{' || *r->at == '[')
		return read_list(r, parent, key, depth);
	else if (*r->at == '"') {
		r->at++;
		s = read_string(r);
		n = s ? jtree_add(r->tree, parent, key, KTSTR_J_STR) : NULL;
		if (n)
			n->s = s;
	} else if (*r->at == 't' || *r->at == 'f') {
		bool yes = *r->at == 't';

		if (take_word(r, yes ? "true" : "false"))
			n = jtree_add(r->tree, parent, key, KTSTR_J_BOOL);
		if (n)
			n->b = yes;
	} else if (*r->at == 'n') {
		if (take_word(r, "null"))
			n = jtree_add(r->tree, parent, key, KTSTR_J_NULL);
	} else {
		n = read_number(r, parent, key);
	}
	return n;
}

struct ktstr_jnode *ktstr_jtree__parse(struct ktstr_jtree *t, const char *text, size_t len,
				       struct ktstr_err *err)
{
	struct reader r = { .tree = t, .at = text, .text = text, .end = text + len };
	struct ktstr_jnode *n = read_value(&r, NULL, NULL, KTSTR_JTREE_DEPTH);
	unsigned int line = 1;

	skip_space(&r);
	if (n && r.at != r.end) {
		wrong(&r, "there is more behind the value");
		n = NULL;
	}
	if (n)
		return n;
	for (const char *p = text; p < r.at; p++)
		line += *p == '\n';
	if (t->error)
		ktstr_err(err, -t->error, "line %u: more than %zu MiB of values", line, t->max >> 20);
	else
		ktstr_err(err, EBADMSG, "line %u: %s (byte %zu)", line, r.why ?: "no value",
			  (size_t)(r.at - text));
	return NULL;
}

static bool is_special(unsigned char c)
{
	return c < ' ' || c == '"' || c == '\\' || c == 0x7f;
}

static void put_string(const char *text, FILE *f)
{
	size_t len;

	fputc('"', f);
	for (; *text; text += len) {
		for (len = 0; text[len] && !is_special((unsigned char)text[len]); len++)
			;
		fwrite(text, 1, len, f);
		if (text[len] == '"' || text[len] == '\\')
			fprintf(f, "\\%c", text[len++]);
		else if (text[len])
			fprintf(f, "\\u%04x", (unsigned char)text[len++]);
	}
	fputc('"', f);
}

static bool is_plain(const struct ktstr_jnode *n)
{
	return n->type != KTSTR_J_ARRAY && n->type != KTSTR_J_OBJECT;
}

/* Are all values of the list plain, or lists of one line themselves that are short? */
static bool on_one_line(const struct ktstr_jnode *n)
{
	unsigned int plain = 0;

	for (n = n->first; n; n = n->next) {
		if (!is_plain(n) && n->nr)
			return false;
		if (++plain > 16)
			return false;
	}
	return true;
}

static void put_u64(uint64_t v, FILE *f)
{
	char buf[20], *p = buf + sizeof(buf);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	fwrite(p, 1, (size_t)(buf + sizeof(buf) - p), f);
}

static void new_line(int depth, FILE *f)
{
	static const char spaces[] = "                                ";

	fputc('\n', f);
	fwrite(spaces, 1, depth < (int)sizeof(spaces) - 1 ? (size_t)depth : sizeof(spaces) - 1, f);
}

static void put_value(const struct ktstr_jnode *n, int depth, FILE *f);

static void put_list(const struct ktstr_jnode *n, int depth, FILE *f)
{
	bool line = on_one_line(n);

	fputc(n->type == KTSTR_J_OBJECT ? '{' : '[', f);
	for (const struct ktstr_jnode *c = n->first; c; c = c->next) {
		if (!line)
			new_line(depth + 1, f);
		if (n->type == KTSTR_J_OBJECT) {
			put_string(c->key, f);
			fputs(": ", f);
		}
		put_value(c, depth + 1, f);
		if (c->next)
			fputs(line ? ", " : ",", f);
	}
	if (!line)
		new_line(depth, f);
	fputc(n->type == KTSTR_J_OBJECT ? '}' : ']', f);
}

static void put_value(const struct ktstr_jnode *n, int depth, FILE *f)
{
	switch (n->type) {
	case KTSTR_J_NULL:
		fputs("null", f);
		break;
	case KTSTR_J_BOOL:
		fputs(n->b ? "true" : "false", f);
		break;
	case KTSTR_J_UINT:
		put_u64(n->u, f);
		break;
	case KTSTR_J_INT:
		fprintf(f, "%" PRId64, n->i);
		break;
	case KTSTR_J_REAL:
		fprintf(f, "%.17g", n->d);
		break;
	case KTSTR_J_STR:
		put_string(n->s, f);
		break;
	case KTSTR_J_ARRAY:
	case KTSTR_J_OBJECT:
		put_list(n, depth, f);
		break;
	}
}

void ktstr_jtree__write(const struct ktstr_jnode *n, FILE *f)
{
	put_value(n, 0, f);
	fputc('\n', f);
}
