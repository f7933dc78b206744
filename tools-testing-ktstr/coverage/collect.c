// SPDX-License-Identifier: GPL-2.0
/* From files of counters to counts of lines: see collect.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/jtree.h"
#include "lib/paths.h"
#include "collect.h"

#define MAX_REPORT	(512u << 20)	/* bytes of memory for one report of gcov */

char *output_of(const char * const *argv, bool quiet, size_t *len)
{
	int fds[2], status = -1;
	FILE *in, *out;
	char *text = NULL, buf[1 << 16];
	size_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(fds[1], STDOUT_FILENO);
		dup2(null, STDIN_FILENO);
		if (quiet)
			dup2(null, STDERR_FILENO);
		execvp(argv[0], (char * const *)argv);
		_exit(errno == ENOENT ? 127 : 126);
	}
	close(fds[1]);
	in = fdopen(fds[0], "r");
	out = open_memstream(&text, len);
	while (pid > 0 && in && out && (n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out);
	if (in)
		fclose(in);
	if (out && fclose(out)) {
		free(text);
		text = NULL;
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (text && !status)
		return text;
	free(text);
	errno = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ENOENT : EIO;
	return NULL;
}

/* nftw() has no argument for its caller. */
static struct {
	struct ktstr_cover *cover;
	const char *dir;
	unsigned int nr, without_notes;
	char no_notes[PATH_MAX];	/* the first one */
	int ret;
} w;

/* A report of gcov has the lines of each source that the object was made of. */
static int add_report(const char *text, size_t len)
{
	const struct ktstr_jnode *root, *file, *line;
	struct ktstr_jtree tree;
	const char *cwd, *name;
	struct ktstr_err err;
	char path[PATH_MAX], real[PATH_MAX];
	struct ktstr_cover_file *s;
	int ret = 0;

	ktstr_jtree__init(&tree, MAX_REPORT);
	root = ktstr_jtree__parse(&tree, text, len, &err);
	if (!root) {
		ktstr_jtree__free(&tree);
		return complain(1, NULL, "coverage: what gcov prints is no JSON: %s", err.msg);
	}
	cwd = ktstr_jnode__str(root, "current_working_directory", ".");
	for (file = ktstr_jnode__list(root, "files"); file && !ret; file = file->next) {
		name = ktstr_jnode__str(file, "file", NULL);
		if (!name || ktstr_paths__fmt(path, sizeof(path), "%s%s%s", *name == '/' ? "" : cwd,
					      *name == '/' ? "" : "/", name))
			continue;
		/* "src/../x.c" and "x.c" are one */
		ret = lines__file(w.cover, realpath(path, real) ?: path, &s);
		for (line = ktstr_jnode__list(file, "lines"); line && !ret; line = line->next)
			ret = lines__add(s, ktstr_jnode__u64(line, "line_number", 0),
					 ktstr_jnode__u64(line, "count", 0));
	}
	ktstr_jtree__free(&tree);
	return ret ? complain(1, NULL, "coverage: %s", strerror(-ret)) : 0;
}

/* gcov looks for the compiler's notes beside the counters: link them there. */
static int report(const char *gcda)
{
	const char *tool = getenv("GCOV") ?: "gcov";
	const char *argv[] = { tool, "--json-format", "--stdout", gcda, NULL };
	char link[PATH_MAX];
	const char *notes;
	size_t len;
	char *text;
	int ret;

	if (ktstr_paths__fmt(link, sizeof(link), "%.*sgcno", (int)strlen(gcda) - 4, gcda))
		return 0;
	notes = link + strlen(w.dir);
	if (!ktstr_paths__is_file(notes)) {
		if (!w.without_notes++)
			strcpy(w.no_notes, notes);
		return 0;
	}
	if (symlink(notes, link) && errno != EEXIST)
		return complain(1, NULL, "coverage: %s: %s", link, strerror(errno));
	text = output_of(argv, true, &len);
	if (!text && errno == ENOENT)
		return complain(1, NULL, "coverage: there is no %s, which comes with gcc", tool);
	if (!text || !len) {
		free(text);
		return complain(1, NULL, "coverage: %s cannot read %s: the object is of another build than the program, or %s is not of the compiler (GCOV=gcov-13; with clang, build with -fprofile-instr-generate -fcoverage-mapping)",
				tool, gcda + strlen(w.dir), tool);
	}
	ret = add_report(text, len);
	free(text);
	return ret;
}

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t len = strlen(path);

	(void)st;
	(void)ftw;
	if (type != FTW_F || len < 5 || strcmp(path + len - 5, ".gcda"))
		return 0;
	w.nr++;
	w.ret = report(path);
	return w.ret;
}

