// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr coverage: run tests of programs that were built with counters, and say which lines of their
 * sources were executed, in guests and on the host. The counters go to a folder of this run and not
 * beside the objects, so that they are those of this run.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/coverage/lcov.h"
#include "lib/paths.h"
#include "tools-testing-ktstr/commands/builtin.h"
#include "tools-testing-ktstr/run/suite.h"
#include "collect.h"

#define COUNTERS	"ktstr-counters"	/* in the folder: this is ours, and is removed */
#define INFO		"coverage.info"

static const char *output;

static const char * const coverage_usage[] = {
	"ktstr coverage [-o DIR] [OPTIONS AND PROGRAMS OF 'ktstr run']",
	"",
	"Runs tests as 'ktstr run' does, then prints for each source of their programs how many lines",
	"were executed, in guests and on the host. A program has counters if it was compiled and linked",
	"with gcc --coverage, or clang -fprofile-instr-generate -fcoverage-mapping.",
	"Exit status: that of 'ktstr run'; 1 also if the counters cannot be read.",
	NULL
};

static const struct option coverage_options[] = {
	OPT_STRING('o', "output", &output, "DIR",
		   "keep the counts of each line there, in coverage.info for genhtml and others"),
	OPT_END()
};

const struct command_help coverage_help = { coverage_usage, coverage_options };

static struct {
	char dir[PATH_MAX - 256];	/* absolute */
	char gcov[PATH_MAX - 64], llvm[PATH_MAX - 64];
	struct strings programs;	/* with counters */
} c;

/* Take -o out of @argv: the other words are for `ktstr run`. Returns how many these are, or -1. */
static int take_output(int argc, const char **argv)
{
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--"))
			break;
		if (!strcmp(argv[i], "-o") || !strcmp(argv[i], "--output")) {
			output = argv[++i];
			if (i >= argc || !*output)
				return -1;
		} else if (!strncmp(argv[i], "--output=", 9)) {
			output = argv[i] + 9;
			if (!*output)
				return -1;
		} else {
			argv[n++] = argv[i];
		}
	}
	while (i < argc)
		argv[n++] = argv[i++];
	argv[n] = NULL;
	return n;
}

/* The folder, and the variables of the runtimes that lead there. */
static int prepare_folder(void)
{
	char counters[PATH_MAX - 128], profraw[PATH_MAX];
	int ret = 0;

	if (!output) {
		snprintf(c.dir, sizeof(c.dir), "%s/ktstr-coverage-XXXXXX", getenv("TMPDIR") ?: "/tmp");
		if (!mkdtemp(c.dir))
			ret = -errno;
	} else {
		ret = ktstr_paths__absolute(output, c.dir, sizeof(c.dir)) ?: ktstr_paths__mkdirs(c.dir);
	}
	if (ret)
		return complain(1, NULL, "coverage: -o %s: %s", output ?: c.dir, strerror(-ret));
	snprintf(counters, sizeof(counters), "%s/" COUNTERS, c.dir);
	ktstr_paths__remove_tree(counters);
	snprintf(c.gcov, sizeof(c.gcov), "%s/gcov", counters);
	snprintf(c.llvm, sizeof(c.llvm), "%s/llvm", counters);
	ret = ktstr_paths__mkdirs(c.gcov) ?: ktstr_paths__mkdirs(c.llvm);
	if (ret)
		return complain(1, NULL, "coverage: %s: %s", counters, strerror(-ret));
	snprintf(profraw, sizeof(profraw), "%s/host-%%m.profraw", c.llvm);
	setenv("GCOV_PREFIX", c.gcov, 1);
	unsetenv("GCOV_PREFIX_STRIP");
	setenv("LLVM_PROFILE_FILE", profraw, 1);
	unsetenv("LLVM_COV_TARGET_DIR");
	return 0;
}

