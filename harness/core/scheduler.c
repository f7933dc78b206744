// SPDX-License-Identifier: GPL-2.0
/* Scheduler binaries and their arguments: see scheduler.h. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "paths.h"
#include "scheduler.h"

#define ENV_PREFIX	"KTSTR_SCHEDULER_BIN_"
#define INCLUDE_DIR	"/include-files"

void ktstr_scheduler__env_name(const char *binary, char *buf, size_t size)
{
	size_t n = snprintf(buf, size, "%s", ENV_PREFIX);

	for (; *binary && n + 1 < size; binary++)
		buf[n++] = isalnum((unsigned char)*binary) ?
			   toupper((unsigned char)*binary) : '_';
	if (size)
		buf[n < size ? n : size - 1] = '\0';
}

static bool runnable(const char *path)
{
	return ktstr_paths__is_file(path) && !access(path, X_OK);
}

/* A path that somebody wrote down: it is that file or an error. */
static int exactly(const char *what, const char *value, char *path, size_t size,
		   struct vm_err *err)
{
	if (!ktstr_paths__is_file(value))
		return vm_err(err, ENOENT, "%s%s: there is no such file", what, value);
	if (access(value, X_OK))
		return vm_err(err, EACCES, "%s%s: is not executable", what, value);
	return ktstr_paths__fmt(path, size, "%s", value) ?
	       vm_err(err, ENAMETOOLONG, "%s%.64s...: the path is too long", what, value) : 0;
}

/* Beside the test program and in the folders where the suite's build puts schedulers. */
static bool find_near(const char *name, char *path, size_t size)
{
	static const char * const where[] = { "", "/bpf", "/scx", "/bin", "/..", "/../bpf",
					      "/../scx", "/../bin" };
	char dir[PATH_MAX];
	size_t i;

	if (ktstr_paths__exe_dir(dir, sizeof(dir)))
		return false;
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++)
		if (!ktstr_paths__fmt(path, size, "%s%s/%s", dir, where[i], name) &&
		    runnable(path))
			return true;
	return false;
}

static bool find_in_path(const char *name, char *path, size_t size)
{
	const char *p = getenv("PATH"), *end;

	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, ':');
		if (end != p &&
		    !ktstr_paths__fmt(path, size, "%.*s/%s", (int)(end - p), p, name) &&
		    runnable(path))
			return true;
	}
	return false;
}

int ktstr_scheduler__find(const char *binary, char *path, size_t size, struct vm_err *err)
{
	char name[128], what[160], dir[PATH_MAX] = "?";
	const char *v;

	if (strchr(binary, '/'))
		return exactly("scheduler ", binary, path, size, err);
	ktstr_scheduler__env_name(binary, name, sizeof(name));
	v = getenv(name);
	if (v && *v) {
		snprintf(what, sizeof(what), "%s=", name);
		return exactly(what, v, path, size, err);
	}
	v = getenv("KTSTR_SCHEDULER");
	if (v && *v)
		return exactly("KTSTR_SCHEDULER=", v, path, size, err);
	if (find_near(binary, path, size) || find_in_path(binary, path, size))
		return 0;
	ktstr_paths__exe_dir(dir, sizeof(dir));
	return vm_err_missing(err, ENOENT,
			      "scheduler %s: not found in %.200s, its folders bpf, scx and bin, those beside it, or PATH; build it or set %s=FILE",
			      binary, dir, name);
}

static int append(char ***list, size_t *nr, const char *text, size_t len)
{
	char **more = realloc(*list, (*nr + 2) * sizeof(**list));

	if (!more)
		return -ENOMEM;
	*list = more;
	more[*nr] = strndup(text, len);
	if (!more[*nr])
		return -ENOMEM;
	more[++*nr] = NULL;
	return 0;
}

/* @template, cut at blanks, with {file} replaced by @file. */
static int append_config(char ***list, size_t *nr, const char *template, const char *file)
{
	char word[PATH_MAX + 256];
	const char *p = template, *at;
	size_t len;
	int ret = 0;

	for (;;) {
		p += strspn(p, " \t");
		len = strcspn(p, " \t");
		if (!len || ret)
			return ret;
		at = memmem(p, len, "{file}", 6);
		if (at)
			ret = ktstr_paths__fmt(word, sizeof(word), "%.*s%s%.*s", (int)(at - p),
					       p, file, (int)(p + len - at - 6), at + 6);
		else
			ret = ktstr_paths__fmt(word, sizeof(word), "%.*s", (int)len, p);
		if (!ret)
			ret = append(list, nr, word, strlen(word));
		p += len;
	}
}

static int append_all(char ***list, size_t *nr, const char * const *from)
{
	int ret = 0;

	for (; from && *from && !ret; from++)
		ret = append(list, nr, *from, strlen(*from));
	return ret;
}

static char **make_args(const struct ktstr_scheduler *s, const char *config,
			const char * const *extra)
{
	char **list = calloc(1, sizeof(*list)), file[PATH_MAX];
	const char *base;
	size_t nr = 0;
	int ret = 0;

	if (!list)
		return NULL;
	if (s->config_file) {
		base = strrchr(s->config_file, '/');
		base = base ? base + 1 : s->config_file;
		ret = ktstr_paths__fmt(file, sizeof(file), "%s/%s", INCLUDE_DIR, base);
		if (!ret)
			ret = append_config(&list, &nr, "--config {file}", file);
	} else if (s->config_arg && config) {
		ret = append_config(&list, &nr, s->config_arg, s->config_path);
	}
	if (!ret && s->cgroup_parent) {
		ret = append(&list, &nr, "--cell-parent-cgroup", 20);
		if (!ret)
			ret = append(&list, &nr, s->cgroup_parent, strlen(s->cgroup_parent));
	}
	if (!ret)
		ret = append_all(&list, &nr, s->args);
	if (!ret)
		ret = append_all(&list, &nr, extra);
	if (!ret)
		return list;
	ktstr_scheduler__args_free(list);
	errno = -ret;
	return NULL;
}

char **ktstr_scheduler__args(const struct ktstr_plan *p)
{
	return make_args(p->scheduler, p->test->config, p->test->extra_sched_args);
}

char **ktstr_scheduler__staged_args(const struct ktstr_scheduler *s, const struct ktstr_test *t)
{
	return make_args(s, t->config, NULL);
}

void ktstr_scheduler__args_free(char **args)
{
	char **p;

	for (p = args; p && *p; p++)
		free(*p);
	free(args);
}

const char *ktstr_scheduler__label(const struct ktstr_scheduler *s)
{
	const char *base;

	if (!s || (!s->binary && !s->enable))
		return "eevdf";
	if (!s->binary)
		return s->name;
	base = strrchr(s->binary, '/');
	return base ? base + 1 : s->binary;
}
