// SPDX-License-Identifier: GPL-2.0
/* See sides.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/kernel/kernel.h"
#include "lib/git.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "sides.h"

#define FOLDER	".perf-delta"	/* below the cache; in it, one folder a process */

static volatile sig_atomic_t caught;
static volatile pid_t child;

static void on_signal(int sig)
{
	caught = sig;
	if (child > 0)
		kill(child, sig);
}

void sides__catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &sa, NULL);
}

int sides__signal(void)
{
	return caught;
}

int sides__run(const char *dir, const char * const *argv, int out)
{
	int status = -ECHILD;

	fflush(NULL);
	child = fork();
	if (!child) {
		for (int sig = 1; sig < NSIG; sig++)
			signal(sig, SIG_DFL);
		if (out >= 0)
			dup2(out, STDOUT_FILENO);
		if (!chdir(dir))
			execvp(argv[0], (char * const *)argv);
		fprintf(stderr, "ktstr: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	child = 0;
	return status;
}

/* The first line that git prints about @dir. 0, or -errno: it failed. */
static int ask(const char *dir, char *line, size_t size, const char * const *args)
{
	const char *argv[12] = { "git", "-C", dir };
	FILE *f = tmpfile();
	int ret = -EIO;

	for (int i = 0; i < 8 && args[i]; i++)
		argv[3 + i] = args[i];
	if (!f)
		return -errno;
	if (!sides__run(".", argv, fileno(f))) {
		rewind(f);
		ret = fgets(line, (int)size, f) ? 0 : -ENOENT;
		line[ret ? 0 : strcspn(line, "\n")] = '\0';
	}
	fclose(f);
	return ret;
}

static int git(const char *dir, const char * const *args)
{
	const char *argv[12] = { "git", "-C", dir };
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status;

	for (int i = 0; i < 8 && args[i]; i++)
		argv[3 + i] = args[i];
	status = sides__run(".", argv, null);
	close(null);
	return status ? -EIO : 0;
}

static void remove_tree(const char *top, const char *path)
{
	const char *argv[] = { "rm", "-rf", "--", path, NULL };

	git(top, (const char *[]){ "worktree", "remove", "--force", path, NULL });
	sides__run("/", argv, -1);	/* where git did not know it */
	git(top, (const char *[]){ "worktree", "prune", NULL });
}

/* What processes left that are gone. Only ESRCH says that one is. */
static void remove_stale(const char *top, const char *folder)
{
	DIR *dir = opendir(folder);
	char path[PATH_MAX];
	struct dirent *de;
	uint64_t pid;

	while (dir && (de = readdir(dir)))
		if (!ktstr_parse_u64(de->d_name, 1, INT32_MAX, &pid) &&
		    kill((pid_t)pid, 0) && errno == ESRCH &&
		    !ktstr_paths__fmt(path, sizeof(path), "%s/%s", folder, de->d_name))
			remove_tree(top, path);
	if (dir)
		closedir(dir);
}

static int make_tree(struct sides *s, struct ktstr_err *err)
{
	char root[PATH_MAX], folder[PATH_MAX];
	int ret = ktstr_kernel__cache_root(root, sizeof(root), err);

	if (ret)
		return ret;
	ret = ktstr_paths__fmt(folder, sizeof(folder), "%s/" FOLDER, root) ?:
	      ktstr_paths__mkdirs(folder);
	if (ret)
		return ktstr_err(err, -ret, "work trees below %.300s: %s", root, strerror(-ret));
	remove_stale(s->top, folder);
	ret = ktstr_paths__fmt(s->tree[0], sizeof(s->tree[0]), "%s/%d", folder, getpid());
	if (ret)
		return ktstr_err(err, -ret, "work trees below %.300s: the path is too long", folder);
	if (git(s->top, (const char *[]){ "worktree", "add", "--quiet", "--detach", "--force", s->tree[0],
					  s->base, NULL }))
		return ktstr_err(err, EIO, "git cannot check out %.12s in %.300s", s->base, s->tree[0]);
	return 0;
}

int sides__open(struct sides *s, const char *ref, struct ktstr_err *err)
{
	memset(s, 0, sizeof(*s));
	if (ask(".", s->top, sizeof(s->top), (const char *[]){ "rev-parse", "--show-toplevel", NULL }))
		return ktstr_err(err, EINVAL, "the working directory is in no git repository");
	ask(".", s->prefix, sizeof(s->prefix), (const char *[]){ "rev-parse", "--show-prefix", NULL });
	/* "--end-of-options": a ref that begins with a dash is no option */
	if (ask(".", s->base, sizeof(s->base), (const char *[]){ "rev-parse", "--verify", "--quiet",
		"--end-of-options", ref, NULL }) ||
	    ask(".", s->base, sizeof(s->base), (const char *[]){ "merge-base", "HEAD", s->base, NULL }))
		return ktstr_err(err, EINVAL, "%s: no commit that HEAD has an ancestor in common with", ref);
	memcpy(s->tree[1], s->top, sizeof(s->top));
	snprintf(s->commit[0], sizeof(s->commit[0]), "%.7s", s->base);
	if (!ktstr_git__commit(s->top, false, s->commit[1], sizeof(s->commit[1])))
		return ktstr_err(err, EIO, "%s: git does not say at which commit it is", s->top);
	if (!strcmp(s->commit[0], s->commit[1]))
		return ktstr_err(err, EINVAL,
				 "the work tree is at %s without changes: both sides would be the same", ref);
	return make_tree(s, err);
}

void sides__close(struct sides *s)
{
	if (s->tree[0][0])
		remove_tree(s->top, s->tree[0]);
	s->tree[0][0] = '\0';
}

int sides__folder(const struct sides *s, int side, char *buf, size_t size)
{
	return ktstr_paths__fmt(buf, size, "%s/%s", s->tree[side], s->prefix);
}

int sides__path(const struct sides *s, int side, const char *path, char *buf, size_t size)
{
	char full[PATH_MAX];
	size_t len = strlen(s->top);
	int ret = ktstr_paths__absolute(path, full, sizeof(full));

	if (ret)
		return ret;
	if (strncmp(full, s->top, len) || full[len] != '/')
		return ktstr_paths__fmt(buf, size, "%s", full);
	return ktstr_paths__fmt(buf, size, "%s%s", s->tree[side], full + len);
}