/* The programs say themselves whether they have counters. 0 or 1 after a complaint. */
static int find_programs(const struct suite *s)
{
	char *text;
	size_t len;

	for (size_t i = 0; i < s->programs.nr; i++) {
		const char *argv[] = { s->programs.item[i], "--counters", NULL };

		text = output_of(argv, true, &len);
		if (text && (!strcmp(text, "gcov\n") || !strcmp(text, "llvm\n")) &&
		    strings__add(&c.programs, s->programs.item[i])) {
			free(text);
			return complain(1, NULL, "coverage: no memory");
		}
		free(text);
	}
	if (c.programs.nr)
		return 0;
	return complain(1, NULL, "coverage: %s%s no counters; compile and link with gcc --coverage, or clang -fprofile-instr-generate -fcoverage-mapping",
			s->programs.nr == 1 ? s->programs.item[0] : "the programs",
			s->programs.nr == 1 ? " has" : " have");
}

static pid_t running;

static void pass_on(int sig)
{
	kill(running, sig);
}

/* Its exit status, or 128 + the signal that ended it. */
static int run_tests(int argc, const char **words)
{
	const char **argv = calloc((size_t)argc + 3, sizeof(*argv));
	static char exe[PATH_MAX];
	int status = -1;

	if (!argv || ktstr_paths__exe(exe, sizeof(exe)))
		return complain(1, NULL, "coverage: the tool does not find itself");
	argv[0] = exe;
	argv[1] = "run";
	memcpy(argv + 2, words, (size_t)argc * sizeof(*argv));
	fflush(NULL);
	running = fork();
	if (!running) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execv(exe, (char * const *)argv);
		_exit(127);
	}
	if (running < 0) {
		free(argv);
		return complain(1, NULL, "coverage: fork: %s", strerror(errno));
	}
	/* it shuts down its machines first; a terminal's ^C reaches it by itself */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, pass_on);
	while (waitpid(running, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	free(argv);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int write_info(const struct ktstr_cover *cover)
{
	char path[PATH_MAX], *text;
	size_t len;
	int ret;

	snprintf(path, sizeof(path), "%s/" INFO, c.dir);
	text = ktstr_lcov__text(cover, &len);
	ret = text ? ktstr_paths__write(path, text, len) : -errno;
	free(text);
	return ret ? complain(1, NULL, "coverage: %s: %s", path, strerror(-ret)) : 0;
}

/* JSON on stdout is one document. */
static int show(bool json)
{
	struct ktstr_cover cover = { .nr = 0 };
	int ret = collect_gcov(&cover, c.gcov) ?: collect_llvm(&cover, c.llvm, &c.programs);

	ktstr_cover__sort(&cover);
	if (!ret && !cover.nr)
		ret = complain(1, NULL, "coverage: no test has run, or none could write its counters");
	if (!ret && output)
		ret = write_info(&cover);
	if (!ret)
		lines__print(&cover, json ? stderr : stdout);
	ktstr_cover__free(&cover);
	return ret;
}

static bool wants_json(int argc, const char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

/* The programs among the words for `ktstr run`, whose mistakes end it here. NULL: no memory. */
static const char **find_paths(int argc, const char **argv, int *nr)
{
	const char **copy = calloc((size_t)argc + 2, sizeof(*copy));
	int n;

	if (!copy)
		return NULL;
	copy[0] = "coverage";
	for (n = 0; n < argc && strcmp(argv[n], "--"); n++)
		copy[n + 1] = argv[n];
	*nr = parse_args(n + 1, copy, run_help.options, coverage_usage);
	return copy;
}

static int run_and_show(struct suite *s, int argc, const char **argv)
{
	int ret = find_programs(s), run;

	if (ret)
		return ret;
	run = run_tests(argc, argv);
	if (run < 128)
		ret = show(wants_json(argc, argv));
	return run ?: ret;
}

int cmd_coverage(int argc, const char **argv)
{
	const char **paths;
	struct suite s;
	int ret, nr;

	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		parse_args(argc, argv, coverage_options, coverage_usage);
	argc = take_output(argc - 1, ++argv);
	if (argc < 0)
		return complain(WRONG_USAGE, NULL, "coverage: -o needs the name of a folder");
	paths = find_paths(argc, argv, &nr);
	if (!paths)
		return complain(1, NULL, "coverage: no memory");
	/* programs count from the first question on */
	ret = prepare_folder();
	if (!ret) {
		ret = suite__open(&s, paths, nr);
		if (!ret) {
			ret = run_and_show(&s, argc, argv);
			suite__free(&s);
		}
		if (!output)
			ktstr_paths__remove_tree(c.dir);
	}
	strings__free(&c.programs);
	free(paths);
	return ret;
}
