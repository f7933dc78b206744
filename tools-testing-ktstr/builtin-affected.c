// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr affected: which tests a change can touch. Nothing is guessed from names: the compiler has
 * written down which sources include what (its .d files), the debug information of a program or
 * scheduler names the sources that it was made of, and a test program knows the binaries of its tests.
 * Where one of these has nothing to say, the tests in question are printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/paths.h"
#include "run/suite.h"
#include "commands/builtin.h"

#define MAX_DEPS	(4u << 20)	/* bytes of a .d file */

static const char *since_option;
static bool explain;

static const char * const affected_usage[] = {
	"ktstr affected --since REF [PROGRAM...]",
	"",
	"Prints the tests whose program, scheduler or payload a change since REF can touch, one a line,",
	"for 'ktstr run -t'. What was changed: commits, the work tree, new files. Build first.",
	NULL
};

static const struct option affected_options[] = {
	OPT_STRING(0, "since", &since_option, "REF", "the commit or branch to compare the work tree with"),
	OPT_BOOLEAN('v', "verbose", &explain, "say on stderr why"),
	OPT_END()
};

const struct command_help affected_help = { affected_usage, affected_options };

static struct {
	struct strings changed;		/* files, from the top of the repository */
	struct strings sources;		/* that are compiled, and are or include one of these */
	bool *known;			/* of each changed file: some .d file names it */
	const char *in_doubt;		/* a file of which nobody knows what it does; NULL: none */
	char top[PATH_MAX], commit[80];	/* of the repository; the hash of --since */
	char reason[256];		/* of the last command: why it failed */
} w;

