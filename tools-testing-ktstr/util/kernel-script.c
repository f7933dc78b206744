// SPDX-License-Identifier: GPL-2.0
/* See kernel-script.h. */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel-script.h"
#include "lib/paths.h"

/*
 * The script: installed beside the tool (setup/), in the source tree that the tool was built in
 * (any folder above it), or where the tool itself was copied to.
 */
static int find_script(char *path, size_t size)
{
	static const char * const places[] = {
		"setup/kernel.sh",
		"tools-testing-ktstr/setup/kernel.sh",
	};
	char dir[PATH_MAX], *slash;
	size_t i;

	if (ktstr_paths__exe_dir(dir, sizeof(dir)))
		return -ENOENT;
	for (;;) {
		for (i = 0; i < ARRAY_SIZE(places); i++)
			if (!ktstr_paths__fmt(path, size, "%s/%s", dir, places[i]) &&
			    ktstr_paths__is_file(path))
				return 0;
		slash = strrchr(dir, '/');
		if (!slash || !dir[0])
			return -ENOENT;
		*slash = '\0';
	}
}

/* "bash SCRIPT ARGS..." with NULL at its end; @script has PATH_MAX bytes and outlives it. */
static int command_line(const struct strings *args, char *script, struct strings *all,
			struct ktstr_err *err)
{
	size_t i;
	int ret;

	if (find_script(script, PATH_MAX))
		return ktstr_err(err, ENOENT,
				 "kernel %s: setup/kernel.sh is neither beside the tool nor in a folder above it",
				 args->item[0]);
	ret = strings__add(all, "bash") ?: strings__add(all, script);
	for (i = 0; !ret && i < args->nr; i++)
		ret = strings__add(all, args->item[i]);
	ret = ret ?: strings__add(all, NULL);
	return ret ? ktstr_err(err, -ret, "kernel %s: %s", args->item[0], strerror(-ret)) : 0;
}

int kernel_script__exec(const struct strings *args)
{
	struct strings all = { 0 };
	char script[PATH_MAX];
	struct ktstr_err err;

	if (!command_line(args, script, &all, &err)) {
		fflush(NULL);
		execvp(all.item[0], (char * const *)all.item);
		ktstr_err(&err, errno, "kernel %s: running %s: %s", args->item[0], script,
			  strerror(errno));
	}
	strings__free(&all);
	return complain(1, NULL, "%s", err.msg);
}

static int read_lines(int fd, struct strings *lines)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL, *copy;
	size_t size = 0;
	ssize_t len;
	int ret = 0;

	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	while (!ret && (len = getline(&line, &size, f)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		copy = strdup(line);
		ret = copy ? strings__add(lines, copy) : -ENOMEM;
		if (ret)
			free(copy);
	}
	free(line);
	fclose(f);
	return ret;
}

static int spawn(const struct strings *all, int out, int other, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int ret;

	ret = posix_spawn_file_actions_init(&actions);
	if (ret)
		return -ret;
	ret = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) ?:
	      posix_spawn_file_actions_addclose(&actions, other) ?:
	      posix_spawnp(pid, all->item[0], &actions, NULL, (char * const *)all->item, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -ret;
}

int kernel_script__read(const struct strings *args, struct strings *lines, struct ktstr_err *err)
{
	struct strings all = { 0 };
	char script[PATH_MAX];
	int ret, fds[2], status;
	pid_t pid;

	ret = command_line(args, script, &all, err);
	if (ret)
		goto out;
	fflush(NULL);
	ret = pipe(fds) ? -errno : 0;
	if (!ret) {
		ret = spawn(&all, fds[1], fds[0], &pid);
		close(fds[1]);
		if (ret) {
			close(fds[0]);
		} else {
			ret = read_lines(fds[0], lines);
			while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
				;
			if (!ret && (!WIFEXITED(status) || WEXITSTATUS(status)))
				ret = -EIO;
		}
	}
	if (ret == -EIO)
		ktstr_err(err, EIO, "kernel %s %s failed", args->item[0], args->item[args->nr - 1]);
	else if (ret)
		ktstr_err(err, -ret, "kernel %s: running %s: %s", args->item[0], script, strerror(-ret));
out:
	strings__free(&all);
	return ret;
}
