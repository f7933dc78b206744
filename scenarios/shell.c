// SPDX-License-Identifier: GPL-2.0
/*
 * One command in a guest: what `ktstr shell --exec` runs. The tool leaves the command as a script
 * and names the files that it needs in KTSTR_SHELL_FILES, one per line; all of them are packed at
 * /include-files. What the command prints goes to the output of the program (output.log), and its
 * end is the last line: the byte 0x1e, "exit" and the status as a shell has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ktstr.h>

#define DIR		"/include-files/"
#define MAX_FILES	64
#define DURATION_S	60

static const char *files[MAX_FILES + 1];

static void __attribute__((noreturn)) command(void)
{
	int in = open(DIR "ktstr-stdin", O_RDONLY);

	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	dup2(in, STDIN_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
	execl(DIR "sh", "sh", DIR "ktstr-command", NULL);
	_exit(127);
}

static int run(struct ktstr_ctx *ctx)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		command();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	printf("\n\036exit %d\n", status);
	fflush(stdout);
	if (status)
		ktstr_fail(ctx, "the command ended with status %d", status);
	else
		ktstr_pass(ctx);
	return 0;
}

KTSTR_DEFAULTS_BEGIN
static struct ktstr_test shell = {
	KTSTR_TEST_UNSET, .name = "shell", .file = __FILE__, .line = __LINE__, .body = run,
	.ignore = KTSTR_ON, .duration_s = DURATION_S,
};
KTSTR_DEFAULTS_END

static const struct ktstr_test * const *make(unsigned int *nr)
{
	static const struct ktstr_test * const list[] = { &shell };
	const char *text = getenv("KTSTR_SHELL_FILES");
	char *copy = text ? strdup(text) : NULL, *line;
	unsigned int i = 0;

	for (line = copy ? strtok(copy, "\n") : NULL; line && i < MAX_FILES;
	     line = strtok(NULL, "\n"))
		files[i++] = line;
	shell.extra_include_files = i ? files : NULL;
	*nr = 1;
	return list;
}
KTSTR_MAKE_TESTS(make);
