// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr export: a test as one file that runs on another machine, without a guest. What the test needs
 * and its files come from the program that contains it (harness/host/here.h); the file is a script
 * with these files behind it (export/).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runfile.h"
#include "lib/paths.h"
#include "lib/status.h"
#include "tools-testing-ktstr/run/suite.h"
#include "tools-testing-ktstr/commands/builtin.h"

#define MAX_NEEDS	(64 << 10)	/* bytes of --needs */

static const char *test_option, *output_option;

static const char * const export_usage[] = {
	"ktstr export -t TEST [-o FILE] [PROGRAM...]",
	"",
	"Makes one file of a test: a script with its program, libraries, payloads and include files. Run as",
	"root on another machine it checks what the test needs, runs the body there without a guest, under",
	"the scheduler that is active, and prints KTAP. FILE --help tells what else it can do.",
	"Exit status: 0; 1: the test makes no sense without a guest, or FILE cannot be made; 129 wrong",
	"usage.",
	NULL
};

static const struct option export_options[] = {
	OPT_STRING('t', "test", &test_option, "TEST", "the test, or a variant gauntlet/TEST/PRESET"),
	OPT_STRING('o', "output", &output_option, "FILE", "where it goes (default: TEST.run)"),
	OPT_END()
};

const struct command_help export_help = { export_usage, export_options };

/* Start PROGRAM @action TEST; what it prints can be read from *@fd. */
static pid_t start(const char *program, const char *action, const char *test, int *fd)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		execl(program, program, action, test, NULL);
		complain(1, NULL, "%s: %s", program, strerror(errno));
		_exit(127);
	}
	close(fds[1]);
	*fd = fds[0];
	if (pid < 0)
		close(fds[0]);
	return pid;
}

/* 0, or 1 after a complaint; a program that ends with 1 has complained itself. */
static int end(const char *program, pid_t pid)
{
	char how[KTSTR_STATUS_SIZE];
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return complain(1, NULL, "export: %s: %s", program, strerror(errno));
	if (!status)
		return 0;
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == 127))
		return 1;
	ktstr_status__format(status, how, sizeof(how));
	return complain(1, NULL, "export: %s %s", program, how);
}

static int read_needs(const char *program, const char *test, char **needs)
{
	int fd = -1, ret;
	pid_t pid = start(program, "--needs", test, &fd);
	size_t len = 0;
	ssize_t n = 0;

	*needs = calloc(1, MAX_NEEDS);
	if (pid < 0 || !*needs)
		return complain(1, NULL, "export: %s: %s", program, strerror(errno));
	while (len < MAX_NEEDS - 1 && (n = read(fd, *needs + len, MAX_NEEDS - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	ret = end(program, pid);
	if (!ret && strncmp(*needs, "test: ", 6))
		ret = complain(1, NULL, "export: %s does not know --needs: build it again", program);
	return ret;
}

static int read_files(const char *program, struct runfile *r)
{
	struct ktstr_err err = { .msg = "" };
	int fd = -1, ret, ended;
	pid_t pid = start(program, "--pack", r->test, &fd);

	if (pid < 0)
		return complain(1, NULL, "export: %s: %s", program, strerror(errno));
	ret = runfile__read_files(r, fd, &err);
	close(fd);
	ended = end(program, pid);
	if (ret && !ended)
		return complain(1, NULL, "export: %s", err.msg);
	return ended;
}

/* "TEST.run", "gauntlet.TEST.PRESET.run" */
static int name_output(const struct runfile *r, char *path, size_t size)
{
	const char *name = strchr(r->test, '/') ? r->name : r->test;
	char *p;

	if (output_option)
		return ktstr_paths__fmt(path, size, "%s", output_option);
	if (ktstr_paths__fmt(path, size, "%s.run", name))
		return -ENAMETOOLONG;
	for (p = path; *p; p++)
		if (*p == '/')
			*p = '.';
	return 0;
}

static int write_file(const struct runfile *r, const char *path)
{
	struct ktstr_err err = { .msg = "" };
	size_t size;
	char *text = runfile__text(r, &size, &err);
	int ret;

	if (!text)
		return complain(1, NULL, "export: %s", err.msg);
	ret = ktstr_paths__write(path, text, size);
	free(text);
	if (!ret && chmod(path, 0755))
		ret = -errno;
	if (ret)
		return complain(1, NULL, "export: %s: %s", path, strerror(-ret));
	fprintf(stderr, "ktstr: %s: %zu KiB, of %s\n", path, (size + 1023) >> 10, r->name);
	return 0;
}

static int export(const char *program, const char *test)
{
	struct runfile r = { .test = test, .program = suite__base(program) };
	char id[KTSTR_ID_LEN], path[PATH_MAX], *needs = NULL;
	int ret = read_needs(program, test, &needs);

	if (!ret) {
		/* the id is in the first line, "test: ktstr/TEST" */
		snprintf(id, sizeof(id), "%.*s", (int)strcspn(needs + 6, "\n"), needs + 6);
		r.name = id;
		r.needs = strchr(needs, '\n') + 1;
		ret = name_output(&r, path, sizeof(path));
		ret = ret ? complain(1, NULL, "export: -o: %s", strerror(-ret)) :
			    check_output("export", "output", path);
	}
	if (!ret)
		ret = read_files(program, &r);
	if (!ret)
		ret = write_file(&r, path);
	free(r.files);
	free(needs);
	return ret;
}

int cmd_export(int argc, const char **argv)
{
	const char *name;
	struct suite s;
	size_t i;
	int ret;

	argc = parse_args(argc, argv, export_options, export_usage);
	if (!test_option || !*test_option)
		return complain(WRONG_USAGE, NULL, "export: -t TEST is missing (see 'ktstr help export')");
	if (output_option && !*output_option)
		return complain(WRONG_USAGE, NULL, "export: -o needs the name of a file");
	ret = suite__open(&s, argv, argc);
	if (ret)
		return ret;
	i = suite__find_test(&s, test_option, &name);
	if (i == s.tests.nr)
		ret = complain(WRONG_USAGE,
			       ktstr_suggest(name, (const char * const *)s.tests.item, s.tests.nr),
			       "export: no test is named '%s'", name);
	else
		ret = export(s.programs.item[s.program_of[i]], s.tests.item[i]);
	suite__free(&s);
	return ret;
}