static void add(struct strings *s, const char *text)
{
	char *copy;

	for (size_t i = 0; i < s->nr; i++)
		if (!strcmp(s->item[i], text))
			return;
	copy = strdup(text);
	if (!copy || strings__add(s, copy))
		exit(complain(1, NULL, "affected: %s", strerror(ENOMEM)));
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

/* What git has against it: the first line of its errors, without "fatal: ". */
static void keep_reason(FILE *errors)
{
	const char *word = "fatal: ";

	w.reason[0] = '\0';
	if (!errors)
		return;
	rewind(errors);
	if (!fgets(w.reason, sizeof(w.reason), errors))
		w.reason[0] = '\0';
	fclose(errors);
	w.reason[strcspn(w.reason, "\n")] = '\0';
	if (!strncmp(w.reason, word, strlen(word)))
		memmove(w.reason, w.reason + strlen(word), strlen(w.reason + strlen(word)) + 1);
}

/*
 * What a command prints, an item up to each @separator. -errno or its status. What it prints on stderr
 * is kept in w.reason and not shown.
 */
static int collect(const char * const *argv, char separator, void (*fn)(const char *item))
{
	int fds[2], status = -1;
	char *item = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *f, *errors;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	errors = tmpfile();
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		if (errors)
			dup2(fileno(errors), STDERR_FILENO);
		execvp(argv[0], (char * const *)argv);
		_exit(127);
	}
	close(fds[1]);
	f = fdopen(fds[0], "r");
	while (f && (len = getdelim(&item, &room, separator, f)) > 0) {
		if (item[len - 1] == separator)
			item[len - 1] = '\0';
		fn(item);
	}
	free(item);
	if (f)
		fclose(f);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	keep_reason(errors);
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

static void add_changed(const char *path)
{
	add(&w.changed, path);
}

static void set_top(const char *path)
{
	snprintf(w.top, sizeof(w.top), "%s", path);
}

static void set_commit(const char *hash)
{
	snprintf(w.commit, sizeof(w.commit), "%s", hash);
}

static int find_changes(void)
{
	char commit[PATH_MAX];
	const char *top[] = { "git", "rev-parse", "--show-toplevel", NULL };
	const char *known[] = { "git", "rev-parse", "--quiet", "--verify", "--end-of-options", commit, NULL };
	const char *differs[] = { "git", "diff", "--name-only", "--no-renames", "-z",
				  w.commit, "--", NULL };
	const char *new[] = { "git", "ls-files", "-o", "--exclude-standard", "-z", NULL };

	if (collect(top, '\n', set_top) || !w.top[0] || chdir(w.top))
		return complain(WRONG_USAGE, NULL, "affected: the working directory: %s",
				*w.reason ? w.reason : "git does not tell the top of its repository");
	snprintf(commit, sizeof(commit), "%s^{commit}", since_option);
	if (collect(known, '\n', set_commit) || !w.commit[0])
		return complain(WRONG_USAGE, NULL, "affected: --since %s: git knows no such commit or branch",
				since_option);
	if (collect(differs, '\0', add_changed))
		return complain(1, NULL, "affected: git diff: %s", w.reason);
	if (collect(new, '\0', add_changed))
		return complain(1, NULL, "affected: git ls-files: %s", w.reason);
	return 0;
}

/* Texts for people. */
static bool is_prose(const char *path)
{
	static const char * const ends[] = { ".md", ".rst", "LICENSE", "COPYING", ".gitignore" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends_with(path, ends[i]))
			return true;
	return !strncmp(path, "docs/", 5) || !strncmp(path, "Documentation/", 14);
}

/* "a/b/../c.h" -> "a/c.h", and "./c.h" -> "c.h", in place. */
static void simplify(char *path)
{
	char *up, *slash;

	while (!strncmp(path, "./", 2))
		memmove(path, path + 2, strlen(path + 2) + 1);
	while ((up = strstr(path, "/../"))) {
		*up = '\0';
		slash = strrchr(path, '/');
		slash = slash ? slash + 1 : path;
		memmove(slash, up + 4, strlen(up + 4) + 1);
	}
}

static size_t changed_number(char *path)
{
	size_t len = strlen(w.top), i;

	if (!strncmp(path, w.top, len) && path[len] == '/')
		memmove(path, path + len + 1, strlen(path + len + 1) + 1);
	simplify(path);
	for (i = 0; i < w.changed.nr && strcmp(w.changed.item[i], path); i++)
		;
	return i;
}

/* The rule of a .d file: "object: source headers... \". Its source is the first of them. */
static int look_at_deps(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char *text, *word, *save = NULL, *source = NULL, *end;
	bool hit = false;
	size_t len, i;

	(void)st;
	(void)ftw;
	if (type != FTW_F || !ends_with(path, ".d"))
		return 0;
	text = ktstr_paths__read(path, MAX_DEPS, &len);
	word = text ? strstr(text, ": ") : NULL;
	if (word) {
		word += 2;
		/* up to the first newline without a backslash */
		for (end = word; *end && !(*end == '\n' && end[-1] != '\\'); end++)
			;
		*end = '\0';
		for (word = strtok_r(word, " \\\n\t", &save); word;
		     word = strtok_r(NULL, " \\\n\t", &save)) {
			i = changed_number(word);
			source = source ?: word;
			if (i == w.changed.nr)
				continue;
			w.known[i] = hit = true;
		}
		if (hit && source)
			add(&w.sources, source);
	}
	free(text);
	return 0;
}

static void find_sources(const struct suite *s)
{
	char dir[PATH_MAX];

	w.known = calloc(w.changed.nr + 1, sizeof(*w.known));
	if (!w.known)
		exit(complain(1, NULL, "affected: %s", strerror(ENOMEM)));
	for (size_t i = 0; i < s->programs.nr; i++) {
		snprintf(dir, sizeof(dir), "%s", s->programs.item[i]);
		*strrchr(dir, '/') = '\0';
		/* programs mostly share a folder */
		if (!i || strncmp(dir, s->programs.item[i - 1], strlen(dir)))
			nftw(dir, look_at_deps, 32, FTW_PHYS);
	}
	for (size_t i = 0; i < w.changed.nr && !w.in_doubt; i++)
		if (!w.known[i] && !is_prose(w.changed.item[i]))
			w.in_doubt = w.changed.item[i];
}

/* Is @source there as a whole string, or as the end of a path? */
static bool names(const char *data, size_t len, const char *source)
{
	size_t n = strlen(source) + 1;
	const char *p = data, *found;

	while ((found = memmem(p, len - (size_t)(p - data), source, n))) {
		if (found == data || !found[-1] || found[-1] == '/')
			return true;
		p = found + 1;
	}
	return false;
}

/* The source that has changed of those @path was made of, as its debug information says; NULL: none. */
static const char *changed_source(const char *path)
{
	const char *source = NULL;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = MAP_FAILED;

	if (fd >= 0 && !fstat(fd, &st) && st.st_size)
		data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (data == MAP_FAILED)
		return "what it is made of: it cannot be read";
	if (!memmem(data, (size_t)st.st_size, ".debug_line_str", 15))
		source = "what it is made of: it has no debug information (DWARF 5)";
	for (size_t i = 0; i < w.sources.nr && !source; i++)
		if (names(data, (size_t)st.st_size, w.sources.item[i]))
			source = w.sources.item[i];
	munmap(data, (size_t)st.st_size);
	return source;
}

enum owner { MISSING, OURS, FOREIGN };

/*
 * Where a run would find the binary @name of a test in @program. It is not ours, and no change here
 * touches it, where only PATH has it, or a path that leads out of the repository.
 */
static enum owner find_binary(const char *program, const char *name, char *path, size_t size)
{
	static const char * const below[] = { "", "bpf/", "scx/", "bin/", "../", "../bpf/", "../scx/", "../bin/" };
	const char *slash = strrchr(program, '/');

	if (*name == '/')
		return ktstr_paths__fmt(path, size, "%s", name) || !ktstr_paths__is_file(path) ? MISSING :
		       strncmp(path, w.top, strlen(w.top)) ? FOREIGN : OURS;
	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		if (!ktstr_paths__fmt(path, size, "%.*s/%s%s", (int)(slash - program), program,
				      below[i], name) && ktstr_paths__is_file(path))
			return OURS;
	return ktstr_paths__in_path(name, path, size) ? FOREIGN : MISSING;
}

static const struct suite *suite;
static size_t program;
static const char *program_why;	/* all its tests are affected */
static size_t nr_printed, nr_listed;

/* "TEST\tBINARY\tBINARY", as a program prints for --binaries. */
static void look_at_test(const char *line)
{
	char *copy = strdup(line), *save = NULL, *word, path[PATH_MAX];
	const char *name = copy ? strtok_r(copy, "\t", &save) : NULL, *why = program_why;

	while (name && !why && (word = strtok_r(NULL, "\t", &save))) {
		switch (find_binary(suite->programs.item[program], word, path, sizeof(path))) {
		case MISSING:
			why = "it is not there";
			break;
		case OURS:
			why = changed_source(path);
			break;
		case FOREIGN:
			break;
		}
		if (why && explain)
			fprintf(stderr, "ktstr: %s: %s: %s\n", name, word, why);
	}
	nr_listed++;
	if (name && why) {
		puts(name);
		nr_printed++;
	}
	free(copy);
}

static void look_at_program(size_t i)
{
	const char *argv[] = { suite->programs.item[i], "--binaries", NULL };
	const char *path = suite->programs.item[i];

	program = i;
	nr_listed = 0;
	program_why = w.in_doubt ?: changed_source(path);
	if (program_why && explain)
		fprintf(stderr, "ktstr: %s: %s\n", suite__base(path), program_why);
	if (!collect(argv, '\n', look_at_test) && nr_listed)
		return;
	/* an old program, or one of somebody else */
	for (size_t t = 0; t < suite->tests.nr && !nr_listed; t++) {
		if (suite->program_of[t] != i)
			continue;
		puts(suite->tests.item[t]);
		nr_printed++;
	}
}

int cmd_affected(int argc, const char **argv)
{
	struct suite s;
	int ret;

	argc = parse_args(argc, argv, affected_options, affected_usage);
	if (!since_option)
		return complain(WRONG_USAGE, NULL, "affected: --since REF is missing");
	ret = suite__open(&s, argv, argc);
	if (ret)
		return ret;
	ret = find_changes();
	if (!ret) {
		find_sources(&s);
		if (w.in_doubt)
			fprintf(stderr, "ktstr: all tests: nothing says what %s is for\n", w.in_doubt);
		suite = &s;
		for (size_t i = 0; i < s.programs.nr && (w.sources.nr || w.in_doubt); i++)
			look_at_program(i);
		fprintf(stderr, "ktstr: %zu of %zu tests, %zu files have changed\n", nr_printed,
			s.tests.nr, w.changed.nr);
	}
	suite__free(&s);
	free(w.known);
	return ret;
}
