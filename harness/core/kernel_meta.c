// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the few strings that matter from a cache entry's metadata.json (spec/runtime 8.1).
 * A walker over JSON text, not a document: unknown keys and deeper structure are skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel_priv.h"

#define MAX_DEPTH	32

static const char *blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Behind the string at @p; its content, unescaped as far as ASCII goes, to @buf (or NULL). */
static const char *string(const char *p, char *buf, size_t size)
{
	size_t n = 0;
	char c;

	if (*p++ != '"')
		return NULL;
	while (*p && *p != '"') {
		c = *p++;
		if (c == '\\') {
			c = *p++;
			if (!c)
				return NULL;
			if (c == 'n')
				c = '\n';
			else if (c == 't')
				c = '\t';
			else if (c == 'u') {
				char hex[5] = "", *end;

				strncpy(hex, p, 4);
				c = strtoul(hex, &end, 16) & 0x7f;
				if (end != hex + 4)
					return NULL;
				p += 4;
			}
		}
		if (buf && n + 1 < size)
			buf[n++] = c;
	}
	if (buf && size)
		buf[n] = '\0';
	return *p == '"' ? p + 1 : NULL;
}

static const char *skip(const char *p, int depth);

/* Behind the members of an object or array whose opening is at @p. */
static const char *skip_members(const char *p, int depth)
{
	char close = *p == '{' ? '}' : ']';
	bool object = *p == '{';

	p = blanks(p + 1);
	if (*p == close)
		return p + 1;
	for (;;) {
		if (object) {
			p = string(blanks(p), NULL, 0);
			if (!p)
				return NULL;
			p = blanks(p);
			if (*p++ != ':')
				return NULL;
		}
		p = skip(blanks(p), depth + 1);
		if (!p)
			return NULL;
		p = blanks(p);
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
	}
}

/* Behind the value at @p, NULL when it is none. */
static const char *skip(const char *p, int depth)
{
	size_t n;

	if (depth > MAX_DEPTH)
		return NULL;
	if (*p == '"')
		return string(p, NULL, 0);
	if (*p == '{' || *p == '[')
		return skip_members(p, depth);
	n = strspn(p, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");
	return n ? p + n : NULL;
}

bool ktstr_kernel_meta__valid(const char *json)
{
	const char *p = blanks(json);

	if (*p != '{')
		return false;
	p = skip(p, 0);
	return p && !*blanks(p);
}

/* The value of @key in the object at @p, or NULL. */
static const char *member(const char *p, const char *key)
{
	char name[64];

	p = blanks(p);
	if (*p++ != '{')
		return NULL;
	for (;;) {
		p = string(blanks(p), name, sizeof(name));
		if (!p)
			return NULL;
		p = blanks(p);
		if (*p++ != ':')
			return NULL;
		p = blanks(p);
		if (!strcmp(name, key))
			return p;
		p = skip(p, 1);
		if (!p)
			return NULL;
		p = blanks(p);
		if (*p++ != ',')
			return NULL;
	}
}

bool ktstr_kernel_meta__get(const char *json, const char *key, const char *sub, char *buf,
			    size_t size)
{
	const char *p = member(json, key);

	if (p && sub)
		p = member(p, sub);
	return p && *p == '"' && string(p, buf, size);
}
