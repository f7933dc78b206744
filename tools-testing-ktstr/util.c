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
