// SPDX-License-Identifier: GPL-2.0
/* Finds the results in the KTAP that a payload prints: see payload.h. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"

/* Skip @word and blanks behind it. NULL: the text does not begin with it. */
static const char *skip_word(const char *p, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - p) < len || memcmp(p, word, len))
		return NULL;
	for (p += len; p < end && *p == ' '; p++)
		;
	return p;
}

static const char *skip_number(const char *p, const char *end)
{
	const char *begin = p;

	while (p < end && isdigit((unsigned char)*p))
		p++;
	if (p == begin || (p < end && *p != ' '))
		return NULL;
	while (p < end && *p == ' ')
		p++;
	return p;
}

static void copy(char *buf, size_t size, const char *from, const char *end)
{
	size_t len;

	while (end > from && isspace((unsigned char)end[-1]))
		end--;
	len = (size_t)(end - from) < size ? (size_t)(end - from) : size - 1;
	memcpy(buf, from, len);
	buf[len] = '\0';
}

/* "[not ]ok NUMBER[ - ][ NAME][ # [DIRECTIVE ]WHY]" */
static bool parse_result(const char *p, const char *end, struct ktstr_ktap_result *r)
{
	const char *q = skip_word(p, end, "not "), *hash, *why;

	*r = (struct ktstr_ktap_result){ .outcome = q ? KTSTR_FAIL : KTSTR_PASS };
	p = skip_word(q ?: p, end, "ok ");
	p = p ? skip_number(p, end) : NULL;
	if (!p)
		return false;
	q = skip_word(p, end, "- ");
	if (q)
		p = q;
	hash = memmem(p, end - p, "# ", 2);
	copy(r->name, sizeof(r->name), p, hash ?: end);
	if (!hash)
		return true;
	hash += 2;
	why = skip_word(hash, end, "SKIP");
	if (why)
		r->outcome = KTSTR_SKIP;
	else if (skip_word(hash, end, "TODO") || skip_word(hash, end, "XFAIL"))
		r->outcome = KTSTR_PASS;
	copy(r->why, sizeof(r->why), why ?: hash, end);
	return true;
}

/* "1..N", perhaps with a comment. 0: that is no plan. */
static uint32_t parse_plan(const char *p, const char *end)
{
	unsigned long nr = 0;

	p = skip_word(p, end, "1..");
	if (!p || !skip_number(p, end))
		return 0;
	for (; p < end && isdigit((unsigned char)*p) && nr < UINT32_MAX / 10; p++)
		nr = nr * 10 + (*p - '0');
	return nr;
}

uint32_t ktstr_ktap__read(const char *text, size_t len, ktstr_ktap_fn *fn, void *arg)
{
	const char *end = text + len, *nl;
	struct ktstr_ktap_result r;
	uint32_t planned = 0;

	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', end - text) ?: end;
		if (parse_result(text, nl, &r))
			fn(arg, &r);
		else if (!planned)
			planned = parse_plan(text, nl);
	}
	return planned;
}
