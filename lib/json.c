// SPDX-License-Identifier: GPL-2.0
/* JSON writer (RFC 8259): see json.h. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void put(struct ktstr_json *j, const char *s, size_t len)
{
	size_t cap = j->cap;
	char *buf;

	if (j->error)
		return;
	if (len > SIZE_MAX / 4 - j->len) {
		j->error = -ENOMEM;
		return;
	}
	while (cap < j->len + len + 1)
		cap = cap ? cap * 2 : 4096;
	if (cap != j->cap) {
		buf = realloc(j->buf, cap);
		if (!buf) {
			j->error = -ENOMEM;
			return;
		}
		j->buf = buf;
		j->cap = cap;
	}
	memcpy(j->buf + j->len, s, len);
	j->len += len;
	j->buf[j->len] = '\0';
}

static void puts_(struct ktstr_json *j, const char *s)
{
	put(j, s, strlen(s));
}

/* Unicode table 3-7. Reading stops at the terminating NUL because that is no continuation byte. */
unsigned int ktstr_utf8_len(const unsigned char *s)
{
	unsigned int n, i;
	unsigned char lo = 0x80, hi = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		if (s[0] == 0xe0)
			lo = 0xa0;
		if (s[0] == 0xed)
			hi = 0x9f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		if (s[0] == 0xf0)
			lo = 0x90;
		if (s[0] == 0xf4)
			hi = 0x8f;
	} else {
		return 0;
	}
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

static void put_string(struct ktstr_json *j, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char esc[8];
	unsigned int n;

	puts_(j, "\"");
	while (*s) {
		n = ktstr_utf8_len(s);
		if (!n) {
			puts_(j, "\xef\xbf\xbd");	/* U+FFFD */
			s++;
			continue;
		}
		if (*s == '"' || *s == '\\') {
			esc[0] = '\\';
			esc[1] = *s;
			put(j, esc, 2);
		} else if (*s == '\n') {
			puts_(j, "\\n");
		} else if (*s == '\t') {
			puts_(j, "\\t");
		} else if (*s < 0x20 || *s == 0x7f) {
			snprintf(esc, sizeof(esc), "\\u%04x", *s);
			puts_(j, esc);
		} else {
			put(j, (const char *)s, n);
		}
		s += n;
	}
	puts_(j, "\"");
}

/* What precedes any value: comma, line break, indentation and key. */
static void lead(struct ktstr_json *j, const char *key)
{
	unsigned int i;

	if (j->more[j->depth])
		puts_(j, ",");
	if (j->depth)
		puts_(j, "\n");
	j->more[j->depth] = true;
	for (i = 0; i < j->depth; i++)
		puts_(j, "  ");
	if (key) {
		put_string(j, key);
		puts_(j, ": ");
	}
}

static void open_(struct ktstr_json *j, const char *key, const char *open, char close)
{
	lead(j, key);
	puts_(j, open);
	if (j->depth == KTSTR_JSON_DEPTH) {
		j->error = -EINVAL;
		return;
	}
	j->depth++;
	j->more[j->depth] = false;
	j->close[j->depth] = close;
}

void ktstr_json__init(struct ktstr_json *j)
{
	memset(j, 0, sizeof(*j));
}

void ktstr_json__object(struct ktstr_json *j, const char *key)
{
	open_(j, key, "{", '}');
}

void ktstr_json__array(struct ktstr_json *j, const char *key)
{
	open_(j, key, "[", ']');
}

void ktstr_json__end(struct ktstr_json *j)
{
	unsigned int i, depth = j->depth;

	if (!depth) {
		j->error = -EINVAL;
		return;
	}
	j->depth--;
	if (j->more[depth]) {
		puts_(j, "\n");
		for (i = 0; i < j->depth; i++)
			puts_(j, "  ");
	}
	put(j, &j->close[depth], 1);
}

void ktstr_json__str(struct ktstr_json *j, const char *key, const char *s)
{
	lead(j, key);
	if (s)
		put_string(j, s);
	else
		puts_(j, "null");
}

void ktstr_json__u64(struct ktstr_json *j, const char *key, uint64_t v)
{
	char num[32];

	snprintf(num, sizeof(num), "%" PRIu64, v);
	lead(j, key);
	puts_(j, num);
}

void ktstr_json__i64(struct ktstr_json *j, const char *key, int64_t v)
{
	char num[32];

	snprintf(num, sizeof(num), "%" PRId64, v);
	lead(j, key);
	puts_(j, num);
}

void ktstr_json__f64(struct ktstr_json *j, const char *key, double v)
{
	char num[64], *p;

	lead(j, key);
	if (!isfinite(v)) {
		puts_(j, "null");
		return;
	}
	/* the shortest of the usual forms that reads back as the same number */
	snprintf(num, sizeof(num), "%.15g", v);
	if (strtod(num, NULL) != v)
		snprintf(num, sizeof(num), "%.17g", v);
	for (p = num; *p; p++)
		if (*p == ',')		/* a locale's decimal point */
			*p = '.';
	puts_(j, num);
}

void ktstr_json__bool(struct ktstr_json *j, const char *key, bool v)
{
	lead(j, key);
	puts_(j, v ? "true" : "false");
}

void ktstr_json__null(struct ktstr_json *j, const char *key)
{
	lead(j, key);
	puts_(j, "null");
}

char *ktstr_json__finish(struct ktstr_json *j)
{
	char *buf = j->buf;
	int error = j->error;

	if (!error && j->depth)
		error = -EINVAL;
	if (!error) {
		put(j, "\n", 1);
		buf = j->buf;
		error = j->error;
	}
	memset(j, 0, sizeof(*j));
	if (error) {
		free(buf);
		errno = -error;
		return NULL;
	}
	return buf;
}
