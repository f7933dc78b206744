// SPDX-License-Identifier: GPL-2.0
/* See name.h. Both the pattern and the label are written part by part, by the same cutter. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "name.h"

enum part_kind {
	PART_PLAIN,		/* also separators */
	PART_NUMBER,		/* has one number: digits, letters{N} or {N}letters */
	PART_HEX,
	PART_INSTANCE,
};

struct part {
	enum part_kind kind;
	const char *at;
	size_t len;
	size_t digits_at, digits_len;	/* of PART_NUMBER */
};

static bool is_separator(char c)
{
	return c && strchr(".-_/:@+[] \t\n\r\f\v", c);
}

/* Letters only from @at on. */
static bool letters(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalpha((unsigned char)at[i]))
			return false;
	return true;
}

static size_t digits(const char *at, size_t len)
{
	size_t n = 0;

	while (n < len && isdigit((unsigned char)at[n]))
		n++;
	return n;
}

static bool is_hex(const char *at, size_t len)
{
	bool digit = false;

	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)at[i]) && (at[i] < 'a' || at[i] > 'f'))
			return false;
		digit |= isdigit((unsigned char)at[i]);
	}
	return digit && len >= 2;
}

static void classify(struct part *p)
{
	size_t front = digits(p->at, p->len), n = 0;

	p->kind = PART_PLAIN;
	if (front == p->len) {
		p->digits_len = front;
	} else if (is_hex(p->at, p->len)) {
		p->kind = PART_HEX;
		return;
	} else if (front && letters(p->at + front, p->len - front)) {
		p->digits_len = front;
	} else if (!front) {
		while (n < p->len && isalpha((unsigned char)p->at[n]))
			n++;
		if (n + digits(p->at + n, p->len - n) != p->len || n == p->len)
			return;
		p->digits_at = n;
		p->digits_len = p->len - n;
	} else {
		return;
	}
	p->kind = PART_NUMBER;
}

/* The next part of a name; false: that was all. @from: where the name begins. */
static bool next_part(const char *from, const char **at, bool cgroup, struct part *p)
{
	const char *s = *at;

	if (!*s)
		return false;
	*p = (struct part){ .at = s };
	if (is_separator(*s)) {
		while (is_separator(*s))
			s++;
		p->len = (size_t)(s - p->at);
		*at = s;
		return true;
	}
	while (*s && !is_separator(*s))
		s++;
	p->len = (size_t)(s - p->at);
	*at = s;
	if (cgroup && p->at > from && p->at[-1] == '@' && !strncmp(s, ".service", 8) &&
	    (!s[8] || s[8] == '/'))
		p->kind = PART_INSTANCE;
	else
		classify(p);
	return true;
}

char *ctprof_name__pattern(const char *name, bool cgroup)
{
	const char *at = name;
	char *text = NULL;
	struct part p;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	while (next_part(name, &at, cgroup, &p)) {
		switch (p.kind) {
		case PART_PLAIN:
			fwrite(p.at, 1, p.len, f);
			break;
		case PART_NUMBER:
			fprintf(f, "%.*s{N}%.*s", (int)p.digits_at, p.at,
				(int)(p.len - p.digits_at - p.digits_len), p.at + p.digits_at + p.digits_len);
			break;
		case PART_HEX:
			fputs("{H}", f);
			break;
		case PART_INSTANCE:
			fputs("{I}", f);
			break;
		}
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* What all names have at one part: is it the same, and from which to which number? */
struct slot {
	struct part first;
	bool same, numbers;
	uint64_t min, max;
};

static void add_to_slot(struct slot *s, const struct part *p)
{
	const char *digits = p->at + p->digits_at;
	uint64_t v = 0;

	if (!s->first.at)
		*s = (struct slot){ .first = *p, .same = true, .numbers = true, .min = UINT64_MAX };
	else if (p->len != s->first.len || memcmp(p->at, s->first.at, p->len))
		s->same = false;
	if (p->kind != PART_NUMBER || !s->numbers)
		return;
	/* digits that end where the part's do, or more of them than a number has */
	if (!ktstr_take_u64(&digits, 10, &v)) {
		s->numbers = false;
		return;
	}
	s->min = v < s->min ? v : s->min;
	s->max = v > s->max ? v : s->max;
}

static void put_slot(const struct slot *s, FILE *f)
{
	const struct part *p = &s->first;

	if (s->same || p->kind == PART_PLAIN)
		fwrite(p->at, 1, p->len, f);
	else if (p->kind == PART_HEX)
		fputs("{H}", f);
	else if (p->kind == PART_INSTANCE)
		fputs("{I}", f);
	else if (s->numbers)
		fprintf(f, "%.*s{%" PRIu64 "-%" PRIu64 "}%.*s", (int)p->digits_at, p->at, s->min, s->max,
			(int)(p->len - p->digits_at - p->digits_len), p->at + p->digits_at + p->digits_len);
	else
		fprintf(f, "%.*s{N}%.*s", (int)p->digits_at, p->at,
			(int)(p->len - p->digits_at - p->digits_len), p->at + p->digits_at + p->digits_len);
}

char *ctprof_name__label(const char * const *names, size_t nr, bool cgroup)
{
	const char **at = malloc(nr * sizeof(*at));
	char *text = NULL;
	struct part p;
	bool more = true;
	size_t len;
	FILE *f = at ? open_memstream(&text, &len) : NULL;

	if (!f) {
		free(at);
		return NULL;
	}
	memcpy(at, names, nr * sizeof(*at));
	/* names of one pattern have the same parts */
	while (more) {
		struct slot s = { .same = true };

		for (size_t i = 0; i < nr && more; i++) {
			more = next_part(names[i], &at[i], cgroup, &p);
			if (more)
				add_to_slot(&s, &p);
		}
		if (more)
			put_slot(&s, f);
	}
	free(at);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
