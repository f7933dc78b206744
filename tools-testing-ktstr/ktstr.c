// SPDX-License-Identifier: GPL-2.0
/*
 * ktstr: the one host tool. Runs the suite's test programs and merges their output, manages
 * kernels, explains the environment. Here: main(), the table of commands and the dispatch.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <subcmd/pager.h>

#include "builtin.h"

#ifndef KTSTR_VERSION
#define KTSTR_VERSION	"0.1"
#endif

const struct command commands[] = {
	{ "run",    cmd_run,    "run tests and print one KTAP (or JSON) document" },
	{ "list",   cmd_list,   "list tests, test programs, work types or ops" },
	{ "show-thresholds", cmd_show_thresholds, "show the checks of a test and who set them" },
	{ "kernel", cmd_kernel, "list, fetch or locate kernels" },
	{ "env",    cmd_env,    "show every environment variable, its value and meaning" },
	{ "help",   cmd_help,   "explain a command" },
};
const size_t nr_commands = ARRAY_LEN(commands);

const struct command *command__find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int command__unknown(const char *name)
{
	const char *names[ARRAY_LEN(commands)], *near;
	size_t i;

	for (i = 0; i < nr_commands; i++)
		names[i] = commands[i].name;
	near = ktstr_suggest(name, names, nr_commands);
	return complain(WRONG_USAGE, near, "unknown command '%s'%s", name,
			near ? "" : " (see 'ktstr help')");
}

int main(int argc, const char **argv)
{
	const struct command *c;

	signal(SIGPIPE, SIG_DFL);
	pager_init("KTSTR_PAGER");
	if (argc < 2) {
		cmd_help(1, (const char *[]){ "help", NULL });
		return WRONG_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
		printf("ktstr %s\n", KTSTR_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		argv[1] = "help";
	c = command__find(argv[1]);
	if (!c)
		return command__unknown(argv[1]);
	return c->run(argc - 1, argv + 1);
}
