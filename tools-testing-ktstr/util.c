// SPDX-License-Identifier: GPL-2.0
/* See util.h. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

int strings__add(struct strings *s, const char *item)
{
	size_t alloc = s->alloc ? 2 * s->alloc : 8;
	const char **grown;

	if (s->nr == s->alloc) {
		grown = realloc(s->item, alloc * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->item = grown;
		s->alloc = alloc;
	}
	s->item[s->nr++] = item;
	return 0;
}

void strings__free(struct strings *s)
{
	free(s->item);
	memset(s, 0, sizeof(*s));
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *v)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return -EINVAL;
	*v = n;
	return 0;
}

/* Levenshtein distance, one row at a time; words longer than a row are never near. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[128], i, j, diag, up;

	if (lb >= ARRAY_LEN(row))
		return SIZE_MAX;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			up = row[j];
			row[j] = diag + (a[i - 1] != b[j - 1]);
			if (up + 1 < row[j])
				row[j] = up + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			diag = up;
		}
	}
	return row[lb];
}

const char *suggest(const char *word, const char * const *candidates, size_t nr)
{
	size_t len = strlen(word), best = len / 3 > 3 ? len / 3 : 3, i, d, longer;
	const char *found = NULL;

	for (i = 0; i < nr; i++) {
		d = distance(word, candidates[i]);
		longer = strlen(candidates[i]) > len ? strlen(candidates[i]) : len;
		if (d < longer && (d < best || (d == best && !found))) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}

int complain(int status, const char *hint, const char *fmt, ...)
{
	va_list ap;

	fputs("ktstr: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (hint)
		fprintf(stderr, ", did you mean '%s'?", hint);
	fputc('\n', stderr);
	return status;
}

void json_string(FILE *f, const char *text)
{
	unsigned char c;

	fputc('"', f);
	while ((c = *text++)) {
		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}
