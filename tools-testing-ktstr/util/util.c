// SPDX-License-Identifier: GPL-2.0
/* See util.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/paths.h"
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
	struct ktstr_json j;
	char *quoted;

	ktstr_json__init(&j);
	ktstr_json__str(&j, NULL, text);
	quoted = ktstr_json__finish(&j);
	fprintf(f, "%.*s", quoted ? (int)strcspn(quoted, "\n") : 4, quoted ?: "null");
	free(quoted);
}

int check_output(const char *command, const char *option, const char *path)
{
	int ret = path ? ktstr_paths__can_write(path) : 0;

	if (!ret)
		return 0;
	return complain(1, NULL, "%s: --%s %s: %s", command, option, path,
			ret == -EINVAL ? "is no regular file" : strerror(-ret));
}

void print_log(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[1024];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "KTAP version", 12) && strncmp(line, "1..", 3))
			fputs(line, stderr);
	if (f)
		fclose(f);
}

int export_console(void)
{
	/* they have another stderr */
	int fd = fcntl(STDERR_FILENO, F_DUPFD, STDERR_FILENO + 1);
	char text[16];

	if (fd < 0)
		return -1;
	snprintf(text, sizeof(text), "%d", fd);
	return setenv("KTSTR_CONSOLE", text, 1);
}

int finish_json(struct ktstr_json *j)
{
	char *text = ktstr_json__finish(j);

	if (!text)
		return complain(1, NULL, "out of memory");
	fputs(text, stdout);
	free(text);
	return 0;
}
