// SPDX-License-Identifier: GPL-2.0
/* Counts of source lines as a table: see lines.h. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/textbuf.h"
#include "lines.h"

#define RANGES_WIDTH	60	/* of the text about lines that were not executed */

/* Functions in headers of ktstr and of the system are not what the tests are about. */
static bool is_foreign(const char *path)
{
	return strstr(path, "/harness/include/ktstr/") || !strncmp(path, "/usr/include/", 13);
}

int lines__file(struct ktstr_cover *c, const char *path, struct ktstr_cover_file **f)
{
	*f = is_foreign(path) ? NULL : ktstr_cover__file(c, path);
	return *f || is_foreign(path) ? 0 : -errno;
}

int lines__add(struct ktstr_cover_file *f, uint64_t line, uint64_t count)
{
	return f && line && line <= UINT32_MAX ? ktstr_cover_file__add_line(f, (uint32_t)line, count) : 0;
}

int lines__read_info(struct ktstr_cover *c, const char *text)
{
	struct ktstr_cover_file *f = NULL;
	uint64_t nr, count;
	char path[PATH_MAX];
	const char *line;
	int ret = 0;
	size_t len;

	while (!ret && (line = ktstr_text__line(&text, &len))) {
		if (!strncmp(line, "SF:", 3)) {
			snprintf(path, sizeof(path), "%.*s", (int)len - 3, line + 3);
			ret = lines__file(c, path, &f);
		} else if (sscanf(line, "DA:%" SCNu64 ",%" SCNu64, &nr, &count) == 2) {
			ret = lines__add(f, nr, count);
		}
	}
	return ret;
}

/* "10-12 22": the lines that were not executed. Lines without code between two belong to a range. */
static void put_ranges(const struct ktstr_cover_file *f, char *buf, size_t size)
{
	uint32_t first = 0, last = 0;
	size_t len = 0, i;

	buf[0] = '\0';
	for (i = 0; i <= f->nr_lines && len < size; i++) {
		if (i < f->nr_lines && !f->line[i].count) {
			last = f->line[i].line;
			first = first ?: last;
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

static void put_row(FILE *f, int width, const char *name, const struct ktstr_cover_totals *t,
		    const char *ranges)
{
	fprintf(f, "# %-*s %8" PRIu64 " %8" PRIu64 " %7.1f%s%s\n", width, name, t->lines, t->lines_hit,
		percent(t->lines_hit, t->lines), *ranges ? "  " : "", ranges);
}

void lines__print(const struct ktstr_cover *c, FILE *f)
{
	char ranges[2 * RANGES_WIDTH], cwd[PATH_MAX];
	struct ktstr_cover_totals all = { 0 };
	int width = 6;

	if (!getcwd(cwd, sizeof(cwd)))
		strcpy(cwd, "/");
	for (size_t i = 0; i < c->nr; i++) {
		int len = (int)strlen(shorten(c->file[i].path, cwd));

		width = len > width ? len : width;
	}
	fprintf(f, "# %-*s %8s %8s %7s  not executed\n", width, "source", "lines", "executed", "%");
	for (size_t i = 0; i < c->nr; i++) {
		struct ktstr_cover_totals t = { 0 };

		ktstr_cover_file__count(&c->file[i], &t);
		put_ranges(&c->file[i], ranges, sizeof(ranges));
		put_row(f, width, shorten(c->file[i].path, cwd), &t, ranges);
	}
	ktstr_cover__count(c, &all);
	put_row(f, width, "all", &all, "");
}
