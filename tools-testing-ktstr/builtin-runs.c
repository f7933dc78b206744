// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr runs list|clean: the folders that runs leave behind. What is removed must look like a run
 * folder from its name to its last entry; everything else below the root is left alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/plan/id.h"
#include "harness/plan/protocol.h"
#include "lib/parse.h"
#include "lib/paths.h"
#include "commands/builtin.h"
#include "tools-testing-ktstr/run/tap-file.h"

#define KEEP		10	/* runs */
#define BUSY_S		86400	/* a run that says how far it is, and has not said so for longer, is dead */

static const char *root_option, *keep_option;
static bool as_json, dry_run;

static const char * const runs_usage[] = {
	"ktstr runs list [--json]             the run folders, newest first",
	"ktstr runs clean [--keep N] [-n]     remove all but the newest N (default: 10)",
	"",
	"Folders of runs that go on, and folders that are not of a run, are left alone.",
	NULL
};

static const struct option runs_options[] = {
	OPT_STRING(0, "runs", &root_option, "DIR",
		   "look below DIR (default: KTSTR_RUNS_ROOT, else ktstr-runs beside the tool)"),
	OPT_STRING(0, "keep", &keep_option, "N", "clean: keep the newest N runs"),
	OPT_BOOLEAN('n', "dry-run", &dry_run, "clean: only say what would be removed"),
	OPT_BOOLEAN(0, "json", &as_json, "list: print a JSON array"),
	OPT_END()
};

const struct command_help runs_help = { runs_usage, runs_options };

struct run_folder {
	char *name;
	time_t mtime;
	unsigned int tests;
	uint64_t bytes;
	bool busy;
};

struct run_folders {
	struct run_folder *item;
	size_t nr;
};

/* nftw() has no argument for its caller. */
static uint64_t walked_bytes;

static int add_size(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (type == FTW_F)
		walked_bytes += (uint64_t)st->st_blocks * 512;
	return 0;
}

/* Is the run of test folder @name below @fd still going on? */
static bool is_busy(int fd, const char *name)
{
	char path[NAME_MAX + sizeof("/" KTSTR_PROGRESS_FILE)];
	struct stat st;

	snprintf(path, sizeof(path), "%.*s/" KTSTR_PROGRESS_FILE, NAME_MAX, name);
	return !fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) && time(NULL) - st.st_mtime < BUSY_S;
}

/* True when @path is a folder with nothing but folders of tests and the document about them. */
static bool look_into(const char *path, struct run_folder *f)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	bool ok = dir != NULL, has_results = false;
	struct dirent *de;
	struct stat st;

	if (dir && !fstat(fd, &st))
		f->mtime = st.st_mtime;
	while (ok && (de = readdir(dir))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		if (!strcmp(de->d_name, TAP_FILE_NAME)) {
			has_results = true;
			continue;
		}
		ok = ktstr_id__is_file(de->d_name) &&
		     !fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
		f->tests++;
		f->busy |= ok && is_busy(fd, de->d_name);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return ok && (f->tests || has_results);
}

static int newest_first(const void *a, const void *b)
{
	const struct run_folder *x = a, *y = b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? 1 : -1;
	return strcmp(y->name, x->name);	/* of one build, a name continues with its time */
}

static int add_folder(struct run_folders *all, const char *root, const char *name)
{
	struct run_folder f = { 0 }, *more;
	char path[PATH_MAX];

	if (*name == '.' || ktstr_paths__fmt(path, sizeof(path), "%s/%s", root, name) ||
	    !look_into(path, &f))
		return 0;
	walked_bytes = 0;
	nftw(path, add_size, 16, FTW_PHYS);
	f.bytes = walked_bytes;
	f.name = strdup(name);
	more = realloc(all->item, (all->nr + 1) * sizeof(*more));
	if (more)
		all->item = more;
	if (!f.name || !more) {
		free(f.name);
		return -ENOMEM;
	}
	all->item[all->nr++] = f;
	return 0;
}

