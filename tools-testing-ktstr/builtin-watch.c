// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr watch: build and run again whenever a source changes. The sources are what git tracks or
 * would track below the working directory; without git, files with the usual names. inotify says
 * when to look; what has changed is decided by comparing times and sizes with those at the start of
 * the last build, so what a build writes does not count, and an edit during a run is not lost.
 */
#include <errno.h>
#include <ftw.h>
#include <linux/kernel.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/paths.h"
#include "lib/status.h"
#include "commands/builtin.h"

#define SETTLE_MS	100	/* an editor writes several files */
#define EVENTS		(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE)

static const char * const watch_usage[] = {
	"ktstr watch [OPTIONS OF 'ktstr run'] -- COMMAND...",
	"",
	"Runs COMMAND (such as make), then the tests, and does both again whenever a source below",
	"the working directory changes: what git tracks, or files with the usual names. The verdict",
	"stands first. ^C ends it.",
	NULL
};

static const struct option watch_options[] = {
	OPT_END()
};

const struct command_help watch_help = { watch_usage, watch_options };

static struct {
	struct strings folders;		/* relative, owned, each once */
	uint64_t sum;			/* over names, times and sizes */
} found;

static bool is_source(const char *name)
{
	static const char * const ends[] = {
		".c", ".h", ".S", ".mk", ".sh", ".py", ".awk", ".lds", ".toml", ".rs",
	};
	const char *dot = strrchr(name, '.');
	size_t i;

	if (!strcmp(name, "Makefile") || !strncmp(name, "Kconfig", 7) || !strcmp(name, "Kbuild"))
		return true;
	for (i = 0; dot && i < ARRAY_SIZE(ends); i++)
		if (!strcmp(dot, ends[i]))
			return true;
	return false;
}

static void mix(const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		found.sum = (found.sum ^ *p++) * 0x100000001b3;
}

static void add_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	size_t i;

	for (i = found.folders.nr; folder && i-- > 0;)
		if (!strcmp(found.folders.item[i], folder))
			break;
	if (!folder || i != (size_t)-1 || strings__add(&found.folders, folder))
		free(folder);
}

static void add_source(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return;		/* tracked and removed: its name is missing in the sum */
	mix(path, strlen(path) + 1);
	mix(&st.st_mtim, sizeof(st.st_mtim));
	mix(&st.st_size, sizeof(st.st_size));
	add_folder(path);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + ftw->base;

	(void)st;
	if (type == FTW_D && ftw->level && *name == '.')
		return FTW_SKIP_SUBTREE;
	if (type == FTW_F && is_source(name))
		add_source(path);
	return FTW_CONTINUE;
}

static bool ask_git(void)
{
	FILE *f = popen("git ls-files -co --exclude-standard -z 2> /dev/null", "re");
	char *path = NULL;
	bool any = false;
	size_t room = 0;

	while (f && getdelim(&path, &room, '\0', f) > 0) {
		add_source(path);
		any = true;
	}
	free(path);
	return f && !pclose(f) && any;
}

static void free_folders(void)
{
	size_t i;

	for (i = 0; i < found.folders.nr; i++)
		free((char *)found.folders.item[i]);
	strings__free(&found.folders);
}

/* The state of all sources. */
static uint64_t look(void)
{
	free_folders();
	found.sum = 0xcbf29ce484222325;
	if (!ask_git())
		nftw(".", visit, 32, FTW_PHYS | FTW_ACTIONRETVAL);
	return found.sum;
}

static void drain(int fd)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

/* Wait until the sources are no longer those of @sum. 0 or -errno. */
static int await_change(uint64_t sum)
{
	struct pollfd p = { .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .events = POLLIN };
	int ret = p.fd < 0 ? -errno : 0;
	size_t i;

	for (i = 0; !ret && i < found.folders.nr; i++)
		if (inotify_add_watch(p.fd, found.folders.item[i], EVENTS) < 0 && errno != ENOENT)
			ret = -errno;
	/* the watches first, then a look: nothing is missed between the two */
	while (!ret && look() == sum) {
		if (poll(&p, 1, -1) < 0)
			ret = -errno;
		/* more may follow at once */
		while (!ret && poll(&p, 1, SETTLE_MS) > 0)
			drain(p.fd);
	}
	if (p.fd >= 0)
		close(p.fd);
	return ret;
}

/* Run it with @out (-1: ours) as its standard output. Its status, as of waitpid(). */
static int run(const char **argv, int out)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (out >= 0)
			dup2(out, STDOUT_FILENO);
		execvp(argv[0], (char * const *)argv);
		complain(1, NULL, "watch: %s: %s", argv[0], strerror(errno));
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static const char *verdict(int status)
{
	if (!WIFEXITED(status))
		return "DIED";
	switch (WEXITSTATUS(status)) {
	case 0: return "PASS";
	case 2: return "INCONCLUSIVE";
	case 4: return "SKIPPED";
	case WRONG_USAGE: return "WRONG USAGE";
	default: return "FAIL";
	}
}

static void clear_screen(void)
{
	if (isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
}

/* The verdict, what failed, and the document if it did not pass. */
static void show(FILE *doc, int status, double seconds)
{
	char *line = NULL;
	size_t room = 0;

	clear_screen();
	printf("%s in %.1f s\n", verdict(status), seconds);
	rewind(doc);
	while (getline(&line, &room, doc) > 0)
		if (!strncmp(line, "not ok ", 7))
			fputs(line, stdout);
	rewind(doc);
	while (status && getline(&line, &room, doc) > 0)
		fputs(line, stdout);
	free(line);
	fflush(stdout);
}

static void build_and_run(const char **build, const char **tests)
{
	int64_t began = ktstr_now_ns();
	FILE *doc = tmpfile();
	int status;

	if (!doc) {
		complain(1, NULL, "watch: temporary file: %s", strerror(errno));
		return;
	}
	clear_screen();
	status = run(build, -1);
	if (status) {
		char how[KTSTR_STATUS_SIZE];

		printf("BUILD FAILED: %s %s\n", build[0],
		       ktstr_status__format(status, how, sizeof(how)));
		fflush(stdout);
	} else {
		status = run(tests, fileno(doc));
		show(doc, status, (double)(ktstr_now_ns() - began) / 1e9);
	}
	fclose(doc);
}

int cmd_watch(int argc, const char **argv)
{
	static char exe[PATH_MAX];
	const char **tests, **build = NULL;
	int i, ret;

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		parse_args(argc, argv, watch_options, watch_usage);
	for (i = 1; i < argc && !build; i++)
		if (!strcmp(argv[i], "--"))
			build = argv + i + 1;
	if (!build || !build[0])
		return complain(WRONG_USAGE, NULL,
				"watch: say how to build: ktstr watch [OPTIONS OF 'ktstr run'] -- make");
	/* the tool itself, "run", the options, the end of the list */
	tests = calloc((size_t)argc + 2, sizeof(*tests));
	if (!tests || ktstr_paths__exe(exe, sizeof(exe)))
		return complain(1, NULL, "watch: the tool does not find itself");
	tests[0] = exe;
	tests[1] = "run";
	memcpy(tests + 2, argv + 1, (size_t)(build - argv - 2) * sizeof(*tests));
	do {
		uint64_t sum = look();

		build_and_run(build, tests);
		ret = await_change(sum);
	} while (!ret);
	free(tests);
	free_folders();
	return complain(1, NULL, "watch: inotify: %s", strerror(-ret));
}
