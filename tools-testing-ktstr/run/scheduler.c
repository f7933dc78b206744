// SPDX-License-Identifier: GPL-2.0
/* See scheduler.h. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/plan/override.h"
#include "harness/plan/scheduler.h"
#include "lib/paths.h"
#include "scheduler.h"
#include "tools-testing-ktstr/util/util.h"

/* Folder number @i to look in: those of the programs, then the tool's own. */
static bool nth_dir(const struct suite *s, size_t i, char *dir, size_t size)
{
	char *slash;

	if (i > s->programs.nr)
		return false;
	if (i == s->programs.nr)
		return !ktstr_paths__exe_dir(dir, size);
	if (ktstr_paths__fmt(dir, size, "%s", s->programs.item[i]))
		dir[0] = '\0';
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	return true;
}

int run_scheduler__find(const struct suite *s, const char *asked_by, const char *spec, char *path,
			size_t size)
{
	char dir[PATH_MAX], found[PATH_MAX], near[PATH_MAX];
	struct ktstr_err err;
	bool hint = false;
	size_t i;
	int ret;

	for (i = 0; nth_dir(s, i, dir, sizeof(dir)); i++) {
		ret = ktstr_scheduler__find_beside(dir, spec, found, sizeof(found), &err);
		if (!ret)
			ret = ktstr_paths__absolute(found, path, size);
		if (!ret)
			return 0;
		if (!err.missing && !strchr(spec, '/'))
			break;		/* a variable names a file that is not there */
		hint = hint || ktstr_scheduler__near(dir, spec, near, sizeof(near));
	}
	return complain(WRONG_USAGE, hint ? near : NULL, "run: %s: %s", asked_by, err.msg);
}

/* unsetenv() moves the rest, so each removal starts anew. */
static void forget_single_schedulers(void)
{
	char name[256];
	char **e;

	for (e = environ; *e;) {
		if (strncmp(*e, KTSTR_ENV_SCHEDULER_BIN, strlen(KTSTR_ENV_SCHEDULER_BIN)) || !strchr(*e, '=') ||
		    strcspn(*e, "=") >= sizeof(name)) {
			e++;
			continue;
		}
		memcpy(name, *e, strcspn(*e, "="));
		name[strcspn(*e, "=")] = '\0';
		unsetenv(name);
		e = environ;
	}
}

void run_scheduler__export(const char *path, const char *args)
{
	static const char * const pairs[][2] = {
		{ KTSTR_ENV_SCHEDULER, KTSTR_ENV_SCHED_ARGS },
		{ KTSTR_ENV_ALL_SCHEDULERS, KTSTR_ENV_ALL_SCHED_ARGS },
	};
	size_t i;

	forget_single_schedulers();
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		setenv(pairs[i][0], path, 1);
		if (args)
			setenv(pairs[i][1], args, 1);
		else
			unsetenv(pairs[i][1]);
	}
}

int run_scheduler__cut_args(int argc, const char **argv, char **args)
{
	int i, end;
	size_t len;
	FILE *f;

	for (end = 1; end < argc && strcmp(argv[end], "--"); end++)
		;
	if (end + 1 >= argc)
		return argc;
	f = open_memstream(args, &len);
	if (!f)
		return -errno;
	for (i = end + 1; i < argc; i++) {
		if (!*argv[i] || strchr(argv[i], '\n'))
			break;
		fprintf(f, "%s\n", argv[i]);
	}
	if (fclose(f))
		return -ENOMEM;
	argv[end] = NULL;
	return i < argc ? -EINVAL : end;
}
