// SPDX-License-Identifier: GPL-2.0
/* Counts of source lines: see lines.h. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/textbuf.h"
#include "lines.h"

#define RANGES_WIDTH	60	/* of the text about lines that were not executed */

struct source *lines__source(struct lines *l, const char *path)
{
	struct source *more;
	size_t i;

	for (i = 0; i < l->nr; i++)
		if (!strcmp(l->source[i].path, path))
			return &l->source[i];
	more = realloc(l->source, (l->nr + 1) * sizeof(*more));
	if (!more)
		return NULL;
	l->source = more;
	more += l->nr;
	*more = (struct source){ .path = strdup(path) };
	if (!more->path)
		return NULL;
	l->nr++;
	return more;
}

int source__add(struct source *s, uint64_t line, uint64_t count)
{
	uint32_t nr = s->nr ?: 256;
	uint64_t *more, *c;

	if (!line || line > MAX_LINE)
		return -EINVAL;
	while (nr <= line)
		nr *= 2;
	if (nr != s->nr) {
		more = realloc(s->count, nr * sizeof(*more));
		if (!more)
			return -ENOMEM;
		s->count = more;
		memset(more + s->nr, 0xff, (nr - s->nr) * sizeof(*more));
		s->nr = nr;
	}
	c = &s->count[line];
	if (*c == NO_CODE)
		*c = 0;
	if (__builtin_add_overflow(*c, count, c) || *c == NO_CODE)
		*c = NO_CODE - 1;
	return 0;
}

static void tally(const struct source *s, uint32_t *lines, uint32_t *hit)
{
	*lines = *hit = 0;
	for (uint32_t i = 1; i < s->nr; i++) {
		*lines += s->count[i] != NO_CODE;
		*hit += s->count[i] != NO_CODE && s->count[i];
	}
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct source *)a)->path, ((const struct source *)b)->path);
}

static void source__free(struct source *s)
{
	free(s->path);
	free(s->count);
}

/* Functions in headers of ktstr and of the system are not what the tests are about. */
static bool is_foreign(const char *path)
{
	return strstr(path, "/harness/include/ktstr/") || !strncmp(path, "/usr/include/", 13);
}

void lines__sort(struct lines *l)
{
	uint32_t lines, hit;
	size_t n = 0;

	for (size_t i = 0; i < l->nr; i++) {
		tally(&l->source[i], &lines, &hit);
		if (lines && !is_foreign(l->source[i].path))
			l->source[n++] = l->source[i];
		else
			source__free(&l->source[i]);
	}
	l->nr = n;
	if (n)
		qsort(l->source, n, sizeof(*l->source), compare_paths);
}

/* "10-12 22": the lines that were not executed. Lines without code between two belong to a range. */
static void put_ranges(const struct source *s, char *buf, size_t size)
{
	uint32_t first = 0, last = 0, i;
	size_t len = 0;

	buf[0] = '\0';
	for (i = 1; i <= s->nr && len < size; i++) {
		if (i < s->nr && s->count[i] == NO_CODE)
			continue;
		if (i < s->nr && !s->count[i]) {
			first = first ?: i;
			last = i;
			continue;
		}
		if (!first)
			continue;
		if (len > RANGES_WIDTH) {
			snprintf(buf + len, size - len, " ...");
			return;
		}
		len += (size_t)snprintf(buf + len, size - len, first == last ? "%s%u" : "%s%u-%u",
					len ? " " : "", first, last);
		first = 0;
	}
}

/* Relative to the working directory where it is below. */
static const char *shorten(const char *path, const char *cwd)
{
	size_t len = strlen(cwd);

	return !strncmp(path, cwd, len) && path[len] == '/' ? path + len + 1 : path;
}

static double percent(uint64_t hit, uint64_t lines)
{
	return lines ? 100.0 * (double)hit / (double)lines : 0;
}

void lines__print(const struct lines *l, FILE *f)
{
	char ranges[2 * RANGES_WIDTH], cwd[PATH_MAX];
	uint64_t all = 0, all_hit = 0;
	uint32_t lines, hit;
	int width = 6;

	if (!getcwd(cwd, sizeof(cwd)))
		strcpy(cwd, "/");
	for (size_t i = 0; i < l->nr; i++) {
		int len = (int)strlen(shorten(l->source[i].path, cwd));

		width = len > width ? len : width;
	}
	fprintf(f, "# %-*s %8s %8s %7s  not executed\n", width, "source", "lines", "executed", "%");
	for (size_t i = 0; i < l->nr; i++) {
		tally(&l->source[i], &lines, &hit);
		put_ranges(&l->source[i], ranges, sizeof(ranges));
		fprintf(f, "# %-*s %8u %8u %7.1f%s%s\n", width, shorten(l->source[i].path, cwd), lines,
			hit, percent(hit, lines), *ranges ? "  " : "", ranges);
		all += lines;
		all_hit += hit;
	}
	fprintf(f, "# %-*s %8" PRIu64 " %8" PRIu64 " %7.1f\n", width, "all", all, all_hit,
		percent(all_hit, all));
}

void lines__write_info(const struct lines *l, FILE *f)
{
	uint32_t lines, hit;

	for (const struct source *s = l->source; s < l->source + l->nr; s++) {
		fprintf(f, "SF:%s\n", s->path);
		for (uint32_t i = 1; i < s->nr; i++)
			if (s->count[i] != NO_CODE)
				fprintf(f, "DA:%u,%" PRIu64 "\n", i, s->count[i]);
		tally(s, &lines, &hit);
		fprintf(f, "LF:%u\nLH:%u\nend_of_record\n", lines, hit);
	}
}

int lines__read_info(struct lines *l, const char *text)
{
	struct source *s = NULL;
	const char *line;
	uint64_t nr, count;
	char path[PATH_MAX];
	size_t len;

	while ((line = ktstr_text__line(&text, &len))) {
		if (!strncmp(line, "SF:", 3)) {
			snprintf(path, sizeof(path), "%.*s", (int)len - 3, line + 3);
			s = lines__source(l, path);
			if (!s)
				return -ENOMEM;
		} else if (s && sscanf(line, "DA:%" SCNu64 ",%" SCNu64, &nr, &count) == 2 &&
			   source__add(s, nr, count) == -ENOMEM) {
			return -ENOMEM;
		}
	}
	return 0;
}

void lines__free(struct lines *l)
{
	for (size_t i = 0; i < l->nr; i++)
		source__free(&l->source[i]);
	free(l->source);
	memset(l, 0, sizeof(*l));
}