/* A root that is not there has no runs. */
static int find_folders(struct run_folders *all, const char *root)
{
	DIR *dir = opendir(root);
	struct dirent *de;
	int ret = 0;

	if (!dir)
		return errno == ENOENT ? 0 : complain(1, NULL, "%s: %s", root, strerror(errno));
	while (!ret && (de = readdir(dir)))
		ret = add_folder(all, root, de->d_name);
	closedir(dir);
	if (ret)
		return complain(1, NULL, "%s", strerror(-ret));
	if (all->nr)
		qsort(all->item, all->nr, sizeof(*all->item), newest_first);
	return 0;
}

static void print_folder(const struct run_folder *f, bool first)
{
	char when[32];

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&f->mtime));
	if (!as_json) {
		printf("%-40s %-20s %5u %8.1f%s\n", f->name, when, f->tests,
		       (double)f->bytes / (1 << 20), f->busy ? "  (goes on)" : "");
		return;
	}
	fputs(first ? "\n  { \"run\": " : ",\n  { \"run\": ", stdout);
	json_string(stdout, f->name);
	printf(", \"time\": \"%s\", \"tests\": %u, \"bytes\": %" PRIu64 ", \"busy\": %s }", when,
	       f->tests, f->bytes, f->busy ? "true" : "false");
}

static int runs_list(const struct run_folders *all, const char *root)
{
	size_t i;

	if (as_json)
		putchar('[');
	else if (all->nr)
		printf("%-40s %-20s %5s %8s\n", "RUN", "TIME", "TESTS", "MIB");
	else
		fprintf(stderr, "ktstr: there are no runs below %s\n", root);
	for (i = 0; i < all->nr; i++)
		print_folder(&all->item[i], !i);
	if (as_json)
		puts("\n]");
	return 0;
}

static int runs_clean(const struct run_folders *all, const char *root)
{
	uint64_t keep = KEEP, bytes = 0;
	char path[PATH_MAX];
	unsigned int nr = 0;
	size_t i;
	int ret;

	if (keep_option && ktstr_parse_u64(keep_option, 0, UINT32_MAX, &keep))
		return complain(WRONG_USAGE, NULL, "runs clean: --keep %s: must be a number", keep_option);
	for (i = keep; i < all->nr; i++) {
		if (all->item[i].busy)
			continue;
		ktstr_paths__fmt(path, sizeof(path), "%s/%s", root, all->item[i].name);
		ret = dry_run ? 0 : ktstr_paths__remove_tree(path);
		if (ret)
			return complain(1, NULL, "%s: %s", path, strerror(-ret));
		printf("%s %s\n", dry_run ? "would remove" : "removed", path);
		bytes += all->item[i].bytes;
		nr++;
	}
	printf("%u of %zu runs %s, %.1f MiB\n", nr, all->nr,
	       dry_run ? "would be removed" : "removed", (double)bytes / (1 << 20));
	return 0;
}

int cmd_runs(int argc, const char **argv)
{
	static const char * const actions[] = { "list", "clean" };
	struct run_folders all = { 0 };
	struct ktstr_err err;
	char root[PATH_MAX];
	bool clean;
	size_t i;
	int ret;

	argc = parse_args(argc, argv, runs_options, runs_usage);
	if (argc != 1)
		return complain(WRONG_USAGE, NULL, "runs: say list or clean (see 'ktstr help runs')");
	clean = !strcmp(argv[0], "clean");
	if (!clean && strcmp(argv[0], "list"))
		return complain(WRONG_USAGE, ktstr_suggest(argv[0], actions, 2),
				"runs: unknown action '%s'", argv[0]);
	if (clean ? as_json : keep_option || dry_run)
		return complain(WRONG_USAGE, NULL, "runs %s: --%s is for the other action", argv[0],
				clean ? "json" : keep_option ? "keep" : "dry-run");
	if (root_option)
		ret = ktstr_paths__absolute(root_option, root, sizeof(root));
	else
		ret = ktstr_paths__runs_root(root, sizeof(root), &err);
	if (ret)
		return complain(1, NULL, "%s", root_option ? strerror(-ret) : err.msg);
	ret = find_folders(&all, root);
	if (!ret)
		ret = clean ? runs_clean(&all, root) : runs_list(&all, root);
	for (i = 0; i < all.nr; i++)
		free(all.item[i].name);
	free(all.item);
	return ret;
}
