// SPDX-License-Identifier: GPL-2.0
/* Scheduler binaries and their arguments: see scheduler.h. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/parse.h"
#include "lib/paths.h"
#include "lib/suggest.h"
#include "override.h"
#include "scheduler.h"

#define INCLUDE_DIR	"/include-files"

void ktstr_scheduler__env_name(const char *binary, char *buf, size_t size)
{
	size_t n = snprintf(buf, size, "%s", KTSTR_ENV_SCHEDULER_BIN);

	for (; *binary && n + 1 < size; binary++)
		buf[n++] = isalnum((unsigned char)*binary) ?
			   toupper((unsigned char)*binary) : '_';
	if (size)
		buf[n < size ? n : size - 1] = '\0';
}

/* A path that the user or the test gave: that file, or an error. */
static int exactly(const char *what, const char *value, char *path, size_t size,
		   struct ktstr_err *err)
{
	if (!ktstr_paths__is_file(value))
		return ktstr_err(err, ENOENT, "%s%s: there is no such file", what, value);
	if (access(value, X_OK))
		return ktstr_err(err, EACCES, "%s%s: is not executable", what, value);
	return ktstr_paths__fmt(path, size, "%s", value) ?
	       ktstr_err(err, ENAMETOOLONG, "%s%.64s...: the path is too long", what, value) : 0;
}

/* Where the build of the suite puts schedulers, seen from a test program. */
static const char * const near[] = { "", "/bpf", "/scx", "/bin", "/..", "/../bpf", "/../scx",
				     "/../bin" };

static bool find_near(const char *dir, const char *name, char *path, size_t size)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(near); i++)
		if (!ktstr_paths__fmt(path, size, "%s%s/%s", dir, near[i], name) &&
		    ktstr_paths__is_program(path))
			return true;
	return false;
}

static const char *own_variable(const char *binary, char *name, size_t size)
{
	ktstr_scheduler__env_name(binary, name, size);
	return ktstr_env(name);
}

bool ktstr_scheduler__replaced(const struct ktstr_scheduler *s)
{
	char name[128];

	return ktstr_env(KTSTR_ENV_ALL_SCHEDULERS) && s && s->binary && !strchr(s->binary, '/') &&
	       !own_variable(s->binary, name, sizeof(name));
}

static int find(const char *dir, const char *binary, bool replace, char *path, size_t size,
		struct ktstr_err *err)
{
	const char *all = replace ? ktstr_env(KTSTR_ENV_ALL_SCHEDULERS) : NULL, *own;
	char name[128], what[160];

	if (strchr(binary, '/'))
		return exactly("scheduler ", binary, path, size, err);
	own = own_variable(binary, name, sizeof(name));
	if (own) {
		snprintf(what, sizeof(what), "%s=", name);
		return exactly(what, own, path, size, err);
	}
	if (all)
		return exactly(KTSTR_ENV_ALL_SCHEDULERS "=", all, path, size, err);
	if (find_near(dir, binary, path, size) || ktstr_paths__in_path(binary, path, size))
		return 0;
	return ktstr_err_missing(err, ENOENT,
				 "scheduler %s: not found in %.200s, its folders bpf, scx and bin, those beside it, or PATH; build it or set %s=FILE",
				 binary, dir, name);
}

int ktstr_scheduler__find(const char *binary, char *path, size_t size, struct ktstr_err *err)
{
	char dir[PATH_MAX] = "?";

	ktstr_paths__exe_dir(dir, sizeof(dir));
	return find(dir, binary, true, path, size, err);
}

int ktstr_scheduler__find_beside(const char *dir, const char *binary, char *path, size_t size,
				 struct ktstr_err *err)
{
	return find(dir, binary, false, path, size, err);
}

bool ktstr_scheduler__is_beside(const char *binary, const char *path)
{
	char dir[PATH_MAX], found[PATH_MAX];

	return !ktstr_paths__exe_dir(dir, sizeof(dir)) &&
	       find_near(dir, binary, found, sizeof(found)) && !strcmp(found, path);
}

/* The program of the folder @dir whose name is nearest to @name, unless @best is nearer. */
static void look_near(const char *dir, const char *name, char best[NAME_MAX + 1])
{
	const char *pair[2] = { best };
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		pair[1] = e->d_name;
		if (!ktstr_paths__fmt(path, sizeof(path), "%s/%s", dir, e->d_name) &&
		    ktstr_paths__is_program(path) &&
		    ktstr_suggest(name, *best ? pair : pair + 1, *best ? 2 : 1) == e->d_name)
			snprintf(best, NAME_MAX + 1, "%s", e->d_name);
	}
	if (d)
		closedir(d);
}

bool ktstr_scheduler__near(const char *dir, const char *binary, char *buf, size_t size)
{
	const char *slash = strrchr(binary, '/');
	char where[PATH_MAX], best[NAME_MAX + 1] = "";
	size_t i;

	if (slash) {
		if (ktstr_paths__fmt(where, sizeof(where), "%.*s", (int)(slash - binary + 1),
				     binary))
			return false;
		look_near(where, slash + 1, best);
		return *best && !ktstr_paths__fmt(buf, size, "%s%s", where, best);
	}
	for (i = 0; i < ARRAY_SIZE(near); i++)
		if (!ktstr_paths__fmt(where, sizeof(where), "%s%s", dir, near[i]))
			look_near(where, binary, best);
	return *best && !ktstr_paths__fmt(buf, size, "%s", best);
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

/* The words of @template, with {file} replaced by @file. */
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

static int append_config_of(char ***list, size_t *nr, const struct ktstr_scheduler *s,
			    const char *config)
{
	char file[PATH_MAX];
	const char *base;
	int ret;

	if (s->config_file) {
		base = strrchr(s->config_file, '/');
		base = base ? base + 1 : s->config_file;
		ret = ktstr_paths__fmt(file, sizeof(file), "%s/%s", INCLUDE_DIR, base);
		return ret ? ret : append_config(list, nr, "--config {file}", file);
	}
	if (s->config_arg && config)
		return append_config(list, nr, s->config_arg, s->config_path);
	return 0;
}

/* NULL with errno */
static char **make_args(const struct ktstr_plan *p, const struct ktstr_scheduler *s,
			const char * const *extra)
{
	const char * const *own = p->sched_args && ktstr_scheduler__replaced(s) ? p->sched_args :
				  s->args;
	const char * const parent[] = { "--cell-parent-cgroup", s->cgroup_parent, NULL };
	char **list = calloc(1, sizeof(*list));
	size_t nr = 0;
	int ret;

	if (!list)
		return NULL;
	ret = append_config_of(&list, &nr, s, p->test->config);
	if (ret)
		goto err_free;
	ret = append_all(&list, &nr, s->cgroup_parent ? parent : NULL);
	if (ret)
		goto err_free;
	ret = append_all(&list, &nr, own);
	if (ret)
		goto err_free;
	ret = append_all(&list, &nr, extra);
	if (ret)
		goto err_free;
	return list;

err_free:
	ktstr_scheduler__args_free(list);
	errno = -ret;
	return NULL;
}

char **ktstr_scheduler__args(const struct ktstr_plan *p)
{
	return make_args(p, p->scheduler, p->test->extra_sched_args);
}

char **ktstr_scheduler__staged_args(const struct ktstr_plan *p, const struct ktstr_scheduler *s)
{
	return make_args(p, s, NULL);
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
	if (!s || (!s->binary && !s->enable))
		return "eevdf";
	return s->binary ? ktstr_paths__base(s->binary) : s->name;
}