int collect_gcov(struct ktstr_cover *c, const char *dir)
{
	memset(&w, 0, sizeof(w));
	w.cover = c;
	w.dir = dir;
	nftw(dir, look_at, 32, FTW_PHYS);
	if (!w.ret && w.without_notes)
		fprintf(stderr, "ktstr: coverage: %u of %u objects are left out, their notes are not there: %s\n",
			w.without_notes, w.nr, w.no_notes);
	return w.ret;
}

/* As in the kernel's Makefile: LLVM=/path/to/bin/ and LLVM=-19. */
static const char *llvm_tool(char *buf, size_t size, const char *name)
{
	const char *llvm = getenv("LLVM") ?: "";
	size_t len = strlen(llvm);
	bool prefix = len && llvm[len - 1] == '/';

	snprintf(buf, size, "%s%s%s", prefix ? llvm : "", name, *llvm == '-' ? llvm : "");
	return buf;
}

static int add_profraw(struct strings *argv, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char *path;
	int nr = 0;

	while (d && (e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len < 8 || strcmp(e->d_name + len - 8, ".profraw"))
			continue;
		if (asprintf(&path, "%s/%s", dir, e->d_name) < 0 || strings__add(argv, path))
			break;
		nr++;
	}
	if (d)
		closedir(d);
	return nr;
}

static char *run_llvm(struct strings *argv, size_t *len)
{
	char *text = strings__add(argv, NULL) ? NULL : output_of(argv->item, false, len);

	if (!text)
		complain(1, NULL, errno == ENOENT ? "coverage: there is no %s, which comes with llvm (LLVM=-19: that of this version)" :
			 "coverage: %s failed", argv->item[0]);
	return text;
}

int collect_llvm(struct ktstr_cover *c, const char *dir, const struct strings *programs)
{
	char profile[PATH_MAX], option[PATH_MAX + 32], merge[PATH_MAX], show[PATH_MAX];
	struct strings argv = { 0 };
	int ret = 0, nr;
	size_t len;
	char *text;

	snprintf(profile, sizeof(profile), "%s/all.profdata", dir);
	snprintf(option, sizeof(option), "-instr-profile=%s", profile);
	strings__add(&argv, llvm_tool(merge, sizeof(merge), "llvm-profdata"));
	strings__add(&argv, "merge");
	strings__add(&argv, "-sparse");
	strings__add(&argv, "-o");
	strings__add(&argv, profile);
	nr = add_profraw(&argv, dir);
	if (nr) {
		text = run_llvm(&argv, &len);
		ret = !text;
		free(text);
	}
	for (size_t i = 5; i < argv.nr; i++)
		free((char *)argv.item[i]);
	strings__free(&argv);
	if (!nr || ret)
		return ret;
	strings__add(&argv, llvm_tool(show, sizeof(show), "llvm-cov"));
	strings__add(&argv, "export");
	strings__add(&argv, "-format=lcov");
	strings__add(&argv, option);
	for (size_t i = 0; i < programs->nr; i++) {
		if (i)
			strings__add(&argv, "-object");
		strings__add(&argv, programs->item[i]);
	}
	text = run_llvm(&argv, &len);
	if (!text || lines__read_info(c, text))
		ret = 1;
	free(text);
	strings__free(&argv);
	return ret;
}
